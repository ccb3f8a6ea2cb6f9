"""Many rows in one transaction, of which a bad one harms no other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tray_connector.config.clock import Stop, Stopped
from tray_connector.destinations import sqlite_rows as rows
from tray_connector.destinations.base import Outcome, RowMissing, Write, Written
from tray_connector.destinations.sqlite_errors import SkippedError, is_about_the_row, refusal
from tray_connector.destinations.sqlite_rows import Shape, Value
from tray_connector.destinations.sqlite_schema import missing
from tray_connector.model.records import Email, key_of

BATCH = 500
"""Rows between two looks at `Stop`."""
_UNSUITABLE = (ValueError, TypeError, AttributeError, OverflowError)
_REFUSING = (sqlite3.Error, UnicodeEncodeError, OverflowError, SkippedError)


class TransactionLostError(Exception):
    """A constraint or trigger of the user's rolled the whole transaction back. `cause` says why."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(str(cause))


class TablesChangedError(Exception):
    """A table or column that the statement needs is not there."""


@dataclass(frozen=True, slots=True)
class _Row:
    index: int
    write: Write
    values: tuple[Value, ...]


class BatchWriter:
    """Writes within the transaction that its caller began and commits."""

    def __init__(self, connection: sqlite3.Connection, stop: Stop) -> None:
        self._connection = connection
        self._stop = stop
        self._outcomes: dict[int, Outcome] = {}

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """One outcome per write, in order. Raises `sqlite3.Error` when the database as a whole fails,
        `TransactionLostError`, `TablesChangedError`, `Stopped`.
        """
        for shape, group in self._groups(writes):
            sql = rows.statement(shape)
            for start in range(0, len(group), BATCH):
                if self._stop.is_set():
                    raise Stopped
                self._apply(shape, sql, group[start : start + BATCH])
        return [self._outcomes[index] for index in range(len(writes))]

    def _groups(self, writes: Sequence[Write]) -> Iterator[tuple[Shape, list[_Row]]]:
        """Rows of one shape together; two writes of one record stay in their order."""
        groups: dict[Shape, list[_Row]] = {}
        seen: set[tuple[str, str]] = set()
        for index, write in enumerate(writes):
            shape = rows.shape_of(write)
            record = (shape.table, key_of(write.record))
            if record in seen:
                yield from groups.items()
                groups, seen = {}, set()
            try:
                row = _Row(index, write, rows.values(write, shape))
            except _UNSUITABLE as error:
                self._outcomes[index] = refusal(error, None)
                continue
            seen.add(record)
            groups.setdefault(shape, []).append(row)
        yield from groups.items()

    def _apply(self, shape: Shape, sql: str, group: Sequence[_Row]) -> None:
        """Write the rows; when they are refused together, each half by itself, down to the row that is to blame."""
        connection = self._connection
        connection.execute("SAVEPOINT tray_connector")
        try:
            self._execute(shape, sql, group)
        except _REFUSING as error:
            if self._stop.is_set():
                raise Stopped from error
            if not isinstance(error, SkippedError) and not is_about_the_row(error):
                raise
            if not connection.in_transaction:
                raise TransactionLostError(error) from error
            connection.execute("ROLLBACK TO tray_connector")
            connection.execute("RELEASE tray_connector")
            self._blame(shape, sql, group, error)
        else:
            connection.execute("RELEASE tray_connector")

    def _blame(self, shape: Shape, sql: str, group: Sequence[_Row], error: Exception) -> None:
        if len(group) > 1:
            middle = len(group) // 2
            self._apply(shape, sql, group[:middle])
            self._apply(shape, sql, group[middle:])
            return
        if isinstance(error, sqlite3.OperationalError):
            absent = missing(self._connection, shape.categories)
            if absent:
                raise TablesChangedError(", ".join(absent)) from error
        self._outcomes[group[0].index] = refusal(error, _culprit(shape, group[0]))

    def _execute(self, shape: Shape, sql: str, group: Sequence[_Row]) -> None:
        present = list(group)
        if shape.columns is not None:
            keys = [key_of(row.write.record) for row in group]
            found = set().union(*rows.select_present(self._connection, shape.table, keys))
            present = [row for row in group if key_of(row.write.record) in found]
        self._many(sql, [row.values for row in present])
        if shape.table == "emails" and shape.columns is None:
            self._attach([row.write.record for row in present if isinstance(row.write.record, Email)])
        self._outcomes.update((row.index, RowMissing()) for row in group)
        self._outcomes.update((row.index, Written()) for row in present)

    def _many(self, sql: str, values: Sequence[tuple[Value, ...]]) -> None:
        if values and self._connection.executemany(sql, values).rowcount != len(values):
            raise SkippedError

    def _attach(self, emails: Sequence[Email]) -> None:
        """Bring the rows of the e-mails' files into step. An e-mail that was withheld loses none."""
        wanted = {file.attachment_id: (email.email_id, file) for email in emails for file in email.attachments}
        complete = [email.email_id for email in emails if not email.body_missing]
        stored = rows.select_attachments(self._connection, complete)
        gone = [(attachment_id,) for attachment_id, _ in stored if attachment_id not in wanted]
        self._many(rows.DELETE_ATTACHMENT, gone)
        self._many(
            rows.UPSERT_ATTACHMENT, [rows.attachment_values(email_id, file) for email_id, file in wanted.values()]
        )


def _culprit(shape: Shape, row: _Row) -> str | None:
    """The column whose value cannot be stored at all; None when the values are not to blame."""
    names = (*shape.names, *shape.categories, shape.key)
    for name, value in zip(names, row.values, strict=False):
        if isinstance(value, str) and not _is_storable(value):
            return name
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            return name
    return None


def _is_storable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
