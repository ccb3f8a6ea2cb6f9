"""A schema of PostgreSQL that belongs to us alone, emptied for the next demo."""

from __future__ import annotations

import psycopg

from tray_connector.config.clock import Clock, Stop
from tray_connector.destinations.postgres_address import Address
from tray_connector.destinations.postgres_connection import Connection, connect, transaction, watched
from tray_connector.destinations.postgres_errors import translate, words
from tray_connector.destinations.postgres_refused import not_connected
from tray_connector.destinations.postgres_session import in_use, take_lock
from tray_connector.destinations.postgres_tables import AT_MOST
from tray_connector.destinations.shapes import quote
from tray_connector.model.errors import ConfigError

MARK = "Made by the demo of Tray Connector, which makes it anew each time"
"""The comment of a schema whose tables are ours to remove."""


def make_anew(dsn: str, schema: str, clock: Clock, stop: Stop) -> None:
    """Make the schema, or remove the tables of one that was made by this. Nothing else in the database is touched.

    ConfigError ``demo-schema`` when a schema of that name was made by somebody else, or when something of somebody
    else's depends on its tables; else what opening a destination raises.
    """
    address = Address.read(dsn)
    try:
        connection = connect(address.connecting(), stop)
    except psycopg.Error as error:
        raise not_connected(error, address) from error
    try:
        with watched(connection, stop, AT_MOST):
            holder = take_lock(connection, schema, clock, stop)
            if holder is not None:
                raise in_use(schema, holder, address)
            with transaction(connection):
                _empty(connection, schema)
    except psycopg.errors.DependentObjectsStillExist as error:
        raise ConfigError(
            "demo-schema",
            "Something else uses the tables of the demo",
            address.redact(words(error)),
            f"Remove what depends on the tables in {schema}, then try again.",
        ) from error
    except psycopg.Error as error:
        raise translate(error, address) from error
    finally:
        connection.close()


def _empty(connection: Connection, schema: str) -> None:
    found = connection.execute(
        "SELECT obj_description(oid, 'pg_namespace') FROM pg_namespace WHERE nspname = %s", (schema,)
    ).fetchall()
    if not found:
        connection.execute(f"CREATE SCHEMA {quote(schema)}".encode())
        connection.execute(f"COMMENT ON SCHEMA {quote(schema)} IS '{MARK}'".encode())
        return
    if found[0][0] != MARK:
        raise ConfigError(
            "demo-schema",
            "The demo's schema holds something else",
            f"The schema {schema} was not made by the demo.",
            "Rename it, or name another database in PG_DSN.",
        )
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (schema,)).fetchall()
    if tables:
        names = ", ".join(f"{quote(schema)}.{quote(name)}" for (name,) in tables)
        connection.execute(f"DROP TABLE {names}".encode())
