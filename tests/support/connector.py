"""A connector over a sandbox office: the real engine, real HTTP, a real database; only the clock is ours."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from tests.support.clock import FakeClock
from tests.support.sql_places import as_text
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Clock, Stop
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.settings import load_settings
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.assemble import assemble
from tray_connector.sync.report import Report

Row = dict[str, Any]


@contextmanager
def sandbox(
    clock: Clock, *, office: Office | None = None, mailbox: Mailbox | None = None, rate_scale: float = 1000
) -> Iterator[SandboxOffice]:
    """An office with an empty mailbox and no tasks, unless given; its limits are far away."""
    if office is None:
        office = Office.generate(clock=clock, tasks=0, deleted=0)
        office.create_list("Allgemein", office.create_project("Büro").id)
    with SandboxOffice(
        clock=clock,
        office=office,
        mailbox=mailbox or Mailbox(clock=clock),
        rate_scale=rate_scale,
    ) as running:
        yield running


class Connector:
    """One home. `restart` ends it as a proper stop does and starts it anew, with other settings if given."""

    def __init__(self, office: SandboxOffice, home: Path, clock: Clock, **settings: str) -> None:
        self.office = office
        self.paths = Paths(home)
        self.clock = clock
        self.stop = Stop()
        self._open(settings)

    def _open(self, settings: dict[str, str]) -> None:
        self.paths.create()
        self.settings = load_settings(
            environ={**self.office.environment(), **settings},
            paths=self.paths,
            dotenv=None,
            credentials=MemoryCredentials(),
        )
        self.categories = CategoriesFile(self.paths.categories_file, self.clock)
        self.engine = assemble(self.settings, self.paths, self.categories, self.clock, luck=lambda: 0.5)

    def restart(self, **settings: str) -> None:
        self.engine.close()
        self._open(settings)

    def close(self) -> None:
        self.engine.close()

    def sync(self) -> Report:
        """`sync --once`, after a second has passed: changes of different seconds have different times."""
        if isinstance(self.clock, FakeClock):
            self.clock.advance(1)
        return self.engine.sync_once(self.stop)

    def rows(self, table: str, path: Path | None = None) -> dict[str, Row]:
        """All rows by key; lists as lists, times as texts. None while there are no tables yet."""
        if path is None and self.settings.db_backend == "postgres":
            return postgres_rows(self.settings.pg_dsn or "", self.settings.pg_schema, table)
        return sqlite_rows(path or self.settings.sqlite_path, table)

    def execute(self, statement: str) -> None:
        """What another program does to the database."""
        if self.settings.db_backend == "postgres":
            with psycopg.connect(self.settings.pg_dsn or "") as database:
                database.execute(statement)
            return
        with closing(sqlite3.connect(self.settings.sqlite_path)) as file, file:
            file.execute(statement)

    def task(self, task_id: int | str) -> Row:
        return self.rows("tasks")[str(task_id)]


def sqlite_rows(path: Path, table: str) -> dict[str, Row]:
    """All rows of a table of a file by key; none while there is no such table."""
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            return {}
        rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table}")]  # noqa: S608 - a test's own words
    return {str(next(iter(row.values()))): {name: as_value(value) for name, value in row.items()} for row in rows}


def postgres_rows(dsn: str, schema: str, table: str) -> dict[str, Row]:
    """The same of a schema of PostgreSQL."""
    place = sql.Identifier(schema, table)
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        if connection.execute("SELECT to_regclass(%s) AS found", (place.as_string(),)).fetchall() == [{"found": None}]:
            return {}
        rows = connection.execute(sql.SQL("SELECT * FROM {}").format(place)).fetchall()
    return {str(next(iter(row.values()))): {name: as_text(value) for name, value in row.items()} for row in rows}


def as_value(value: object) -> object:
    """A list column as a list; a subject may look like one."""
    if not isinstance(value, str) or not value.startswith("["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
