"""What every SQL destination must hold, tested over each of them: a place to write into, and to look into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.support import sqlite_files
from tests.support.postgres import Database
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.base import Destination, Outcome, Write
from tray_connector.destinations.postgres import PostgresDestination
from tray_connector.model.codec import time_to_text

BOTH = pytest.mark.parametrize("place", ["sqlite", "postgres"], indirect=True)


class Place(Protocol):
    """A database of one kind. Statements are SQL that all kinds understand; values stand for ``?``."""

    kind: str
    bits: int
    """Of the integers in `tasks`."""

    def opened(self, categories: Sequence[str] = ()) -> AbstractContextManager[Destination]:
        """A destination that is ready to be written."""
        ...

    def query(self, words: str, *values: object) -> list[tuple[Any, ...]]:
        """What another program reads, now."""
        ...

    def execute(self, *statements: str) -> None:
        """What another program changes."""
        ...

    def row(self, table: str, key: str) -> dict[str, Any]:
        """One row by its key: lists as lists, times and dates as ISO texts."""
        ...


class SqlitePlace:
    """A file."""

    kind = "sqlite"
    bits = 64

    def __init__(self, path: Path) -> None:
        self.path = path

    def opened(self, categories: Sequence[str] = ()) -> AbstractContextManager[Destination]:
        return sqlite_files.opened(self.path, categories)

    def query(self, words: str, *values: object) -> list[tuple[Any, ...]]:
        return sqlite_files.query(self.path, words, *values)

    def execute(self, *statements: str) -> None:
        sqlite_files.execute(self.path, *statements)

    def row(self, table: str, key: str) -> dict[str, Any]:
        return sqlite_files.row(self.path, table, key)


class PostgresPlace:
    """The schema `public` of a database."""

    kind = "postgres"
    bits = 32

    def __init__(self, database: Database) -> None:
        self.database = database

    @contextmanager
    def opened(self, categories: Sequence[str] = ()) -> Iterator[PostgresDestination]:
        with opened(self.database, categories) as destination:
            yield destination

    def query(self, words: str, *values: object) -> list[tuple[Any, ...]]:
        return self.database.query(words.replace("?", "%s"), *values)

    def execute(self, *statements: str) -> None:
        self.database.execute(*statements)

    def row(self, table: str, key: str) -> dict[str, Any]:
        return {name: as_text(value) for name, value in self.database.rows(table)[key].items()}


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A database of the kind that `BOTH` names."""
    if request.param == "sqlite":
        return SqlitePlace(tmp_path / "connector.db")
    return PostgresPlace(request.getfixturevalue("database"))


@contextmanager
def opened(
    database: Database, categories: Sequence[str] = (), *, dsn: str | None = None, schema: str = "public"
) -> Iterator[PostgresDestination]:
    """A destination of PostgreSQL that is ready to be written."""
    destination = PostgresDestination(dsn or database.dsn(), schema, SystemClock())
    try:
        destination.open(Stop())
        destination.ensure_categories(categories, Stop())
        yield destination
    finally:
        destination.close()


def write(destination: Destination, *writes: Write) -> list[Outcome]:
    return list(destination.write(writes, Stop()))


def statements_in(hint: str) -> str:
    """The SQL that a hint hands over to an administrator."""
    return "\n".join(line for line in hint.splitlines() if line.endswith(";"))


def as_text(value: Any) -> Any:
    """A time or date as SQLite holds it; everything else as it is."""
    if isinstance(value, datetime):
        return time_to_text(value.astimezone(UTC))
    return value.isoformat() if isinstance(value, date) else value
