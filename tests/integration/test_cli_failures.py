"""What a command says when something is wrong: one sentence, a hint, the right exit code; with --json still JSON."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine, Said
from tests.support.log_guard import ExpectLog
from tests.support.sqlite_files import without_privileges
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.sandbox.faults import ALWAYS
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

READS = ("sync --once", "sync --once --json", "backfill", "reconcile")
EVERY = (*READS, "status", "status --json", "queue list", "queue list --json", "check", "check --json", "pause")


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    clock = SystemClock()
    tasks = Office.generate(clock=clock, tasks=3, deleted=0)
    mails = Mailbox.generate(clock=clock, conversations=2, messages=2)
    with SandboxOffice(clock=clock, office=tasks, mailbox=mails, rate_scale=1000) as running:
        yield running


@pytest.fixture
def cli(
    office: SandboxOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    cli = CommandLine(tmp_path / "home", monkeypatch, capfd)
    cli.set(office.environment())
    return cli


def assert_told(said: Said, code: int, *words: str) -> None:
    """Once, on standard error, without a trace; JSON on standard output is JSON alone."""
    assert said.code == code, said
    for word in words:
        assert said.err.count(word) == 1, said.err
    assert "Traceback" not in said.err + said.out


def line_of(said: Said, name: str) -> dict[str, object]:
    return next(line for line in said.data if line["name"] == name)


def test_a_wrong_key_needs_a_person_and_the_other_service_goes_on(
    cli: CommandLine, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    office.teamwork.api_key = "another"
    said = cli("sync --once --json")
    assert_told(said, 3, "Teamwork refuses the key", "Make a new one in Teamwork")
    assert (said.data["written"], said.data["problems"][0]["code"]) == (2, "teamwork-key-refused")
    check = cli("check --json")
    assert check.code == 3
    assert line_of(check, "Teamwork key")["ok"] is False
    assert "Make a new one" in str(line_of(check, "Teamwork key")["hint"])
    assert line_of(check, "Missive key")["ok"] is True
    expect_log("Teamwork refuses the key")


def test_a_wrong_token_needs_a_person_too(cli: CommandLine, expect_log: ExpectLog) -> None:
    cli.set(MISSIVE_API_TOKEN="another")
    assert_told(cli("sync --once"), 3, "Missive refuses the key")
    assert line_of(cli("check --json"), "Missive key")["ok"] is False
    expect_log("Missive refuses the key")


def test_no_network_is_mended_by_time(cli: CommandLine, office: SandboxOffice, expect_log: ExpectLog) -> None:
    office.stop()
    said = cli("sync --once --json")
    assert_told(said, 1, "Teamwork cannot be reached", "Missive cannot be reached")
    assert said.data["read"] == 0
    check = cli("check --json")
    assert check.code == 1
    assert [line["name"] for line in check.data if not line["ok"]] == ["Teamwork address", "Missive address"]
    expect_log("cannot be reached")


def test_a_person_is_needed_before_time_is(cli: CommandLine, office: SandboxOffice, expect_log: ExpectLog) -> None:
    office.teamwork_server.stop()
    cli.set(MISSIVE_API_TOKEN="another")
    assert_told(cli("sync --once"), 3, "Teamwork cannot be reached", "Missive refuses the key")
    expect_log("cannot be reached|refuses the key")


@pytest.mark.parametrize("line", [line for line in EVERY if "check" not in line])
def test_all_wrong_settings_are_told_at_once(cli: CommandLine, line: str) -> None:
    cli.set(TIMEZONE="Atlantis", APP_PORT="many", TEAMWORK_BASE_URL="http://office.example")
    said = cli(line)
    assert_told(said, 3, "TIMEZONE is wrong", "APP_PORT is wrong", "TEAMWORK_BASE_URL is wrong", "is not encrypted")
    assert len(said.err.splitlines()) == 3
    if "--json" in line:
        assert len(said.data["problems"]) == 3
    else:
        assert said.out == ""


def test_a_check_tests_what_is_right_in_spite_of_what_is_wrong(cli: CommandLine) -> None:
    cli.set(TIMEZONE="Atlantis", TEAMWORK_BASE_URL="http://office.example", MISSIVE_TEAMS="")
    said = cli("check --json")
    assert (said.code, said.err) == (3, "")
    wrong = {line["name"]: line["message"] for line in said.data if not line["ok"]}
    assert wrong.pop("TIMEZONE").startswith('wrong. "Atlantis" from the environment is no time zone')
    assert wrong == {
        "TEAMWORK_BASE_URL": 'wrong. "http://office.example" from the environment is not encrypted.',
        "Teamwork": "Not tested: its settings are missing or wrong",
    }
    assert line_of(said, "Missive key")["ok"] is True


def test_missing_settings_are_told_at_once_and_a_check_works_without(cli: CommandLine) -> None:
    cli.set(TEAMWORK_API_KEY="", MISSIVE_API_TOKEN="")
    for line in READS:
        assert_told(cli(line), 3, "TEAMWORK_API_KEY is not set", "MISSIVE_API_TOKEN is not set")
    check = cli("check")
    assert check.code == 3
    assert "!!  TEAMWORK_API_KEY: not set. API key of a Teamwork user.\n      Set TEAMWORK_API_KEY in" in check.out
    assert "!!  Missive: Not tested" in check.out
    assert "ok  SQLite" in check.out
    status = cli("status --json")
    assert (status.code, status.data["state"]) == (1, "stopped")
    assert cli("queue list").out == "Nothing is waiting.\n"


def test_a_broken_env_file_is_told_with_the_line(cli: CommandLine) -> None:
    Path(".env").write_text('TIMEZONE=Europe/Berlin\n"key without end\n', encoding="utf-8")
    assert_told(cli("sync --once"), 3, ".env cannot be read. Line 2 cannot be read.")
    check = cli("check --json")
    assert line_of(check, ".env cannot be read")["ok"] is False
    assert line_of(check, "Teamwork key")["ok"] is True


def test_a_key_in_the_env_file_counts(cli: CommandLine, office: SandboxOffice) -> None:
    cli.set(TEAMWORK_API_KEY="")
    Path(".env").write_text(f"TEAMWORK_API_KEY={office.teamwork.api_key}\n", encoding="utf-8")
    assert "ok  TEAMWORK_API_KEY: set (from the .env file)\n" in cli("check").out


def test_broken_categories_are_told_and_the_last_good_ones_stay_in_force(
    cli: CommandLine, expect_log: ExpectLog
) -> None:
    cli.paths.create()
    cli.paths.categories_file.write_text('{"Kosten": "KGR_*"}', encoding="utf-8")
    assert cli("sync --once").code == 0
    cli.paths.categories_file.write_text('{"Kosten": ', encoding="utf-8")
    for line in ("categories check", "categories apply"):
        assert_told(cli(line), 3, "not valid JSON. Line 1, column 12")
    assert_told(cli("sync --once"), 0, "not valid JSON")
    check = line_of(cli("check --json"), "Label categories")
    assert "Line 1, column 12" in str(check["message"])
    status = cli("status")
    assert (status.code, status.err) == (1, "")
    assert status.out.startswith("The label categories are not valid JSON\nLine 1, column 12")
    expect_log("not valid JSON")


def test_a_database_in_the_wrong_place_needs_a_person(cli: CommandLine, tmp_path: Path, expect_log: ExpectLog) -> None:
    cli.set(SQLITE_PATH=str(tmp_path))
    said = cli("sync --once")
    assert said.code == 3
    assert str(tmp_path) in said.err
    assert cli("check").code == 3
    expect_log(str(tmp_path))


def test_a_database_that_is_not_there_yet_can_be_asked_for(cli: CommandLine) -> None:
    assert cli("check").code == 0
    assert not cli.paths.database.exists()


def test_a_database_server_that_does_not_answer_is_told(cli: CommandLine, expect_log: ExpectLog) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        cli.set(DB_BACKEND="postgres", PG_DSN=f"postgresql://u:pw@127.0.0.1:{closed.getsockname()[1]}/db")
        assert_told(cli("sync --once"), 1, "No database server answers there")
        expect_log("No database server answers there")
        check = cli("check")
    assert check.code == 1
    assert "No database server answers there" in check.out
    assert "pw@" not in check.out


@pytest.mark.skipif(os.name == "nt", reason="rights are told otherwise on Windows")
def test_a_home_without_the_right_to_write(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    with without_privileges() as folder:
        (folder / "home").mkdir(mode=0o500)
        assert_told(CommandLine(folder / "home", monkeypatch, capfd)("status"), 3, "The data folder")


def test_a_home_that_is_a_file(cli: CommandLine) -> None:
    cli.paths.home.write_text("")
    said = cli("status --json")
    assert_told(said, 3, "The data folder cannot be made", str(cli.paths.home))
    assert said.data["state"] == "stopped"


@pytest.mark.parametrize("line", ["queue list --bogus --json", "sync --json"])
def test_wrong_words_are_json_as_well(cli: CommandLine, line: str) -> None:
    said = cli(line)
    assert_told(said, 2, "See: tray-connector")
    assert said.data["problems"][0]["code"] == "usage"


def test_a_command_that_is_stopped_says_so(cli: CommandLine, office: SandboxOffice) -> None:
    office.teamwork_server.faults.silence(ALWAYS)
    for line in (*READS, "check", "check --json"):
        stop = Stop()
        office.teamwork_server.faults.call(stop.set, moment="before")
        said = cli(line, stop=stop)
        assert_told(said, 1, "Stopped.")
        if "--json" in line:
            assert said.data
        else:
            assert said.out == ""


def test_a_mistake_of_ours_is_one_sentence_and_its_trace_is_asked_for(cli: CommandLine, expect_log: ExpectLog) -> None:
    cli("sync --once")
    with sqlite3.connect(cli.paths.ledger) as ledger:
        ledger.execute("INSERT INTO flags VALUES ('paused_until', 'nonsense')")
    ledger.close()
    assert_told(cli("status"), 1, "The connector made a mistake. ValueError. Nothing is lost.")
    said = cli("status --verbose")
    assert "Traceback" in said.err
    assert said.data if said.out.startswith("{") else said.out == ""
    expect_log("status broke off", level=40)
