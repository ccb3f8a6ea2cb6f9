"""Records as rows of SQLite: values and look-ups."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from tray_connector.destinations.column_kinds import KEY_OF, Kind
from tray_connector.destinations.shapes import Dialect, note_file, pieces, quote, upsert_attachment
from tray_connector.model.codec import time_to_text
from tray_connector.model.records import Texts

VARIABLES = 500
"""Placeholders in one statement; older builds of SQLite allow 999."""


def _list(texts: Texts) -> str:
    return json.dumps(texts, ensure_ascii=False) if texts else "[]"


def _text(value: str) -> str | None:
    return value or None


DIALECT = Dialect(
    mark="?",
    quote=quote,
    prefix="",
    encoders={
        Kind.TEXT: _text,
        Kind.INTEGER: int,
        Kind.BOOLEAN: int,
        Kind.TIME: time_to_text,
        Kind.DATE: date.isoformat,
        Kind.LIST: _list,
    },
    absent={**dict.fromkeys(Kind), Kind.BOOLEAN: 0, Kind.LIST: "[]"},
)
UPSERT_ATTACHMENT = upsert_attachment(DIALECT)
NOTE_FILE = note_file(DIALECT)
DELETE_ATTACHMENT = "DELETE FROM attachments WHERE attachment_id = ?"


def select_present(connection: sqlite3.Connection, table: str, ids: Iterable[str]) -> Iterator[set[str]]:
    """Which of the keys have a row, piece by piece."""
    key = KEY_OF[table]
    for piece in pieces(ids, VARIABLES):
        marks = ", ".join("?" * len(piece))
        rows = connection.execute(f"SELECT {key} FROM {table} WHERE {table}.{key} IN ({marks})", piece)
        yield {row[0] for row in rows}


def select_attachments(connection: sqlite3.Connection, email_ids: Sequence[str]) -> list[tuple[str, str]]:
    """(attachment, e-mail) of all files of these e-mails that have a row."""
    found: list[tuple[str, str]] = []
    for piece in pieces(email_ids, VARIABLES):
        marks = ", ".join("?" * len(piece))
        found += connection.execute(
            f"SELECT attachment_id, email_id FROM attachments WHERE attachments.email_id IN ({marks})", piece
        ).fetchall()
    return found
