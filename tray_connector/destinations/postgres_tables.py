"""Makes and upgrades the tables of the PostgreSQL destination. Everything happens inside the caller's transaction."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable, Sequence

from psycopg.errors import InsufficientPrivilege

from tray_connector.destinations.column_kinds import TABLES
from tray_connector.destinations.postgres_catalog import META, Catalog, read_catalog
from tray_connector.destinations.postgres_connection import Connection
from tray_connector.destinations.postgres_errors import words
from tray_connector.destinations.postgres_schema import (
    VERSION,
    grants,
    hand_over,
    plan,
    plan_categories,
    refuse_missing_rights,
    refuse_obstacles,
)
from tray_connector.destinations.shapes import quote
from tray_connector.model.errors import ConfigError

AT_MOST = 600.0
"""Seconds for one statement: an index over a large table takes its time."""
log = logging.getLogger(__name__)
_INSTANCE, _VERSION, _IN_FORCE = "instance", "schema_version", "categories_in_force"


def prepare(connection: Connection, schema: str) -> str:
    """Make or upgrade everything of ours and answer the instance id.

    The id is new when a table or column of ours had to be added to a database that was written before: its rows
    lack values then, and only a database that is not known gets filled completely.
    `ConfigError` when something is in the way, or when a right is missing; then with the statements that are needed.
    """
    catalog, mended = bring_into_shape(connection, schema)
    instance = None if mended else read_meta(connection, schema, _INSTANCE)
    if _forget_dropped(connection, catalog) or instance is None:
        instance = uuid.uuid4().hex
        write_meta(connection, schema, _INSTANCE, instance)
    return instance


def bring_into_shape(connection: Connection, schema: str) -> tuple[Catalog, bool]:
    """What is there afterwards, and whether a table or column had to be added. Errors as `prepare`."""
    connection.execute(f"SET LOCAL statement_timeout = '{AT_MOST:g}s'")
    catalog = read_catalog(connection, schema)
    refuse_obstacles(catalog)
    refuse_missing_rights(catalog)
    version = _version(connection, catalog)
    steps = plan(catalog, version)
    try:
        for statement in steps.needed:
            connection.execute(statement)
    except InsufficientPrivilege as error:
        raise _denied("tables", "make our tables", error, [*steps.statements, *grants(catalog)]) from error
    if steps.needed:
        catalog = read_catalog(connection, schema)
        refuse_missing_rights(catalog)
    if _add_indexes(connection, steps.helpful) and version < VERSION:
        write_meta(connection, schema, _VERSION, str(VERSION))
    return catalog, bool(steps.needed)


def ensure_categories(connection: Connection, schema: str, names: Sequence[str]) -> None:
    """A column per name in both tables. `ConfigError` as `prepare`; a column of the user's with lists is taken."""
    catalog = read_catalog(connection, schema)
    refuse_obstacles(catalog, names)
    statements = plan_categories(catalog, names)
    try:
        for statement in statements:
            connection.execute(statement)
    except InsufficientPrivilege as error:
        raise _denied("columns", "add the columns of the label categories", error, statements) from error
    if list(names) != names_in_force(connection, schema):
        write_meta(connection, schema, _IN_FORCE, json.dumps(list(names), ensure_ascii=False))


def names_in_force(connection: Connection, schema: str) -> list[str]:
    """The categories that had their columns when they were last looked at."""
    try:
        names = json.loads(read_meta(connection, schema, _IN_FORCE) or "[]")
    except json.JSONDecodeError:
        return []
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def read_meta(connection: Connection, schema: str, key: str) -> str | None:
    """A value of `tray_connector_meta`."""
    place = f"{quote(schema)}.{META}".replace("%", "%%")
    rows = connection.execute(f"SELECT value FROM {place} WHERE key = %s", (key,)).fetchall()
    return str(rows[0][0]) if rows else None


def write_meta(connection: Connection, schema: str, key: str, value: str) -> None:
    """Set a value of `tray_connector_meta`."""
    place = f"{quote(schema)}.{META}".replace("%", "%%")
    connection.execute(
        f"INSERT INTO {place} (key, value) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, value),
    )


def _version(connection: Connection, catalog: Catalog) -> int:
    if META not in catalog.relations:
        return 0
    noted = read_meta(connection, catalog.schema, _VERSION) or "0"
    version = int(noted) if noted.isdecimal() else 0
    if version > VERSION:
        raise ConfigError(
            "postgres-newer-tables",
            "The tables were made by a newer Tray Connector",
            f"They have version {version}, this program knows {VERSION}.",
            "Update Tray Connector on this computer, or choose another schema in PG_SCHEMA.",
        )
    return version


def _add_indexes(connection: Connection, statements: Iterable[str]) -> bool:
    """False when our role may not: the tables belong to somebody else, and they work without."""
    try:
        with connection.transaction():
            for statement in statements:
                connection.execute(statement)
    except InsufficientPrivilege as error:
        log.info("the database has no indexes of ours: %s", words(error))
        return False
    return True


def _forget_dropped(connection: Connection, catalog: Catalog) -> bool:
    """True when a category that was in force has lost its column; that is found only once."""
    names = names_in_force(connection, catalog.schema)
    kept = [name for name in names if all(name in catalog.columns(table) for table in TABLES)]
    if kept == names:
        return False
    write_meta(connection, catalog.schema, _IN_FORCE, json.dumps(kept, ensure_ascii=False))
    return True


def _denied(what: str, doing: str, error: InsufficientPrivilege, statements: Iterable[str]) -> ConfigError:
    title = f"The role may not {doing}"
    return ConfigError(f"postgres-{what}-denied", title, f"{words(error)}.", hand_over(statements))
