"""SIGTERM at any moment: the real program has ended within two seconds and left nothing half done."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.reliability.truth import Home, assert_checkpoints_are_covered, assert_holds_just_the_office
from tests.support.processes import Program, Programs
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.faults import ALWAYS, When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.poller import HOLD_BACK

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGTERM")
TASKS = "/projects/api/v3/tasks.json"
AT_MOST = 2.0
"""Seconds."""


@contextmanager
def office_of(*, tasks: int, conversations: int, rate_scale: float = 1000) -> Iterator[SandboxOffice]:
    """On the real clock, as the program is."""
    clock = SystemClock()
    office = Office.generate(clock=clock, tasks=tasks, deleted=0)
    mailbox = Mailbox.generate(clock=clock, conversations=conversations)
    with SandboxOffice(clock=clock, office=office, mailbox=mailbox, rate_scale=rate_scale) as running:
        yield running


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    with office_of(tasks=700, conversations=30) as running:
        yield running


@pytest.fixture
def programs(office: SandboxOffice, folder: Path) -> Iterator[Programs]:
    with Programs(folder / "home", folder, office.environment()) as programs:
        yield programs


def assert_stops(program: Program, *, code: int = 0) -> None:
    """At once, in order, and without a complaint."""
    assert program.running, program.err
    found, seconds = program.stop()
    assert (found, "Traceback" in program.err) == (code, False), program.err
    assert seconds < AT_MOST


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program in the middle of a long change."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.slow
def test_at_random_moments(programs: Programs, office: SandboxOffice, dice: random.Random) -> None:
    home = Home(programs.home)
    for command in ("run", "sync --once", "run", "run"):
        requests = len(office.teamwork_server.requests)
        program = programs.start(*command.split(), PERIODIC_BACKFILL_INTERVAL="0.2")
        program.until(lambda: len(office.teamwork_server.requests) > requests, "the first request")  # noqa: B023
        if program.lives_for(dice.uniform(0, 0.5)):
            found, seconds = program.stop()
            # A sync that was just ending has its own exit code, or dies of the signal with all its work done.
            own = {0, 1, -signal.SIGTERM} if home.holds(tasks=700, mails=30 * 5) else {1}
            assert found in ({0} if command == "run" else own), program.err
            assert (seconds < AT_MOST, "Traceback" in program.err) == (True, False), program.err
        assert home.is_sound()
        assert_checkpoints_are_covered(home, office)
    programs.run("sync", "--once")
    assert_holds_just_the_office(home, office)


def test_while_both_servers_keep_silent(programs: Programs, office: SandboxOffice) -> None:
    office.teamwork_server.faults.silence(ALWAYS)
    office.missive.server.faults.silence(ALWAYS)
    program = programs.start("run")
    silent = (office.teamwork_server.faults, office.missive.server.faults)
    program.until(lambda: all(faults.silent for faults in silent), "a request to each service")
    assert_stops(program)


def test_while_answers_drip(programs: Programs, office: SandboxOffice) -> None:
    office.teamwork_server.faults.slow(ALWAYS, pause=1)
    office.missive.server.faults.slow(ALWAYS, pause=1)
    program = programs.start("run")
    servers = (office.teamwork_server, office.missive.server)
    program.until(lambda: all(len(server.requests) for server in servers), "a request to each service")
    assert program.lives_for(0.5), program.err
    assert_stops(program)


def test_while_a_service_wants_to_be_left_alone(programs: Programs, office: SandboxOffice) -> None:
    office.missive.server.faults.status(429, ALWAYS, headers={"Retry-After": "600"})
    office.teamwork_server.faults.status(503, ALWAYS)
    program = programs.start("run")
    servers = (office.teamwork_server, office.missive.server)
    program.until(lambda: all(len(server.requests) for server in servers), "a request to each service")
    assert program.lives_for(0.5), program.err
    assert_stops(program)


def test_while_the_budget_is_spent(folder: Path) -> None:
    with (
        office_of(tasks=1600, conversations=40, rate_scale=0.03) as office,
        Programs(folder / "home", folder, office.environment()) as programs,
    ):
        # 4 requests a minute for Teamwork, 9 for Missive, and a tenth of them is kept for polls.
        requests = (office.teamwork_server.requests, office.missive.server.requests)
        program = programs.start("run")
        program.until(lambda: len(requests[0]) >= 4 and len(requests[1]) >= 8, "the last request that is allowed")
        assert program.lives_for(0.5), program.err
        assert_stops(program)
        program = programs.start("sync", "--once")
        program.until(lambda: program.err.count("waiting for it") == 2, "a word about the wait")
        assert_stops(program, code=1)
        assert_checkpoints_are_covered(Home(programs.home), office)


@pytest.mark.parametrize("file", ["connector.db", "ledger.db"])
def test_while_another_program_keeps_a_file_locked(programs: Programs, office: SandboxOffice, file: str) -> None:
    home = Home(programs.home)
    program = programs.start("run", PERIODIC_BACKFILL_INTERVAL="0.2")
    program.until(lambda: len(home.rows("tasks")) == 700 and not home.waiting("missive"), "all is stored")
    with locked(programs.home / "data" / file):
        office.office.create_task("Neu")
        office.mailbox.add_conversation("Neu")
        assert program.lives_for(1), program.err
        assert_stops(program)
    programs.run("sync", "--once")
    assert_holds_just_the_office(home, office)


def test_while_the_poller_holds_back(folder: Path) -> None:
    with (
        office_of(tasks=1, conversations=1) as office,
        Programs(folder / "home", folder, office.environment()) as programs,
    ):
        home = Home(programs.home)
        office.teamwork_server.faults.silence(When(TASKS, match=lambda request: "ids" in request.query, times=None))
        program = programs.start("run", PERIODIC_BACKFILL_INTERVAL="0.2")
        program.until(lambda: len(home.rows("tasks")) == 1, "the first task")
        # The writer asks for these and gets no answer; the poller finds no room for what it reads.
        for number in range(HOLD_BACK):
            (home.spool / "teamwork" / f"{number + 1}.evt").touch()
        program.until(lambda: office.teamwork_server.faults.silent, "a request for what was dropped in")

        def is_quiet() -> bool:
            before = len(office.teamwork_server.requests)
            return program.lives_for(0.7) and len(office.teamwork_server.requests) == before

        program.until(is_quiet, "an end of the polls")
        office.office.edit_task(office.office.live_tasks()[0].id, name="anders")
        assert_stops(program)
        assert len(home.waiting("teamwork")) >= HOLD_BACK
        assert_checkpoints_are_covered(home, office)
