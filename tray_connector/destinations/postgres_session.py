"""What we are to the server: the settings of our session, and the lock that keeps a second connector away.

The lock is a session advisory lock, one per schema, which the server itself gives back when our connection ends. A
pooler in transaction mode (PgBouncer, Supavisor) gives every transaction another session, so that the lock says
nothing there: behind any pooler it is looked at in every transaction that writes, nothing is set for the session and
nothing is prepared, and `ConfigError` ``postgres-pooler`` says what to do when it is gone. A pooler in session mode
works.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.destinations.postgres_address import Address
from tray_connector.destinations.postgres_connection import Connection
from tray_connector.destinations.postgres_errors import read_only
from tray_connector.model.errors import ConfigError, TransientError

OLDEST = 12
"""Version of the server."""
STATEMENT_AT_MOST = 60
"""Seconds for one statement or pipeline."""
LOCK_PATIENCE = 2.0
"""Seconds in which a session that is just ending gives its lock back."""
LOCK_PAUSE = 0.1
_SETTINGS = """
SET TIME ZONE 'UTC';
SET statement_timeout = '{statement}ms';
SET lock_timeout = '{lock}ms';
SET idle_in_transaction_session_timeout = '60s';
SET tcp_keepalives_idle = 30;
SET tcp_keepalives_interval = 10;
SET tcp_keepalives_count = 3;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
_FACTS = """
SELECT pg_backend_pid(), current_setting('server_version_num')::int, current_setting('server_version'),
  current_setting('server_encoding'), pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
  (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())
"""
_HOLDERS = """
SELECT l.pid, a.backend_start, a.application_name, COALESCE(host(a.client_addr), '')
FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint << 32) | l.objid::bigint = %s
"""

SessionId = tuple[int, datetime | None]
"""The server process and when it began: the number alone is used again."""


@dataclass(frozen=True, slots=True)
class Session:
    """A connection that may write."""

    id: SessionId
    version: str
    pooled: bool
    """Something between us and the server shares its sessions out."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock of a schema."""

    id: SessionId
    words: str


def begin(connection: Connection, busy_deadline: float) -> Session:
    """Look at the server and make the session ready. `ConfigError` when it cannot hold what we store.

    A statement waits at most `busy_deadline` seconds for another program's lock.
    """
    pid, number, version, encoding, closed, began = connection.execute(_FACTS).fetchall()[0]
    if number < OLDEST * 10_000:
        raise ConfigError(
            "postgres-too-old",
            "The database server is too old",
            f"It is PostgreSQL {version}.",
            f"PostgreSQL {OLDEST} or newer is needed.",
        )
    if encoding != "UTF8":
        raise ConfigError(
            "postgres-encoding",
            "The database does not store every character",
            f"Its encoding is {encoding}.",
            "Create a database with ENCODING 'UTF8' and name it in PG_DSN.",
        )
    if closed:
        raise read_only("It is a standby, or default_transaction_read_only is on.")
    pooled = pid != connection.info.backend_pid
    if pooled:
        connection.prepare_threshold = None
    else:
        connection.execute(_SETTINGS.format(statement=1000 * STATEMENT_AT_MOST, lock=round(1000 * busy_deadline)))
    return Session((pid, began), version, pooled)


def lock_key(schema: str) -> int:
    """The number of the advisory lock: the same in every version, 63 bits."""
    return int.from_bytes(hashlib.sha256(f"tray-connector {schema}".encode()).digest()[:8]) >> 1


def take_lock(
    connection: Connection, schema: str, clock: Clock, stop: Stop, *, past: Collection[SessionId] = ()
) -> Holder | None:
    """Hold the schema until the connection ends; otherwise the answer is who holds it. `Stopped`.

    Sessions in `past` were ours and are ended where they linger.
    """
    key = lock_key(schema)
    deadline = clock.monotonic() + LOCK_PATIENCE
    while not connection.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchall()[0][0]:
        found = find_holder(connection, schema)
        if found is not None and found.id in past:
            connection.execute("SELECT pg_terminate_backend(%s)", (found.id[0],))
        if clock.monotonic() >= deadline:
            return found or Holder((0, None), "Another session")
        if clock.wait(stop, LOCK_PAUSE):
            raise Stopped
    return None


def find_holder(connection: Connection, schema: str) -> Holder | None:
    """Who holds the lock of a schema now."""
    rows = connection.execute(_HOLDERS, (lock_key(schema),)).fetchall()
    if not rows:
        return None
    pid, began, name, host = rows[0]
    where = f" at {host}" if host else ""
    since = f" since {began.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if began is not None else ""
    return Holder((pid, began), f"{name or 'Another program'}{where}{since}")


def refuse_lost_lock(connection: Connection, schema: str) -> None:
    """`ConfigError` when the session that serves this transaction does not hold the lock: see above."""
    rows = connection.execute(f"{_HOLDERS} AND l.pid = pg_backend_pid()", (lock_key(schema),)).fetchall()
    if not rows:
        raise ConfigError(
            "postgres-pooler",
            "A connection pooler stands between us and the database",
            "It gives every transaction another session, so that two connectors could not be kept apart.",
            "Name the server itself in PG_DSN, or the pooler's port for session mode.",
        )


def in_use(schema: str, holder: Holder, address: Address) -> TransientError:
    """Another connector writes into the schema."""
    return TransientError(
        "postgres-in-use",
        "Another Tray Connector writes into this database",
        f"{holder.words} holds the schema {schema}.",
        f"End that one, or choose another schema in PG_SCHEMA for {address.server}. We go on as soon as it ends.",
    )
