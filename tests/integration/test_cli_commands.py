"""Each command as a person uses it, over a sandbox office."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

TASKS, MAILS = 12, 7


@pytest.fixture(scope="module")
def office() -> Iterator[SandboxOffice]:
    """Nobody changes it."""
    clock = SystemClock()
    tasks = Office.generate(clock=clock, tasks=TASKS, deleted=0)
    mails = Mailbox.generate(clock=clock, conversations=3, messages=MAILS)
    with SandboxOffice(clock=clock, office=tasks, mailbox=mails, rate_scale=1000) as running:
        yield running


@pytest.fixture
def cli(
    office: SandboxOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    cli = CommandLine(tmp_path / "home", monkeypatch, capfd)
    cli.set(office.environment())
    return cli


def count(cli: CommandLine, table: str) -> int:
    with closing(sqlite3.connect(cli.paths.database)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - a fixed name


def test_a_sync_says_what_it_did_and_stores_it(cli: CommandLine) -> None:
    said = cli("sync --once")
    assert said.code == 0
    assert re.fullmatch(
        rf"Teamwork: {TASKS} read, {TASKS} written, 0 unchanged \(\d+ requests\)\n"
        rf"Missive: \d+ read, {MAILS} written, \d unchanged \(\d+ requests\)\n"  # a look may fall into two polls
        r"2 attachments stored\n",
        said.out,
    )
    events = TASKS + 3 + 2
    assert said.err == f"Syncing: {events} of {events}\n"
    assert (count(cli, "tasks"), count(cli, "emails")) == (TASKS, MAILS)


def test_the_second_sync_has_nothing_to_say_but_numbers(cli: CommandLine) -> None:
    cli("sync --once")
    said = cli("sync --once --json")
    assert (said.code, said.err) == (0, "")
    data = said.data
    assert (data["written"], data["flagged"], data["failed"], data["problems"]) == (0, 0, 0, [])
    assert data["read"] == data["unchanged"]
    assert data["requests"].keys() == {"teamwork", "missive", "destination"}
    assert data["requests"]["teamwork"] > 0


def test_the_status_before_and_after_the_first_sync(cli: CommandLine) -> None:
    before = cli("status")
    assert before.code == 1
    assert before.out.startswith("Not checked yet\nStart it: tray-connector run, or tray-connector sync --once\n\n")
    cli("sync --once")
    after = cli("status")
    assert after.code == 0
    assert after.out.startswith("In step, checked ")
    for words in (f"{TASKS} tasks stored", f"{MAILS} e-mails stored", "nothing is waiting", "not running"):
        assert words in after.out


def test_the_status_as_json_has_the_keys_that_others_rely_on(cli: CommandLine) -> None:
    cli("sync --once")
    data = cli("status --json").data
    assert (data["state"], data["pid"], data["next_poll"], data["paused_until"]) == ("in step", None, None, None)
    assert data["last_verified"].keys() == {"teamwork", "missive", "destination"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time in data["last_verified"].values())
    assert data["queue"] == {"waiting": 0, "retrying": 0, "unreadable": 0, "oldest": None}
    assert data["webhooks"].keys() == {"mode", "healthy", "last_delivery"}
    assert data["stored"] == {"tasks": TASKS, "emails": MAILS}


def test_a_pause_holds_for_the_next_process_and_commands_run_in_spite_of_it(cli: CommandLine) -> None:
    assert cli("resume").out == "It was not paused.\n"
    assert cli("pause").out.startswith("Paused until you resume.")
    status = cli("status --json")
    assert (status.code, status.data["state"], status.data["paused_until"]) == (1, "paused", "resume")
    assert cli("sync --once --json").data["written"] == TASKS + MAILS
    assert re.match(r"Paused until \d{4}-\d\d-\d\d 06:00\.", cli("pause --for tomorrow").out)
    assert cli("status --json").data["paused_until"].endswith("Z")
    assert cli("resume").out == "Resumed.\n"
    assert cli("status").code == 0


def test_a_backfill_reads_again_and_rewrites_when_asked(cli: CommandLine) -> None:
    cli("sync --once")
    plain = cli("backfill --all")
    assert plain.code == 0
    assert f"Teamwork: {TASKS} read, 0 written, {TASKS} unchanged" in plain.out
    again = cli("backfill --source teamwork --since 01.01.2020 --rewrite")
    assert f"Teamwork: {TASKS} read, {TASKS} written, 0 unchanged" in again.out
    assert "Missive" not in again.out
    assert again.err == f"Backfill: {TASKS} of {TASKS}\n"


def test_a_walk_says_what_it_saw(cli: CommandLine) -> None:
    cli("sync --once")
    assert (
        cli("reconcile").out
        == f"Teamwork: {TASKS} tasks seen, all in step\nMissive: 3 conversations seen, all in step\n"
    )
    cli("queue discard --all")
    assert cli("reconcile --dry-run").code == 0


def test_a_dry_walk_changes_nothing(cli: CommandLine) -> None:
    said = cli("reconcile --dry-run")
    assert f"Teamwork: {TASKS} tasks seen, {TASKS} differ" in said.out
    assert count(cli, "tasks") == 0


def test_categories_are_shown_with_what_they_match(cli: CommandLine) -> None:
    assert "They are read from" in cli("categories check").out
    assert "No labels are stored yet" in cli("categories check").out
    cli("sync --once")
    rules = {"Kosten": "KGR_*", "Hundert": "KGR_1*", "Nichts": "NN_*"}
    cli.paths.categories_file.write_text(json.dumps(rules), encoding="utf-8")
    said = cli("categories check")
    assert said.code == 0
    assert re.search(r"^Kosten: KGR_\d+ \(\d+\)", said.out, re.MULTILINE)
    assert "Nichts: nothing among the labels in use\n" in said.out
    assert "tray-connector categories apply" in said.out
    applied = cli("categories apply")
    assert (applied.code, applied.err) == (0, f"Categories: {TASKS + MAILS} of {TASKS + MAILS}\n")
    assert f"{TASKS + MAILS} records looked at" in applied.out
    assert "categories apply" not in cli("categories check").out


def test_a_check_names_every_setting_and_connection(cli: CommandLine, office: SandboxOffice) -> None:
    said = cli("check")
    assert said.code == 0
    for line in (
        f"ok  Data folder: {cli.paths.home}",
        f"ok  TEAMWORK_BASE_URL: {office.teamwork_server.url} (from the environment)",
        "ok  TEAMWORK_API_KEY: set (from the environment)",
        "ok  Label categories: none",
        f"ok  Teamwork tasks: You see {TASKS} tasks in ",
        "ok  Missive key: Key is accepted",
        "All is right.",
    ):
        assert any(found.startswith(line) for found in said.out.splitlines()), line
    data = cli("check --json").data
    assert all(line.keys() == {"name", "ok", "message", "hint"} and line["ok"] for line in data)


def test_a_check_holds_the_volume_to_come_against_the_airtable_plan(cli: CommandLine, office: SandboxOffice) -> None:
    cli.set({**office.airtable.environment(), "AIRTABLE_PLAN": "team"})
    assert f"ok  Volume to come: {TASKS} tasks and e-mails, of which Missive tells no number" in cli("check").out
    for number in range(1001 - TASKS):
        office.office.create_task(f"Aufgabe {number}")
    cli.set(AIRTABLE_PLAN="free")
    said = cli("check")
    assert said.code == 3
    assert "!!  Volume to come: 1,001 tasks" in said.out
    assert "The plan Free holds 1,000 records" in said.out


def test_no_command_without_a_window(cli: CommandLine) -> None:
    said = cli("")
    assert (said.code, said.out) == (3, "")
    assert "tray-connector run" in said.err
