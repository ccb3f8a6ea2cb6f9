"""`Refresher`: brings names and categories of stored rows into step, from the ledger alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.events import Event
from tray_connector.model.records import Stored, Table
from tray_connector.sync.lane import Lane
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.report import RefreshReport
from tray_connector.sync.spool import Spool
from tray_connector.sync.writer import TABLES, Writer

OnProgress = Callable[[RefreshReport], None]


class Refresher:
    """No request is sent to a source; a row that someone deleted is asked for again through the spool."""

    def __init__(self, writer: Writer, spool: Spool, ledger: Ledger, clock: Clock) -> None:
        self._writer = writer
        self._spool = spool
        self._ledger = ledger
        self._clock = clock

    def names(self, lane: Lane, stop: Stop) -> RefreshReport:
        """Bring the names of people, tags and teams into step with the directories."""
        tables: tuple[Table, ...] = ("tasks",) if lane.name == "teamwork" else ()

        def change(record: Stored) -> Stored:
            # Of a deleted record everything keeps its last value.
            return record if record.deleted else lane.source.renamed(record)

        return self._refresh(tables, change, stop, lambda _: None)

    def categories(self, stop: Stop, on_progress: OnProgress) -> RefreshReport:
        """Write the categories of all stored records by the file in force."""
        self._writer.ready(stop)
        return self._refresh(TABLES, lambda record: record, stop, on_progress)

    def _refresh(
        self, tables: Sequence[Table], change: Callable[[Stored], Stored], stop: Stop, on_progress: OnProgress
    ) -> RefreshReport:
        total = RefreshReport()
        for table in tables:
            for step in self._writer.refresh(table, change, stop):
                self._spool.put([self._fresh(name, key) for name, key in step.lost])
                total = RefreshReport(
                    total.looked_at + step.looked_at,
                    total.written + step.written,
                    total.failed + step.failed,
                    total.reread + len(step.lost),
                )
                on_progress(total)
        return total

    def _fresh(self, table: Table, key: str) -> Event:
        return Event(
            source="teamwork" if table == "tasks" else "missive",
            kind="task" if table == "tasks" else "conversation",
            id=key,
            read_number=self._ledger.last_read_number(),
            since=self._clock.now(),
            rewrite=True,
        )
