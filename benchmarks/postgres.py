"""Rows per second that the PostgreSQL destination takes alone, and the ways of writing that it was chosen from.

Each batch is a transaction of its own that has reached the server's disk when it is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from benchmarks.clocking import seconds_of
from benchmarks.figures import Figure, at_least
from benchmarks.records import CATEGORIES, make_email, make_task
from benchmarks.sqlite import BATCH, FEW_ROWS, ROUNDS, ROWS, rate
from tests.support.postgres import PostgresServer, find_binaries
from tests.support.relay import relay
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.base import Write
from tray_connector.destinations.batch import BatchWriter
from tray_connector.destinations.column_kinds import KEY_OF, KINDS
from tray_connector.destinations.postgres import PostgresDestination
from tray_connector.destinations.postgres_connection import Connection, transaction
from tray_connector.destinations.postgres_rows import dialect_of
from tray_connector.destinations.postgres_store import PostgresStore
from tray_connector.destinations.shapes import encoder, shape_of, statement
from tray_connector.model.records import Stored, Table, labels_of

GOAL = 5_000
DELAY = 0.01
"""Seconds in each direction, over a line."""
DIALECT = dialect_of("public")
Way = Callable[[Connection, Sequence[Write]], None]


def figures(folder: Path, quick: bool) -> Sequence[Figure]:  # noqa: ARG001 - the server keeps a folder of its own
    """One figure for each round; then the three ways, here and over a line."""
    if find_binaries() is None:
        return [Figure("PostgreSQL alone", "not measured: no PostgreSQL here")]
    count, stop = FEW_ROWS if quick else ROWS, Stop()
    with PostgresServer(durable=True) as server:
        dsn = server.create_database().dsn()
        with closing(PostgresDestination(dsn, "public", SystemClock())) as destination:
            destination.open(stop)
            destination.ensure_categories(CATEGORIES.names, stop)
            found = [
                at_least(f"PostgreSQL alone, {each.name}", rate(destination, each, count, stop), GOAL, "rows/s")
                for each in ROUNDS
            ]
        with relay(server.port, delay=DELAY) as line:
            for place, port, part in (("here", server.port, 2), ("over a line of 20 ms", line.port, 10)):
                found += compared(make_conninfo(dsn, port=str(port)), place, count // part)
    return found


def compared(dsn: str, place: str, count: int) -> list[Figure]:
    """The ways side by side, new tasks, then new e-mails: the better of two turns each."""
    makers: dict[Table, Callable[[int], Stored]] = {"tasks": make_task, "emails": make_email}
    best: dict[tuple[str, Table], float] = {}
    with closing(psycopg.connect(dsn, autocommit=True)) as connection:
        for name, way in [*WAYS.items()] * 2:
            connection.execute("TRUNCATE tasks, emails, attachments")
            for table, make in makers.items():
                best[name, table] = max(best.get((name, table), 0.0), new_rows(connection, way, make, count))
    return [
        Figure(f"PostgreSQL {place}, {name}", ", ".join(f"{best[name, table]:,.0f} {table}/s" for table in makers))
        for name in WAYS
    ]


def new_rows(connection: Connection, way: Way, make: Callable[[int], Stored], count: int) -> float:
    """Rows per second."""
    records = [make(number) for number in range(count)]
    writes = [Write(record, CATEGORIES.assign(labels_of(record))) for record in records]

    def write() -> None:
        for start in range(0, count, BATCH):
            with transaction(connection):
                way(connection, writes[start : start + BATCH])

    return count / seconds_of(write)


def in_one_pipeline(connection: Connection, writes: Sequence[Write]) -> None:
    """What the destination does."""
    stop = Stop()
    BatchWriter(PostgresStore(connection, "public", DIALECT, stop), stop).write(writes)


def by_executemany(connection: Connection, writes: Sequence[Write]) -> None:
    """With its savepoint as statements of their own."""
    shape = shape_of(writes[0])
    connection.execute("SAVEPOINT batch")
    connection.cursor().executemany(statement(shape, DIALECT), list(map(encoder(shape, DIALECT), writes)))
    connection.execute("RELEASE batch")


def by_copy(connection: Connection, writes: Sequence[Write]) -> None:
    """Into a temporary table, and from there with one statement."""
    shape = shape_of(writes[0])
    table, columns = shape.table, (*KINDS[shape.table], *shape.categories)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    staging = sql.Identifier(f"staging_{table}")
    encode = encoder(shape, DIALECT)
    connection.execute("SAVEPOINT batch")
    connection.execute(
        sql.SQL("CREATE TEMPORARY TABLE IF NOT EXISTS {} (LIKE {} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS").format(
            staging, sql.Identifier(table)
        )
    )
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN").format(staging, names)) as copy:
        for write in writes:
            copy.write_row(encode(write))
    settings = sql.SQL(", ").join(
        sql.SQL("{0} = excluded.{0}").format(sql.Identifier(name)) for name in columns if name != KEY_OF[table]
    )
    connection.execute(
        sql.SQL("INSERT INTO {0} ({1}) SELECT {1} FROM {2} ON CONFLICT ({3}) DO UPDATE SET {4}").format(
            sql.Identifier(table), names, staging, sql.Identifier(KEY_OF[table]), settings
        )
    )
    connection.execute("RELEASE batch")


WAYS: dict[str, Way] = {
    "one pipeline (in use)": in_one_pipeline,
    "executemany": by_executemany,
    "COPY into a staging table": by_copy,
}
