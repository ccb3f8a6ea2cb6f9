"""Records as rows of PostgreSQL, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date
from typing import Any

from tray_connector.destinations.base import StoredRow
from tray_connector.destinations.column_kinds import COLUMNS_OF, KEY_OF, KINDS, TABLES, Kind
from tray_connector.destinations.keyed import read_back
from tray_connector.destinations.shapes import Dialect, Value, quote
from tray_connector.model.codec import time_to_text
from tray_connector.model.records import Table, Texts, table_of

_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\0": None})
# Others may store what Python cannot: infinity, years before the first and after the 9999th.
_READABLE = {
    Kind.TIME: "CASE WHEN {0} BETWEEN '0001-01-01 00:00:00Z' AND '9999-12-31 23:59:59Z' THEN {0} END",
    Kind.DATE: "CASE WHEN {0} BETWEEN '0001-01-01' AND '9999-12-31' THEN {0} END",
}


def in_query(name: str) -> str:
    """Any text as an identifier in a statement that has placeholders."""
    return quote(name).replace("%", "%%")


def _text(value: str) -> str | None:
    return value.replace("\0", "") or None


def _list(texts: Texts) -> str:
    if not texts:
        return "{}"
    together = "".join(texts)
    if '"' in together or "\\" in together or "\0" in together:
        texts = tuple(text.translate(_ESCAPED) for text in texts)
    return '{"' + '","'.join(texts) + '"}'


def _boolean(value: bool) -> str:
    return "t" if value else "f"


_ENCODERS: dict[Kind, Callable[..., Value]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: str,
    Kind.BOOLEAN: _boolean,
    Kind.TIME: time_to_text,
    Kind.DATE: date.isoformat,
    Kind.LIST: _list,
}
_ABSENT: dict[Kind, Value] = {**dict.fromkeys(Kind), Kind.BOOLEAN: "f", Kind.LIST: "{}"}


def dialect_of(schema: str) -> Dialect:
    """Every value travels as a text and the column says its type: one plan serves all rows of a shape.

    NUL, which PostgreSQL cannot store, is left out of texts and lists.
    """
    return Dialect(mark="%s", quote=in_query, prefix=f"{in_query(schema)}.", encoders=_ENCODERS, absent=_ABSENT)


def readable(column: str, kind: Kind) -> str:
    """The column in a query, empty where Python could not hold its value."""
    return _READABLE.get(kind, "{0}").format(column)


def select_nothing(schema: str, categories: Iterable[str]) -> list[str]:
    """Statements, without placeholders, that fail when a table or column of ours is gone."""
    tables = {table: [*kinds, *(categories if table in TABLES else ())] for table, kinds in COLUMNS_OF.items()}
    return [
        f"SELECT {', '.join(map(quote, columns))} FROM {quote(schema)}.{table} LIMIT 0"
        for table, columns in tables.items()
    ]


def select_page(dialect: Dialect, table: Table, categories: Texts) -> str:
    """Takes a key and a number: so many rows behind the key, in the order of keys, for `stored_row`."""
    columns = [readable(in_query(name), kind) for name, kind in KINDS[table].items()]
    columns += [in_query(name) for name in categories]
    key = KEY_OF[table]
    return f"SELECT {', '.join(columns)} FROM {dialect.prefix}{table} WHERE {key} > %s ORDER BY {key} LIMIT %s"


def stored_row(table: Table, categories: Texts, row: Sequence[Any]) -> StoredRow:
    """A row of `select_page` as a record again."""
    return read_back(table, categories, row, _value)


def _value(kind: Kind, raw: Any) -> Any:
    match kind:
        case Kind.LIST:
            return tuple(str(text) for text in raw or () if text is not None)
        case Kind.BOOLEAN:
            return bool(raw)
        case Kind.TIME:
            return None if raw is None else raw.astimezone(UTC).replace(microsecond=0)
        case Kind.INTEGER:
            return None if raw is None else int(raw)
        case Kind.TEXT:
            return raw or None
        case _:
            return raw


def as_held(row: StoredRow) -> StoredRow:
    """What remains of a row in PostgreSQL."""
    kinds = KINDS[table_of(row.record)]
    changed = {name: _held(getattr(row.record, name)) for name in kinds}
    lists = {name: _held(texts) for name, texts in row.categories.items()}
    return replace(row, record=replace(row.record, **changed), categories=lists)


def _held(value: Any) -> Any:
    match value:
        case str():
            return _text(value)
        case tuple():
            return tuple(text.replace("\0", "") for text in value)
        case _:
            return value
