"""A schema of a PostgreSQL database, written through psycopg 3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg

from tray_connector.config.clock import Clock, Stop
from tray_connector.destinations.base import FileRow, Identity, Outcome, StoredRow, Write
from tray_connector.destinations.batch import BatchWriter, TablesChangedError, is_storable
from tray_connector.destinations.column_kinds import KEY_OF
from tray_connector.destinations.keyed import KeyedDestination
from tray_connector.destinations.postgres_address import Address
from tray_connector.destinations.postgres_check import check_database, count_rows, failed
from tray_connector.destinations.postgres_connection import (
    Connection,
    connect,
    is_usable,
    pipeline,
    transaction,
    watched,
)
from tray_connector.destinations.postgres_errors import replaced, tables_changed, translate
from tray_connector.destinations.postgres_refused import not_connected
from tray_connector.destinations.postgres_rows import as_held, dialect_of, select_nothing, select_page, stored_row
from tray_connector.destinations.postgres_session import Session, SessionId, begin, in_use, refuse_lost_lock, take_lock
from tray_connector.destinations.postgres_store import PostgresStore
from tray_connector.destinations.postgres_tables import AT_MOST, ensure_categories, prepare
from tray_connector.destinations.shapes import file_values, note_file, pieces
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConfigError, ConnectorError, InternalError
from tray_connector.model.records import Table

CALL_AT_MOST = 120.0
"""Seconds for one call, after which the connection is given up."""
BUSY_DEADLINE = 10.0
"""Seconds that another program may keep its lock before a call gives up."""
PAGE = 500
KEYS = 10_000
"""Keys in one question."""
REMEMBERED = 8
"""Lost sessions that are ended where the server has not noticed yet."""


class PostgresDestination(KeyedDestination):
    """Implements `destinations.base.Destination` with the tables of `schema`, which are made where they are missing.

    One connection, made by `open` and again by the next call after it was lost. What is answered as written is
    committed, and on the server's disk. The schema is locked for others while it is open; see `postgres_session`, also
    for what a connection pooler means. `PG_DSN` is read by libpq: every parameter of it counts, none is ever shown.
    """

    def __init__(
        self,
        dsn: str,
        schema: str,
        clock: Clock,
        *,
        call_at_most: float = CALL_AT_MOST,
        busy_deadline: float = BUSY_DEADLINE,
    ) -> None:
        self.schema = schema
        self._clock = clock
        self._call_at_most = call_at_most
        self._busy_deadline = busy_deadline
        self._dialect = dialect_of(schema)
        self._unreadable: ConfigError | None = None
        self._opened: Connection | None = None
        self._session: Session | None = None
        self._past: list[SessionId] = []
        self._identity: Identity | None = None
        self._categories: dict[str, None] = {}
        self._calls = 0
        try:
            self._known: Address | None = Address.read(dsn)
        except ConfigError as error:
            # Whoever only asks for the place must get one; `open` says what is wrong.
            self._known, self._unreadable = None, error

    @property
    def place(self) -> str:
        """``postgres:host:port/database/schema``."""
        return f"postgres:{self._known.server}/{self.schema}" if self._known is not None else "postgres:unknown"

    def open(self, stop: Stop) -> Identity:
        """Connect, lock the schema, make or upgrade its tables."""
        self.close()
        _, self._identity = self._establish(stop)
        return self._identity

    def ensure_categories(self, names: Sequence[str], stop: Stop) -> None:
        """A column per category in both tables. `ConfigError` when the user keeps something else under the name, and,
        with the statements, when our role may not add columns.
        """
        with self._calling(self._ready(stop), stop, AT_MOST) as connection, transaction(connection):
            ensure_categories(connection, self.schema, names)
        self._categories = dict.fromkeys(names)

    def write(self, writes: Sequence[Write], stop: Stop) -> Sequence[Outcome]:
        """One transaction for all rows; a row that the database refuses is left out of it."""
        wanted = dict.fromkeys(name for write in writes for name in write.categories)
        if not wanted.keys() <= self._categories.keys():
            self.ensure_categories([*(self._categories | wanted)], stop)
        if not writes:
            return ()
        try:
            with self._writing(stop) as connection:
                return BatchWriter(PostgresStore(connection, self.schema, self._dialect, stop), stop).write(writes)
        except TablesChangedError as error:
            raise tables_changed(str(error)) from error

    def verify(self, stop: Stop) -> bool:
        """Always answers: it costs one round trip, and finds tables and columns that are gone."""
        with self._calling(self._ready(stop), stop) as connection, pipeline(connection):
            for words in select_nothing(self.schema, self._categories):
                connection.execute(words)
        return True

    def counts(self, stop: Stop) -> Mapping[Table, int]:
        """Rows per table."""
        with self._calling(self._ready(stop), stop) as connection:
            return count_rows(connection, self.schema)

    def present(self, table: Table, ids: Iterable[str], stop: Stop) -> frozenset[str]:
        """Which of the keys have a row."""
        words = f"SELECT {KEY_OF[table]} FROM {self._dialect.prefix}{table} WHERE {KEY_OF[table]} = ANY(%s)"
        found: set[str] = set()
        for piece in pieces((key for key in ids if "\0" not in key and is_storable(key)), KEYS):
            with self._calling(self._ready(stop), stop) as connection:
                found.update(key for (key,) in connection.execute(words, (piece,)))
        return frozenset(found)

    def as_held(self, row: StoredRow) -> StoredRow:
        """The row without NUL, which PostgreSQL cannot store, and without empty texts."""
        return as_held(row)

    def note_files(self, files: Sequence[FileRow], stop: Stop) -> None:
        """One transaction for all."""
        with self._writing(stop) as connection, connection.cursor() as cursor:
            cursor.executemany(note_file(self._dialect), [file_values(file, self._dialect) for file in files])

    def check(self, stop: Stop) -> Sequence[CheckLine]:
        """Server, rights and tables, over a connection of its own. Says who else holds the schema; changes nothing."""
        try:
            connection = self._connect(stop)
            try:
                with self._calling(connection, stop, AT_MOST):
                    ours = self._session.id if self._opened is not None and self._session is not None else None
                    return check_database(connection, self.schema, self._address, ours, self._busy_deadline)
            finally:
                connection.close()
        except ConnectorError as error:
            return [failed(error)]

    def requests_sent(self) -> int:
        """Calls, each of which takes a few round trips; and connections made."""
        return self._calls

    def close(self) -> None:
        """Let go of the connection, and of the schema with it."""
        self._drop()
        self._identity = None
        self._categories = {}

    def _page(self, table: Table, after: str, stop: Stop) -> list[StoredRow]:
        categories = tuple(self._categories)
        words = select_page(self._dialect, table, categories)
        with self._calling(self._ready(stop), stop) as connection:
            return [stored_row(table, categories, row) for row in connection.execute(words, (after, PAGE))]

    @property
    def _address(self) -> Address:
        if self._known is None:
            raise self._unreadable or InternalError("postgres-address", "The address of the database is not known")
        return self._known

    def _connect(self, stop: Stop) -> Connection:
        address = self._address
        self._calls += 1
        try:
            return connect(address.connecting(), stop)
        except psycopg.Error as error:
            raise not_connected(error, address) from error

    def _ready(self, stop: Stop) -> Connection:
        """The connection, made anew where it was lost; `TransientError` when it leads to other tables by now."""
        if self._opened is None:
            if self._identity is None:
                raise InternalError("postgres-not-open", "The database is not open", self.place)
            connection, identity = self._establish(stop)
            if identity != self._identity:
                self.close()
                raise replaced(self._address)
            return connection
        return self._opened

    def _establish(self, stop: Stop) -> tuple[Connection, Identity]:
        self._session, self._opened = None, self._connect(stop)
        connection = self._opened
        try:
            with self._calling(connection, stop, AT_MOST):
                self._session = begin(connection, self._busy_deadline)
                holder = take_lock(connection, self.schema, self._clock, stop, past=self._past)
                if holder is not None:
                    raise in_use(self.schema, holder, self._address)
                with transaction(connection):
                    instance = prepare(connection, self.schema)
        except BaseException:
            self._drop()
            raise
        return connection, Identity(self.place, instance)

    @contextmanager
    def _calling(self, connection: Connection, stop: Stop, seconds: float | None = None) -> Iterator[Connection]:
        """PostgreSQL's errors become ours; a set `stop` or the deadline ends what runs; what broke is given up."""
        self._calls += 1
        try:
            with watched(connection, stop, self._call_at_most if seconds is None else seconds):
                yield connection
        except psycopg.Error as error:
            raise translate(error, self._address) from error
        finally:
            if connection is self._opened and not is_usable(connection):
                self._drop()

    @contextmanager
    def _writing(self, stop: Stop) -> Iterator[Connection]:
        with self._calling(self._ready(stop), stop) as connection, transaction(connection):
            if self._session is not None and self._session.pooled:
                refuse_lost_lock(connection, self.schema)
            yield connection

    def _drop(self) -> None:
        connection, self._opened = self._opened, None
        if connection is not None:
            if self._session is not None:
                # The server may take this session for alive, and its lock for held, until it misses us.
                self._past = [*self._past, self._session.id][-REMEMBERED:]
            connection.close()
