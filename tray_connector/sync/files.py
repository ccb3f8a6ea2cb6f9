"""`Files`: the work on the files of e-mails, beside that on the e-mails themselves."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.model.errors import ConnectorError
from tray_connector.sources.file_host import FileHost
from tray_connector.sync.board import Board
from tray_connector.sync.files_failures import FilesDone
from tray_connector.sync.files_links import Links
from tray_connector.sync.keeper import Keeper
from tray_connector.sync.lane import turn
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_files import FileCounts
from tray_connector.sync.pause import read_pause
from tray_connector.sync.schedule import Wake
from tray_connector.sync.writer import Writer

PART = "files"
"""How this work is called where troubles are told."""
LOOK_EVERY = 30.0
"""Seconds between two looks for files whose time has come."""
LOOK = 0.2
LARGEST = "files:largest"
"""The flag with the limit that was in force when files were last left out as too large."""


class Worker(Protocol):
    """Brings files to where a kind of destination wants them."""

    def step(self, stop: Stop, at: float, halted: Callable[[], bool]) -> FilesDone:
        """Work on some of what is due at `at` (seconds since the epoch); `tried` is 0 when nothing was."""
        ...


@dataclass(frozen=True, slots=True)
class FilesReport:
    """What one command did with files."""

    done: FilesDone = field(default_factory=FilesDone)
    requests: int = 0
    """Sent to the host of the files."""
    errors: tuple[ConnectorError, ...] = ()
    left: int = 0
    """Files that are not stored yet."""


class Files:
    """Thread-safe: a step is one thread's at a time."""

    def __init__(
        self,
        *,
        downloads: Worker,
        sendings: Worker,
        host: FileHost,
        links: Links,
        ledger: Ledger,
        writer: Writer,
        board: Board,
        clock: Clock,
        largest: int,
        every: float = 0.0,
    ) -> None:
        """`largest` is in bytes; a destination whose calls count is written every so many seconds at the most."""
        self._downloads = downloads
        self._sendings = sendings
        self._host = host
        self._ledger = ledger
        self._writer = writer
        self._board = board
        self._clock = clock
        self._every = every
        self._last = -math.inf
        self._largest = largest
        self._turn = threading.Lock()
        self.wake = Wake()
        writer.desk.serve(links, self.wake.due, largest)

    def step(self, stop: Stop, at: float, halted: Callable[[], bool] = lambda: False) -> FilesDone:
        """One batch of what is due at `at`. Raises when nothing can be done at all, and `Stopped`."""
        with turn(self._turn, stop):
            self._writer.ready(stop)
            self._allow_larger()
            worker = self._sendings if self._writer.fetches_files else self._downloads
            return worker.step(stop, at, halted)

    @contextmanager
    def resting(self, stop: Stop) -> Iterator[None]:
        """No step is under way while inside: what it settles would be noted for another destination."""
        with turn(self._turn, stop):
            yield

    def loop(self, keeper: Keeper, stop: Stop) -> None:
        """Until stopped; a pause rests it after the files that are under way."""

        def work(_: bool) -> bool:
            if self._writer.fetches_files and self._clock.monotonic() - self._last < self._every:
                return True
            self._last = self._clock.monotonic()
            if self.step(stop, self._clock.now().timestamp(), self._paused).tried:
                self.wake.due()
            return True

        keeper.keep(PART, work, self.wake, stop, name=PART, idle=lambda: LOOK_EVERY)

    def _allow_larger(self) -> None:
        """What was too large before may be stored now."""
        if self._largest != int(self._ledger.flag(LARGEST) or -1):
            self._ledger.files.reset("too_large")
            self._ledger.set_flag(LARGEST, str(self._largest))

    def _paused(self) -> bool:
        return read_pause(self._ledger).holds(self._clock.now())

    def pump(self, ended: Callable[[], bool], stop: Stop) -> FilesReport:
        """Try each waiting file once, also those that come meanwhile, until `ended` and nothing is left."""
        at, before = self._clock.now().timestamp(), self._host.sent
        done, shown = FilesDone(), 0
        error: ConnectorError | None = None
        try:
            self.retry_now()
            while True:
                if stop.is_set():
                    raise Stopped
                last = ended()
                step = self.step(stop, at)
                done += step
                shown = self._show(step.tried, done.tried, shown)
                if not step.tried:
                    if last:
                        break
                    self.wake.wait(stop, LOOK)
        except ConnectorError as failure:
            error = failure
            error.part = error.part or PART
        left = self.counts()
        errors = () if error is None else (error,)
        return FilesReport(done, self._host.sent - before, errors, left.waiting + left.failed)

    def _show(self, settled: int, done: int, shown: int) -> int:
        """On the board: what was done, and what is left to do."""
        found = done + self.counts().waiting
        self._board.found(max(0, found - shown))
        self._board.settled(settled)
        return max(found, shown)

    def retry_now(self) -> None:
        """Whatever waits for its time is due, with the next round."""
        self._last = -math.inf
        self._ledger.files.retry("waiting", "failed")

    def counts(self) -> FileCounts:
        """Files that are not where they shall be."""
        return self._ledger.files.counts()

    def close(self) -> None:
        """Let go of connections."""
        self._host.close()


@contextmanager
def beside(files: Files | None, stop: Stop) -> Iterator[Callable[[], FilesReport]]:
    """Store files while inside, and what is left then; afterwards the value tells what was done."""
    report = FilesReport()
    if files is None:
        yield lambda: report
        return
    ended = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="files") as pool:
        future = pool.submit(files.pump, ended.is_set, stop)
        try:
            yield lambda: report
        finally:
            ended.set()
            files.wake.due()
        report = future.result()
