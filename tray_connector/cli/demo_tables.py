"""What the demo shows of its database, whichever it is."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from tray_connector.cli.console import Console
from tray_connector.cli.tables import Column, table_lines
from tray_connector.config.clock import Stop
from tray_connector.destinations.base import StoredRow
from tray_connector.model.records import Table, Task, key_of
from tray_connector.sync.writer import Writer

SHOWN = 5
WIDE = 110
"""From so many columns of the terminal on, the less important ones are shown too."""
EARLY = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class View:
    """A table of the database as it is shown: each column with its value, and whether only where there is room."""

    table: Table
    columns: tuple[tuple[Column, Callable[[StoredRow], object], bool], ...]


def field(name: str) -> Callable[[StoredRow], object]:
    """A column's value."""
    return lambda row: getattr(row.record, name)


def category(name: str) -> Callable[[StoredRow], object]:
    """The labels of a category."""
    return lambda row: row.categories.get(name, ())


VIEWS = (
    View(
        "tasks",
        (
            (Column("name", 24), field("name"), False),
            (Column("project_name", 16), field("project_name"), True),
            (Column("assignees", 12), field("assignees"), False),
            (Column("due_date", 10), field("due_date"), False),
            (Column("status", 9), field("status"), True),
            (Column("Kostengruppen", 13), category("Kostengruppen"), False),
        ),
    ),
    View(
        "emails",
        (
            (Column("received (UTC)", 16), field("received_at"), False),
            (Column("from_name", 14), field("from_name"), False),
            (Column("subject", 24), field("subject"), False),
            (Column("labels", 16), field("labels"), False),
            (Column("Räume", 8), category("Räume"), True),
        ),
    ),
)


def show_tables(writer: Writer, console: Console, stop: Stop) -> None:
    """The number of rows of each table, and the latest, read back from the database."""
    for view in VIEWS:
        count, latest = 0, list[StoredRow]()
        for page, _ in writer.pages(view.table, stop):
            count += len(page)
            alive = [row for row in page if not row.record.deleted]
            latest = heapq.nlargest(SHOWN, [*latest, *alive], key=age)
        shown = [(column, value) for column, value, wide in view.columns if not wide or console.width >= WIDE]
        console.out(f"{count:,} rows in {view.table}, the latest:")
        cells = [[as_text(value(row)) for _, value in shown] for row in latest]
        for line in table_lines([column for column, _ in shown], cells, console.width):
            console.out(line)
        console.out()


def age(row: StoredRow) -> tuple[datetime, str]:
    """By which the latest are found."""
    record = row.record
    moment = record.updated_at if isinstance(record, Task) else record.received_at
    return moment or EARLY, key_of(record)


def as_text(value: object) -> str:
    """A value as it is shown."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case tuple():
            return ", ".join(value)
    return str(value)
