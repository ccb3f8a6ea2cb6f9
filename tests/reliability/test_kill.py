"""kill -9 of the real program at any moment: nothing is lost, nothing is doubled."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest

from tests.reliability.truth import Home, Row, assert_checkpoints_are_covered, assert_holds_just_the_office
from tests.support.processes import Program, Programs
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

TASKS = "/projects/api/v3/tasks.json"
FAST = {"PERIODIC_BACKFILL_INTERVAL": "0.2"}
KILLS = 6
"""During the first sync, and as many again over live edits."""


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    """On the real clock, as the program is."""
    clock = SystemClock()
    tasks = Office.generate(clock=clock, tasks=1100, deleted=10)
    mails = Mailbox.generate(clock=clock, conversations=60, messages=160)
    with SandboxOffice(clock=clock, office=tasks, mailbox=mails, rate_scale=1000) as running:
        yield running


@pytest.fixture
def programs(office: SandboxOffice, folder: Path) -> Iterator[Programs]:
    with Programs(folder / "home", folder, office.environment()) as programs:
        yield programs


class Editor:
    """People at work in the office, by chance."""

    def __init__(self, office: SandboxOffice, dice: random.Random) -> None:
        self._tasks = office.office
        self._mailbox = office.mailbox
        self._dice = dice
        self._old = [task.id for task in office.office.live_tasks()]
        self._threads = [each.id for each in office.mailbox.conversations()]
        self.deleted: set[str] = set()

    def work(self) -> None:
        """Something happens."""
        number = self._dice.randrange(1_000_000)
        match self._dice.randrange(7):
            case 0:
                self._tasks.create_task(f"Neu {number}", tags=("R_101",))
            case 1:
                self._tasks.untag(self._some())
            case 2:
                self._tasks.complete(self._some())
            case 3:
                self._mailbox.receive_mail(self._dice.choice(self._threads), subject=f"Antwort {number}")
            case 4:
                self._mailbox.add_conversation(f"Anfrage {number}", mails=self._dice.randint(1, 3))
            case 5:
                victim = self._old.pop(self._dice.randrange(len(self._old)))
                gone = [victim, *(child.id for child in self._tasks.children(victim))]
                self._tasks.delete_task(victim)
                self._old = [each for each in self._old if each not in gone]
                self.deleted |= {str(each) for each in gone}
            case _:
                self._tasks.edit_task(self._some(), name=f"Anders {number}", description="", progress=number % 100)

    def _some(self) -> int:
        return self._dice.choice(self._old)


def asked(office: SandboxOffice) -> int:
    """Requests that have arrived."""
    return len(office.teamwork_server.requests) + len(office.missive.server.requests)


def begin(programs: Programs, office: SandboxOffice, *words: str) -> Program:
    """Start a command; it is at work when this returns."""
    before = asked(office)
    program = programs.start(*words, **FAST)
    program.until(lambda: asked(office) > before, "the first request")
    return program


@pytest.mark.slow
def test_killed_at_random_moments_nothing_is_lost_or_doubled(
    programs: Programs, office: SandboxOffice, dice: random.Random
) -> None:
    home = Home(programs.home)
    for number in range(KILLS):
        program = begin(programs, office, *(("run",) if number % 2 else ("sync", "--once")))
        program.lives_for(dice.uniform(0, 0.4))
        program.kill()
        assert home.is_sound()
        assert_checkpoints_are_covered(home, office)
    programs.run("sync", "--once")

    editor = Editor(office, dice)
    for _ in range(KILLS):
        program = begin(programs, office, "run")
        for _ in range(dice.randint(3, 12)):
            editor.work()
            assert program.lives_for(dice.uniform(0, 0.15)), program.err
        program.kill()
        assert home.is_sound()
        assert_checkpoints_are_covered(home, office)

    programs.run("sync", "--once")
    assert_holds_just_the_office(home, office)
    assert {row["task_id"] for row in home.rows("tasks", "deleted")} == editor.deleted
    # What no poll shows: a task's sum of estimates, when one of its subtasks was deleted.
    programs.run("reconcile")
    assert_same_as_untouched(home, programs, office)


def differences(found: list[Row], expected: list[Row]) -> Iterator[tuple[object, ...]]:
    """(key, column, found, expected)"""
    for one, other in zip_longest(found, expected, fillvalue=Row()):
        for name in one.keys() | other.keys():
            if one.get(name) != other.get(name):
                yield next(iter(one.values()), None), name, one.get(name), other.get(name)


def assert_same_as_untouched(home: Home, programs: Programs, office: SandboxOffice) -> None:
    """Column by column what a home holds that was never killed."""
    folder = programs.home.parent / "untouched"
    folder.mkdir()
    with Programs(folder / "home", folder, office.environment()) as others:
        others.run("sync", "--once")
        other = Home(others.home)
        for table, where in (("tasks", "NOT deleted"), ("emails", "NOT deleted"), ("attachments", "1")):
            assert list(differences(home.rows(table, where), other.rows(table))) == []


def test_killed_after_the_first_page_the_checkpoint_has_not_moved(programs: Programs, office: SandboxOffice) -> None:
    home = Home(programs.home)
    faults = office.teamwork_server.faults
    faults.silence(When(TASKS, match=lambda request: request.query.get("page") == "2"))
    program = programs.start("sync", "--once")
    program.until(lambda: faults.silent and len(home.rows("tasks")) == 500, "the first page in the database")
    program.kill()
    assert "teamwork/tasks" not in home.checkpoints()
    assert_checkpoints_are_covered(home, office)
    faults.clear()
    programs.run("sync", "--once")
    assert_holds_just_the_office(home, office)
