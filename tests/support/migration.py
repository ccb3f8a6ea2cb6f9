"""A migration into a second SQLite file, watched and disturbed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from tests.support.connector import Connector
from tray_connector.config.clock import Stop
from tray_connector.destinations.column_kinds import KEY_OF
from tray_connector.destinations.sqlite import SqliteDestination
from tray_connector.sync.migrate import Migration, Phase
from tray_connector.sync.migrate_report import MigrationReport

TABLES = ("tasks", "emails", "attachments")
RULES = {"Räume": "R_*", "Kostengruppen": "KGR_*"}


def migrate(
    connector: Connector,
    second: Path,
    *,
    switch: bool = False,
    meanwhile: Callable[[Phase, int, int], None] = lambda *_: None,
    stop: Stop | None = None,
) -> MigrationReport:
    """Into the file at `second`; `meanwhile` is called whenever there is progress."""
    target = SqliteDestination(second, connector.clock)
    migration = Migration(connector.engine, target, connector.clock, meanwhile)
    return migration.run(stop or connector.stop, (lambda: None) if switch else None)


def prepared(connector: Connector, second: Path, *statements: str) -> None:
    """Make the file with its tables, and let somebody else work on it."""
    with closing(SqliteDestination(second, connector.clock)) as destination:
        destination.open(Stop())
        destination.ensure_categories(connector.categories.current.names, Stop())
    execute(second, *statements)


def execute(path: Path, *statements: str, foreign_keys: bool = False) -> None:
    """What another program does to a database."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA foreign_keys = {int(foreign_keys)}")
        for statement in statements:
            connection.execute(statement)


def update(path: Path, table: str, key: str, **columns: str | None) -> None:
    """What somebody changes in one row."""
    names = ", ".join(f"{name} = ?" for name in columns)
    with closing(sqlite3.connect(path)) as connection, connection:
        words = f"UPDATE {table} SET {names} WHERE {KEY_OF[table]} = ?"  # noqa: S608 - a test's own words
        connection.execute(words, (*columns.values(), key))


def delete(path: Path, table: str, key: str) -> None:
    """Somebody removes one row."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"DELETE FROM {table} WHERE {KEY_OF[table]} = ?", (key,))  # noqa: S608 - a test's own words


def assert_same(connector: Connector, second: Path, *tables: str) -> None:
    """Row by row and column by column."""
    for table in tables or TABLES:
        assert connector.rows(table, second) == connector.rows(table, connector.settings.sqlite_path), table
