"""`Copier`: brings into another destination what it does not hold yet. Cut off anywhere, it goes on from there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from tray_connector.config.clock import Stop
from tray_connector.destinations.base import Destination, RowMissing, StoredRow, Write
from tray_connector.model.categories import Categories
from tray_connector.model.codec import labels_hash, large_hash
from tray_connector.model.errors import ConnectorError, RecordError
from tray_connector.model.records import KEYS, Email, Stored, Table, Task, key_of, labels_of
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.migrate_compare import SHORT, Beside, Likeness
from tray_connector.sync.migrate_report import Refused, Tally, name_of
from tray_connector.sync.survey import with_found
from tray_connector.sync.writer import TABLES, Writer

Item = TypeVar("Item")
ReadWhole = Callable[[Table, Sequence[str], Stop], Mapping[str, Stored | ConnectorError | None]]
"""`Source.read_whole` of the source to which the table belongs."""
BATCH = 500
"""Rows that are written and noted together."""
FEW = 50
"""The same for a destination beyond a slow limit."""
AGAIN = 100
"""Bodies that are read from a service together."""
SHORT_COLUMNS = {table: tuple(name for name in SHORT[table] if name != KEYS[table]) for table in TABLES}


@dataclass(frozen=True, slots=True)
class _Job:
    write: Write
    entry: Entry | None
    """None: a row that the ledger does not know."""


@dataclass(frozen=True, slots=True)
class _Doubtful:
    """A record whose body the origin does not hold as it was written."""

    entry: Entry
    row: StoredRow | None


class Copier:
    """One thread. The ledger's `books` are those of the target: what they hold is written there, and durable."""

    def __init__(
        self,
        *,
        writer: Writer,
        ledger: Ledger,
        target: Destination,
        books: Ledger,
        read_whole: ReadWhole,
        requests_sent: Callable[[], int],
    ) -> None:
        self._writer = writer
        self._ledger = ledger
        self._target = target
        self._books = books
        self._copying = ledger.copying(books)
        self._read_whole = read_whole
        self._requests_sent = requests_sent
        self.tally = Tally()
        self._batch = FEW if target.fetches_files else BATCH
        self._set_aside: set[tuple[Table, str]] = set()
        self._trouble: ConnectorError | None = None
        self._on_row: Callable[[int], None] = lambda _: None
        self.categories = writer.categories
        self._unknown: dict[tuple[Table, str], Likeness] = {}
        self._texts: dict[tuple[Table, str], str] = {}
        self.beside = Beside(self._unknown, self._texts)
        """What was written and the books do not tell."""

    def prepare(self, on_row: Callable[[int], None], stop: Stop) -> int:
        """Make sure that the categories in force have their columns; how many rows are to be written, as it seems.

        `on_row` is told the number of rows that were just settled.
        """
        self._on_row = on_row
        self.categories = self._writer.categories
        self._target.ensure_categories(self.categories.names, stop)
        return sum(len(self._pending(table)) for table in TABLES)

    def left(self) -> bool:
        """Whether there is something that another call of `copy` might bring over."""
        return any(self._pending(table) for table in TABLES)

    def again(self, table: Table, keys: Iterable[str]) -> None:
        """These rows of the target are not as they were written: copy them once more."""
        self._books.remove(table, list(keys))

    def _pending(self, table: Table) -> list[str]:
        keys = self._copying.pending(table, self.categories.version)
        return [key for key in keys if (table, key) not in self._set_aside]

    def copy(self, table: Table, stop: Stop, *, everything: bool) -> None:
        """Bring over what is pending; with `everything` the rows that only the origin knows, too.

        Raises what the target, the origin and, for bodies that must be read again, the source raise; all that does not
        depend on it is written before.
        """
        if self.categories is not self._writer.categories:
            self.prepare(self._on_row, stop)
        pending = self._without_bodies(table, self._pending(table), stop)
        if pending or everything:
            self._with_bodies(table, pending, stop, everything=everything)
        if self._trouble is not None:
            raise self._trouble

    def _without_bodies(self, table: Table, keys: Sequence[str], stop: Stop) -> list[str]:
        """Where the target has the body already, write the other columns; the keys of all other records."""
        rest: list[str] = []
        for chunk in chunked(keys, BATCH):
            theirs = self._books.entries(table, chunk)
            ours = self._ledger.entries(table, theirs)
            jobs = []
            for key in chunk:
                if key in ours and key in theirs and same_body(ours[key], theirs[key]):
                    values = self.categories.assign(labels_of(ours[key].record))
                    columns, record_id = SHORT_COLUMNS[table], theirs[key].record_id
                    jobs.append(_Job(Write(ours[key].record, values, columns, record_id), ours[key]))
                else:
                    rest.append(key)
            rest += self._put(table, jobs, stop)
        return rest

    def _with_bodies(self, table: Table, keys: Sequence[str], stop: Stop, *, everything: bool) -> None:
        wanted, batch, doubtful = set(keys), list[_Job](), list[_Doubtful]()
        after = None if everything or self._writer.fetches_files else before(min(keys))
        for page, known in self._writer.pages(table, stop, after=after):
            for row in page:
                key = key_of(row.record)
                if key not in known or key not in wanted:
                    continue
                wanted.discard(key)
                texts = large_hash(row.record)
                if row.cut or texts != known[key].content_hash:
                    doubtful.append(_Doubtful(known[key], row))
                else:
                    batch.append(self._whole(known[key], row.record, texts))
            if everything:
                batch += self._strangers(table, [row for row in page if key_of(row.record) not in known])
            if len(batch) >= self._batch:
                self._put(table, batch, stop)
                batch = []
            if len(doubtful) >= AGAIN:
                self._read_again(table, doubtful, stop)
                doubtful = []
            if not wanted and not everything:
                break
        self._put(table, batch, stop)
        missing = self._ledger.entries(table, wanted)
        for chunk in chunked([*doubtful, *(_Doubtful(entry, None) for entry in missing.values())], AGAIN):
            self._read_again(table, chunk, stop)

    def _whole(self, entry: Entry, bodies: Stored, texts: str) -> _Job:
        """`texts` is the hash of the bodies."""
        record = with_bodies(entry.record, bodies)
        values = self.categories.assign(labels_of(record))
        return _Job(Write(record, values), replace(entry, content_hash=texts, record_id=None))

    def _strangers(self, table: Table, rows: Sequence[StoredRow]) -> Iterator[_Job]:
        """Rows that the ledger does not know; what it knows of the target is newer than they are."""
        known = self._books.entries(table, [key_of(row.record) for row in rows])
        for row in rows:
            key = key_of(row.record)
            if not key or key in known:
                continue
            if (table, key) not in self._unknown:
                self.tally.unknown[table] = self.tally.unknown.get(table, 0) + 1
                self.tally.split += row.split
            values = self.categories.assign(labels_of(row.record))
            self._unknown[table, key] = Likeness.of(self._target.as_held(StoredRow(row.record, values)))
            yield _Job(Write(row.record, values), None)

    def _read_again(self, table: Table, doubtful: Sequence[_Doubtful], stop: Stop) -> None:
        if self._trouble is not None:
            return
        try:
            sent = self._requests_sent()
            found = self._read_whole(table, [key_of(each.entry.record) for each in doubtful], stop)
            self.tally.requests += self._requests_sent() - sent
        except ConnectorError as error:
            self._trouble = error
            return
        jobs = []
        for each in doubtful:
            key = key_of(each.entry.record)
            fresh = found.get(key)
            if isinstance(fresh, Task) or (isinstance(fresh, Email) and not fresh.body_missing):
                self.tally.read_again += 1
                jobs.append(self._whole(each.entry, fresh, large_hash(fresh)))
                self._texts[table, key] = large_hash(self._target.as_held(StoredRow(jobs[-1].write.record)).record)
            elif each.row is not None:
                self.tally.kept_as_read += 1
                jobs.append(self._whole(each.entry, each.row.record, large_hash(each.row.record)))
            else:
                self.tally.lost += 1
                self._set_aside.add((table, key))
        self._put(table, jobs, stop)

    def _addressed(self, table: Table, writes: list[Write]) -> list[Write]:
        """With the target's own ids of rows that are there, where it has such ids: of several with one key, one."""
        if not self._target.fetches_files:
            return writes
        known = self._books.entries(table, [key_of(write.record) for write in writes])
        ids = {key: entry.record_id for key, entry in known.items()}
        noted_ids = [replace(write, record_id=write.record_id or ids.get(key_of(write.record))) for write in writes]
        return with_found(self._target, self._books, noted_ids)

    def _put(self, table: Table, jobs: Sequence[_Job], stop: Stop) -> list[str]:
        """Write and note; the keys of records of which a part was to be written and which have no row."""
        every: list[str] = []
        for chunk in chunked(jobs, self._batch):
            missing: list[str] = []
            outcomes = self._target.write(self._addressed(table, [job.write for job in chunk]), stop)
            notes = []
            for job, outcome in zip(chunk, outcomes, strict=True):
                record, key = job.write.record, key_of(job.write.record)
                if isinstance(outcome, RecordError):
                    self.tally.refused[table, key] = Refused(table, key, name_of(record), outcome.problem)
                    self._set_aside.add((table, key))
                    self._unknown.pop((table, key), None)
                elif isinstance(outcome, RowMissing):
                    missing.append(key)
                else:
                    self.tally.written += 1
                    if job.entry is not None:
                        notes.append(noted(job.entry, job.write, outcome.record_id, self.categories))
            if missing:
                self._books.remove(table, missing)
            self._books.note(notes)
            self._on_row(len(chunk) - len(missing))
            every += missing
        return every


