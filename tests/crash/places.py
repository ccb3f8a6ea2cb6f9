"""The three destinations, as a life writes them and as another program reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from tests.support.airtable_base import by_key
from tests.support.connector import postgres_rows, sqlite_rows
from tests.support.postgres import Database
from tests.support.sqlite_files import execute, query
from tray_connector.sandbox.airtable_site import AirtableSite

Row = dict[str, Any]
LISTS: dict[str, dict[str, str]] = {
    "tasks": {"tags": "tags"},
    "emails": {"labels": "Labels Text", "to_addresses": "To"},
}
TEXTS: dict[str, dict[str, str]] = {
    "tasks": {
        "name": "name", "status": "status", "description": "description", "tasklist_id": "tasklistId", "url": "url",
    },
    "emails": {
        "conversation_id": "Thread ID", "subject": "Subject", "from_address": "From", "body_text": "Body Text",
        "body_html": "Body HTML", "url": "Source Links",
    },
}  # fmt: skip


class Place(Protocol):
    """A destination that is empty at first."""

    name: str

    def settings(self) -> dict[str, str]:
        """What makes it the destination."""
        ...

    def rows(self, table: str) -> dict[str, Row]:
        """All rows by key, lists as lists, in the columns that are to be compared. A key that comes twice fails."""
        ...

    def files(self) -> dict[str, list[str]]:
        """Mail → what its files are called, in alphabetical order."""
        ...

    def rob(self, task: str) -> None:
        """Somebody deletes a row of a task."""
        ...

    def is_sound(self) -> bool:
        """Whether nothing is broken."""
        ...


class SqlitePlace:
    """A file."""

    name = "sqlite"

    def __init__(self, path: Path) -> None:
        self._path = path

    def settings(self) -> dict[str, str]:
        return {"DB_BACKEND": "sqlite", "SQLITE_PATH": str(self._path)}

    def rows(self, table: str) -> dict[str, Row]:
        return sqlite_rows(self._path, table) if self._path.exists() else {}

    def files(self) -> dict[str, list[str]]:
        return names_of(self.rows("attachments"))

    def rob(self, task: str) -> None:
        execute(self._path, f"DELETE FROM tasks WHERE task_id = '{task}'")  # noqa: S608 - a number

    def is_sound(self) -> bool:
        return not self._path.exists() or query(self._path, "PRAGMA quick_check") == [("ok",)]


class PostgresPlace:
    """A schema of its own in a database that many lives share."""

    name = "postgres"

    def __init__(self, database: Database, schema: str) -> None:
        self._database = database
        self._schema = schema

    def settings(self) -> dict[str, str]:
        return {"DB_BACKEND": "postgres", "PG_DSN": self._database.dsn(), "PG_SCHEMA": self._schema}

    def rows(self, table: str) -> dict[str, Row]:
        return postgres_rows(self._database.dsn(), self._schema, table)

    def files(self) -> dict[str, list[str]]:
        return names_of(self.rows("attachments"))

    def rob(self, task: str) -> None:
        self._database.execute(f"DELETE FROM {self._schema}.tasks WHERE task_id = '{task}'")  # noqa: S608 - a number

    def is_sound(self) -> bool:
        return True


class AirtablePlace:
    """A base, read with the columns whose values are the same as in the other two."""

    name = "airtable"

    def __init__(self, site: AirtableSite) -> None:
        self._site = site

    def settings(self) -> dict[str, str]:
        return self._site.environment()

    def rows(self, table: str) -> dict[str, Row]:
        if not self._has(table):
            return {}
        key = {"tasks": "id", "emails": "Email ID"}[table]
        fields = by_key(self._site, "tasks" if table == "tasks" else "emails")
        return {each[key]: self._row(table, each) for each in fields.values()}

    def _has(self, table: str) -> bool:
        return table.capitalize() in self._site.table_names

    def _row(self, table: str, fields: Row) -> Row:
        row: Row = {ours: fields.get(theirs) for ours, theirs in TEXTS[table].items()}
        row |= {ours: split(fields.get(theirs)) for ours, theirs in LISTS[table].items()}
        there = self._site.column_types(table.capitalize())
        row |= {name: split(fields.get(name)) for name in ("Räume", "Kosten") if name in there}
        moment = fields.get("deletedAt" if table == "tasks" else "Deleted At")
        return row | {"deleted": int(fields.get("deleted" if table == "tasks" else "Deleted", 0)), "deleted_at": moment}

    def files(self) -> dict[str, list[str]]:
        assert self._site.settle()
        rows = by_key(self._site, "emails") if self._has("emails") else {}
        found = {key: sorted(each["filename"] for each in row.get("Attachments", ())) for key, row in rows.items()}
        return {key: names for key, names in found.items() if names}

    def rob(self, task: str) -> None:
        rows = [row.id for row in self._site.table("Tasks") if row.fields["id"] == task]
        self._site.remove_records("Tasks", rows)

    def is_sound(self) -> bool:
        return True


def split(cell: str | None) -> list[str]:
    """A list that was joined."""
    return cell.split(", ") if cell else []


def names_of(attachments: dict[str, Row]) -> dict[str, list[str]]:
    """Mail → what its files are called; one that is not stored has its state beside it."""
    found: dict[str, list[str]] = {}
    for row in attachments.values():
        name = row["filename"] if row["state"] == "stored" else f"{row['filename']} {row['state']}"
        found.setdefault(row["email_id"], []).append(name)
    return {key: sorted(names) for key, names in found.items()}
