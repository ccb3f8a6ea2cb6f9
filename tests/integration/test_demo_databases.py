"""`demo --to …`: the same demo over the other two databases, of which it touches nothing but its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.postgres import Database
from tests.support.processes import Programs
from tray_connector.cli.demo_database import SCHEMA
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.postgres import PostgresDestination
from tray_connector.destinations.postgres_anew import make_anew
from tray_connector.model.errors import ConfigError, TransientError

AT_MOST = 60.0


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    with Programs(tmp_path / "home", tmp_path, {"PYTHONDEVMODE": "1", "DB_BACKEND": "nonsense"}) as programs:
        yield programs


def assert_says_all(out: str) -> None:
    """Three changes, two tables that fit."""
    lines = out.splitlines()
    assert sum(line.startswith("    → row ") for line in lines) == 3
    for table in ("tasks", "emails"):
        begin = next(number for number, line in enumerate(lines) if line.endswith(f" rows in {table}, the latest:"))
        assert all(line and len(line) <= 80 for line in lines[begin + 1 : begin + 7])


@pytest.mark.slow
def test_into_postgresql(programs: Programs, database: Database) -> None:
    database.execute("CREATE TABLE tasks (mine text)", "INSERT INTO tasks VALUES ('keep')")
    make_anew(database.dsn(), SCHEMA, SystemClock(), Stop())
    database.execute(f"CREATE TABLE {SCHEMA}.left_over (x int)")
    program = programs.run("demo", "--headless", "--to", "postgres", seconds=AT_MOST, PG_DSN=database.dsn())
    assert_says_all(program.out)
    assert "Traceback" not in program.err
    rows = len(database.rows("tasks", SCHEMA))
    assert f"{rows} rows in tasks, the latest:" in program.out
    assert f"The database: {database.place.removeprefix('postgres:').removesuffix('public')}{SCHEMA}" in program.out
    assert "tests-own" not in program.out + program.err
    assert database.query("SELECT mine FROM public.tasks") == [("keep",)]
    assert not database.query("SELECT 1 FROM pg_tables WHERE tablename = 'left_over'")


@pytest.mark.slow
def test_into_the_airtable_of_the_sandbox(programs: Programs) -> None:
    program = programs.run("demo", "--headless", "--to", "airtable-sandbox", seconds=AT_MOST)
    assert_says_all(program.out)
    assert "Traceback" not in program.err
    assert "The database: the sandbox's own Airtable at http://127.0.0.1:" in program.out


def test_without_a_server_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said = CommandLine(tmp_path / "home", monkeypatch, capfd)("demo --to postgres")
    assert said.code == 3
    assert said.err.startswith("The demo needs a PostgreSQL server. PG_DSN is not set in the environment. Set it to")


def test_a_schema_of_somebody_else_is_left_alone(database: Database) -> None:
    database.execute(f"CREATE SCHEMA {SCHEMA}", f"CREATE TABLE {SCHEMA}.tasks (mine text)")
    with pytest.raises(ConfigError, match="was not made by the demo"):
        make_anew(database.dsn(), SCHEMA, SystemClock(), Stop())
    assert database.query("SELECT count(*) FROM pg_tables WHERE schemaname = %s", SCHEMA) == [(1,)]


def test_what_depends_on_its_tables_is_left_alone(database: Database) -> None:
    clock, stop = SystemClock(), Stop()
    make_anew(database.dsn(), SCHEMA, clock, stop)
    database.execute(f"CREATE TABLE {SCHEMA}.tasks (x int)", f"CREATE VIEW public.mine AS TABLE {SCHEMA}.tasks")
    with pytest.raises(ConfigError, match="Something else uses the tables of the demo"):
        make_anew(database.dsn(), SCHEMA, clock, stop)
    assert database.query("SELECT count(*) FROM public.mine") == [(0,)]


def test_a_schema_in_use_is_left_alone(database: Database) -> None:
    clock, stop = SystemClock(), Stop()
    make_anew(database.dsn(), SCHEMA, clock, stop)
    destination = PostgresDestination(database.dsn(), SCHEMA, clock)
    destination.open(stop)
    with pytest.raises(TransientError, match="Another Tray Connector writes into this database"):
        make_anew(database.dsn(), SCHEMA, clock, stop)
    assert destination.verify(stop)
    destination.close()


def test_a_wrong_address_and_a_missing_right_are_told(database: Database) -> None:
    clock, stop = SystemClock(), Stop()
    with pytest.raises(ConfigError):
        make_anew("not a dsn", SCHEMA, clock, stop)
    with pytest.raises(ConfigError, match="right"):
        make_anew(database.create_role("guest"), SCHEMA, clock, stop)
