"""Records as rows of SQLite: values and statements."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from tray_connector.destinations.base import Write
from tray_connector.destinations.column_kinds import ATTACHMENT_FACTS, KINDS, Kind
from tray_connector.destinations.sqlite_schema import KEY_OF, quote
from tray_connector.model.codec import time_to_text
from tray_connector.model.errors import InternalError
from tray_connector.model.records import Attachment, Email, Table, Texts, key_of, table_of

Value = str | int | None
BODIES = ("body_text", "body_html")
VARIABLES = 500
"""Placeholders in one statement; older builds of SQLite allow 999."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the rows of one statement have in common."""

    table: Table
    columns: Texts | None
    """None: whole rows. Otherwise the columns to be updated, without the key."""
    categories: Texts
    keep_bodies: bool

    @property
    def names(self) -> Texts:
        """The fixed columns, in the order of the values."""
        return tuple(KINDS[self.table]) if self.columns is None else self.columns

    @property
    def key(self) -> str:
        """The key's column."""
        return KEY_OF[self.table]


def shape_of(write: Write) -> Shape:
    """The shape of one write. `InternalError` for columns that do not exist."""
    table = table_of(write.record)
    keep_bodies = isinstance(write.record, Email) and write.record.body_missing
    columns = write.columns
    if columns is not None:
        unknown = [name for name in columns if name not in KINDS[table]]
        if unknown:
            raise InternalError("sqlite-unknown-column", "A column does not exist", f"{table}: {', '.join(unknown)}")
        left_out = {KEY_OF[table], *(BODIES if keep_bodies else ())}
        columns = tuple(name for name in columns if name not in left_out)
    return Shape(table, columns, tuple(write.categories), keep_bodies)


def statement(shape: Shape) -> str:
    """Takes the values of `values`. Columns that are not named keep what they hold."""
    names = [quote(name) for name in (*shape.names, *shape.categories)]
    if shape.columns is not None:
        settings = ", ".join(f"{name} = ?" for name in names) or f"{shape.key} = {shape.key}"
        return f"UPDATE {shape.table} SET {settings} WHERE {shape.table}.{shape.key} = ?"
    settings = ", ".join(_assignment(shape, name) for name in (*shape.names, *shape.categories) if name != shape.key)
    marks = ", ".join("?" * len(names))
    return (
        f"INSERT INTO {shape.table} ({', '.join(names)}) VALUES ({marks})"
        f" ON CONFLICT ({shape.key}) DO UPDATE SET {settings}"
    )


def _assignment(shape: Shape, name: str) -> str:
    column = quote(name)
    if shape.keep_bodies and name in BODIES:
        return f"{column} = COALESCE({shape.table}.{column}, excluded.{column})"
    return f"{column} = excluded.{column}"


def values(write: Write, shape: Shape) -> tuple[Value, ...]:
    """The values for `statement(shape)`. ValueError, TypeError, AttributeError, OverflowError when one has not the
    form that records promise.
    """
    record, kinds = write.record, KINDS[shape.table]
    row: list[Value] = []
    for name in shape.names:
        value = getattr(record, name)
        row.append(_ENCODERS[kinds[name]](value) if value is not None else _ABSENT[kinds[name]])
    row += [_list(write.categories[name]) for name in shape.categories]
    if shape.columns is not None:
        row.append(key_of(record))
    return tuple(row)


def _list(texts: Texts) -> str:
    return json.dumps(texts, ensure_ascii=False) if texts else "[]"


def _text(value: str) -> str | None:
    return value or None


_ENCODERS: dict[Kind, Callable[..., Value]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: int,
    Kind.BOOLEAN: int,
    Kind.TIME: time_to_text,
    Kind.DATE: date.isoformat,
    Kind.LIST: _list,
}
_ABSENT: dict[Kind, Value] = {**dict.fromkeys(Kind), Kind.BOOLEAN: 0, Kind.LIST: "[]"}

_NAMES = ("attachment_id", *ATTACHMENT_FACTS)
UPSERT_ATTACHMENT = (
    f"INSERT INTO attachments ({', '.join(_NAMES)}, state) VALUES ({', '.join('?' * len(_NAMES))}, 'waiting')"
    " ON CONFLICT (attachment_id) DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in ATTACHMENT_FACTS)
)
"""A stored `state`, `path` and `sha256` stay."""
DELETE_ATTACHMENT = "DELETE FROM attachments WHERE attachment_id = ?"


def attachment_values(email_id: str, file: Attachment) -> tuple[Value, ...]:
    """The values for `UPSERT_ATTACHMENT`."""
    name, content_type = file.filename or None, file.content_type or None
    return (file.attachment_id, email_id, name, content_type, file.byte_size, int(file.inline))


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


def pieces(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    """The ids in lists of at most `size`."""
    iterator = iter(ids)
    while piece := list(islice(iterator, size)):
        yield piece
