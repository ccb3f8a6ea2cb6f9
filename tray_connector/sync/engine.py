"""`Engine`: owns the parts and their lifecycle. Knows no Qt: each loop is a blocking ``run(stop)``."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.checks import CheckLine
from tray_connector.model.codec import time_from_text, time_to_text
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.model.events import SourceName
from tray_connector.model.status import EngineStatus, WebhookState
from tray_connector.sources.base import Since
from tray_connector.sync.board import Board
from tray_connector.sync.collecting import Collecting
from tray_connector.sync.files import PART as FILES
from tray_connector.sync.files import Files, beside
from tray_connector.sync.keeper import IDLE, Keeper
from tray_connector.sync.lane import Lane, LaneReport
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.pause import Pause, read_pause, write_pause
from tray_connector.sync.poller import Polled
from tray_connector.sync.refresher import Refresher
from tray_connector.sync.removals import count_held, held_problem
from tray_connector.sync.report import Options, RefreshReport, Report, engine_status
from tray_connector.sync.schedule import Drift, Pace, Schedule, Wake
from tray_connector.sync.spool import Spool
from tray_connector.sync.writer import Writer

logger = logging.getLogger(__name__)

DIRECTORIES_EVERY = 3600.0
LEAST_IDLE = 1.0
"""Seconds that a loop rests after a round when nothing wakes it, at the least."""
COMMAND = "command"
"""Who told of a trouble: not a loop. The next success of a loop ends it as well."""
LOOK = 0.5
"""Seconds after which a waiting main thread lets signals in (Windows)."""


@dataclass(frozen=True, slots=True)
class Loop:
    """One thread's work: the host (a QThread, a plain thread) calls `run` and gives it a stop."""

    name: str
    run: Callable[[Stop], None]


