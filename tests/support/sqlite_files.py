"""What the tests of the SQLite destination share."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.base import Outcome, Write
from tray_connector.destinations.column_kinds import COLUMNS_OF, Kind
from tray_connector.destinations.sqlite import SqliteDestination

NOBODY = 65534


@contextmanager
def opened(path: Path, categories: Sequence[str] = ()) -> Iterator[SqliteDestination]:
    """A destination that is ready to be written."""
    destination = SqliteDestination(path, SystemClock(), busy_deadline=0.3)
    destination.open(Stop())
    destination.ensure_categories(categories, Stop())
    try:
        yield destination
    finally:
        destination.close()


def write(destination: SqliteDestination, *writes: Write) -> list[Outcome]:
    return list(destination.write(writes, Stop()))


def query(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """What another program reads, now."""
    with closing(sqlite3.connect(path, timeout=0)) as connection:
        return connection.execute(sql, values).fetchall()


def execute(path: Path, *statements: str) -> None:
    """What another program changes."""
    with closing(sqlite3.connect(path, timeout=5)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


ROWS = {
    "tasks": "SELECT * FROM tasks WHERE task_id = ?",
    "emails": "SELECT * FROM emails WHERE email_id = ?",
    "attachments": "SELECT * FROM attachments WHERE attachment_id = ?",
}


def row(path: Path, table: str, key: str) -> dict[str, object]:
    """One row by its key, lists decoded."""
    with closing(sqlite3.connect(path)) as connection:
        cursor = connection.execute(ROWS[table], (key,))
        names = [column[0] for column in cursor.description]
        return {name: _decoded(table, name, value) for name, value in zip(names, cursor.fetchone(), strict=True)}


def _decoded(table: str, name: str, value: object) -> object:
    # What is no column of ours is a category, or a text of the test's own.
    is_list = COLUMNS_OF[table].get(name, Kind.LIST) is Kind.LIST
    return json.loads(value) if is_list and isinstance(value, str) and value.startswith("[") else value


@contextmanager
def without_privileges() -> Iterator[Path]:
    """A folder of a user for whom file rights count: the superuser becomes nobody meanwhile."""
    folder = Path(tempfile.mkdtemp())
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)
