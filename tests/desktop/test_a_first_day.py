"""The first day with the product, from the first start to the end of work: every step as a user does it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.desktop.desk import Desk, missing
from tests.desktop.reader import Reader
from tests.desktop.user import User
from tests.support.connector import sandbox
from tests.support.processes import Program, Programs, wait_until
from tray_connector.config.clock import SystemClock
from tray_connector.config.paths import Paths
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

PICTURES = "DESKTOP_PICTURES"
"""Environment variable: the folder for the pictures, otherwise the test's own."""
ASSISTANT, STATUS = "Set up Tray Connector", "Tray Connector: status"
SETTINGS, STATUS_IN_GERMAN = "Settings", "Tray Connector: Status"
BACKFILL, CATEGORIES, DATA = "Force backfill", "Label categories", "Stored records"
TASKS = 60
SECONDS = 60.0
QUITS_WITHIN = 5.0
"""Seconds, as the program promises."""

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"this computer lacks {', '.join(missing())}")


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    clock = SystemClock()
    office = Office.generate(clock=clock, tasks=TASKS, deleted=0)
    with sandbox(clock, office=office, mailbox=Mailbox.office(clock=clock)) as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path / "desk") as desk:
        yield desk


@pytest.fixture
def user(desk: Desk, programs: Programs, tmp_path: Path) -> Iterator[User]:
    with Reader(desk.environment["DBUS_SESSION_BUS_ADDRESS"]) as reader:
        user = User(desk, reader, Path(os.environ.get(PICTURES) or tmp_path / "pictures"))
        yield user
        user.picture("last")


@pytest.fixture
def programs(desk: Desk, office: SandboxOffice, tmp_path: Path) -> Iterator[Programs]:
    given = {name: office.environment()[name] for name in ("RATE_SCALE", "MISSIVE_BASE_URL")}
    with Programs(tmp_path / "desk" / "home" / "connector", tmp_path, {**desk.environment, **given}) as programs:
        yield programs


def count(home: Path, table: str) -> int:
    """Rows in the office's database."""
    path = Paths(home).database
    if not path.exists():
        return -1
    with closing(sqlite3.connect(path)) as database:
        try:
            return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - our own word
        except sqlite3.OperationalError:
            return -1


def set_up(user: User, office: SandboxOffice) -> None:
    """Through the assistant, to the first sync."""
    keys = office.environment()
    user.window(ASSISTANT)
    user.picture("assistant-welcome", ASSISTANT)
    user.press(ASSISTANT, "Next")
    user.type(ASSISTANT, "Address of your Teamwork", keys["TEAMWORK_BASE_URL"])
    user.type(ASSISTANT, "API key of a Teamwork user", "twp_wrong")
    user.press(ASSISTANT, "Test")
    user.window(ASSISTANT).shows("Teamwork refuses the key")
    user.picture("assistant-wrong-key", ASSISTANT)
    user.type(ASSISTANT, "API key of a Teamwork user", keys["TEAMWORK_API_KEY"])
    user.press(ASSISTANT, "Test")
    user.window(ASSISTANT).shows("Key is accepted")
    user.picture("assistant-teamwork", ASSISTANT)
    user.press(ASSISTANT, "Next")
    user.type(ASSISTANT, "API token", keys["MISSIVE_API_TOKEN"])
    user.press(ASSISTANT, "Test")
    user.window(ASSISTANT).shows("Key is accepted")
    user.press(ASSISTANT, "Next")
    user.window(ASSISTANT).find("SQLite", "radio")
    user.press(ASSISTANT, "Test")
    user.press(ASSISTANT, "Next")
    user.window(ASSISTANT).find("Within five seconds, by polling", "radio").press()
    user.press(ASSISTANT, "Next")
    user.press(ASSISTANT, "Leave private conversations out", "radio")
    user.picture("assistant-scope", ASSISTANT)
    user.press(ASSISTANT, "Next")
    user.window(ASSISTANT).shows("Angebot", 30)
    user.picture("assistant-preview", ASSISTANT)
    user.press(ASSISTANT, "Next")
    user.picture("assistant-ready", ASSISTANT)
    user.press(ASSISTANT, "Start syncing")
    user.gone(ASSISTANT)


def refuse_rows(home: Path, named: str) -> None:
    """As a rule in the office's database would: a task of this name is not taken."""
    with closing(sqlite3.connect(Paths(home).database)) as database, database:
        database.execute(
            f"CREATE TRIGGER refuse BEFORE INSERT ON tasks WHEN NEW.name = '{named}' "
            "BEGIN SELECT RAISE(ABORT, 'no such room'); END"
        )


