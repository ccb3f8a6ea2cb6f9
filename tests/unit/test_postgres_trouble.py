"""Servers that are gone, silent, full or in use: one sentence each, nothing lost, and it goes on by itself."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
import pytest

from tests.support.clock import FakeClock
from tests.support.postgres import TLS_ONLY, Database, PostgresServer, free_port, tables_locked
from tests.support.processes import wait_until
from tests.support.sql_places import opened, write
from tray_connector.config.clock import Stop, Stopped, SystemClock
from tray_connector.destinations.base import Write, Written
from tray_connector.destinations.postgres import PostgresDestination
from tray_connector.destinations.postgres_session import lock_key
from tray_connector.model.errors import ConfigError, ConnectorError, InternalError, TransientError
from tray_connector.model.records import Task

TASK = Task(task_id="1", name="x")
OURS = "tray-connector"


def tasks(count: int, name: str = "x") -> list[Write]:
    return [Write(Task(task_id=str(number), name=name)) for number in range(count)]


def problem_when_opened(dsn: str, schema: str = "public") -> tuple[type[ConnectorError], str, str]:
    destination = PostgresDestination(dsn, schema, FakeClock())
    with pytest.raises(ConnectorError) as caught:
        destination.open(Stop())
    lines = destination.check(Stop())
    assert lines[-1].ok is False
    assert lines[-1].passing is isinstance(caught.value, TransientError)
    assert lines[-1].hint == caught.value.problem.hint != ""
    destination.close()
    return type(caught.value), caught.value.problem.code, str(caught.value)


def test_wrong_connections_are_told_apart(database: Database, postgres_server: PostgresServer) -> None:
    dsn = database.dsn()
    cases = {
        postgres_server.dsn(database.name, password="Geh3im"): (ConfigError, "postgres-password"),
        postgres_server.dsn(database.name, user="nobody", password="Geh3im"): (ConfigError, "postgres-password"),
        postgres_server.dsn("nowhere"): (ConfigError, "postgres-database-missing"),
        postgres_server.dsn(TLS_ONLY): (ConfigError, "postgres-tls-wanted"),
        f"{dsn} sslmode=require": (ConfigError, "postgres-tls-missing"),
        f"{dsn} sslmode=perhaps": (ConfigError, "postgres-dsn-wrong"),
        f"host=127.0.0.1 port={free_port()} user=ida password=Geh3im": (TransientError, "postgres-refused"),
        "host=no-such-host.invalid user=ida password=Geh3im": (TransientError, "postgres-host-unknown"),
    }
    for wrong, expected in cases.items():
        kind, code, words = problem_when_opened(wrong)
        assert (kind, code) == expected, words
        assert "Geh3im" not in words
        assert postgres_server.dsn().partition("password=")[2].split()[0] not in words


def test_a_role_without_the_right_to_connect_is_named(database: Database) -> None:
    database.execute(f"REVOKE CONNECT ON DATABASE {database.name} FROM PUBLIC")
    kind, code, words = problem_when_opened(database.create_role("outsider"))
    assert (kind, code) == (ConfigError, "postgres-not-admitted")
    assert f'GRANT CONNECT ON DATABASE "{database.name}" TO "outsider_{database.name}"' in words


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_server_that_restarts_costs_one_failure_and_no_row(database: Database, how: str) -> None:
    with opened(database, ["Räume"]) as destination:
        assert write(destination, *tasks(10)) == [Written()] * 10
        database.server.stop(how)
        with pytest.raises(TransientError) as caught:
            write(destination, *tasks(10, "new"))
        assert caught.value.problem.code == "postgres-gone"
        with pytest.raises(TransientError) as caught:
            destination.verify(Stop())
        assert caught.value.problem.code == "postgres-refused"
        database.server.start()
        assert write(destination, *tasks(10, "new"), Write(TASK, {"Räume": ()})) == [Written()] * 11
        assert destination.verify(Stop())
    assert len(database.rows("tasks")) == 10


def test_a_connection_cut_in_the_middle_of_a_batch_leaves_nothing_half_done(database: Database) -> None:
    with opened(database) as destination:
        write(destination, *tasks(3))
        with tables_locked(database, "tasks"):
            cutting = threading.Thread(target=lambda: cut_when_waiting(database))
            cutting.start()
            with pytest.raises(TransientError) as caught:
                write(destination, *tasks(2_000, "new"))
            cutting.join()
        assert caught.value.problem.code == "postgres-gone"
        assert {row["name"] for row in database.rows("tasks").values()} == {"x"}
        assert write(destination, *tasks(2_000, "new")) == [Written()] * 2_000


def cut_when_waiting(database: Database) -> None:
    waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
    wait_until(lambda: database.query(waits, database.name), 10, "a statement waits")
    database.cut_connections(OURS)


def test_pages_go_on_behind_a_cut(database: Database) -> None:
    with opened(database) as destination:
        write(destination, *tasks(1_200))
        pages = destination.rows("tasks", Stop())
        seen = list(next(pages))
        database.cut_connections(OURS)
        with pytest.raises(TransientError):
            next(pages)
        last = seen[-1].record
        assert isinstance(last, Task)
        seen += [row for page in destination.rows("tasks", Stop(), after=last.task_id) for row in page]
    assert len({row.record for row in seen}) == len(seen) == 1_200


def test_a_database_that_was_replaced_meanwhile_is_never_written(database: Database) -> None:
    with opened(database) as destination:
        before = destination.open(Stop())
        database.cut_connections(OURS)
        database.execute("DROP SCHEMA public CASCADE")
        with pytest.raises(TransientError):
            write(destination, Write(TASK))
        with pytest.raises(TransientError) as caught:
            write(destination, Write(TASK))
        assert caught.value.problem.code == "postgres-replaced"
        assert destination.open(Stop()).instance != before.instance
        assert write(destination, Write(TASK)) == [Written()]


def test_tables_that_others_keep_locked_are_named(database: Database) -> None:
    with closing(PostgresDestination(database.dsn(), "public", SystemClock(), busy_deadline=0.1)) as destination:
        destination.open(Stop())
        with tables_locked(database, "tasks"), pytest.raises(TransientError) as caught:
            write(destination, *tasks(3))
        assert caught.value.problem.code == "postgres-busy"
        assert write(destination, *tasks(3)) == [Written()] * 3


def test_a_stop_ends_a_statement_that_waits_at_once(database: Database) -> None:
    with opened(database) as destination, tables_locked(database, "tasks"):
        stop = Stop()
        began = time.monotonic()
        threading.Timer(0.2, stop.set).start()
        with pytest.raises(Stopped):
            destination.write(tasks(3), stop)
        assert time.monotonic() - began < 2
        assert not database.query("SELECT 1 FROM pg_locks WHERE NOT granted")
        with pytest.raises(Stopped):
            destination.write(tasks(3), stop)


@contextmanager
def frozen(server: PostgresServer) -> Iterator[None]:
    """All processes of the server stand still: the kernel takes what is sent, nobody answers."""
    main = int((server.data / "postmaster.pid").read_text().split()[0])
    with psycopg.connect(server.dsn()) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"
        ).fetchall()
    pids = [main, *(row[0] for row in rows)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_answers_nothing_is_given_up_after_the_deadline(database: Database) -> None:
    destination = PostgresDestination(database.dsn(), "public", SystemClock(), call_at_most=0.3)
    with closing(destination):
        destination.open(Stop())
        with frozen(database.server):
            began = time.monotonic()
            with pytest.raises(TransientError) as caught:
                write(destination, *tasks(2_000))
            assert time.monotonic() - began < 3
            assert caught.value.problem.code == "postgres-silent"
        assert write(destination, *tasks(2_000)) == [Written()] * 2_000


def test_a_stop_ends_the_wait_for_a_server_that_answers_nothing(database: Database) -> None:
    with opened(database) as destination:
        with frozen(database.server):
            stop = Stop()
            began = time.monotonic()
            threading.Timer(0.1, stop.set).start()
            with pytest.raises(Stopped):
                destination.write(tasks(3), stop)
            assert time.monotonic() - began < 3
        assert write(destination, *tasks(3)) == [Written()] * 3


def test_a_stop_ends_an_attempt_to_connect_at_once(database: Database) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as deaf:
        destination = PostgresDestination(
            f"host=127.0.0.1 port={deaf.getsockname()[1]} user=ida", "public", SystemClock()
        )
        stop = Stop()
        began = time.monotonic()
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(Stopped):
            destination.open(stop)
        assert time.monotonic() - began < 2


def test_a_server_that_takes_the_connection_and_says_nothing_is_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as deaf:
        dsn = f"host=127.0.0.1 port={deaf.getsockname()[1]} user=ida connect_timeout=2"
        with pytest.raises(TransientError) as caught:
            PostgresDestination(dsn, "public", SystemClock()).open(Stop())
    assert caught.value.problem.code == "postgres-silent"


def test_a_server_of_another_kind_is_named() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:

        def answer() -> None:
            line, _ = other.accept()
            with line:
                line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        answering = threading.Thread(target=answer)
        answering.start()
        dsn = f"host=127.0.0.1 port={other.getsockname()[1]} user=ida sslmode=require"
        with pytest.raises(TransientError) as caught:
            PostgresDestination(dsn, "public", SystemClock()).open(Stop())
        answering.join()
    assert caught.value.problem.code == "postgres-not-connected"


def test_a_second_connector_is_told_who_holds_the_schema_and_gets_it_when_that_one_ends(database: Database) -> None:
    with opened(database) as first:
        second = PostgresDestination(database.dsn(), "public", FakeClock())
        with pytest.raises(TransientError) as caught:
            second.open(Stop())
        problem = caught.value.problem
        assert problem.code == "postgres-in-use"
        assert f"(process {os.getpid()}) at 127.0.0.1 since 20" in problem.message
        assert problem.message.endswith("holds the schema public.")
        assert write(first, Write(TASK)) == [Written()]
        first.close()
        second.open(Stop())
        with closing(second):
            assert write(second, Write(TASK)) == [Written()]


def test_the_lock_of_a_session_that_was_ours_is_taken_back(database: Database) -> None:
    """Our line broke, but the server has not noticed: it takes the old session for alive."""
    with opened(database) as destination:
        old, destination._opened = destination._opened, None
        assert old is not None
        assert destination._session is not None
        destination._past.append(destination._session.id)
        assert write(destination, Write(TASK)) == [Written()]
        old.close()
    wait_until(lambda: not database.backends(OURS), 5, "no session is left")


def test_a_stop_ends_the_wait_for_the_lock(database: Database) -> None:
    with opened(database):
        stop = Stop()
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(Stopped):
            PostgresDestination(database.dsn(), "public", SystemClock()).open(stop)


def test_another_lock_of_the_user_is_none_of_our_business(database: Database) -> None:
    with closing(psycopg.connect(database.dsn())) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (lock_key("public") ^ 1,))
        with opened(database) as destination:
            assert write(destination, Write(TASK)) == [Written()]


def test_calls_may_come_from_another_thread_and_nothing_is_left_behind(database: Database) -> None:
    outcomes: list[object] = []
    before = threading.active_count()
    with opened(database) as destination:
        thread = threading.Thread(target=lambda: outcomes.extend(write(destination, Write(TASK))))
        thread.start()
        thread.join()
        assert destination.requests_sent() >= 3
        assert database.query(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE %s AND state = 'idle'", f"{OURS}%"
        ) == [(1,)]
    assert outcomes == [Written()]
    assert threading.active_count() == before
    wait_until(lambda: not database.backends(OURS), 5, "no session is left")


def test_after_closing_it_can_be_opened_again(database: Database) -> None:
    with opened(database) as destination:
        destination.close()
        destination.close()
        with pytest.raises(InternalError):
            write(destination, Write(TASK))
        destination.open(Stop())
        assert write(destination, Write(TASK)) == [Written()]


def test_what_is_written_waits_for_the_disk_even_where_the_database_would_not(database: Database) -> None:
    with opened(database) as destination:
        assert destination._opened is not None
        assert destination._opened.execute("SHOW synchronous_commit").fetchone() == ("on",)
