"""Readings on their way through the writer: what is planned for them, and what became of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tray_connector.destinations.base import Outcome, RowMissing, Written
from tray_connector.model.errors import Problem, RecordError
from tray_connector.model.events import SourceName
from tray_connector.model.records import Stored, Table, key_of, table_of
from tray_connector.sources.base import Reading
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.plan import ChangeKind, Row, Skip


@dataclass(frozen=True, slots=True)
class Change:
    """A row that was written."""

    source: SourceName
    kind: ChangeKind
    record: Stored


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one reading."""

    reading: Reading
    written: int = 0
    """Rows written, without those flagged."""
    unchanged: int = 0
    flagged: int = 0
    """Rows flagged as deleted."""
    left_out: int = 0
    problem: Problem | None = None
    """A record of it was refused; its other records are written."""
    reread: bool = False
    """A row that was to be changed is missing in the destination: the record must be read again and written whole."""
    changes: tuple[Change, ...] = ()


@dataclass
class Draft:
    """A reading on its way through `apply`."""

    reading: Reading
    rows: list[Row] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    notes: list[Entry] = field(default_factory=list)
    unchanged: int = 0
    left_out: int = 0
    left_out_deleted: bool = False


class Planned:
    """The ledger as it will be once the rows planned so far are written: two readings of a call may concern one row."""

    def __init__(self, ledger: Ledger, readings: Sequence[Reading]) -> None:
        self._ledger = ledger
        self._planned: dict[tuple[Table, str], Entry] = {}
        keys: dict[Table, list[str]] = {"tasks": [], "emails": []}
        for reading in readings:
            for record in reading.records:
                keys[table_of(record)].append(key_of(record))
        self._entries = {table: ledger.entries(table, ids) if ids else {} for table, ids in keys.items()}

    def entry(self, table: Table, key: str) -> Entry | None:
        """What will be known of this record."""
        planned = self._planned.get((table, key))
        return planned if planned is not None else self._entries[table].get(key)

    def of_conversations(self, ids: Collection[str]) -> dict[str, Entry]:
        """What will be known of the e-mails of these conversations."""
        found: dict[str, Entry] = {}
        for conversation_id in ids:
            found.update(self._ledger.entries_of(conversation_id))
        return {key: self._planned.get(("emails", key), entry) for key, entry in found.items()}

    def add(self, draft: Draft, step: Row | Skip) -> None:
        """Plan one step of a reading."""
        if isinstance(step, Row):
            draft.rows.append(step)
            record = step.entry.record
            self._planned[(table_of(record), key_of(record))] = step.entry
            return
        if step.note is not None:
            draft.notes.append(step.note)
        if step.left_out:
            draft.left_out += 1
            draft.left_out_deleted = True
        else:
            draft.unchanged += 1


def result_of(draft: Draft) -> Applied:
    """What became of it."""
    pairs = list(zip(draft.rows, draft.outcomes, strict=True))
    done = [row for row, outcome in pairs if isinstance(outcome, Written)]
    refusals = [outcome.problem for _, outcome in pairs if isinstance(outcome, RecordError)]
    event = draft.reading.event
    return Applied(
        draft.reading,
        written=sum(row.change != "removed" for row in done),
        unchanged=draft.unchanged,
        flagged=sum(row.change == "removed" for row in done),
        left_out=draft.left_out,
        problem=refusals[0] if refusals else None,
        reread=any(isinstance(outcome, RowMissing) for _, outcome in pairs),
        changes=tuple(Change(event.source, row.change, row.write.record) for row in done),
    )
