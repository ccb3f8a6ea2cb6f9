"""`Refresher`: brings names and categories of stored rows into step from the ledger alone, and finds lost rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.events import Event
from tray_connector.model.records import Email, Stored, Table, key_of
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

    def missing(self, lane: Lane, stop: Stop, *, dry_run: bool) -> int:
        """Look for rows that someone deleted in the destination; they are read and written again. How many there are.

        Rows of what is deleted at the source are forgotten: nobody can read them any more.
        """
        table: Table = "tasks" if lane.name == "teamwork" else "emails"
        count = 0
        for lost in self._writer.lost(table, stop):
            wanted = [record for record in lost if not record.deleted and lane.source.in_scope(record)]
            count += len(wanted)
            if dry_run:
                continue
            # Durable before the ledger forgets them: what is cut off here is made up for.
            ids = dict.fromkeys(home_of(record) for record in wanted)
            self._spool.put([self._fresh(table, key) for key in ids])
            forgotten = [record for record in lost if record.deleted or lane.source.in_scope(record)]
            self._ledger.remove(table, [key_of(record) for record in forgotten])
        return count

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


def home_of(record: Stored) -> str:
    """What is read to read the record: the task itself, or the e-mail's conversation."""
    return record.conversation_id or key_of(record) if isinstance(record, Email) else key_of(record)