def noted(entry: Entry, write: Write, record_id: str | None, categories: Categories) -> Entry:
    """What the books keep of a row that the target holds."""
    return replace(
        entry,
        category_hash=labels_hash(write.categories),
        category_version=categories.version,
        record_id=record_id or write.record_id,
    )


def with_bodies(record: Stored, bodies: Stored) -> Stored:
    """The record with the `LARGE_FIELDS` of the other one."""
    if isinstance(record, Task):
        return replace(record, description=bodies.description if isinstance(bodies, Task) else None)
    if isinstance(bodies, Email):
        return replace(record, body_text=bodies.body_text, body_html=bodies.body_html)
    return record


def same_body(ours: Entry, theirs: Entry) -> bool:
    """Whether all that is written with whole rows only is the same in both."""
    if ours.content_hash != theirs.content_hash:
        return False
    return files_of(ours.record) == files_of(theirs.record)


def files_of(record: Stored) -> object:
    """What a record says of its files."""
    return record.attachment_ids if isinstance(record, Task) else record.attachments


def before(key: str) -> str:
    """A text that comes before this key and behind every shorter beginning of it: reading begins close to the key."""
    return key[:-1]


def chunked(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """The items in lists of at most `size`."""
    iterator = iter(items)
    while piece := list(islice(iterator, size)):
        yield piece
