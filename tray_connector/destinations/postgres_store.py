"""Rows of PostgreSQL in savepoints: what `BatchWriter` needs.

A batch travels in one pipeline with its savepoint: two round trips for any number of rows. Of the ways measured
(`benchmarks/postgres.py`) it is the fastest over a line, by a factor of two, and for the few rows of everyday. COPY
into a staging table takes more small rows on one machine, where both are far beyond what the services deliver, but
needs five round trips and the right to make temporary tables.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import psycopg

from tray_connector.config.clock import Stop, Stopped
from tray_connector.destinations.base import Write
from tray_connector.destinations.batch import Row, RowsRefusedError, SkippedError, TablesChangedError, unstorable
from tray_connector.destinations.postgres_catalog import read_catalog
from tray_connector.destinations.postgres_connection import Connection, pipeline
from tray_connector.destinations.postgres_errors import (
    TABLE_OR_COLUMN_MISSING,
    is_about_the_row,
    is_denied,
    refusal,
)
from tray_connector.destinations.postgres_schema import missing_columns, refuse_missing_rights
from tray_connector.destinations.shapes import (
    Dialect,
    Encoder,
    Shape,
    Value,
    attachment_values,
    encoder,
    statement,
    upsert_attachment,
)
from tray_connector.model.errors import RecordError
from tray_connector.model.records import Email, key_of

BITS = 32
SAVEPOINT = "tray_connector"
Counted = tuple[psycopg.Cursor[tuple[Any, ...]], int]
"""What was executed, and how many rows it must have changed."""
_REFUSING = (psycopg.Error, UnicodeEncodeError, OverflowError, SkippedError)


class PostgresStore:
    """Implements `batch.Store`. Besides what that names, `store` raises `psycopg.Error` and `Stopped`; `refusal` raises
    `TablesChangedError`, and `ConfigError` where rights were taken away.
    """

    def __init__(self, connection: Connection, schema: str, dialect: Dialect, stop: Stop) -> None:
        self._connection = connection
        self._schema = schema
        self._dialect = dialect
        self._stop = stop
        self._encoders: dict[Shape, Encoder] = {}
        self._begun = False
        """A savepoint is set."""

    def encode(self, write: Write, shape: Shape) -> tuple[Value, ...]:
        """See `batch.Store`. NUL is left out of texts, but without it a key would be another one."""
        if "\0" in key_of(write.record):
            raise ValueError("The key holds a NUL character, which PostgreSQL cannot store.")
        if shape not in self._encoders:
            self._encoders[shape] = encoder(shape, self._dialect)
        return self._encoders[shape](write)

    def store(self, shape: Shape, rows: Sequence[Row]) -> Collection[str]:
        """See `batch.Store`."""
        try:
            return self._execute(shape, rows)
        except _REFUSING as error:
            if self._stop.is_set():
                raise Stopped from error
            if self._connection.closed or not is_about_the_row(error):
                raise
            self._undo()
            raise RowsRefusedError(error) from error

    def refusal(self, shape: Shape, row: Row | None, cause: Exception) -> RecordError:
        """See `batch.Store`."""
        if isinstance(cause, psycopg.Error) and (cause.sqlstate in TABLE_OR_COLUMN_MISSING or is_denied(cause)):
            catalog = read_catalog(self._connection, self._schema)
            absent = missing_columns(catalog, shape.categories)
            if absent:
                raise TablesChangedError(", ".join(absent)) from cause
            refuse_missing_rights(catalog)
        return refusal(cause, None if row is None else unstorable(shape, row, BITS))

    def _execute(self, shape: Shape, rows: Sequence[Row]) -> Collection[str]:
        connection, keys = self._connection, [row.key for row in rows]
        found = None
        counted = [(connection.cursor(), len(rows))]
        with pipeline(connection):
            self._begin()
            if shape.columns is not None:
                found = connection.execute(self._present(shape), (keys,))
            counted[0][0].executemany(statement(shape, self._dialect), [row.values for row in rows])
            if shape.table == "emails" and shape.columns is None:
                counted += self._attach([row.write.record for row in rows if isinstance(row.write.record, Email)])
            # Constraints that the user deferred must blame their row, not the commit.
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        stored = keys
        if found is not None:
            stored = [key for (key,) in found]
            counted[0] = (counted[0][0], len(stored))
        if any(cursor.rowcount != expected for cursor, expected in counted):
            raise SkippedError
        return frozenset(stored)

    def _begin(self) -> None:
        """A savepoint, which replaces the one of the batch before: that batch is taken for good."""
        if self._begun:
            self._connection.execute(f"RELEASE {SAVEPOINT}")
        self._connection.execute(f"SAVEPOINT {SAVEPOINT}")
        self._begun = True

    def _undo(self) -> None:
        self._connection.execute(f"ROLLBACK TO {SAVEPOINT}; RELEASE {SAVEPOINT}")
        self._begun = False

    def _present(self, shape: Shape) -> str:
        return f"SELECT {shape.key} FROM {self._dialect.prefix}{shape.table} WHERE {shape.key} = ANY(%s)"

    def _attach(self, emails: Sequence[Email]) -> list[Counted]:
        """Bring the rows of the e-mails' files into step. An e-mail that was withheld loses none."""
        connection = self._connection
        wanted = {file.attachment_id: (email.email_id, file) for email in emails for file in email.attachments}
        complete = [email.email_id for email in emails if not email.body_missing]
        if complete:
            gone = (
                f"DELETE FROM {self._dialect.prefix}attachments WHERE email_id = ANY(%s) AND attachment_id <> ALL(%s)"
            )
            connection.execute(gone, (complete, list(wanted)))
        if not wanted:
            return []
        written = connection.cursor()
        written.executemany(
            upsert_attachment(self._dialect),
            [attachment_values(email_id, file, self._dialect) for email_id, file in wanted.values()],
        )
        return [(written, len(wanted))]
