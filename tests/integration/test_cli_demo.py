"""`demo`: the first thing anybody runs. It must work on any machine, whatever is set there."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.processes import Programs
from tray_connector.cli.demo import MARKER
from tray_connector.config.clock import Stop

HOSTILE = {
    "TEAMWORK_BASE_URL": "https://office.example",
    "TEAMWORK_API_KEY": "twp_of_the_user",
    "MISSIVE_API_TOKEN": "missive_pat-of-the-user",
    "TIMEZONE": "Atlantis",
    "SQLITE_PATH": "/nowhere/at/all.db",
    "DB_BACKEND": "postgres",
    "RATE_SCALE": "nonsense",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "PYTHONDEVMODE": "1",
}
"""Settings of a user, right or wrong, and a proxy that is not there."""
AT_MOST = 60.0
"""Seconds that the whole demo may take."""


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    (tmp_path / ".env").write_text('TEAMWORK_API_KEY="half a line\nAPP_PORT=none\n', encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    (home / "settings.json").write_text("{broken", encoding="utf-8")
    with Programs(home, tmp_path, HOSTILE) as programs:
        yield programs


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    return CommandLine(tmp_path / "home", monkeypatch, capfd)


def test_it_runs_to_its_end_whatever_is_set_and_whatever_was_killed_before(programs: Programs) -> None:
    killed = programs.start("demo", "--headless")
    killed.until(lambda: "First sync" in killed.out, "it has begun")
    second = programs.run("demo", "--headless", code=1)
    assert second.err == "A demo is running already. Try again when it has ended.\n"
    killed.kill()
    program = programs.run("demo", "--headless", seconds=AT_MOST)
    assert "Traceback" not in program.err
    assert "Warning" not in program.err
    assert_says_all(program.out, programs.home)
    assert (programs.home / "settings.json").read_text(encoding="utf-8") == "{broken"
    assert "of_the_user" not in program.out + program.err


def assert_says_all(out: str, home: Path) -> None:
    """The numbers of the first sync, three changes, two tables that fit, where the database lies."""
    lines = out.splitlines()
    assert sum(line.startswith("    → row ") for line in lines) == 3
    database = home / "demo" / "data" / "connector.db"
    assert f"The database: {database}" in lines
    assert f'sqlite3 "{database}"' in out
    with closing(sqlite3.connect(database)) as connection:
        for table in ("tasks", "emails"):
            rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - a fixed name
            title = f"{rows} rows in {table}, the latest:"
            assert title in lines
            begin = lines.index(title) + 1
            shown = lines[begin : begin + 6]
            assert all(line and len(line) <= 80 for line in shown), shown


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no such signals")
def test_it_ends_at_once_when_asked(programs: Programs) -> None:
    for words in ("First sync", "Now three things happen"):
        program = programs.start("demo", "--headless")
        program.until(lambda: words in program.out, words)  # noqa: B023 - called at once
        program.process.send_signal(signal.SIGINT)
        assert program.wait(2.5) == 1
        assert program.err.endswith("Stopped.\n")


def test_a_folder_that_is_not_its_own_is_left_alone(cli: CommandLine) -> None:
    mine = cli.paths.home / "demo" / "data" / "thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("years of work")
    said = cli("demo")
    assert said.code == 3
    assert said.err.startswith(
        f"The demo's folder holds something else. {mine.parent.parent} was not made by the demo."
    )
    assert mine.read_text() == "years of work"


def test_it_is_made_anew_each_time(cli: CommandLine) -> None:
    old = cli.paths.home / "demo" / "data" / "connector.db"
    old.parent.mkdir(parents=True)
    old.write_text("of an earlier demo")
    (cli.paths.home / "demo" / MARKER).touch()
    stop = Stop()
    stop.set()
    assert cli("demo", stop=stop).code == 1
    assert b"of an earlier demo" not in old.read_bytes()
