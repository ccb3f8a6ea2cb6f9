"""Reading back what a migration wrote, and comparing it record by record."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tray_connector.config.clock import Stop
from tray_connector.destinations.base import Destination, StoredRow
from tray_connector.model.categories import Categories
from tray_connector.model.codec import large_hash
from tray_connector.model.records import COLUMNS, LARGE_FIELDS, Stored, Table, key_of, labels_of, table_of
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.migrate_report import Compared, Difference
from tray_connector.sync.writer import TABLES, Writer

SHORT = {table: tuple(name for name in COLUMNS[table] if name not in LARGE_FIELDS) for table in TABLES}
"""The columns that the ledger knows."""
TEXTS = "its texts"
"""Stands for the `LARGE_FIELDS` in a `Difference`: they are compared together."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """A row that was written, as two hashes: enough to tell whether it came back."""

    columns: str
    texts: str

    @classmethod
    def of(cls, row: StoredRow) -> Likeness:
        """Of a row as the destination holds it."""
        values = [getattr(row.record, name) for name in SHORT[table_of(row.record)]]
        labels = sorted((name, labels) for name, labels in row.categories.items() if labels)
        columns = hashlib.blake2b(repr((values, labels)).encode("utf-8", "surrogatepass"), digest_size=16)
        return cls(columns.hexdigest(), large_hash(row.record))


@dataclass
class _Found:
    """What one table was found to hold."""

    same: set[str] = field(default_factory=set)
    wrong: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Key → columns."""
    doubtful: dict[str, str] = field(default_factory=dict)
    """Rows whose texts are not what the books say → the hash of what they are."""
    others: int = 0


@dataclass(frozen=True, slots=True)
class Beside:
    """What was written and is not in the ledger's books, by table and key."""

    unknown: Mapping[tuple[Table, str], Likeness]
    """Rows that only the origin knows."""
    texts: Mapping[tuple[Table, str], str]
    """The hash of texts that do not come from the origin's rows."""


class Comparer:
    """Compares a target with its `books`. One thread."""

    def __init__(
        self, *, writer: Writer, ledger: Ledger, target: Destination, books: Ledger, categories: Categories
    ) -> None:
        self._writer = writer
        self._target = target
        self._books = books
        self._categories = categories
        self._keys = ledger.copying(books).keys

    def compare(self, beside: Beside, on_row: Callable[[int], None], stop: Stop) -> Compared:
        """Read every row of the target once. `on_row` is told the number of rows that were just read."""
        tables = {table: self._table(table, beside, on_row, stop) for table in TABLES}
        return Compared(
            same={table: len(found.same) for table, found in tables.items()},
            differences=tuple(
                Difference(table, key, columns)
                for table, found in tables.items()
                for key, columns in sorted(found.wrong.items())
            ),
            others={table: found.others for table, found in tables.items()},
        )

    def _table(self, table: Table, beside: Beside, on_row: Callable[[int], None], stop: Stop) -> _Found:
        found = _Found()
        for page in self._target.rows(table, stop):
            known = self._books.entries(table, [key_of(row.record) for row in page])
            for row in page:
                key = key_of(row.record)
                self._judge(row, known.get(key), beside.unknown.get((table, key)), found)
            on_row(len(page))
        for key, texts in list(found.doubtful.items()):
            if beside.texts.get((table, key)) == texts:
                del found.doubtful[key]
                found.same.add(key)
        self._settle(table, found, stop)
        due = {key for kind, key in beside.unknown if kind == table}
        due |= self._keys(table)
        found.wrong |= dict.fromkeys(due - found.same - found.wrong.keys(), ())
        return found

    def _judge(self, row: StoredRow, entry: Entry | None, stranger: Likeness | None, found: _Found) -> None:
        """Of several rows with one key (Airtable) one was written, and the others came from elsewhere."""
        key = key_of(row.record)
        again = key in found.same or key in found.wrong or key in found.doubtful
        if again or (entry is None and stranger is None):
            found.others += 1
        if key in found.same or (entry is None and stranger is None):
            return
        if entry is None:
            wrong = [] if Likeness.of(row) == stranger else [TEXTS]
        else:
            wrong = self._wrong_columns(row, entry)
            if not wrong and large_hash(row.record) != entry.content_hash:
                found.wrong.pop(key, None)
                found.doubtful[key] = large_hash(row.record)
                return
        if not wrong:
            found.wrong.pop(key, None)
            found.doubtful.pop(key, None)
            found.same.add(key)
        elif key not in found.doubtful:
            found.wrong[key] = tuple(wrong)

    def _wrong_columns(self, row: StoredRow, entry: Entry) -> list[str]:
        written = StoredRow(entry.record, self._categories.assign(labels_of(entry.record)))
        wrong = differing(row, written)
        # Few rows hold what a destination cannot: only for those it is worked out what is left of them.
        return differing(row, self._target.as_held(written)) if wrong else wrong

    def _held(self, record: Stored) -> StoredRow:
        return self._target.as_held(StoredRow(record, self._categories.assign(labels_of(record))))

    def _settle(self, table: Table, found: _Found, stop: Stop) -> None:
        """Whether the texts in doubt are what the target can hold of the origin's."""
        doubtful, found.doubtful = found.doubtful, {}
        for page, _ in self._writer.pages(table, stop) if doubtful else ():
            for row in page:
                key = key_of(row.record)
                if key in doubtful and large_hash(self._held(row.record).record) == doubtful[key]:
                    del doubtful[key]
                    found.same.add(key)
            if not doubtful:
                break
        found.wrong |= dict.fromkeys(doubtful, (TEXTS,))


def differing(row: StoredRow, other: StoredRow) -> list[str]:
    """The columns, without the `LARGE_FIELDS`, in which two rows of one table differ."""
    one, two = row.record, other.record
    names = [name for name in SHORT[table_of(one)] if getattr(one, name) != getattr(two, name)]
    return names + [name for name, labels in other.categories.items() if row.categories.get(name, ()) != labels]


def words_of(differences: Sequence[Difference]) -> Iterator[str]:
    """Each difference in words, without what the records hold."""
    for each in differences:
        one = "task" if each.table == "tasks" else "e-mail"
        yield f"{one} {each.key}: " + (f"differs in {', '.join(each.columns)}" if each.columns else "is missing")
