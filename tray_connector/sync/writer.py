"""The one place that writes: decides by the ledger, writes to the destination, notes what is durable.

Every call holds one lock from the look into the ledger to the note, so that two writers can never judge by the same
old state and the older of two versions can never be written last.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.destinations.base import Destination, FileRow, Outcome, RowMissing, StoredFile, StoredRow, Written
from tray_connector.model.categories import Categories
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, InternalError, RecordError, TransientError
from tray_connector.model.events import version_of
from tray_connector.model.records import Conversation, Stored, Table, key_of, table_of
from tray_connector.sources.base import Reading
from tray_connector.sync.drafts import Applied, Draft, Planned, result_of
from tray_connector.sync.files_desk import FilesDesk
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_files import EmailFiles
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.plan import (
    Context,
    Row,
    Skip,
    plan_record,
    plan_refresh,
    plan_state,
    row_key,
)
from tray_connector.sync.survey import duplicate_lines, emptied, survey, with_found

TABLES: tuple[Table, ...] = ("tasks", "emails")


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
        self._sent = 0
        self.migrating = threading.Lock()
        """Held by the one migration that may be under way."""
        self.desk = FilesDesk(ledger, clock)
        """Knows what the rows of e-mails mean for their files."""
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
                    if known and emptied(self._ledger, self._destination, stop):
                        self._ledger.forget_bound()
                    survey(self._destination, self._ledger, stop)
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
            self.desk.arrived(readings)
            if self._destination.fetches_files:
                self.desk.plan(drafts, lambda ids: self.files_of(ids, stop))
            rows = [row for draft in drafts for row in draft.rows]
            outcomes = iter(self._write(rows, stop))
            for draft in drafts:
                draft.outcomes = [next(outcomes) for _ in draft.rows]
            try:
                self._note(drafts)
            except ConnectorError:
                self._ledger.doubt()
                raise
            if rows:
                self._ledger.note_success("destination", self._clock.now())
            return [result_of(draft) for draft in drafts]

    def _write(self, rows: Sequence[Row], stop: Stop) -> Sequence[Outcome]:
        if not rows:
            return ()
        try:
            outcomes = self._destination.write(
                with_found(self._destination, self._ledger, [row.write for row in rows]), stop
            )
        except (ConnectorError, Stopped) as error:
            self._ledger.doubt()
            self.desk.broke_off()
            if isinstance(error, Stopped):
                raise
            raise self._lost(error) from error.__cause__
        if len(outcomes) != len(rows):
            raise InternalError(
                "destination-answer", "The destination answered for other rows than were sent", hint="Nothing is lost."
            )
        return outcomes

    def _plan(self, readings: Sequence[Reading]) -> list[Draft]:
        known = Planned(self._ledger, readings)
        drafts = []
        for reading in readings:
            draft = Draft(reading, left_out=reading.left_out)
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

    def _note(self, drafts: Sequence[Draft]) -> None:
        entries: list[Entry] = []
        conversations: list[tuple[Conversation, int]] = []
        files: list[EmailFiles] = []
        merged: list[str] = []
        for draft in drafts:
            pairs = list(zip(draft.rows, draft.outcomes, strict=True))
            entries += draft.notes
            entries += [noted(row, outcome) for row, outcome in pairs if isinstance(outcome, Written)]
            files += self.desk.noted(pairs)
            conversation = draft.reading.conversation
            if conversation is not None and all(isinstance(outcome, Written) for _, outcome in pairs):
                conversations.append((as_known(conversation, draft.left_out_deleted), draft.reading.read_number))
                if conversation.conversation_id != draft.reading.event.id:
                    merged.append(draft.reading.event.id)
        self._ledger.note(entries, conversations, files)
        self.desk.announce(files)
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

    def lost(self, table: Table, stop: Stop, batch: int = 500) -> Iterator[list[Stored]]:
        """Records that the ledger knows to be stored and that have no row any more, a batch at a time. Costs what
        `Destination.present` costs.
        """
        for known in self._ledger.iterate(table, batch):
            with self._lock:
                self.ready(stop)
                entries = self._ledger.entries(table, [key_of(entry.record) for entry in known])
                try:
                    present = self._destination.present(table, entries, stop)
                except ConnectorError as error:
                    raise self._lost(error) from error.__cause__
            yield [entry.record for key, entry in entries.items() if key not in present]

    def note_files(self, files: Sequence[FileRow], stop: Stop) -> None:
        """See `Destination.note_files`."""
        with self._lock:
            self.ready(stop)
            try:
                self._destination.note_files(files, stop)
            except ConnectorError as error:
                raise self._lost(error) from error.__cause__

    def files_of(self, record_ids: Collection[str], stop: Stop) -> Mapping[str, Sequence[StoredFile]]:
        """See `Destination.files_of`."""
        with self._lock:
            self.ready(stop)
            try:
                return self._destination.files_of(record_ids, stop)
            except ConnectorError as error:
                raise self._lost(error) from error.__cause__

    def send_files(self, urls: Mapping[str, Mapping[str, str]], stop: Stop) -> dict[str, RecordError]:
        """Have files fetched into rows that are there: e-mail → attachment → address. Gives the e-mails refused.

        What came of the others' files is noted.
        """
        with self._lock:
            self.ready(stop)
            entries = self._ledger.entries("emails", urls)
            links = {key: url for each in urls.values() for key, url in each.items()}
            rows = self.desk.rows(entries, links, lambda ids: self.files_of(ids, stop))
            pairs = list(zip(rows, self._write(rows, stop), strict=True))
            self.desk.settle(pairs)
            return {row_key(row): outcome for row, outcome in pairs if isinstance(outcome, RecordError)}

    def check(self, stop: Stop) -> Sequence[CheckLine]:
        """Live test of the destination."""
        with self._lock:
            return [*self._destination.check(stop), *duplicate_lines(self._ledger)]

    @property
    def place(self) -> str:
        """Where the records are written: `Destination.place`."""
        return self._destination.place

    @property
    def fetches_files(self) -> bool:
        """See `Destination.fetches_files`."""
        return self._destination.fetches_files

    @contextmanager
    def held(self, stop: Stop) -> Iterator[None]:
        """Nothing is written while inside; the destination is open."""
        with self._lock:
            self.ready(stop)
            yield

    def pages(
        self, table: Table, stop: Stop, *, after: str | None = None
    ) -> Iterator[tuple[Sequence[StoredRow], Mapping[str, Entry]]]:
        """Every row of the destination, a page at a time, with what the ledger knows of the page's rows at that very
        moment; see `Destination.rows`. Others may write between two pages.
        """
        rows: Iterator[Sequence[StoredRow]] | None = None
        destination = self._destination
        while True:
            with self._lock:
                self.ready(stop)
                if destination is not self._destination:
                    raise exchanged()
                try:
                    rows = rows or destination.rows(table, stop, after=after)
                    page = next(rows, None)
                except ConnectorError as error:
                    raise self._lost(error) from error.__cause__
                known = self._ledger.entries(table, [key_of(row.record) for row in page or ()])
            if page is None:
                return
            yield page, known

    def exchange(self, destination: Destination) -> None:
        """From now on write into this one, which holds what the old one holds (`sync.migrate`); the next call opens it.

        What is under way notices it by `Ledger.binding`.
        """
        with self._lock:
            self._destination.close()
            self._sent += self._destination.requests_sent()
            self._destination = destination
            self._ledger.expect(destination.place)
            self._open = False

    def requests_sent(self) -> int:
        """Calls sent to the destination since it was made, and before to one that it took the place of."""
        return self._sent + self._destination.requests_sent()

    def verify(self, stop: Stop) -> None:
        """Look whether the destination is still there, where that costs nothing; raises what it raises when not."""
        with self._lock:
            self.ready(stop)
            try:
                alive = self._destination.verify(stop)
                gone = alive and emptied(self._ledger, self._destination, stop)
            except ConnectorError as error:
                raise self._lost(error) from error.__cause__
            if not alive:
                return
            self._ledger.note_success("destination", self._clock.now())
            if gone:
                # Nothing is known of it any more: the next poll fills it.
                self._ledger.forget_bound()

    def close(self) -> None:
        """Let go of the destination."""
        with self._lock:
            self._open = False
            self._destination.close()


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
