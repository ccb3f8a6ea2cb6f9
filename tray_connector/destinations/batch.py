"""Many rows in one transaction of a SQL database, of which a bad one harms no other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tray_connector.config.clock import Stop, Stopped
from tray_connector.destinations.base import Outcome, RowMissing, Write, Written
from tray_connector.destinations.shapes import Shape, Value, shape_of
from tray_connector.model.errors import RecordError
from tray_connector.model.records import key_of

BATCH = 500
"""Rows between two looks at `Stop`."""
_UNSUITABLE = (ValueError, TypeError, AttributeError, OverflowError)


class RowsRefusedError(Exception):
    """The rows were refused together and none of them is stored; `cause` is what the database said."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(str(cause))


class SkippedError(Exception):
    """The database took fewer rows than it was given and named no reason."""


class TablesChangedError(Exception):
    """A table or column that a statement needs is not there."""


@dataclass(frozen=True, slots=True)
class Row:
    """One write with its values."""

    index: int
    write: Write
    values: tuple[Value, ...]

    @property
    def key(self) -> str:
        """The record's id."""
        return key_of(self.write.record)


class Store(Protocol):
    """What a database does for `BatchWriter`, within the transaction that the caller began and commits."""

    def encode(self, write: Write, shape: Shape) -> tuple[Value, ...]:
        """The values; ValueError, TypeError, AttributeError or OverflowError when one cannot be right."""
        ...

    def store(self, shape: Shape, rows: Sequence[Row]) -> Collection[str]:
        """Write the rows, all or none: the keys of those that are stored; the others have no row to be updated.
        `RowsRefusedError`, or what is raised when the database as a whole fails.
        """
        ...

    def refusal(self, shape: Shape, row: Row | None, cause: Exception) -> RecordError:
        """Why this row, which was sent alone, or could not be encoded (None), is refused. May raise as `store`."""
        ...


class BatchWriter:
    """Writes batch by batch; a batch that is refused is halved, down to the row that is to blame."""

    def __init__(self, store: Store, stop: Stop) -> None:
        self._store = store
        self._stop = stop
        self._outcomes: dict[int, Outcome] = {}

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """One outcome per write, in order. Raises what the store raises, and `Stopped`."""
        for shape, group in self._groups(writes):
            for start in range(0, len(group), BATCH):
                self._apply(shape, group[start : start + BATCH])
        return [self._outcomes[index] for index in range(len(writes))]

    def _groups(self, writes: Sequence[Write]) -> Iterator[tuple[Shape, list[Row]]]:
        """Rows of one shape together; two writes of one record stay in their order."""
        groups: dict[Shape, list[Row]] = {}
        seen: set[tuple[str, str]] = set()
        for index, write in enumerate(writes):
            shape = shape_of(write)
            record = (shape.table, key_of(write.record))
            if record in seen:
                yield from groups.items()
                groups, seen = {}, set()
            try:
                row = Row(index, write, self._store.encode(write, shape))
            except _UNSUITABLE as error:
                self._outcomes[index] = self._store.refusal(shape, None, error)
                continue
            seen.add(record)
            groups.setdefault(shape, []).append(row)
        yield from groups.items()

    def _apply(self, shape: Shape, group: Sequence[Row]) -> None:
        if self._stop.is_set():
            raise Stopped
        try:
            stored = self._store.store(shape, group)
        except RowsRefusedError as refused:
            if len(group) == 1:
                self._outcomes[group[0].index] = self._store.refusal(shape, group[0], refused.cause)
                return
            middle = len(group) // 2
            self._apply(shape, group[:middle])
            self._apply(shape, group[middle:])
        else:
            self._outcomes.update((row.index, Written() if row.key in stored else RowMissing()) for row in group)


def refused(database: str, error: Exception, column: str | None, words: str | None = None) -> RecordError:
    """One record is refused; `column` where it is known, `words` where the database says more than the exception."""
    if isinstance(error, SkippedError):
        message = "The database skipped this row without naming a reason."
    elif isinstance(error, UnicodeEncodeError):
        message = "The text holds a character that cannot be stored (half of a surrogate pair)."
    elif isinstance(error, OverflowError):
        message = "A number or a time is out of range."
    else:
        message = words or str(error)
    hint = "Look at constraints and triggers that were added to the table, or correct the record at its source."
    return RecordError(
        f"{database}-row-refused",
        "The database refuses this record",
        message if column is None else f"{column}: {message}",
        hint,
    )


def unstorable(shape: Shape, row: Row, numbers: int) -> str | None:
    """The column whose value no row can hold: half of a surrogate pair, or a number of more than `numbers` bits;
    None when the values are not to blame.
    """
    names = (*shape.names, *shape.categories, shape.key)
    for name, value in zip(names, row.values, strict=False):
        if isinstance(value, str) and not is_storable(value):
            return name
        number = getattr(row.write.record, name, None)
        if isinstance(number, int) and not -(2 ** (numbers - 1)) <= number < 2 ** (numbers - 1):
            return name
    return None


def is_storable(text: str) -> bool:
    """Whether it can be written as UTF-8."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
