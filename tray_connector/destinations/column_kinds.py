"""What kind of value each column of the SQL destinations holds, derived from the records themselves."""

from __future__ import annotations

from enum import Enum
from typing import get_type_hints

from tray_connector.model.records import COLUMNS, KEYS, Email, Table, Task, Texts

TABLES: tuple[Table, ...] = ("tasks", "emails")


class Kind(Enum):
    """The kind of a column's values."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    """Never null."""
    TIME = "time"
    DATE = "date"
    LIST = "list"
    """Texts in order; empty rather than null."""


ATTACHMENT_COLUMNS: dict[str, Kind] = {
    "attachment_id": Kind.TEXT,
    "email_id": Kind.TEXT,
    "filename": Kind.TEXT,
    "content_type": Kind.TEXT,
    "byte_size": Kind.INTEGER,
    "sha256": Kind.TEXT,
    "path": Kind.TEXT,
    "inline": Kind.BOOLEAN,
    "state": Kind.TEXT,
}
ATTACHMENT_FACTS: Texts = ("email_id", "filename", "content_type", "byte_size", "inline")
"""What Missive says of a file. `sha256`, `path` and `state` belong to whoever stores it."""


def _kind(hint: str) -> Kind:
    for word, kind in (("tuple", Kind.LIST), ("datetime.datetime", Kind.TIME), ("datetime.date", Kind.DATE)):
        if word in hint:
            return kind
    if "bool" in hint:
        return Kind.BOOLEAN
    return Kind.INTEGER if "int" in hint else Kind.TEXT


def _kinds(table: Table) -> dict[str, Kind]:
    hints = get_type_hints(Task if table == "tasks" else Email)
    return {name: _kind(str(hints[name])) for name in COLUMNS[table]}


KINDS: dict[Table, dict[str, Kind]] = {table: _kinds(table) for table in TABLES}
"""Column → kind, in the order of the table."""
COLUMNS_OF: dict[str, dict[str, Kind]] = {
    "tasks": KINDS["tasks"],
    "emails": KINDS["emails"],
    "attachments": ATTACHMENT_COLUMNS,
}
"""The same for all tables."""
KEY_OF: dict[str, str] = {"tasks": KEYS["tasks"], "emails": KEYS["emails"], "attachments": "attachment_id"}
