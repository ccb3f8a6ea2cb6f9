"""The sandbox office into PostgreSQL: complete, quiet when nothing changed, and through every trouble of the server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.command_line import CommandLine
from tests.support.connector import Connector, Row, sandbox
from tests.support.log_guard import ExpectLog
from tests.support.postgres import PASSWORD, Database, tables_locked
from tests.support.processes import wait_until
from tests.support.sql_places import statements_in
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.report import Report

TABLES = ("tasks", "emails", "attachments")
OURS = "tray-connector"
AWAY = {"postgres-gone", "postgres-refused", "postgres-starting", "postgres-not-connected"}
"""A server that is just ending answers in one of these ways, by chance."""


def settings_for(database: Database, **more: str) -> dict[str, str]:
    return {"DB_BACKEND": "postgres", "PG_DSN": database.dsn(), **more}


def written(report: Report) -> int:
    return sum(lane.dispatched.written + lane.dispatched.flagged for lane in report.lanes)


def stored(connector: Connector) -> dict[str, dict[str, Row]]:
    return {table: connector.rows(table) for table in TABLES}


@pytest.fixture
def whole_office(clock: FakeClock) -> Iterator[SandboxOffice]:
    """The office of the demo."""
    with sandbox(clock, office=Office.generate(clock=clock), mailbox=Mailbox.office(clock=clock)) as running:
        yield running


@pytest.fixture
def to_postgres(office: SandboxOffice, tmp_path: Path, clock: FakeClock, database: Database) -> Iterator[Connector]:
    connector = Connector(office, tmp_path / "home", clock, **settings_for(database))
    yield connector
    connector.close()


def test_the_demo_office_arrives_as_it_does_in_sqlite_and_a_second_sync_writes_nothing(
    whole_office: SandboxOffice, tmp_path: Path, clock: FakeClock, database: Database
) -> None:
    rules = '{"Räume": "R_*", "Kosten": ["KGR_*"], "100 %": "*"}'
    stores = []
    for name, settings in (("postgres", settings_for(database, PG_SCHEMA="büro")), ("sqlite", {})):
        connector = Connector(whole_office, tmp_path / name, clock, **settings)
        connector.paths.categories_file.write_text(rules, encoding="utf-8")
        connector.categories.reload()
        report = connector.sync()
        assert (report.errors, report.failed, report.waiting, report.exit_code()) == ((), 0, 0, 0)
        stores.append(stored(connector))
        again = connector.sync()
        assert written(again) == 0
        assert stored(connector) == stores[-1]
        assert connector.engine.status().state == "in step"
        connector.close()
    for table in TABLES:
        assert stores[0][table] == stores[1][table] != {}
        assert all("" not in row.values() for row in stores[0][table].values())


@contextmanager
def disturbed(database: Database, how: str) -> Iterator[None]:
    """The next batch is interrupted for certain: its tables are locked until it waits for them."""
    locked = threading.Event()

    def disturb() -> None:
        waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
        with tables_locked(database, "tasks", "emails"):
            locked.set()
            wait_until(lambda: database.query(waits, database.name), 10, "a batch is being written")
            if how == "cut":
                database.cut_connections(OURS)
            else:
                database.server.restart(how)

    disturbing = threading.Thread(target=disturb)
    disturbing.start()
    assert locked.wait(10)
    try:
        yield
    finally:
        disturbing.join()


def test_a_server_that_dies_again_and_again_during_a_sync_loses_nothing(
    whole_office: SandboxOffice, tmp_path: Path, clock: FakeClock, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    connector = Connector(whole_office, tmp_path / "postgres", clock, **settings_for(database))
    with closing(connector):
        assert connector.sync().exit_code() == 0
        connector.execute("TRUNCATE tasks, emails, attachments")
        for how in ("immediate", "cut", "fast", "cut"):
            whole_office.office.create_task(f"Vor: {how}")
            whole_office.mailbox.add_conversation(f"Vor: {how}", mails=2)
            with disturbed(database, how):
                report = connector.sync()
            assert report.exit_code() == 1
            assert report.errors[0].problem.code in AWAY
        caplog.clear()
        clock.advance(3600)
        assert connector.sync().exit_code() == 0
        found = stored(connector)
    with closing(Connector(whole_office, tmp_path / "sqlite", clock)) as fresh:
        fresh.sync()
        for table in TABLES:
            assert found[table] == stored(fresh)[table] != {}


def test_a_server_that_is_down_holds_nothing_up_and_gets_everything_when_it_is_back(
    to_postgres: Connector, office: SandboxOffice, database: Database, expect_log: ExpectLog, clock: FakeClock
) -> None:
    to_postgres.sync()
    task = office.office.create_task("Aufmaß")
    office.mailbox.add_conversation("Rechnung", mails=3)
    database.server.stop()
    report = to_postgres.sync()
    expect_log("No database server answers there")
    assert report.exit_code() == 1
    assert to_postgres.engine.status().state == "attention"
    reasons = {event.last_error.title for event in to_postgres.engine.spool.listing() if event.last_error is not None}
    assert reasons <= {"No database server answers there", "The connection to the database was lost"} != set()
    database.server.start()
    clock.advance(60)
    assert to_postgres.sync().exit_code() == 0
    assert to_postgres.task(task.id)["name"] == "Aufmaß"
    assert len(to_postgres.rows("emails")) == 3
    assert to_postgres.engine.status().state == "in step"


def test_a_schema_that_was_emptied_or_dropped_fills_itself(
    to_postgres: Connector, office: SandboxOffice, caplog: pytest.LogCaptureFixture
) -> None:
    office.office.create_task("Aufmaß", tags=("R_101",))
    office.mailbox.add_conversation("Rechnung", mails=3)
    to_postgres.sync()
    before = stored(to_postgres)
    for damage in ("TRUNCATE tasks, emails", "DROP SCHEMA public CASCADE", "ALTER TABLE tasks DROP COLUMN name"):
        to_postgres.execute(damage)
        for _ in range(3):
            to_postgres.sync()
        assert stored(to_postgres) == before, damage
    caplog.clear()


def test_a_role_without_rights_gets_the_statements_and_the_sync_goes_on_by_itself(
    office: SandboxOffice, tmp_path: Path, clock: FakeClock, database: Database, expect_log: ExpectLog
) -> None:
    dsn = database.create_role("reader")
    connector = Connector(office, tmp_path / "home", clock, DB_BACKEND="postgres", PG_DSN=dsn)
    connector.paths.categories_file.write_text('{"Räume": "R_*"}', encoding="utf-8")
    connector.categories.reload()
    office.office.create_task("Aufmaß", tags=("R_101",))
    for title in ("make our tables", "add the columns of the label categories"):
        report = connector.sync()
        expect_log(f"The role may not {title}")
        assert report.exit_code() == 3
        assert connector.engine.status().state == "stopped"
        database.execute(statements_in(report.errors[0].problem.hint))
    assert connector.sync().exit_code() == 0
    (task,) = connector.rows("tasks").values()
    assert (task["name"], task["Räume"]) == ("Aufmaß", ["R_101"])
    connector.close()


def test_two_connectors_on_one_schema_do_not_harm_each_other(
    to_postgres: Connector, tmp_path: Path, database: Database, expect_log: ExpectLog
) -> None:
    office = to_postgres.office
    office.office.create_task("Aufmaß")
    to_postgres.sync()
    other = Connector(office, tmp_path / "other", to_postgres.clock, **settings_for(database))
    report = other.sync()
    expect_log("Another Tray Connector writes into this database")
    assert (report.exit_code(), written(report)) == (1, 0)
    office.office.create_task("Neu")
    assert written(to_postgres.sync()) == 1
    to_postgres.close()
    assert other.sync().exit_code() == 0
    assert {row["name"] for row in other.rows("tasks").values()} == {"Aufmaß", "Neu"}
    other.close()


@pytest.fixture
def cli(
    office: SandboxOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    cli = CommandLine(tmp_path / "home", monkeypatch, capfd)
    cli.set(office.environment())
    return cli


def test_the_command_line_says_what_is_wrong_without_the_password(
    cli: CommandLine, database: Database, expect_log: ExpectLog
) -> None:
    cli.set(settings_for(database))
    said = cli("check --json")
    assert said.code == 0
    assert [line["message"] for line in said.data if line["name"] == "PostgreSQL"][1:] == [
        "Tables can be made in the schema public"
    ]
    assert (cli("sync --once").code, cli("check").code) == (0, 0)
    cli.set(PG_DSN=database.server.dsn(database.name, password=f"{PASSWORD}-wrong"))
    for line in ("sync --once", "check", "check --json", "sync --once --json"):
        said = cli(line)
        assert said.code == 3
        assert "The database refuses role or password" in said.out + said.err
        assert PASSWORD not in said.out + said.err
    cli.set(PG_DSN="")
    said = cli("sync --once")
    assert said.code == 3
    assert "PG_DSN" in said.err
    expect_log("The database refuses role or password")
    logs = "".join(file.read_text(encoding="utf-8") for file in (cli.paths.home / "logs").iterdir())
    assert PASSWORD not in logs
