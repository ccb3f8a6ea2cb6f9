"""What the demo shows of its database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tray_connector.cli.console import Console
from tray_connector.cli.tables import Column, table_lines

SHOWN = 5
WIDE = 110
"""From so many columns of the terminal on, the less important ones are shown too."""


@dataclass(frozen=True, slots=True)
class View:
    """A table of the database as it is shown: per column its expression, whether only where there is room."""

    table: str
    order: str
    columns: tuple[tuple[Column, str, bool], ...]


VIEWS = (
    View(
        "tasks",
        "updated_at DESC, task_id",
        (
            (Column("name", 24), "name", False),
            (Column("project_name", 16), "project_name", True),
            (Column("assignees", 12), "assignees", False),
            (Column("due_date", 10), "due_date", False),
            (Column("status", 9), "status", True),
            (Column("Kostengruppen", 13), '"Kostengruppen"', False),
        ),
    ),
    View(
        "emails",
        "received_at DESC, email_id",
        (
            (Column("received (UTC)", 16), "replace(substr(received_at, 1, 16), 'T', ' ')", False),
            (Column("from_name", 14), "from_name", False),
            (Column("subject", 24), "subject", False),
            (Column("labels", 16), "labels", False),
            (Column("Räume", 8), '"Räume"', True),
        ),
    ),
)


def show_database(path: Path, console: Console) -> None:
    """What is in it now, where it lies, and how to open it."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        for view in VIEWS:
            show_table(connection, view, console)
    console.out(f"The database: {path}")
    console.out(f'Open it with any SQLite program (DB Browser for SQLite, DBeaver), or: sqlite3 "{path}"')


def show_table(connection: sqlite3.Connection, view: View, console: Console) -> None:
    """The number of rows, and the latest."""
    shown = [(column, value) for column, value, wide in view.columns if not wide or console.width >= WIDE]
    count = connection.execute(f"SELECT count(*) FROM {view.table}").fetchone()[0]  # noqa: S608 - fixed names
    values = ", ".join(value for _, value in shown)
    rows = connection.execute(
        f"SELECT {values} FROM {view.table} WHERE deleted = 0 ORDER BY {view.order} LIMIT ?",  # noqa: S608 - fixed names
        (SHOWN,),
    )
    console.out(f"{count:,} rows in {view.table}, the latest:")
    for line in table_lines([column for column, _ in shown], [cells(row) for row in rows], console.width):
        console.out(line)
    console.out()


def cells(row: Sequence[object]) -> list[str]:
    """A row as text; lists without their brackets."""
    texts = []
    for value in row:
        text = "" if value is None else str(value)
        texts.append(", ".join(json.loads(text)) if text.startswith("[") else text)
    return texts
