"""What commands and the engine report: `Report`, `RefreshReport`, and the making of an `EngineStatus`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from tray_connector.model.errors import ConfigError, ConnectorError
from tray_connector.model.events import SOURCES
from tray_connector.model.status import PARTS, EngineStatus, Facts, FileState, Part, QueueState, WebhookState, judge
from tray_connector.sync.board import BoardView
from tray_connector.sync.files import FilesReport
from tray_connector.sync.lane import LaneReport
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_files import FileCounts
from tray_connector.sync.ledger_rows import Run
from tray_connector.sync.pause import read_pause
from tray_connector.sync.removals import count_held, held_problem
from tray_connector.sync.spool import Spool
from tray_connector.sync.writer import TABLES


@dataclass(frozen=True, slots=True)
class Options:
    """How the engine behaves; from the settings."""

    poll_interval: float
    walk_interval: float
    """Seconds between two walks of the reconciler; 0 = never."""
    pid: int
    zone: ZoneInfo
    collect_seconds: float = 0.0
    """How long the service collects changes before it writes them."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one command did over all sources."""

    lanes: tuple[LaneReport, ...]
    destination_requests: int = 0
    waiting: int = 0
    """Events that are left in the spool."""
    files: FilesReport = field(default_factory=FilesReport)

    @property
    def errors(self) -> tuple[ConnectorError, ...]:
        """Whole services that failed, each once."""
        found: dict[str, ConnectorError] = {}
        for lane in self.lanes:
            for error in lane.errors:
                found.setdefault(error.problem.code, error)
        for error in self.files.errors:
            found.setdefault(error.problem.code, error)
        return tuple(found.values())

    @property
    def held(self) -> int:
        """Removals that wait for the user's word."""
        return sum(lane.held for lane in self.lanes)

    @property
    def failed(self) -> int:
        """Records that could not be brought into step."""
        return sum(lane.dispatched.failed for lane in self.lanes)

    def as_run(self, kind: str, began: datetime, ended: datetime) -> Run:
        """The line of the run history."""
        lanes = self.lanes
        return Run(
            kind=kind,
            began=began,
            ended=ended,
            read=sum(lane.read for lane in lanes),
            written=sum(lane.dispatched.written for lane in lanes),
            unchanged=sum(lane.unchanged for lane in lanes),
            flagged=sum(lane.dispatched.flagged for lane in lanes),
            failed=self.failed,
            message=" ".join(error.problem.title for error in self.errors),
        )

    def exit_code(self) -> int:
        """0: done and all stored; 3: a person must change something; 1: time will mend it."""
        if self.held or any(isinstance(error, ConfigError) for error in self.errors):
            return 3
        return 1 if self.errors or self.waiting or self.files.left else 0


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What bringing names or categories of stored records into step did."""

    looked_at: int = 0
    written: int = 0
    failed: int = 0
    reread: int = 0


def engine_status(
    ledger: Ledger,
    spool: Spool,
    now: datetime,
    options: Options,
    *,
    category_version: str,
    board: BoardView | None = None,
    running: bool = False,
    next_poll: datetime | None = None,
    collected_until: datetime | None = None,
    files: FileCounts | None = None,
    webhooks: WebhookState | None = None,
) -> EngineStatus:
    """The status, from what is on disk and, where an engine runs, from its board."""
    pause = read_pause(ledger)
    counts = spool.counts()
    absent = FileState() if files is None else FileState(files.waiting, files.failed)
    queue = QueueState(counts.waiting, counts.retrying, counts.unreadable, counts.oldest)
    verified: dict[Part, datetime | None] = {part: ledger.last_success(part) for part in PARTS}
    troubles = {} if board is None else board.troubles
    held = count_held(ledger)
    problems = {part: trouble.problem for part, trouble in troubles.items()}
    if held:
        problems["removals"] = held_problem(held)
    unreachable = {part for part, trouble in troubles.items() if trouble.unreachable}
    verdict = judge(
        Facts(
            now=now.astimezone(options.zone),
            running=running,
            poll_interval=options.poll_interval,
            last_verified={part: local(moment, options.zone) for part, moment in verified.items()},
            paused_until=local(pause.until, options.zone),
            pause_open_ended=pause.open_ended,
            problems=problems,
            stopped_by=frozenset(part for part, trouble in troubles.items() if trouble.needs_person),
            offline=frozenset(unreachable) if unreachable >= set(SOURCES) else frozenset(),
            queue=queue,
            syncing=0 if board is None else board.synced,
            total=0 if board is None else board.found,
            collected_until=local(collected_until, options.zone),
            files=absent,
        )
    )
    month = now.strftime("%Y-%m")
    announced = webhooks or WebhookState()
    # No trouble of the engine's: without webhooks everything is stored as well, a little later.
    without = () if announced.problem is None else (announced.problem,)
    return EngineStatus(
        state=verdict.state,
        headline=verdict.headline,
        next_step=verdict.next_step,
        last_verified=verified,
        next_poll=next_poll,
        paused_until=pause.until if pause.holds(now) else None,
        pause_open_ended=pause.open_ended,
        queue=queue,
        webhooks=announced,
        calls_month={part: ledger.calls_in_month(part, month) for part in PARTS},
        pid=options.pid if running else None,
        problems=(*problems.values(), *without),
        problem_of=problems,
        stored={table: ledger.count(table) for table in TABLES},
        left_out=ledger.left_out(),
        stale_categories=ledger.stale_categories(category_version),
        synced=0 if board is None else board.synced,
        total=0 if board is None else board.found,
        files=absent,
        reason=verdict.reason,
        problem=verdict.problem,
        collected_until=collected_until,
        held=held,
    )


def local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The moment as the office's clock shows it."""
    return None if moment is None else moment.astimezone(zone)
