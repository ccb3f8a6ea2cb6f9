"""The embedded destination: one SQLite file that others can read at any moment."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.config.commit_points import passing
from tray_connector.config.private_files import FILE_MODE, make_private_folder
from tray_connector.destinations import sqlite_check, sqlite_errors, sqlite_schema
from tray_connector.destinations.base import FileRow, Identity, Outcome, StoredRow, Write
from tray_connector.destinations.batch import BatchWriter, TablesChangedError, refused
from tray_connector.destinations.keyed import KeyedDestination
from tray_connector.destinations.shapes import file_values
from tray_connector.destinations.sqlite_batch import SqliteStore, TransactionLostError
from tray_connector.destinations.sqlite_read import read_page
from tray_connector.destinations.sqlite_rows import DIALECT, NOTE_FILE, select_present
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, InternalError
from tray_connector.model.records import Table

Result = TypeVar("Result")
BUSY_DEADLINE = 10.0
"""Seconds that another program may keep its lock before a call gives up."""
BUSY_PAUSE = 0.1
BUSY_TIMEOUT = 0.02
"""Seconds that SQLite waits by itself; short, because it does not watch `Stop` meanwhile."""
WAL_AT_MOST = 64 * 1024 * 1024


class SqliteDestination(KeyedDestination):
    """Implements `destinations.base.Destination` with the file at `path`, which is made when there is none (0600).

    What is answered as written has reached the disk. Programs that read are never held up (write-ahead log); one
    that holds the write lock for `busy_deadline` seconds makes a call fail with `TransientError` ``sqlite-busy``.
    """

    def __init__(self, path: Path, clock: Clock, *, busy_deadline: float = BUSY_DEADLINE) -> None:
        self.path = path.expanduser().resolve()
        self._clock = clock
        self._busy_deadline = busy_deadline
        self._opened: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._categories: dict[str, None] = {}

    @property
    def place(self) -> str:
        """``sqlite:`` and the file's full path."""
        return f"sqlite:{self.path}"

    def open(self, stop: Stop) -> Identity:
        """Open the file, make or upgrade its tables. A file that is no database is left as it is: `ConfigError`."""
        self.close()
        try:
            make_private_folder(self.path.parent)
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
            self._file = _identity(self.path)
            if not _is_writable(self.path):
                # SQLite itself would leave companions behind that are as closed as the file is now.
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except OSError as error:
            raise sqlite_errors.translate_os(error, self.path) from error
        try:
            with self._translated(stop):
                self._opened = sqlite3.connect(
                    self.path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
                )
                self._configure(self._opened, stop)
                with self._transaction(stop) as connection:
                    instance = sqlite_schema.prepare(connection)
        except BaseException:
            self.close()
            raise
        return Identity(self.place, instance)

    def ensure_categories(self, names: Sequence[str], stop: Stop) -> None:
        """A column per category in both tables. `ConfigError` when the user keeps something else under the name."""
        with self._translated(stop), self._transaction(stop) as connection:
            sqlite_schema.ensure_categories(connection, names)
        self._categories = dict.fromkeys(names)

    def write(self, writes: Sequence[Write], stop: Stop) -> Sequence[Outcome]:
        """One transaction for all rows; a row that the database refuses is left out of it."""
        wanted = dict.fromkeys(name for write in writes for name in write.categories)
        if not wanted.keys() <= self._categories.keys():
            self.ensure_categories([*(self._categories | wanted)], stop)
        if not writes:
            return ()
        try:
            with self._translated(stop):
                outcomes = self._write(writes, stop)
        except TablesChangedError as error:
            self.close()
            raise sqlite_errors.tables_changed(self.path, str(error)) from error
        self._refuse_replaced()
        return outcomes

    def verify(self, stop: Stop) -> bool:
        """Always answers: nothing here costs a call."""
        connection = self._connection()
        with self._translated(stop):
            self._refuse_replaced()
            self._patiently(lambda: connection.execute("SELECT 1 FROM tasks LIMIT 1").fetchone(), stop)
        return True

    def counts(self, stop: Stop) -> Mapping[Table, int]:
        """Rows per table."""
        connection = self._connection()
        with self._translated(stop):
            return self._patiently(lambda: sqlite_check.count_rows(connection), stop)

    def present(self, table: Table, ids: Iterable[str], stop: Stop) -> frozenset[str]:
        """Which of the keys have a row."""
        connection = self._connection()
        found: set[str] = set()
        with self._translated(stop):
            for piece in select_present(connection, table, ids):
                if stop.is_set():
                    raise Stopped
                found |= piece
        return frozenset(found)

    def _page(self, table: Table, after: str, stop: Stop) -> list[StoredRow]:
        if stop.is_set():
            raise Stopped
        connection = self._connection()
        with self._translated(stop):
            self._refuse_replaced()
            return self._patiently(lambda: read_page(connection, table, tuple(self._categories), after), stop)

    def as_held(self, row: StoredRow) -> StoredRow:
        """The row itself: every record fits."""
        return row

    def note_files(self, files: Sequence[FileRow], stop: Stop) -> None:
        """One transaction for all."""
        with self._translated(stop), self._transaction(stop) as connection:
            connection.executemany(NOTE_FILE, [file_values(file, DIALECT) for file in files])

    def check(self, stop: Stop) -> Sequence[CheckLine]:
        """Whether the file can be written, and what is in it. Uses a connection of its own, changes nothing."""
        try:
            if not self.path.exists():
                return sqlite_check.check_place(self.path)
            with self._translated(stop):
                return self._patiently(lambda: sqlite_check.check_file(self.path), stop)
        except ConnectorError as error:
            return [sqlite_check.failed(error)]
        except OSError as error:
            return [sqlite_check.failed(sqlite_errors.translate_os(error, self.path))]

    def requests_sent(self) -> int:
        """Always 0: nothing goes over the network."""
        return 0

    def close(self) -> None:
        """Let go of the file."""
        connection, self._opened = self._opened, None
        self._categories = {}
        if connection is not None:
            connection.close()

    def _configure(self, connection: sqlite3.Connection, stop: Stop) -> None:
        def write_ahead() -> None:
            connection.execute("PRAGMA journal_mode = WAL")

        self._patiently(write_ahead, stop)
        # With NORMAL a power cut undoes the last transactions; on macOS only fullfsync reaches the disk itself.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_AT_MOST}")

    def _write(self, writes: Sequence[Write], stop: Stop) -> list[Outcome]:
        try:
            with self._transaction(stop) as connection:
                return BatchWriter(SqliteStore(connection, stop), stop).write(writes)
        except TransactionLostError as lost:
            if len(writes) == 1:
                return [refused("sqlite", lost.cause, None)]
            middle = len(writes) // 2
            return [*self._write(writes[:middle], stop), *self._write(writes[middle:], stop)]

    @contextmanager
    def _transaction(self, stop: Stop) -> Iterator[sqlite3.Connection]:
        """Holds the write lock; commits at the end, rolls back when anything is raised."""
        connection = self._connection()
        self._refuse_replaced()
        self._patiently(lambda: connection.execute("BEGIN IMMEDIATE"), stop)
        try:
            yield connection
            passing("sqlite.commit")
            self._patiently(lambda: connection.execute("COMMIT"), stop)
            passing("sqlite.committed")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _patiently(self, action: Callable[[], Result], stop: Stop) -> Result:
        """Repeat the action while another program holds a lock, until the deadline."""
        deadline = self._clock.monotonic() + self._busy_deadline
        while not stop.is_set():
            try:
                return action()
            except sqlite3.OperationalError as error:
                if not sqlite_errors.is_busy(error) or self._clock.monotonic() >= deadline:
                    raise
            self._clock.wait(stop, BUSY_PAUSE)
        raise Stopped

    @contextmanager
    def _translated(self, stop: Stop) -> Iterator[None]:
        """SQLite's errors become ours, and a set `stop` interrupts a statement that runs long."""
        try:
            with stop.calls(self._interrupt):
                yield
        except sqlite3.Error as error:
            if stop.is_set() and sqlite_errors.code_of(error) == sqlite3.SQLITE_INTERRUPT:
                raise Stopped from error
            raise sqlite_errors.translate(error, self.path) from error

    def _interrupt(self) -> None:
        connection = self._opened
        if connection is not None:
            # Closed a moment ago: then nothing is left to be interrupted.
            with suppress(sqlite3.ProgrammingError):
                connection.interrupt()

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            raise InternalError("sqlite-not-open", "The database is not open", str(self.path))
        return self._opened

    def _refuse_replaced(self) -> None:
        """What is written into a file that lost its name would be lost with it."""
        try:
            same = _identity(self.path) == self._file
        except FileNotFoundError:
            same = False
        except OSError as error:
            raise sqlite_errors.translate_os(error, self.path) from error
        if not same:
            self.close()
            raise sqlite_errors.replaced(self.path)


def _is_writable(path: Path) -> bool:
    # Opening it for a try would end the locks that other connections of this process hold.
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
