"""The tables of the SQLite destination: made, upgraded and checked."""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from tray_connector.destinations.column_kinds import COLUMNS_OF, KEY_OF, KINDS, TABLES, Kind
from tray_connector.destinations.shapes import quote
from tray_connector.model.errors import ConfigError

VERSION = 1
META = "tray_connector_meta"
INDEXES = (("tasks", "project_id"), ("tasks", "updated_at"), ("emails", "conversation_id"), ("emails", "received_at"))
_DECLARED = {
    Kind.TEXT: "TEXT",
    Kind.TIME: "TEXT",
    Kind.DATE: "TEXT",
    Kind.INTEGER: "INTEGER",
    Kind.BOOLEAN: "INTEGER NOT NULL DEFAULT 0",
    Kind.LIST: "TEXT NOT NULL DEFAULT '[]'",
}
_ALLOWED = {
    Kind.TEXT: ("TEXT", "BLOB"),
    Kind.LIST: ("TEXT", "BLOB"),
    Kind.TIME: ("TEXT", "BLOB", "NUMERIC"),
    Kind.DATE: ("TEXT", "BLOB", "NUMERIC"),
    Kind.INTEGER: ("INTEGER", "NUMERIC", "BLOB"),
    Kind.BOOLEAN: ("INTEGER", "NUMERIC", "BLOB"),
}
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


@dataclass(frozen=True, slots=True)
class Found:
    """A column that is there."""

    name: str
    affinity: str
    generated: bool
    sole_key: bool


def fold(name: str) -> str:
    """Equal for names that SQLite takes for the same: it ignores the case of A to Z only."""
    return name.translate(_ASCII_LOWER)


def prepare(connection: sqlite3.Connection) -> str:
    """Make or upgrade everything of ours and answer the instance id. To be called inside a write transaction.

    The id is new when a table or column of ours had to be added to a database that was written before: its rows
    lack values then, and only a database that is not known gets filled completely.
    Raises `ConfigError` when something of the same name is in the way.
    """
    prove_writable(connection)
    _refuse_other_kinds(connection)
    fresh = not find_columns(connection, META)
    if fresh:
        connection.execute(f"CREATE TABLE {META} (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)")
    mended = [_make_table(connection, table) for table in COLUMNS_OF]
    for table, column in (*INDEXES, ("attachments", "email_id")):
        connection.execute(f"CREATE INDEX IF NOT EXISTS tray_connector_{table}_{column} ON {table} ({column})")
    mended.append(_forget_dropped(connection))
    instance = None if fresh else read_meta(connection, "instance")
    if instance is None or any(mended):
        instance = uuid.uuid4().hex
        write_meta(connection, "instance", instance)
    if int(read_meta(connection, "schema_version") or 0) < VERSION:
        write_meta(connection, "schema_version", str(VERSION))
    return instance


def prove_writable(connection: sqlite3.Connection) -> None:
    """Raise `sqlite3.OperationalError` for a file that may only be read, of which BEGIN IMMEDIATE says nothing."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    connection.execute(f"PRAGMA user_version = {version}")


def ensure_categories(connection: sqlite3.Connection, names: Sequence[str]) -> None:
    """A column per name in both tables. To be called inside a write transaction.

    Raises `ConfigError` when the user keeps something else in a column of that name.
    """
    ours = _listed(connection, "category_columns")
    fixed = {fold(name) for table in TABLES for name in KINDS[table]}
    for name in names:
        if fold(name) in fixed:
            raise _in_the_way(f"The label category {name} has the name of a fixed column", "Rename the category.")
        for table in TABLES:
            column = find_columns(connection, table).get(fold(name))
            if column is None:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {quote(name)} {_DECLARED[Kind.LIST]}")
            elif fold(name) not in {fold(known) for known in ours}:
                _adopt(connection, table, column)
    known = {fold(name) for name in ours}
    added = [name for name in names if fold(name) not in known]
    write_meta(connection, "category_columns", json.dumps([*ours, *added], ensure_ascii=False))
    write_meta(connection, "categories_in_force", json.dumps(list(names), ensure_ascii=False))


def names_in_force(connection: sqlite3.Connection) -> list[str]:
    """The categories that had their columns when they were last looked at, and still have."""
    columns = [find_columns(connection, table) for table in TABLES]
    return [
        name for name in _listed(connection, "categories_in_force") if all(fold(name) in found for found in columns)
    ]


def missing(connection: sqlite3.Connection, categories: Collection[str] = ()) -> list[str]:
    """What of ours is not there (any more): ``tasks.name``, or a table's name where the whole table is gone."""
    absent = []
    for table, columns in COLUMNS_OF.items():
        found = find_columns(connection, table)
        if not found:
            absent.append(table)
            continue
        wanted: Iterable[str] = columns if table == "attachments" else (*columns, *categories)
        absent += [f"{table}.{name}" for name in wanted if fold(name) not in found]
    return absent


def find_columns(connection: sqlite3.Connection, table: str) -> dict[str, Found]:
    """The columns of a table by their `fold`ed names; empty when there is no such table."""
    rows = connection.execute(f"PRAGMA table_xinfo({quote(table)})").fetchall()
    keys = sum(1 for row in rows if row[5])
    return {
        fold(name): Found(name, _affinity(declared), hidden in (2, 3), bool(pk) and keys == 1)
        for _, name, declared, _, _, pk, hidden in rows
    }


def read_meta(connection: sqlite3.Connection, key: str) -> str | None:
    """A value of `tray_connector_meta`."""
    row = connection.execute(f"SELECT value FROM {META} WHERE key = ?", (key,)).fetchone()
    return None if row is None else str(row[0])


