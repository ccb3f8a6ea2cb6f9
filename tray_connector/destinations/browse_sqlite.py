"""Looks into the SQLite destination through connections that can only read."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tray_connector.config.clock import Stop, Stopped
from tray_connector.destinations import sqlite_errors
from tray_connector.destinations.base import StoredRow
from tray_connector.destinations.browse import PAGE, Page, Position, Question, Whole, nothing_yet
from tray_connector.destinations.browse_query import (
    Spelling,
    file_row,
    fold,
    in_parts,
    select_count,
    select_files,
    select_keys,
    select_page,
    select_rows,
    select_whole,
)
from tray_connector.destinations.column_kinds import Kind
from tray_connector.destinations.shapes import quote
from tray_connector.destinations.sqlite_read import stored_row
from tray_connector.destinations.sqlite_schema import names_in_force
from tray_connector.model.records import Table, Texts, key_of

BUSY_TIMEOUT = 5.0


def _ordered(column: str, kind: Kind) -> str:
    if kind is Kind.TEXT:
        return f"tray_fold({column})"
    # Without the bracket at the end a list comes before a longer one that begins alike.
    return f"tray_fold(NULLIF(rtrim({column}, ']'), '['))" if kind is Kind.LIST else column


SPELLING = Spelling(
    mark="?",
    quote=quote,
    prefix="",
    readable=lambda column, _: column,
    ordered=_ordered,
    filled=lambda column: f"COALESCE({column}, '[]') <> '[]'",
    holds=lambda column: (
        f"EXISTS (SELECT 1 FROM json_each(CASE WHEN json_valid({column}) THEN {column} ELSE '[]' END) WHERE value = ?)"
    ),
    contains=lambda columns: f"tray_contains(?, {', '.join(name for name, _ in columns)})",
)


class SqliteBrowser:
    """Implements `destinations.browse.Browser` with the file at `path`: one connection a call, opened read-only, so
    that neither the writer nor whoever moves the file is ever held up.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def categories(self, stop: Stop) -> Texts:
        """See `Browser`."""
        with self._connected(stop) as connection:
            return tuple(names_in_force(connection))

    def page(self, question: Question, after: Position | None, stop: Stop) -> Page:
        """See `Browser`."""
        with self._connected(stop) as connection:
            names = tuple(names_in_force(connection))
            rows: list[tuple[object, ...]] = []
            for query in select_page(question, after, names, SPELLING):
                if len(rows) <= PAGE:
                    rows += connection.execute(query.words, query.values).fetchall()
        shown = [stored_row(question.table, names, row[:-1]) for row in rows[:PAGE]]
        more = len(rows) > PAGE
        return Page(shown, Position(rows[PAGE - 1][-1], key_of(shown[-1].record)) if more else None)

    def count(self, question: Question, stop: Stop) -> int:
        """See `Browser`."""
        with self._connected(stop) as connection:
            query = select_count(question, tuple(names_in_force(connection)), SPELLING)
            return int(connection.execute(query.words, query.values).fetchone()[0])

    def rows(self, question: Question, stop: Stop) -> Generator[Sequence[StoredRow], None, None]:
        """See `Browser`."""
        with self._connected(stop) as connection:
            connection.execute("BEGIN")  # what is read from now on is of one moment
            names = tuple(names_in_force(connection))
            query = select_keys(question, names, SPELLING)
            keys = [str(row[0]) for row in connection.execute(query.words, query.values)]
            for part in in_parts(keys):
                query = select_rows(question.table, part, names, SPELLING)
                found = {str(row[0]): row for row in connection.execute(query.words, query.values)}
                yield [stored_row(question.table, names, found[key]) for key in part if key in found]

    def whole(self, table: Table, key: str, stop: Stop) -> Whole | None:
        """See `Browser`."""
        with self._connected(stop) as connection:
            names = tuple(names_in_force(connection))
            query = select_whole(table, key, names, SPELLING)
            row = connection.execute(query.words, query.values).fetchone()
            if row is None:
                return None
            files = select_files(key, SPELLING)
            found = connection.execute(files.words, files.values).fetchall() if table == "emails" else []
        return Whole(stored_row(table, names, row), [file_row(file) for file in found])

    def close(self) -> None:
        """Nothing: no connection outlives its call."""

    @contextmanager
    def _connected(self, stop: Stop) -> Iterator[sqlite3.Connection]:
        if stop.is_set():
            raise Stopped
        with self._lock:
            if not self.path.exists():
                raise nothing_yet(f"There is no file {self.path}.")
            try:
                address = f"{self.path.absolute().as_uri()}?mode=ro"
                with closing(sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT)) as connection:
                    prepare(connection)
                    with stop.calls(lambda: _interrupt(connection)):
                        yield connection
            except sqlite3.Error as error:
                if stop.is_set() and sqlite_errors.code_of(error) == sqlite3.SQLITE_INTERRUPT:
                    raise Stopped from error
                if str(error).startswith("no such table"):
                    raise nothing_yet(f"{self.path} has no tables of ours.") from error
                raise sqlite_errors.translate(error, self.path) from error


def prepare(connection: sqlite3.Connection) -> None:
    """Keep it from writing whatever it is told, and give it the functions of `SPELLING`."""
    connection.execute("PRAGMA query_only = ON")
    connection.create_function("tray_fold", 1, _fold, deterministic=True)
    connection.create_function("tray_contains", -1, _contains, deterministic=True)


def _fold(text: object) -> str | None:
    return None if text is None else fold(_as_text(text))


def _contains(word: str, *texts: object) -> bool:
    return any(text is not None and word in fold(_as_text(text)) for text in texts)


def _as_text(value: object) -> str:
    # Somebody else may have put bytes or numbers there.
    return value if isinstance(value, str) else str(value)


def _interrupt(connection: sqlite3.Connection) -> None:
    # Closed a moment ago: then nothing is left to be interrupted.
    with suppress(sqlite3.ProgrammingError):
        connection.interrupt()
