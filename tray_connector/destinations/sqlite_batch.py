"""Rows of SQLite in savepoints: what `BatchWriter` needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence

from tray_connector.config.clock import Stop, Stopped
from tray_connector.destinations import sqlite_rows as rows
from tray_connector.destinations.base import Write
from tray_connector.destinations.batch import (
    Row,
    RowsRefusedError,
    SkippedError,
    TablesChangedError,
    refused,
    unstorable,
)
from tray_connector.destinations.shapes import Encoder, Shape, Value, attachment_values, encoder, statement
from tray_connector.destinations.sqlite_errors import is_about_the_row
from tray_connector.destinations.sqlite_rows import DIALECT
from tray_connector.destinations.sqlite_schema import missing
from tray_connector.model.errors import RecordError
from tray_connector.model.records import Email

BITS = 64
_REFUSING = (sqlite3.Error, UnicodeEncodeError, OverflowError, SkippedError)


class TransactionLostError(Exception):
    """A constraint or trigger of the user's rolled the whole transaction back. `cause` says why."""

    def __init__(self, cause: Exception) -> None:
        self.cause = cause
        super().__init__(str(cause))


class SqliteStore:
    """Implements `batch.Store`. Besides what that names, `store` raises `sqlite3.Error`, `TransactionLostError`,
    `Stopped`; `refusal` raises `TablesChangedError`.
    """

    def __init__(self, connection: sqlite3.Connection, stop: Stop) -> None:
        self._connection = connection
        self._stop = stop
        self._encoders: dict[Shape, Encoder] = {}

    def encode(self, write: Write, shape: Shape) -> tuple[Value, ...]:
        """See `batch.Store`."""
        if shape not in self._encoders:
            self._encoders[shape] = encoder(shape, DIALECT)
        return self._encoders[shape](write)

    def store(self, shape: Shape, group: Sequence[Row]) -> Collection[str]:
        """See `batch.Store`."""
        connection = self._connection
        connection.execute("SAVEPOINT tray_connector")
        try:
            stored = self._execute(shape, group)
        except _REFUSING as error:
            if self._stop.is_set():
                raise Stopped from error
            if not isinstance(error, SkippedError) and not is_about_the_row(error):
                raise
            if not connection.in_transaction:
                raise TransactionLostError(error) from error
            connection.execute("ROLLBACK TO tray_connector")
            connection.execute("RELEASE tray_connector")
            raise RowsRefusedError(error) from error
        connection.execute("RELEASE tray_connector")
        return stored

    def refusal(self, shape: Shape, row: Row | None, cause: Exception) -> RecordError:
        """See `batch.Store`."""
        if isinstance(cause, sqlite3.OperationalError):
            absent = missing(self._connection, shape.categories)
            if absent:
                raise TablesChangedError(", ".join(absent)) from cause
        return refused("sqlite", cause, None if row is None else unstorable(shape, row, BITS))

    def _execute(self, shape: Shape, group: Sequence[Row]) -> Collection[str]:
        stored = {row.key for row in group}
        if shape.columns is not None:
            stored = set().union(*rows.select_present(self._connection, shape.table, stored))
        present = [row for row in group if row.key in stored]
        self._many(statement(shape, DIALECT), [row.values for row in present])
        if shape.table == "emails" and shape.columns is None:
            self._attach([row.write.record for row in present if isinstance(row.write.record, Email)])
        return stored

    def _many(self, sql: str, many: Sequence[tuple[Value, ...]]) -> None:
        if many and self._connection.executemany(sql, many).rowcount != len(many):
            raise SkippedError

    def _attach(self, emails: Sequence[Email]) -> None:
        """Bring the rows of the e-mails' files into step. An e-mail that was withheld loses none."""
        wanted = {file.attachment_id: (email.email_id, file) for email in emails for file in email.attachments}
        complete = [email.email_id for email in emails if not email.body_missing]
        stored = rows.select_attachments(self._connection, complete)
        gone = [(attachment_id,) for attachment_id, _ in stored if attachment_id not in wanted]
        self._many(rows.DELETE_ATTACHMENT, gone)
        self._many(
            rows.UPSERT_ATTACHMENT, [attachment_values(email_id, file, DIALECT) for email_id, file in wanted.values()]
        )
