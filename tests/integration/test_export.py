"""`export --csv`: what is stored, as files that a spreadsheet opens without taking them for something else."""

from __future__ import annotations

import csv
import os
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.command_line import CommandLine
from tests.support.migration import execute
from tests.support.postgres import Database
from tests.support.processes import Programs
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.model.records import COLUMNS
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.export import FORMULA, cell, guarded

TASKS, MAILS = 30, 9


@pytest.fixture(scope="module")
def office() -> Iterator[SandboxOffice]:
    clock = SystemClock()
    tasks = Office.generate(clock=clock, tasks=TASKS, deleted=0)
    mails = Mailbox.generate(clock=clock, conversations=3, messages=MAILS)
    tasks.create_task('=SUMME("A1:A2")', description='Zeile 1\nZeile 2, mit "Zitat"; und ä', tags=("-minus", "b"))
    with SandboxOffice(clock=clock, office=tasks, mailbox=mails, rate_scale=1000) as running:
        yield running


@pytest.fixture
def cli(
    office: SandboxOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    monkeypatch.chdir(tmp_path)
    cli = CommandLine(tmp_path / "home", monkeypatch, capfd)
    cli.set(office.environment(), ATTACHMENTS="false")
    return cli


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_both_tables_are_written_whole(cli: CommandLine, tmp_path: Path) -> None:
    cli.paths.create()
    cli.paths.categories_file.write_text('{"Minus": "-*"}', encoding="utf-8")
    assert cli("sync --once").code == 0
    said = cli("export --csv out/of/here")
    assert said.code == 0, said.err
    folder = tmp_path / "out" / "of" / "here"
    assert said.out == f"{TASKS + 1} rows in {folder / 'tasks.csv'}\n{MAILS} rows in {folder / 'emails.csv'}\n"
    assert said.err == f"Exporting: {TASKS + 1 + MAILS} of {TASKS + 1 + MAILS}\n"
    assert sorted(path.name for path in folder.iterdir()) == ["emails.csv", "tasks.csv"]
    content = (folder / "tasks.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbftask_id,name,description,")
    tasks, emails = read(folder / "tasks.csv"), read(folder / "emails.csv")
    assert tuple(tasks[0]) == (*COLUMNS["tasks"], "Minus")
    assert tuple(emails[0])[: len(COLUMNS["emails"])] == COLUMNS["emails"]
    (odd,) = (row for row in tasks if "SUMME" in row["name"])
    assert odd["name"] == '\'=SUMME("A1:A2")'
    assert odd["description"] == 'Zeile 1\nZeile 2, mit "Zitat"; und ä'
    assert (odd["tags"], odd["Minus"], odd["deleted"]) == ("'-minus, b", "'-minus", "false")
    assert datetime.fromisoformat(odd["created_at"]).tzinfo is not None
    assert odd["created_at"].endswith("Z")
    assert all(row["received_at"].endswith("Z") for row in emails)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_files_are_the_users_alone(cli: CommandLine, tmp_path: Path) -> None:
    cli("sync --once")
    cli("export --csv out")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "out").iterdir()} == {0o600}


def test_an_earlier_export_is_replaced_and_nothing_else_is(cli: CommandLine, tmp_path: Path) -> None:
    cli("sync --once")
    cli("export --csv out")
    before = (tmp_path / "out" / "tasks.csv").read_bytes()
    assert cli("export --csv out").code == 0
    assert (tmp_path / "out" / "tasks.csv").read_bytes() == before
    mine = tmp_path / "out" / "emails.csv"
    mine.write_text("meine Adressen", encoding="utf-8")
    said = cli("export --csv out")
    assert said.code == 3
    assert said.err.startswith(f"There is another emails.csv. {mine} was not made by an export. Rename it")
    assert mine.read_text(encoding="utf-8") == "meine Adressen"
    assert sorted(path.name for path in mine.parent.iterdir()) == ["emails.csv", "tasks.csv"]


def test_a_folder_that_is_none_is_named(cli: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = cli("export --csv file")
    assert said.code == 3
    assert said.err.startswith("The folder cannot be written. ")
    assert str(tmp_path / "file") in said.err


def test_one_that_is_stopped_leaves_nothing_behind(cli: CommandLine, tmp_path: Path) -> None:
    cli("sync --once")
    stop = Stop()
    stop.set()
    assert cli("export --csv out", stop=stop).code == 1
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_values_that_somebody_else_put_there_are_no_hindrance(cli: CommandLine, tmp_path: Path) -> None:
    cli("sync --once")
    execute(
        cli.paths.database,
        "INSERT INTO tasks (task_id, name, tags, created_at, due_date, progress, deleted)"
        " VALUES ('x', x'ff41', 'no list', 'yesterday', '31.12.', 'half', 'maybe')",
    )
    assert cli("export --csv out").code == 0
    (row,) = (row for row in read(tmp_path / "out" / "tasks.csv") if row["task_id"] == "x")
    assert (row["name"], row["tags"], row["created_at"], row["progress"]) == ("\ufffdA", "", "", "")


def test_it_comes_from_whatever_database_is_in_use(
    cli: CommandLine, office: SandboxOffice, database: Database, tmp_path: Path
) -> None:
    exported = []
    for name, settings in (
        ("sqlite", {"DB_BACKEND": "sqlite"}),
        ("postgres", {"DB_BACKEND": "postgres", "PG_DSN": database.dsn()}),
        ("airtable", office.airtable_environment() | {"DB_BACKEND": "airtable"}),
    ):
        cli.set(settings)
        assert cli("sync --once").code == 0
        assert cli(f"export --csv {name}").code == 0
        exported.append({row["task_id"]: row for row in read(tmp_path / name / "tasks.csv")})
    assert exported[0] == exported[1]
    assert exported[0].keys() == exported[2].keys()
    assert [row["name"] for row in exported[0].values()] == [exported[2][key]["name"] for key in exported[0]]


def test_a_running_service_writes_to_where_the_caller_stands(office: SandboxOffice, tmp_path: Path) -> None:
    with Programs(tmp_path / "home", tmp_path, office.environment() | {"ATTACHMENTS": "false"}) as programs:
        service = programs.start("run")
        service.until((tmp_path / "home" / "data" / "connector.db").exists, "the database")
        (tmp_path / "elsewhere").mkdir()
        program = programs.run("export", "--csv", "elsewhere")
        assert f"in {tmp_path / 'elsewhere' / 'tasks.csv'}" in program.out
        assert service.stop()[0] == 0


@given(st.text())
def test_no_text_begins_like_a_formula(text: str) -> None:
    shown = guarded(text)
    assert not shown.startswith(FORMULA)
    assert shown.removeprefix("'") == text or text.startswith("'")


def test_values_keep_their_exact_form() -> None:
    assert [cell(value) for value in (None, True, False, -5, ())] == ["", "true", "false", "-5", ""]
    assert cell(date(2026, 1, 31)) == "2026-01-31"
    assert cell(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)) == "2026-01-31T23:59:59Z"
    assert cell(("a", "b, c")) == "a, b, c"
