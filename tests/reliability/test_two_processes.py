"""Several processes on one home: one works, the others hand over or take over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reliability.truth import Home, assert_holds_just_the_office
from tests.support.processes import Programs
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    """On the real clock, as the programs are."""
    clock = SystemClock()
    tasks = Office.generate(clock=clock, tasks=300, deleted=0)
    mails = Mailbox.generate(clock=clock, conversations=20, messages=40)
    with SandboxOffice(clock=clock, office=tasks, mailbox=mails, rate_scale=1000) as running:
        yield running


@pytest.fixture
def programs(office: SandboxOffice, folder: Path) -> Iterator[Programs]:
    with Programs(folder / "home", folder, office.environment()) as programs:
        yield programs


def test_many_at_once_do_the_work_once(programs: Programs, office: SandboxOffice) -> None:
    started = [programs.start("sync", "--once", "--json") for _ in range(3)]
    for program in started:
        assert program.wait(30) == 0, program.err
    written = [json.loads(program.out)["written"] for program in started]
    # A command that was handed over counts all that was written while it ran.
    assert max(written) <= 340 <= sum(written), written
    assert_holds_just_the_office(Home(programs.home), office)


def test_a_second_service_is_refused_and_a_command_is_handed_over(programs: Programs, office: SandboxOffice) -> None:
    service = programs.start("run", PERIODIC_BACKFILL_INTERVAL="3600")
    home = Home(programs.home)
    service.until(lambda: len(home.rows("tasks")) == 300 and not home.waiting("missive"), "all is stored")
    assert "runs already" in programs.run("run", code=1).err
    office.office.create_task("Neu")
    assert json.loads(programs.run("sync", "--once", "--json").out)["written"] == 1
    assert service.stop()[0] == 0
    assert_holds_just_the_office(home, office)


def test_a_command_takes_over_when_the_one_it_waits_for_is_killed(programs: Programs, office: SandboxOffice) -> None:
    faults = office.teamwork_server.faults
    faults.silence(When("/projects/api/v3/tasks.json", times=None))
    service = programs.start("run")
    service.until(lambda: faults.silent, "a request")
    command = programs.start("sync", "--once")
    command.until(lambda: "command" not in command.err and faults.silent, "its start")
    assert command.lives_for(1.5), command.err
    service.kill()
    faults.clear()
    assert command.wait(30) == 0, command.err
    assert_holds_just_the_office(Home(programs.home), office)