def write_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    """Set a value of `tray_connector_meta`."""
    statement = f"INSERT INTO {META} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    connection.execute(statement, (key, value))


def check_tables(connection: sqlite3.Connection) -> None:
    """Raise the `ConfigError` that `prepare` would raise, without changing anything."""
    _refuse_other_kinds(connection)
    for table, columns in COLUMNS_OF.items():
        found = find_columns(connection, table)
        if found:
            _check_key(connection, table, found)
            _check_kinds(table, columns, found)


def _make_table(connection: sqlite3.Connection, table: str) -> bool:
    """True when it was not as we left it."""
    columns = COLUMNS_OF[table]
    found = find_columns(connection, table)
    if not found:
        listed = ", ".join(f"{quote(name)} {_declared(table, name)}" for name in columns)
        connection.execute(f"CREATE TABLE {table} ({listed})")
        return True
    _check_key(connection, table, found)
    _check_kinds(table, columns, found)
    absent = [name for name in columns if fold(name) not in found]
    for name in absent:
        connection.execute(f"ALTER TABLE {table} ADD COLUMN {quote(name)} {_declared(table, name)}")
    return bool(absent)


def _declared(table: str, name: str) -> str:
    if name == KEY_OF[table]:
        return "TEXT PRIMARY KEY NOT NULL"
    if (table, name) == ("attachments", "state"):
        return "TEXT NOT NULL DEFAULT 'waiting'"
    return _DECLARED[COLUMNS_OF[table][name]]


def _refuse_other_kinds(connection: sqlite3.Connection) -> None:
    for table in (META, *COLUMNS_OF):
        row = connection.execute(
            "SELECT type, sql FROM sqlite_master WHERE lower(name) = ? AND type <> 'trigger'", (table,)
        ).fetchone()
        if row is None:
            continue
        kind = "virtual table" if "VIRTUAL" in str(row[1]).upper().split("(")[0].split() else str(row[0])
        if kind != "table":
            hint = f"Rename the {kind} {table} in the database; we make a table of that name."
            article = "an" if kind == "index" else "a"
            raise _in_the_way(f"There is {article} {kind} named {table}.", hint)
        if table == META and not {"key", "value"} <= find_columns(connection, META).keys():
            raise _in_the_way(f"The table {META} is not ours.", f"Rename the table {META} in the database.")


def _check_key(connection: sqlite3.Connection, table: str, found: dict[str, Found]) -> None:
    key = KEY_OF[table]
    hint = f"Rename the table {table} in the database; we make a new one and fill it. Or choose another file."
    column = found.get(key)
    if column is None:
        raise _in_the_way(f"There is a table {table} without the column {key}.", hint)
    if column.affinity not in _ALLOWED[Kind.TEXT] or column.generated:
        raise _in_the_way(f"The key column {table}.{key} does not hold text.", hint)
    if not column.sole_key and not _is_unique(connection, table, key):
        raise _in_the_way(f"The column {table}.{key} is neither the primary key nor unique.", hint)


def _is_unique(connection: sqlite3.Connection, table: str, key: str) -> bool:
    for _, name, unique, _, partial in connection.execute(f"PRAGMA index_list({quote(table)})").fetchall():
        columns = [row[2] for row in connection.execute(f"PRAGMA index_info({quote(name)})")]
        if unique and not partial and len(columns) == 1 and columns[0] is not None and fold(columns[0]) == key:
            return True
    return False


def _check_kinds(table: str, columns: dict[str, Kind], found: dict[str, Found]) -> None:
    for name, kind in columns.items():
        column = found.get(name)
        if column is not None and (column.affinity not in _ALLOWED[kind] or column.generated):
            wanted = _DECLARED[kind].split()[0]
            hint = f"Rename the column {table}.{name}; we make a new one of type {wanted} and fill it."
            raise _in_the_way(f"The column {table}.{name} does not have the type {wanted}.", hint)


def _adopt(connection: sqlite3.Connection, table: str, column: Found) -> None:
    """A column that we did not make is taken only when it is empty or holds lists as we write them."""
    place = f"{table}.{quote(column.name)}"
    foreign = f"SELECT 1 FROM {table} WHERE {place} IS NOT NULL AND {place} NOT LIKE '[%]' LIMIT 1"
    if column.generated or connection.execute(foreign).fetchone() is not None:
        hint = f"Rename the category, or the column {column.name} in the table {table}."
        raise _in_the_way(f"The table {table} has a column {column.name} with other content.", hint)


def _forget_dropped(connection: sqlite3.Connection) -> bool:
    """True when a category that was in force has lost its column; that is found only once."""
    kept = names_in_force(connection)
    if kept == _listed(connection, "categories_in_force"):
        return False
    write_meta(connection, "categories_in_force", json.dumps(kept, ensure_ascii=False))
    return True


def _listed(connection: sqlite3.Connection, key: str) -> list[str]:
    try:
        names = json.loads(read_meta(connection, key) or "[]")
    except json.JSONDecodeError:
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _affinity(declared: str) -> str:
    """The rules of "Determination of column affinity" in SQLite's documentation."""
    upper = declared.upper()
    for words, affinity in (
        (("INT",), "INTEGER"),
        (("CHAR", "CLOB", "TEXT"), "TEXT"),
        (("BLOB",), "BLOB"),
        (("REAL", "FLOA", "DOUB"), "REAL"),
    ):
        if any(word in upper for word in words):
            return affinity
    return "NUMERIC" if upper else "BLOB"


def _in_the_way(message: str, hint: str) -> ConfigError:
    return ConfigError("sqlite-table-in-the-way", "The database holds something else under our names", message, hint)
