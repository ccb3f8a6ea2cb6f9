"""The way of a task from a page in memory to its row: poller, spool, dispatcher, writer, ledger, SQLite. No HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.disk import files_per_second
from benchmarks.figures import Figure, at_least
from benchmarks.records import CATEGORIES, make_task
from tray_connector.config.budget import Budget
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.config.paths import Paths
from tray_connector.destinations.sqlite import SqliteDestination
from tray_connector.model.events import Event
from tray_connector.model.records import Task
from tray_connector.sources.http import HttpClient
from tray_connector.sources.teamwork import TeamworkSource
from tray_connector.sync.board import Board
from tray_connector.sync.dispatcher import Dispatched, Dispatcher
from tray_connector.sync.lane import Lane, LaneReport
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.poller import Polled, Poller
from tray_connector.sync.reconciler import Reconciler
from tray_connector.sync.removals import Removals
from tray_connector.sync.spool import Spool
from tray_connector.sync.writer import Writer

PAGE = 500
PAGES, FEW_PAGES = 10, 1
RUNS = 3
ROUNDS = (("new", None, True), ("changed", "Neu", True), ("known already", "Neu", False))
"""What they are, the name they are given, and whether their rows must be written."""
GOAL = 1_000
NOBODY = "http://127.0.0.1:9"
"""Nobody is asked: every event brings its task along."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One lane with all that it works on."""

    lane: Lane
    writer: Writer
    stop: Stop

    def carry(self, pages: Sequence[Sequence[Event]]) -> Dispatched:
        """Queue the pages one after the other while another thread writes, as a sync does."""

        def work(_: Stop) -> LaneReport:
            queued = sum((self.lane.poller.queue(page) for page in pages), Polled())
            return LaneReport(self.lane.name, polled=queued)

        report = self.lane.pump(work, self.stop, cutoff=datetime.now(UTC))
        if report.errors:
            raise report.errors[0]
        return report.dispatched

    def seconds_for(self, pages: Sequence[Sequence[Event]], rows: int) -> float:
        """How long `carry` takes; it must write so many rows."""
        began = time.perf_counter()
        written = self.carry(pages).written
        if written != rows:
            raise RuntimeError(f"{written} rows written instead of {rows}")
        return time.perf_counter() - began


@contextmanager
def opened(home: Path) -> Iterator[Pipeline]:
    """A pipeline over new files in `home`."""
    clock, paths, stop = SystemClock(), Paths(home), Stop()
    paths.create()
    ledger = Ledger(paths.ledger, clock)
    spool = Spool(paths.spool, clock, last_read=ledger.last_read_number)
    writer = Writer(SqliteDestination(paths.database, clock), ledger, lambda: CATEGORIES, clock)
    client = HttpClient(
        service="teamwork",
        base_url=NOBODY,
        authorization="",
        budget=Budget("teamwork", (), max_in_flight=1, clock=clock),
        clock=clock,
        user_agent="benchmark",
    )
    source = TeamworkSource(
        client=client,
        site_url=NOBODY,
        people_file=paths.people,
        tags_file=paths.tags,
        projects=frozenset(),
        process_after=None,
        include_completed_on_first_sync=True,
        clock=clock,
        read_number=ledger.next_read_number,
    )
    removals = Removals("teamwork", spool, ledger, 5)
    poller = Poller(source, spool, ledger, clock, overlap=0, removals=removals)
    dispatcher = Dispatcher(source, spool, ledger, writer, clock, luck=lambda: 0.5)
    reconciler = Reconciler(poller, spool, ledger, clock)
    writer.ready(stop)
    try:
        yield Pipeline(Lane(source, poller, dispatcher, reconciler, spool, Board(clock), clock), writer, stop)
    finally:
        source.close()
        writer.close()
        spool.close()
        ledger.close()


def make_pages(count: int, read_number: int, name: str | None = None) -> list[list[Event]]:
    """Pages of tasks as Teamwork's reader gives them."""
    now = datetime.now(UTC)
    pages = []
    for page in range(count):
        tasks = [make_task(number) for number in range(page * PAGE, (page + 1) * PAGE)]
        if name is not None:
            tasks = [replace(task, name=name) for task in tasks]
        pages.append([make_event(task, read_number, now) for task in tasks])
    return pages


def make_event(task: Task, read_number: int, now: datetime) -> Event:
    """The task as it waits in the spool."""
    return Event(source="teamwork", kind="task", id=task.task_id, payload=task, read_number=read_number, since=now)


def figures(folder: Path, quick: bool) -> Sequence[Figure]:
    """Tasks a second: new ones, changed ones, and those that are there already; each the best of a few runs."""
    count, runs = (FEW_PAGES, 1) if quick else (PAGES, RUNS)
    tasks = count * PAGE
    times: dict[str, list[float]] = {}
    for number in range(runs):
        with opened(folder / f"home-{number}") as pipeline:
            for read_number, (what, name, written) in enumerate(ROUNDS, 1):
                pages = make_pages(count, read_number, name)
                times.setdefault(what, []).append(pipeline.seconds_for(pages, tasks if written else 0))
    found = [
        at_least(
            f"Page in memory to row, {tasks:,} tasks {what}", tasks / min(taken), GOAL, "tasks/s", spread(taken, tasks)
        )
        for what, taken in times.items()
    ]
    disk = files_per_second(folder / "files")
    return [*found, Figure("The disk alone: small files made durable and removed", f"{disk:,.0f} files/s")]


def spread(taken: Sequence[float], tasks: int) -> str:
    """The runs, where there are several: how far the disk can be trusted to be as fast another time."""
    return "" if len(taken) == 1 else "runs: " + ", ".join(f"{tasks / each:,.0f}" for each in taken)
