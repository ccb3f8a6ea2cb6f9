"""A connection pooler between us and the server: its session mode works, its transaction mode is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.support.postgres import Database
from tests.support.relay import Relay, relay
from tests.support.sql_places import opened, write
from tray_connector.config.clock import Stop
from tray_connector.destinations.base import Write, Written
from tray_connector.destinations.postgres_session import lock_key
from tray_connector.model.errors import ConfigError
from tray_connector.model.records import Task

TASKS = [Write(Task(task_id=str(number)), {"Räume": ()}) for number in range(700)]


@pytest.fixture
def pooler(database: Database) -> Iterator[Relay]:
    """As far as a client can tell: the process it names is none of the server's."""
    with relay(database.server.port, pooler=True) as carried:
        yield carried


def through(pooler: Relay, database: Database) -> str:
    return make_conninfo(database.dsn(), port=str(pooler.port))


def test_everything_works_and_nothing_is_set_or_prepared_that_others_could_get(
    database: Database, pooler: Relay
) -> None:
    with opened(database, ["Räume"], dsn=through(pooler, database)) as destination:
        assert write(destination, *TASKS) == [Written()] * 700
        assert write(destination, *TASKS) == [Written()] * 700
        assert len(next(iter(destination.rows("tasks", Stop())))) == 500
        connection = destination._opened
        assert connection is not None
        assert connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone() == (0,)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("0",)
        (line, *_) = destination.check(Stop())
        assert (line.ok, line.hint) == (True, "Through a connection pooler: only its session mode works.")
    assert len(database.rows("tasks")) == 700


def test_a_session_that_was_exchanged_for_another_is_named_before_anything_is_written(
    database: Database, pooler: Relay
) -> None:
    with opened(database, ["Räume"], dsn=through(pooler, database)) as destination:
        connection = destination._opened
        assert connection is not None
        # What a pooler does: the next transaction meets a session that never took the lock.
        connection.execute("SELECT pg_advisory_unlock_all()")
        with pytest.raises(ConfigError) as caught:
            write(destination, *TASKS)
        assert caught.value.problem.code == "postgres-pooler"
    assert database.rows("tasks") == {}


def test_the_lock_is_held_through_the_pooler(database: Database, pooler: Relay) -> None:
    with (
        opened(database, dsn=through(pooler, database)),
        closing(psycopg.connect(database.dsn(), autocommit=True)) as other,
    ):
        assert other.execute("SELECT pg_try_advisory_lock(%s)", (lock_key("public"),)).fetchone() == (False,)
