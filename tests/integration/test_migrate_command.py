"""`migrate` as people call it: its words, its exit codes, beside a running service, killed in the middle."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.postgres import Database
from tests.support.processes import Programs
from tray_connector.config.clock import SystemClock
from tray_connector.config.settings import save_settings
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

MOVE = ("migrate", "--to", "postgres", "--switch")


@pytest.fixture(scope="module")
def office() -> Iterator[SandboxOffice]:
    """On the real clock, as the program is."""
    clock = SystemClock()
    tasks = Office.generate(clock=clock, tasks=1100, deleted=10)
    mails = Mailbox.generate(clock=clock, conversations=20, messages=60)
    with SandboxOffice(clock=clock, office=tasks, mailbox=mails, rate_scale=1000) as running:
        yield running


@pytest.fixture
def programs(office: SandboxOffice, database: Database, tmp_path: Path) -> Iterator[Programs]:
    settings = {**office.environment(), "PG_DSN": database.dsn(), "ATTACHMENTS": "false"}
    with Programs(tmp_path / "home", tmp_path, settings) as programs:
        yield programs


@pytest.fixture
def cli(
    office: SandboxOffice,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> CommandLine:
    monkeypatch.chdir(tmp_path)
    cli = CommandLine(tmp_path / "home", monkeypatch, capfd)
    cli.set(office.environment(), PG_DSN=database.dsn(), ATTACHMENTS="false")
    return cli


def count(database: Database, table: str) -> int:
    """Rows, 0 while there is no such table."""
    if not database.query("SELECT 1 FROM pg_tables WHERE tablename = %s", table):
        return 0
    return int(database.query(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - a test's own words


def test_it_says_what_it_did_and_how_to_switch(cli: CommandLine, database: Database) -> None:
    assert cli("sync --once").code == 0
    said = cli("migrate --to postgres")
    assert said.code == 0, said.err
    tasks, emails = count(database, "tasks"), count(database, "emails")
    lines = said.out.splitlines()
    assert lines[0] == f"From sqlite:{cli.paths.home / 'data' / 'connector.db'}"
    assert lines[1] == f"To   {database.place}"
    assert lines[2].startswith(f"{tasks:,} tasks and {emails:,} e-mails were read back from PostgreSQL and compared")
    assert "To switch: tray-connector migrate --to postgres --switch" in lines
    assert "Copying: " in said.err
    assert "Comparing: " in said.err
    said = cli("migrate --to postgres --switch")
    assert said.code == 0
    assert "0 of them were written now." in said.out
    assert f"From now on {database.place} is in use." in said.out
    assert json.loads(cli.paths.settings_file.read_text(encoding="utf-8"))["DB_BACKEND"] == "postgres"
    synced = cli("sync --once --json")
    assert (synced.code, synced.data["written"]) == (0, 0)
    assert "postgres" in cli("status").out
    said = cli("migrate --to postgres")
    assert (said.code, said.err.split(".")[0]) == (3, "Everything is stored there already")


def test_what_the_environment_says_cannot_be_switched(cli: CommandLine, tmp_path: Path) -> None:
    assert cli("sync --once").code == 0
    (tmp_path / ".env").write_text("DB_BACKEND=sqlite\n", encoding="utf-8")
    said = cli("migrate --to postgres --switch")
    assert said.code == 3
    assert f"DB_BACKEND is set in the file {tmp_path / '.env'}. To switch, set it there to postgres" in said.err
    assert "Everything is there." in said.out
    (tmp_path / ".env").unlink()
    cli.set(DB_BACKEND="sqlite")
    said = cli("migrate --to postgres --switch")
    assert said.code == 3
    assert "DB_BACKEND is set in the environment. To switch, set it there to postgres" in said.err
    assert not cli.paths.settings_file.exists()


def test_a_target_that_is_not_set_up_is_named(cli: CommandLine) -> None:
    cli.set(RATE_SCALE="")
    save_settings(cli.paths, {"AIRTABLE_BASE_ID": "appAAAAAAAAAAAAAA"})
    said = cli("migrate --to airtable")
    assert said.code == 3
    assert "AIRTABLE_API_KEY" in said.err
    cli.set(PG_DSN="")
    said = cli("migrate --to postgres")
    assert said.code == 3
    assert "PG_DSN" in said.err


def test_a_server_that_is_away_is_told(cli: CommandLine, database: Database) -> None:
    assert cli("sync --once").code == 0
    database.server.stop()
    said = cli("migrate --to postgres --switch")
    assert said.code == 1
    assert "Traceback" not in said.err
    database.server.start()
    assert cli("migrate --to postgres --switch").code == 0


def test_a_running_service_goes_on_in_the_new_database(
    programs: Programs, office: SandboxOffice, database: Database
) -> None:
    programs.run("sync", "--once")
    service = programs.start("run", PERIODIC_BACKFILL_INTERVAL="0.2")
    service.until(lambda: "Running." in service.err, "the service runs")
    programs.run(*MOVE)
    task = office.office.create_task("Nach dem Umzug")
    found = "SELECT 1 FROM tasks WHERE task_id = %s"
    service.until(lambda: database.query(found, str(task.id)), "the new task in PostgreSQL")
    assert "in step" in programs.run("status").out.lower()
    assert service.stop()[0] == 0
    assert "Traceback" not in service.err
    programs.run("sync", "--once")


def test_killed_in_the_middle_it_goes_on_and_doubles_nothing(
    programs: Programs, office: SandboxOffice, database: Database
) -> None:
    programs.run("sync", "--once")
    before = 0
    for _ in range(2):
        program = programs.start(*MOVE)
        program.until(lambda: count(database, "tasks") > before, "rows in PostgreSQL")  # noqa: B023 - called at once
        program.kill()
        before = count(database, "tasks")
    said = programs.run(*MOVE).out
    tasks, emails = count(database, "tasks"), count(database, "emails")
    assert f"{tasks:,} tasks and {emails:,} e-mails were read back" in said
    assert (tasks, emails) == (len(office.office.live_tasks()), 60)
    assert json.loads(programs.run("sync", "--once", "--json").out)["written"] == 0
