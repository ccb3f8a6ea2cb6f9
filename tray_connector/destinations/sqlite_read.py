"""Rows of SQLite as records again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from tray_connector.destinations.base import StoredRow
from tray_connector.destinations.column_kinds import KEY_OF, KINDS, Kind
from tray_connector.destinations.keyed import read_back
from tray_connector.destinations.shapes import quote
from tray_connector.model.codec import time_from_text
from tray_connector.model.records import Table, Texts

PAGE = 200
"""Rows read at once: some bodies are large."""


def read_page(connection: sqlite3.Connection, table: Table, categories: Texts, after: str) -> list[StoredRow]:
    """The next rows behind the key `after`, in the order of keys; none at the end.

    What somebody else put into a column of ours, and has not its form, reads as empty. `sqlite3.Error`.
    """
    kinds, key = KINDS[table], KEY_OF[table]
    names = ", ".join(f"{table}.{quote(name)}" for name in (*kinds, *categories))
    rows = connection.execute(
        f"SELECT {names} FROM {table} WHERE {table}.{key} > ? ORDER BY {table}.{key} LIMIT ?", (after, PAGE)
    )
    return [stored_row(table, categories, row) for row in rows]


def stored_row(table: Table, categories: Texts, row: Sequence[Any]) -> StoredRow:
    """See `keyed.read_back`."""
    return read_back(table, categories, row, _value)


def _value(kind: Kind, raw: Any) -> Any:
    if raw is None:
        return _ABSENT.get(kind)
    try:
        return _DECODERS[kind](raw)
    except (ValueError, TypeError, OverflowError):
        return _ABSENT.get(kind)


def _text(raw: Any) -> str | None:
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    return text or None


def _list(raw: Any) -> Texts:
    if raw == "[]":
        return ()
    values = json.loads(raw)
    if not isinstance(values, list):
        raise TypeError("no list")
    return tuple(str(value) for value in values)


_DECODERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: int,
    Kind.BOOLEAN: lambda raw: bool(int(raw)),
    Kind.TIME: time_from_text,
    Kind.DATE: date.fromisoformat,
    Kind.LIST: _list,
}
_ABSENT: dict[Kind, Any] = {Kind.BOOLEAN: False, Kind.LIST: ()}