class Engine:
    """The sync engine of one home."""

    def __init__(
        self,
        lanes: Sequence[Lane],
        *,
        spool: Spool,
        ledger: Ledger,
        writer: Writer,
        board: Board,
        clock: Clock,
        options: Options,
        files: Files | None = None,
    ) -> None:
        self.lanes = tuple(lanes)
        self.files = files
        self.spool = spool
        self.ledger = ledger
        self.writer = writer
        self.board = board
        self._clock = clock
        self._options = options
        self._keeper = Keeper(ledger, board, clock)
        self._collecting = Collecting(spool, clock, options.collect_seconds)
        self._refresher = Refresher(writer, spool, ledger, clock)
        self._poll_wakes = {lane.name: Wake() for lane in lanes}
        self._walk_wakes = {lane.name: Wake() for lane in lanes}
        self._write_wakes = {lane.name: Wake() for lane in lanes}
        self._running = threading.Event()
        self._next_poll: datetime | None = None
        self._schedule = Schedule()
        self.webhook_state: Callable[[], WebhookState] = WebhookState
        """How changes are announced; whoever runs webhooks beside the engine puts its own here."""

    # The service: loops until stopped.

    def loops(self) -> tuple[Loop, ...]:
        """Per source one loop that reads, one that writes, and, unless switched off, one that walks; one for files."""
        loops = []
        for lane in self.lanes:
            loops.append(Loop(f"read-{lane.name}", partial(self._read_loop, lane)))
            loops.append(Loop(f"write-{lane.name}", partial(self._write_loop, lane)))
            if self._options.walk_interval:
                loops.append(Loop(f"walk-{lane.name}", partial(self._walk_loop, lane)))
        if self.files is not None:
            loops.append(Loop("files", partial(self.files.loop, self._keeper)))
        return tuple(loops)

    def run(self, stop: Stop, beside: Sequence[Loop] = ()) -> None:
        """Run all loops, and those `beside`, in plain threads until stopped; returns when every one has ended."""
        loops = (*self.loops(), *beside)
        with self.serving(), ThreadPoolExecutor(len(loops), thread_name_prefix="engine") as pool:
            futures = [pool.submit(loop.run, stop) for loop in loops]
            # A loop ends only when stopped; should one break, the others must not go on as if all were well.
            while not wait(futures, timeout=LOOK, return_when=FIRST_COMPLETED).done:
                pass
            stop.set()
            for future in futures:
                future.result()

    def starting(self) -> None:
        """From now on the status says that the engine runs; its loops follow at once."""
        self._running.set()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """While inside, the schedule runs and dropped-in files are noticed; for the host of the loops."""
        self._retry_now()
        self._schedule = Schedule()
        with self.spool.watch():
            self._schedule.start(dict.fromkeys(self._poll_wakes.values(), self._options.poll_interval))
            if self._options.walk_interval:
                self._schedule.start(dict.fromkeys(self._walk_wakes.values(), self._options.walk_interval))
            self._running.set()
            try:
                yield
            finally:
                self._running.clear()
                self._schedule.stop()

    def poll_every(self, seconds: float) -> None:
        """Poll that often from now on: webhooks began or ceased to work."""
        if seconds != self._options.poll_interval:
            self._options = replace(self._options, poll_interval=seconds)
            if self._running.is_set():
                self._schedule.start(dict.fromkeys(self._poll_wakes.values(), seconds))

    def _read_loop(self, lane: Lane, stop: Stop) -> None:
        last = -math.inf
        drift = Drift(self._clock)

        def work(_: bool) -> bool:
            nonlocal last
            if drift.noticed():
                # What was to be tried in a minute might have to wait for days by the new time.
                logger.info("The clock was set; what waits is tried now")
                self._retry_now()
            # Polls take at most half of what the service allows, however short the interval was set.
            if self._clock.monotonic() - last < lane.source.least_poll_interval():
                return False
            last = self._clock.monotonic()
            self._poll(lane, stop, all_streams=False)
            self._tell_held(lane)
            self._next_poll = self._clock.now() + timedelta(seconds=self._options.poll_interval)
            for part in (lane.name, "destination"):
                self._keeper.recovered(part, COMMAND)
            return True

        # The schedule goes by the wall clock: when that is set back, the loop must not wait for it.
        def idle() -> float:
            return max(LEAST_IDLE, 2 * self._options.poll_interval)

        wake = self._poll_wakes[lane.name]
        self._keeper.keep(lane.name, work, wake, stop, name=f"read-{lane.name}", idle=idle, heeds_others=0.0)

    def _write_loop(self, lane: Lane, stop: Stop) -> None:
        wake = self._write_wakes[lane.name]

        def work(probing: bool) -> bool:
            rest = 0.0 if probing else self._collecting.rest(lane.name)
            if rest:
                wake.wait(stop, rest)
                return False
            done = lane.dispatch(stop, probing=probing)
            if done.taken:
                self._keeper.recovered("destination", COMMAND)
            elif not probing:
                self._collecting.written(lane.name)
                self._calm()
                self.spool.wait_ready(lane.name, stop, IDLE)
            return True

        self._keeper.keep(lane.name, work, wake, stop, name=f"write-{lane.name}", waits=False)

    def _walk_loop(self, lane: Lane, stop: Stop) -> None:
        # The first walk comes an interval after the last one: what a start finds besides, its poll finds.
        pace = Pace(self._clock, self._options.walk_interval, self._last_walk(lane))

        def work(failing: bool) -> bool:
            if not failing and not pace.take():
                return False
            self.writer.ready(stop)
            lane.reconcile(stop, scheduled=True)
            self._walked(lane)
            return True

        wake, longest = self._walk_wakes[lane.name], self._options.walk_interval
        self._keeper.keep(lane.name, work, wake, stop, name=f"walk-{lane.name}", longest=longest, heeds_others=0.0)

    def _last_walk(self, lane: Lane) -> datetime | None:
        text = self.ledger.flag(f"walked:{lane.name}")
        return None if text is None else time_from_text(text)

    def _walked(self, lane: Lane) -> None:
        self.ledger.set_flag(f"walked:{lane.name}", time_to_text(self._clock.now()))
        self._tell_held(lane)

    def _tell_held(self, lane: Lane) -> None:
        if lane.poller.removals.has_news():
            logger.warning("%s", held_problem(count_held(self.ledger)).sentence())

    def _retry_now(self) -> None:
        self.spool.retry_now(None)
        if self.files is not None:
            self.files.retry_now()

    def _calm(self) -> None:
        if self.spool.counts().waiting == 0 or self._collecting.until() is not None:
            self.board.calm()

    # The work itself.

    def _poll(self, lane: Lane, stop: Stop, *, all_streams: bool) -> Polled:
        away = self._destination_away(stop)
        if away is not None and not lane.caught_up:
            raise away
        if away is None and self._directories_due(lane):
            self._directories(lane, stop)
        polled = lane.poll(stop, all_streams=all_streams)
        self.ledger.note_success(lane.name, self._clock.now())
        if away is not None:
            raise away
        self.writer.verify(stop)
        return polled

    def _destination_away(self, stop: Stop) -> ConnectorError | None:
        """Why nothing can be written just now; what is read meanwhile is durable in the spool."""
        try:
            self.writer.ready(stop)
        except ConnectorError as error:
            if not self.ledger.is_bound:
                raise
            return error
        return None

    def _directories_due(self, lane: Lane) -> bool:
        text = self.ledger.flag(f"directories:{lane.name}")
        if text is None:
            return True
        passed = (self._clock.now() - time_from_text(text)).total_seconds()
        return not 0 <= passed < DIRECTORIES_EVERY

    def _directories(self, lane: Lane, stop: Stop) -> None:
        lane.source.refresh_directories(stop)
        # Compared with the stored rows, not with the last directories: a run cut off here makes up for it next time.
        self._refresher.names(lane, stop)
        self.ledger.set_flag(f"directories:{lane.name}", time_to_text(self._clock.now()))

    def apply_categories(self, stop: Stop, on_progress: Callable[[RefreshReport], None]) -> RefreshReport:
        """Write the categories of all stored records by the file in force, from the ledger alone."""
        return self._refresher.categories(stop, on_progress)

    # Commands. They run in spite of a pause.

    def sync_once(self, stop: Stop) -> Report:
        """Try every waiting event once, ask each source once, try each new event once. No walk."""

        def work(lane: Lane, halt: Stop) -> LaneReport:
            return LaneReport(lane.name, polled=self._poll(lane, halt, all_streams=True))

        self.spool.rescan()
        self.spool.retry_now(None)
        return self._everywhere("sync", self.lanes, work, stop)

    def backfill(self, since: Since, stop: Stop, *, source: SourceName | None = None, rewrite: bool = False) -> Report:
        """Walk the sources (or one) from `since` and bring what differs, or with `rewrite` everything, into step."""

        def work(lane: Lane, halt: Stop) -> LaneReport:
            self.writer.ready(halt)
            self._directories(lane, halt)
            return LaneReport(lane.name, polled=lane.backfill(since, halt, rewrite=rewrite))

        lanes = [lane for lane in self.lanes if source in (None, lane.name)]
        return self._everywhere("backfill", lanes, work, stop)

    def reconcile(self, stop: Stop, *, dry_run: bool = False, allow_removals: bool = False) -> Report:
        """The full walk of all sources; see `Reconciler.walk`. What someone deleted in the destination is written
        again as well. `allow_removals` is the user's word for what `EngineStatus.held` tells.
        """

        def work(lane: Lane, halt: Stop) -> LaneReport:
            # A database that was emptied is filled by the walk itself.
            self.writer.verify(halt)
            if not dry_run:
                self._directories(lane, halt)
            missing = self._refresher.missing(lane, halt, dry_run=dry_run)
            found = lane.reconcile(halt, dry_run=dry_run, allow_removals=allow_removals)
            if not dry_run:
                self.ledger.set_flag(f"walked:{lane.name}", time_to_text(self._clock.now()))
            return LaneReport(lane.name, reconciled=replace(found, missing=missing))

        return self._everywhere("reconcile", self.lanes, work, stop, write=not dry_run)

    def _everywhere(
        self,
        kind: str,
        lanes: Sequence[Lane],
        work: Callable[[Lane, Stop], LaneReport],
        stop: Stop,
        *,
        write: bool = True,
    ) -> Report:
        began = self._clock.now()
        calls = self.writer.requests_sent()
        files = self.files if kind != "reconcile" and any(lane.name == "missive" for lane in lanes) else None
        with beside(files, stop) as stored, ThreadPoolExecutor(max(1, len(lanes)), thread_name_prefix=kind) as pool:
            futures = [pool.submit(lane.pump, partial(work, lane), stop, cutoff=began, write=write) for lane in lanes]
            reports = tuple(future.result() for future in futures)
        report = Report(reports, self.writer.requests_sent() - calls, self.spool.counts().total, stored())
        self._calm()
        failures = {error.part or lane.source: error for lane in reports for error in lane.errors}
        failures |= {error.part or FILES: error for error in stored().errors}
        for part, error in failures.items():
            self._keeper.failed(part, error, COMMAND)
        for part in {"destination", FILES, *(lane.source for lane in reports)} - failures.keys():
            self._keeper.recovered(part, COMMAND)
        try:
            self.ledger.note_run(report.as_run(kind, began, self._clock.now()))
        except TransientError as error:
            # What was done is done, and the report says it.
            logger.warning("The run is missing in the history: %s", error.problem.sentence())
        return report

    # Steering and looking.

    def pause_state(self) -> Pause:
        """The pause in force."""
        return read_pause(self.ledger)

    def pause(self, pause: Pause) -> None:
        """Rest reading and writing the services; what is under way ends its round."""
        write_pause(self.ledger, pause)

    def resume(self) -> None:
        """End a pause and go on at once."""
        write_pause(self.ledger, Pause())
        self.sync_now()

    def sync_now(self) -> None:
        """Have every loop begin a round now, whatever its schedule or back-off says."""
        self._retry_now()
        self._collecting.release()
        if self.files is not None:
            self.files.wake.now()
        for wake in (*self._poll_wakes.values(), *self._write_wakes.values()):
            wake.now()
        self.spool.wake()

    def status(self) -> EngineStatus:
        """All that the outside may know, now."""
        return engine_status(
            self.ledger,
            self.spool,
            self._clock.now(),
            self._options,
            board=self.board.view(),
            category_version=self.writer.categories.version,
            running=self._running.is_set(),
            collected_until=self._collecting.until() if self._running.is_set() else None,
            next_poll=self._next_poll if self._running.is_set() else None,
            webhooks=self.webhook_state(),
            files=None if self.files is None else self.files.counts(),
        )

    def check(self, stop: Stop) -> list[CheckLine]:
        """Live test of every connection, all at the same time."""
        tests = [*(lane.source.check for lane in self.lanes), self.writer.check]
        with ThreadPoolExecutor(len(tests), thread_name_prefix="check") as pool:
            return [line for lines in pool.map(lambda test: test(stop), tests) for line in lines]

    def close(self) -> None:
        """Let go of sources, destination, spool and ledger. After the loops have ended."""
        for lane in self.lanes:
            lane.source.close()
        if self.files is not None:
            self.files.close()
        self.writer.close()
        self.spool.close()
        self.ledger.close()
