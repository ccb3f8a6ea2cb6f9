"""The live test of the PostgreSQL destination."""

from __future__ import annotations

from collections.abc import Mapping

from tray_connector.destinations.column_kinds import TABLES
from tray_connector.destinations.postgres_address import Address
from tray_connector.destinations.postgres_catalog import read_catalog
from tray_connector.destinations.postgres_connection import Connection, pipeline, transaction
from tray_connector.destinations.postgres_schema import plan
from tray_connector.destinations.postgres_session import Session, SessionId, begin, find_holder, in_use
from tray_connector.destinations.postgres_tables import bring_into_shape
from tray_connector.destinations.shapes import quote
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.model.records import Table

NAME = "PostgreSQL"


def count_rows(connection: Connection, schema: str) -> Mapping[Table, int]:
    """Rows per table."""
    with pipeline(connection):
        cursors = [connection.execute(f"SELECT count(*) FROM {quote(schema)}.{table}") for table in TABLES]
    return {table: int(cursor.fetchall()[0][0]) for table, cursor in zip(TABLES, cursors, strict=True)}


def check_database(
    connection: Connection, schema: str, address: Address, ours: SessionId | None, busy_deadline: float
) -> list[CheckLine]:
    """Server, rights, tables and rows, over a connection of its own; `ours` is the session that may hold the lock.

    The tables are made for a try, and that is undone. `ConfigError` and `psycopg.Error` when something is wrong.
    """
    session = begin(connection, busy_deadline)
    lines = [CheckLine(NAME, True, _greeting(connection, session, address), _pooler(session))]
    catalog = read_catalog(connection, schema)
    missing = plan(catalog, 0).needed
    with transaction(connection):
        bring_into_shape(connection, schema)
        rows = count_rows(connection, schema)
        connection.rollback()
    if missing:
        lines.append(CheckLine(NAME, True, f"Tables can be made in the schema {schema}", "They are made when it runs."))
    else:
        lines.append(CheckLine(NAME, True, f"Tables can be written in the schema {schema}"))
        lines.append(CheckLine(NAME, True, f"Rows: {rows['tasks']:,} tasks, {rows['emails']:,} e-mails"))
    holder = find_holder(connection, schema)
    if holder is not None and holder.id != ours:
        lines.append(failed(in_use(schema, holder, address)))
    return lines


def failed(error: ConnectorError) -> CheckLine:
    """What is wrong and what to do."""
    problem = error.problem
    message = f"{problem.title}: {problem.message}" if problem.message else problem.title
    return CheckLine(NAME, False, message, problem.hint, passing=isinstance(error, TransientError))


def _greeting(connection: Connection, session: Session, address: Address) -> str:
    line = "encrypted" if connection.pgconn.ssl_in_use else "not encrypted"
    return f"Connected to {address.server} as {address.role}: PostgreSQL {session.version}, {line}"


def _pooler(session: Session) -> str:
    return "Through a connection pooler: only its session mode works." if session.pooled else ""
