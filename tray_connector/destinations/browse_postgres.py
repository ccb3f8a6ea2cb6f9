"""Looks into the PostgreSQL destination through a connection of its own, in transactions that can only read."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

import psycopg

from tray_connector.config.clock import Stop
from tray_connector.destinations.base import StoredRow
from tray_connector.destinations.browse import PAGE, Page, Position, Question, Whole, nothing_yet
from tray_connector.destinations.browse_query import (
    ACCENTED,
    ACCENTS,
    PLAIN,
    Spelling,
    file_row,
    in_parts,
    select_count,
    select_files,
    select_keys,
    select_page,
    select_rows,
    select_whole,
)
from tray_connector.destinations.column_kinds import TABLES, Kind
from tray_connector.destinations.postgres_address import Address
from tray_connector.destinations.postgres_catalog import META, read_catalog
from tray_connector.destinations.postgres_connection import Connection, connect, is_usable, transaction, watched
from tray_connector.destinations.postgres_errors import TABLE_OR_COLUMN_MISSING, translate
from tray_connector.destinations.postgres_refused import not_connected
from tray_connector.destinations.postgres_rows import in_query, readable, stored_row
from tray_connector.destinations.postgres_tables import names_in_force
from tray_connector.model.records import Table, Texts, key_of

CALL_AT_MOST = 60.0
"""Seconds for one call, after which the connection is given up."""
ALL_AT_MOST = 1800.0
"""The same for reading all rows."""


def _text(column: str, kind: Kind) -> str:
    return f"array_to_string({column}, ' ')" if kind is Kind.LIST else column


def _ordered(column: str, kind: Kind) -> str:
    if kind is Kind.TEXT:
        return f"lower({column})"
    return f"lower(NULLIF({_text(column, kind)}, ''))" if kind is Kind.LIST else readable(column, kind)


def _contains(columns: Sequence[tuple[str, Kind]]) -> str:
    texts = ", ".join(_text(name, kind) for name, kind in columns)
    return f"strpos(translate(lower(concat_ws(chr(10), {texts})), '{ACCENTED}{ACCENTS}', '{PLAIN}'), %s) > 0"


def spelling_of(schema: str) -> Spelling:
    """For the tables of this schema."""
    return Spelling(
        mark="%s",
        quote=in_query,
        prefix=f"{in_query(schema)}.",
        readable=readable,
        ordered=_ordered,
        filled=lambda column: f"COALESCE(cardinality({column}), 0) > 0",
        holds=lambda column: f"%s = ANY({column})",
        contains=_contains,
    )


class PostgresBrowser:
    """Implements `destinations.browse.Browser` with the tables of `schema`: one connection, made when it is needed."""

    def __init__(self, dsn: str, schema: str) -> None:
        self._address = Address.read(dsn)
        self._schema = schema
        self._spelling = spelling_of(schema)
        self._lock = threading.Lock()
        self._opened: Connection | None = None

    def categories(self, stop: Stop) -> Texts:
        """See `Browser`."""
        with self._reading(stop) as connection:
            return self._categories(connection)

    def page(self, question: Question, after: Position | None, stop: Stop) -> Page:
        """See `Browser`."""
        with self._reading(stop) as connection:
            names = self._categories(connection)
            rows: list[tuple[object, ...]] = []
            for query in select_page(question, after, names, self._spelling):
                if len(rows) <= PAGE:
                    rows += connection.execute(query.words, query.values).fetchall()
        shown = [stored_row(question.table, names, row[:-1]) for row in rows[:PAGE]]
        more = len(rows) > PAGE
        return Page(shown, Position(rows[PAGE - 1][-1], key_of(shown[-1].record)) if more else None)

    def count(self, question: Question, stop: Stop) -> int:
        """See `Browser`."""
        with self._reading(stop) as connection:
            query = select_count(question, self._categories(connection), self._spelling)
            return int(connection.execute(query.words, query.values).fetchall()[0][0])

    def rows(self, question: Question, stop: Stop) -> Generator[Sequence[StoredRow], None, None]:
        """See `Browser`."""
        with self._reading(stop, ALL_AT_MOST) as connection:
            names = self._categories(connection)
            query = select_keys(question, names, self._spelling)
            keys = [str(row[0]) for row in connection.execute(query.words, query.values).fetchall()]
            for part in in_parts(keys):
                query = select_rows(question.table, part, names, self._spelling)
                found = {str(row[0]): row for row in connection.execute(query.words, query.values).fetchall()}
                yield [stored_row(question.table, names, found[key]) for key in part if key in found]

    def whole(self, table: Table, key: str, stop: Stop) -> Whole | None:
        """See `Browser`."""
        with self._reading(stop) as connection:
            names = self._categories(connection)
            query = select_whole(table, key, names, self._spelling)
            rows = connection.execute(query.words, query.values).fetchall()
            if not rows:
                return None
            files = select_files(key, self._spelling)
            found = connection.execute(files.words, files.values).fetchall() if table == "emails" else []
        return Whole(stored_row(table, names, rows[0]), [file_row(file) for file in found])

    def close(self) -> None:
        """See `Browser`. Waits for a call that is under way."""
        with self._lock:
            self._drop()

    def _categories(self, connection: Connection) -> Texts:
        catalog = read_catalog(connection, self._schema)
        if not {META, *TABLES} <= catalog.relations.keys():
            raise nothing_yet(f"{self._address.server} has no tables of ours in the schema {self._schema}.")
        names = names_in_force(connection, self._schema)
        return tuple(name for name in names if all(name in catalog.columns(table) for table in TABLES))

    @contextmanager
    def _reading(self, stop: Stop, seconds: float = CALL_AT_MOST) -> Iterator[Connection]:
        with self._lock:
            connection = self._opened or self._connect(stop)
            try:
                with watched(connection, stop, seconds), transaction(connection):
                    yield connection
            except psycopg.Error as error:
                if error.sqlstate in TABLE_OR_COLUMN_MISSING:
                    raise nothing_yet(self._address.redact(str(error.diag.message_primary))) from error
                raise translate(error, self._address) from error
            finally:
                if not is_usable(connection):
                    self._drop()

    def _connect(self, stop: Stop) -> Connection:
        try:
            connection = connect(self._address.connecting(), stop)
        except psycopg.Error as error:
            raise not_connected(error, self._address) from error
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.prepare_threshold = None  # a pooler may give each transaction another session
        self._opened = connection
        return connection

    def _drop(self) -> None:
        connection, self._opened = self._opened, None
        if connection is not None:
            connection.close()
