"""The one place that writes: decides by the ledger, writes to the destination, notes what is durable.

Every call holds one lock from the look into the ledger to the note, so that two writers can never judge by the same
old state and the older of two versions can never be written last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.destinations.base import Destination, Outcome, RowMissing, Written
from tray_connector.model.categories import Categories
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, InternalError, Problem, RecordError, TransientError
from tray_connector.model.events import SourceName, version_of
from tray_connector.model.records import Conversation, Stored, Table, key_of, table_of
from tray_connector.sources.base import Reading
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.plan import (
    ChangeKind,
    Context,
    Row,
    Skip,
    plan_record,
    plan_refresh,
    plan_state,
    row_key,
)

TABLES: tuple[Table, ...] = ("tasks", "emails")


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
class _Draft:
    """A reading on its way through `apply`."""

    reading: Reading
    rows: list[Row] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    notes: list[Entry] = field(default_factory=list)
    unchanged: int = 0
    left_out: int = 0
    left_out_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What `refresh` did with one batch."""

    looked_at: int
    written: int
    failed: int
    lost: tuple[tuple[Table, str], ...]
    """Records whose row is missing in the destination; they must be read again."""


class Writer:
    """Brings readings into the destination. Safe from any thread; calls are served one after the other."""

    def __init__(
        self, destination: Destination, ledger: Ledger, categories: Callable[[], Categories], clock: Clock
    ) -> None:
        self._destination = destination
        self._ledger = ledger
        self._categories = categories
        self._clock = clock
        self._lock = threading.RLock()
        self._open = False
        ledger.expect(destination.place)
        self._ensured: tuple[str, ...] | None = None

    @property
    def categories(self) -> Categories:
        """The label categories in force."""
        return self._categories()

    def ready(self, stop: Stop) -> None:
        """Open the destination and tell the ledger which one it is. Costs nothing while it is open.

        Raises what `Destination.open` raises. A destination that the ledger does not know, or that was emptied or
        replaced, has no checkpoint: the next poll fills it.
        """
        with self._lock:
            try:
                if not self._open:
                    known = self._ledger.bind(self._destination.open(stop))
                    if known and self._emptied(stop):
                        self._ledger.forget_bound()
                    self._open, self._ensured = True, None
                    self._ledger.note_success("destination", self._clock.now())
                names = self._categories().names
                if names != self._ensured:
                    self._destination.ensure_categories(names, stop)
                    self._ensured = names
            except ConnectorError as error:
                raise self._lost(error) from error.__cause__

    def _lost(self, error: ConnectorError) -> ConnectorError:
        # The next call opens it anew: after a failure nothing is known of the connection.
        self._open = False
        error.part = "destination"
        return error

    def _emptied(self, stop: Stop) -> bool:
        if all(self._ledger.count(table) == 0 for table in TABLES):
            return False
        counts = self._destination.counts(stop)
        return any(self._ledger.count(table) > 0 and counts.get(table, 0) == 0 for table in TABLES)

    def apply(self, readings: Sequence[Reading], stop: Stop, *, binding: int | None = None) -> list[Applied]:
        """Write what the readings hold, note it, and say what became of each, in order.

        `binding` is `Ledger.binding` as it was when the readings were begun: they may leave out what was known then.
        Raises when the destination as a whole fails; then nothing of the call is noted and it may be repeated.
        """
        with self._lock:
            self.ready(stop)
            if binding is not None and binding != self._ledger.binding:
                raise self._lost(exchanged())
            drafts = self._plan(readings)
            rows = [row for draft in drafts for row in draft.rows]
            outcomes = iter(self._write(rows, stop))
            for draft in drafts:
                draft.outcomes = [next(outcomes) for _ in draft.rows]
            self._note(drafts)
            if rows:
                self._ledger.note_success("destination", self._clock.now())
            return [_result(draft) for draft in drafts]

    def _write(self, rows: Sequence[Row], stop: Stop) -> Sequence[Outcome]:
        if not rows:
            return ()
        try:
            outcomes = self._destination.write([row.write for row in rows], stop)
        except ConnectorError as error:
            raise self._lost(error) from error.__cause__
        if len(outcomes) != len(rows):
            raise InternalError(
                "destination-answer", "The destination answered for other rows than were sent", hint="Nothing is lost."
            )
        return outcomes

    def _plan(self, readings: Sequence[Reading]) -> list[_Draft]:
        known = _View(self._ledger, readings)
        drafts = []
        for reading in readings:
            draft = _Draft(reading, left_out=reading.left_out)
            context = Context(self._categories(), self._clock.now(), reading.event.rewrite)
            handled = set()
            for record in reading.records:
                table, key = table_of(record), key_of(record)
                handled.add(key)
                stamp = version_of(record, reading.read_number)
                known.add(draft, plan_record(record, stamp, known.entry(table, key), context))
            if reading.conversation is not None:
                ids = {reading.event.id, reading.conversation.conversation_id}
                stored = known.of_conversations(ids)
                rest = {key: entry for key, entry in stored.items() if key not in handled}
                for step in plan_state(reading, rest, context):
                    known.add(draft, step)
            drafts.append(draft)
        return drafts

    def _note(self, drafts: Sequence[_Draft]) -> None:
        entries: list[Entry] = []
        conversations: list[tuple[Conversation, int]] = []
        merged: list[str] = []
        for draft in drafts:
            pairs = list(zip(draft.rows, draft.outcomes, strict=True))
            entries += draft.notes
            entries += [noted(row, outcome) for row, outcome in pairs if isinstance(outcome, Written)]
            conversation = draft.reading.conversation
            if conversation is not None and all(isinstance(outcome, Written) for _, outcome in pairs):
                conversations.append((as_known(conversation, draft.left_out_deleted), draft.reading.read_number))
                if conversation.conversation_id != draft.reading.event.id:
                    merged.append(draft.reading.event.id)
        self._ledger.note(entries, conversations)
        if merged:
            self._ledger.remove_conversations(merged)
        for table in TABLES:
            lost = [
                row_key(row)
                for draft in drafts
                for row, outcome in zip(draft.rows, draft.outcomes, strict=True)
                if isinstance(outcome, RowMissing) and table_of(row.write.record) == table
            ]
            if lost:
                self._ledger.remove(table, lost)

    def refresh(
        self, table: Table, change: Callable[[Stored], Stored], stop: Stop, batch: int = 500
    ) -> Iterator[Refreshed]:
        """Bring names and categories of all stored records into step, a batch at a time, without reading a source.

        `change` gives a record as it should be now. Only the columns that differ are written. What was written is
        noted batch by batch, so that a call that was cut off may simply be made again.
        """
        for known in self._ledger.iterate(table, batch):
            if stop.is_set():
                raise Stopped
            keys = [key_of(entry.record) for entry in known]
            with self._lock:
                self.ready(stop)
                done = self._refresh(table, keys, change, stop)
            yield done

    def _refresh(self, table: Table, keys: Sequence[str], change: Callable[[Stored], Stored], stop: Stop) -> Refreshed:
        context = Context(self._categories(), self._clock.now())
        entries = self._ledger.entries(table, keys)
        steps = [plan_refresh(change(entry.record), entry, context) for entry in entries.values()]
        rows = [step for step in steps if isinstance(step, Row)]
        pairs = list(zip(rows, self._write(rows, stop), strict=True))
        notes = [step.note for step in steps if isinstance(step, Skip) and step.note is not None]
        self._ledger.note(notes + [noted(row, outcome) for row, outcome in pairs if isinstance(outcome, Written)])
        lost = [row_key(row) for row, outcome in pairs if isinstance(outcome, RowMissing)]
        if lost:
            self._ledger.remove(table, lost)
        failed = sum(isinstance(outcome, RecordError) for _, outcome in pairs)
        return Refreshed(len(entries), len(rows) - failed - len(lost), failed, tuple((table, key) for key in lost))

    def check(self, stop: Stop) -> Sequence[CheckLine]:
        """Live test of the destination."""
        with self._lock:
            return self._destination.check(stop)

    def requests_sent(self) -> int:
        """Calls sent to the destination since it was made."""
        return self._destination.requests_sent()

    def verify(self, stop: Stop) -> None:
        """Look whether the destination is still there, where that costs nothing; raises what it raises when not."""
        with self._lock:
            self.ready(stop)
            try:
                alive = self._destination.verify(stop)
            except ConnectorError as error:
                raise self._lost(error) from error.__cause__
            if not alive:
                return
            self._ledger.note_success("destination", self._clock.now())
            if self._emptied(stop):
                # Nothing is known of it any more: the next poll fills it.
                self._ledger.forget_bound()

    def close(self) -> None:
        """Let go of the destination."""
        with self._lock:
            self._open = False
            self._destination.close()


class _View:
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
        planned = self._planned.get((table, key))
        return planned if planned is not None else self._entries[table].get(key)

    def of_conversations(self, ids: Collection[str]) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for conversation_id in ids:
            found.update(self._ledger.entries_of(conversation_id))
        return {key: self._planned.get(("emails", key), entry) for key, entry in found.items()}

    def add(self, draft: _Draft, step: Row | Skip) -> None:
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


def exchanged() -> TransientError:
    """Another database is in place than when the records were read; part of them may have been in the old one only."""
    return TransientError(
        "destination-exchanged",
        "The database was exchanged",
        "Another one took its place while records were being read.",
        "They are read again, and everything is written into the new one.",
    )


def noted(row: Row, outcome: Written) -> Entry:
    """What the ledger keeps of a row that is durable."""
    return row.entry if outcome.record_id is None else replace(row.entry, record_id=outcome.record_id)


def as_known(conversation: Conversation, left_out_deleted: bool) -> Conversation:
    """The conversation as the ledger keeps it.

    Where e-mails were left out because they lay in the trash, no count is kept: restoring must read them.
    """
    return replace(conversation, messages_count=-1) if left_out_deleted else conversation


def _result(draft: _Draft) -> Applied:
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