def take_rows(home: Path) -> None:
    with closing(sqlite3.connect(Paths(home).database)) as database, database:
        database.execute("DROP TRIGGER refuse")


def watch_a_change(user: User, office: SandboxOffice) -> None:
    office.office.create_task("Rückruf Frau Hansen")
    user.press(STATUS, "Sync now")
    user.window(STATUS).shows("Rückruf Frau Hansen")


def pause_and_come_back(user: User, programs: Programs, program: Program) -> Program:
    """A pause survives an orderly end; a process that is killed leaves nothing in the way; a second start is no second
    program.
    """
    user.menu("p", "Down", "Return")
    user.window(STATUS).shows("Paused until")
    user.picture("paused", STATUS)
    quits(user, program)

    program = programs.start()
    user.click_icon_when_there()
    user.window(STATUS).shows("Paused until")
    user.press(STATUS, "Resume")
    user.window(STATUS).shows("In step, checked")

    program.kill()
    user.gone(STATUS)
    program = programs.start()
    user.click_icon_when_there()
    user.window(STATUS).shows("In step, checked")
    user.close(STATUS)
    assert programs.start().wait(15) == 0
    user.window(STATUS)
    return program


def force_a_backfill(user: User) -> None:
    user.menu("b")
    user.window(BACKFILL).shows("Calls, at least")
    user.press(BACKFILL, "Everything there is", "radio")
    user.picture("backfill", BACKFILL)
    user.press(BACKFILL, "Begin")
    user.window(BACKFILL).shows("Teamwork: 61 read, 0 written")
    user.picture("backfill-done", BACKFILL)
    user.press(BACKFILL, "Close")
    user.gone(BACKFILL)


def retry_what_failed(user: User, office: SandboxOffice, home: Path) -> None:
    refuse_rows(home, "Raum 999 streichen")
    office.office.create_task("Raum 999 streichen")
    user.press(STATUS, "Sync now")
    user.window(STATUS).shows("1 record needs a look", 30)
    user.press(STATUS, "Queue")
    user.window(STATUS).shows("The database refuses this record")
    user.picture("queue", STATUS)
    take_rows(home)
    user.press(STATUS, "Try all now")
    user.window(STATUS).shows("In step, checked", 30)
    assert count(home, "tasks") == TASKS + 2


def make_a_category(user: User) -> None:
    user.menu("l")
    user.press(CATEGORIES, "Add the first category")
    user.type(CATEGORIES, "Name", "Rooms")
    user.type(CATEGORIES, "Patterns", "R_*")
    user.window(CATEGORIES).shows("in several: 0")
    user.picture("categories", CATEGORIES)
    user.press(CATEGORIES, "Save")
    user.press(CATEGORIES, "Apply to")
    user.press("Apply to stored records", "Apply")
    user.window(CATEGORIES).shows("Applied")
    user.close(CATEGORIES)


def look_at_the_data(user: User) -> None:
    user.menu("o")
    user.window(DATA).shows("Rückruf Frau Hansen")
    user.picture("data", DATA)
    user.close(DATA)


def speak_german_in_the_dark(user: User) -> None:
    user.menu("e")
    user.picture("settings", SETTINGS)
    user.window(SETTINGS).find("Pages", "list").focus()
    user.keys("End")
    user.window(SETTINGS).find("Start when I log in").focus()
    user.keys("Tab", "d", "Tab", "d")  # language and colours
    user.window(SETTINGS).shows("Deutsch")
    user.window(SETTINGS).shows("dark")
    user.picture("settings-general", SETTINGS)
    user.press(SETTINGS, "Save")
    user.gone(SETTINGS)
    user.window(STATUS_IN_GERMAN).shows("Alles aktuell, geprüft", 30)
    user.picture("status-german-dark", STATUS_IN_GERMAN)


def quits(user: User, program: Program, key: str = "q") -> None:
    """By the menu: soon, and without a word on the terminal."""
    user.menu(key)
    assert program.wait(QUITS_WITHIN) == 0
    assert not program.err


def test_a_first_day(user: User, office: SandboxOffice, programs: Programs) -> None:
    program = programs.start()
    set_up(user, office)
    wait_until(lambda: count(programs.home, "tasks") == TASKS, SECONDS, "all tasks are stored")
    user.click_icon()
    user.window(STATUS).shows("In step, checked", SECONDS)
    user.picture("status", STATUS)
    user.picture("desktop")
    watch_a_change(user, office)
    program = pause_and_come_back(user, programs, program)
    force_a_backfill(user)
    retry_what_failed(user, office, programs.home)
    make_a_category(user)
    look_at_the_data(user)
    speak_german_in_the_dark(user)
    quits(user, program, "b")
