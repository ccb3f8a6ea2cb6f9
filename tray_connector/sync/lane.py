"""`Lane`: all that belongs to one source, so that the two services are worked at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.model.errors import ConnectorError
from tray_connector.model.events import SourceName
from tray_connector.sources.base import Since, Source
from tray_connector.sync.board import Board
from tray_connector.sync.dispatcher import Dispatched, Dispatcher
from tray_connector.sync.poller import Polled, Poller
from tray_connector.sync.reconciler import Reconciled, Reconciler
from tray_connector.sync.spool import Spool

LOOK = 0.2
"""Seconds after which a draining thread looks again whether the reading thread has ended."""


@dataclass(frozen=True, slots=True)
class LaneReport:
    """What one command did in one lane; numbers are records."""

    source: SourceName
    polled: Polled = field(default_factory=Polled)
    dispatched: Dispatched = field(default_factory=Dispatched)
    reconciled: Reconciled = field(default_factory=Reconciled)
    requests: int = 0
    errors: tuple[ConnectorError, ...] = ()

    @property
    def held(self) -> int:
        """Removals that wait for the user's word."""
        return max(self.polled.held, self.reconciled.held)

    @property
    def unchanged(self) -> int:
        """Records that the destination had already."""
        return self.polled.unchanged + self.dispatched.unchanged

    @property
    def left_out(self) -> int:
        """Records seen and not stored (scope, guests, dates, already deleted)."""
        return self.polled.left_out + self.dispatched.left_out

    @property
    def read(self) -> int:
        """Every record that was looked at."""
        done = self.dispatched
        return done.written + done.flagged + done.failed + self.unchanged + self.left_out + self.polled.held


@dataclass
class Lane:
    """One source with its poller, dispatcher and reconciler. The locks keep each to one thread at a time."""

    source: Source
    poller: Poller
    dispatcher: Dispatcher
    reconciler: Reconciler
    spool: Spool
    board: Board
    clock: Clock
    reading: threading.Lock = field(default_factory=threading.Lock)
    filling: threading.Lock = field(default_factory=threading.Lock)
    walking: threading.Lock = field(default_factory=threading.Lock)
    writing: threading.Lock = field(default_factory=threading.Lock)
    catching_up: threading.Lock = field(default_factory=threading.Lock)
    caught_up: bool = False
    """Whether what a process before may have written without noting it was tried; needless where it ended in order."""

    @property
    def name(self) -> SourceName:
        """The source's."""
        return self.source.name

    def poll(self, stop: Stop, *, all_streams: bool = False) -> Polled:
        """Ask the source what changed."""
        with turn(self.reading, stop):
            self._catch_up(stop)
            return self.poller.poll(stop, all_streams=all_streams)

    def backfill(self, since: Since, stop: Stop, *, rewrite: bool) -> Polled:
        """Walk from `since`. Polls go on meanwhile."""
        with turn(self.filling, stop):
            self._catch_up(stop)
            return self.poller.backfill(since, stop, rewrite=rewrite)

    def reconcile(
        self, stop: Stop, *, dry_run: bool = False, allow_removals: bool = False, scheduled: bool = False
    ) -> Reconciled:
        """Walk everything and compare."""
        with turn(self.walking, stop):
            if not dry_run:
                self._catch_up(stop)
            return self.reconciler.walk(stop, dry_run=dry_run, allow_removals=allow_removals, scheduled=scheduled)

    def dispatch(self, stop: Stop, *, cutoff: datetime | None = None, probing: bool = False) -> Dispatched:
        """One round of writing."""
        with turn(self.writing, stop):
            before = self.dispatcher.total
            try:
                return self.dispatcher.dispatch(stop, cutoff=cutoff, probing=probing)
            finally:
                self.board.settled((self.dispatcher.total - before).taken)

    def _catch_up(self, stop: Stop) -> None:
        """Try what waits before the first read.

        A process that was killed may have written it without noting so. Should it be deleted by now, the deletion must
        not take its place in the spool: of a record that nobody knows to be stored, it would be left out.
        """
        if self.caught_up:
            return
        with turn(self.catching_up, stop):
            began = self.clock.now()
            while not self.caught_up:
                self.caught_up = not self.dispatch(stop, cutoff=began).taken

    def _drain(self, stop: Stop, cutoff: datetime, until: Callable[[], bool]) -> None:
        """Write what is due at `cutoff` and what comes newly, until `until` holds and nothing is left."""
        while True:
            if stop.is_set():
                raise Stopped
            last = until()
            if self.dispatch(stop, cutoff=cutoff).taken:
                continue
            if last:
                return
            self.spool.wait_ready(self.name, stop, LOOK)

    def pump(
        self, work: Callable[[Stop], LaneReport], stop: Stop, *, cutoff: datetime, write: bool = True
    ) -> LaneReport:
        """Let `work` read while another thread writes; ends when both have nothing left.

        A service that fails as a whole is in the report's `errors`, not raised. When it is the writing that fails,
        reading is ended as well: it could only fill the disk.
        """
        before = self.source.requests_sent()
        # What the loops of a running service write meanwhile belongs to what was asked for as well.
        settled = self.dispatcher.total
        ended, halt = threading.Event(), Stop()
        report = LaneReport(self.name)
        with ThreadPoolExecutor(1, thread_name_prefix=f"write-{self.name}") as pool, stop.calls(halt.set):
            writing = pool.submit(self._drain if write else _no_writing, halt, cutoff, ended.is_set)
            writing.add_done_callback(lambda future: halt.set() if future.exception() is not None else None)
            try:
                report = work(halt)
            except ConnectorError as error:
                report = replace(report, errors=(error,))
            except Stopped:
                if stop.is_set():
                    raise
            finally:
                ended.set()
                self.spool.wake()
                failure = writing.exception()
                self.spool.tidy()
        if stop.is_set():
            raise Stopped
        if isinstance(failure, ConnectorError):
            report = replace(report, errors=(*report.errors, failure))
        elif failure is not None and not isinstance(failure, Stopped):
            raise failure
        done = self.dispatcher.total - settled
        return replace(report, dispatched=done, requests=self.source.requests_sent() - before)


@contextmanager
def turn(lock: threading.Lock, stop: Stop) -> Iterator[None]:
    """Hold the lock; `Stopped` when that is asked for before it is one's turn."""
    while not lock.acquire(timeout=LOOK):
        if stop.is_set():
            raise Stopped
    try:
        yield
    finally:
        lock.release()


def _no_writing(*_: object) -> None:
    """A dry run: what waits goes on waiting."""
