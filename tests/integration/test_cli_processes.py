"""The command line as processes: signals, the lock on a home, and commands handed over to its holder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.processes import SOURCE, Program, Programs, wait_until
from tray_connector.config.clock import SystemClock
from tray_connector.config.paths import Paths
from tray_connector.sandbox.faults import ALWAYS
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows knows no such signals")
SOON = 2.5
"""Seconds in which a stopped process has ended: two, and a busy machine's half."""


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    clock = SystemClock()
    tasks = Office.generate(clock=clock, tasks=4, deleted=0)
    mails = Mailbox.generate(clock=clock, conversations=2, messages=3)
    with SandboxOffice(clock=clock, office=tasks, mailbox=mails, rate_scale=1000) as running:
        yield running


@pytest.fixture
def programs(office: SandboxOffice, tmp_path: Path) -> Iterator[Programs]:
    """Every process is started in Python's development mode, and none may end with a warning or a trace."""
    with Programs(tmp_path / "home", tmp_path, {**office.environment(), "PYTHONDEVMODE": "1"}) as programs:
        yield programs
    for file in tmp_path.glob("*.err"):
        said = file.read_text(encoding="utf-8")
        assert "Traceback" not in said, said
        assert "Warning" not in said, said


@pytest.fixture
def cli(programs: Programs, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """A caller on the same home, within the test's process."""
    return CommandLine(programs.home, monkeypatch, capfd)


def note_of(home: Path) -> dict[str, object]:
    try:
        return dict(json.loads(Paths(home).lock.with_suffix(".json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def serving(programs: Programs, *words: str) -> Program:
    """A process that holds the home and takes commands."""
    program = programs.start(*(words or ("run",)))
    program.until(lambda: note_of(programs.home).get("address"), "it takes commands")
    return program


def silence(office: SandboxOffice) -> None:
    office.teamwork_server.faults.silence(ALWAYS)


def is_asked(office: SandboxOffice) -> bool:
    return office.teamwork_server.faults.silent > 0


def log_of(programs: Programs) -> str:
    return Paths(programs.home).log_file.read_text(encoding="utf-8")


def is_begun(programs: Programs, command: str) -> bool:
    """Whether the command is under way, wherever."""
    return f"{command} begins" in log_of(programs)


def assert_ends(program: Program, number: int, code: int) -> None:
    program.process.send_signal(number)
    assert program.wait(SOON) == code, program.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_service_ends_in_order(programs: Programs, number: int) -> None:
    program = serving(programs)
    note = note_of(programs.home)
    assert (note["pid"], note["doing"]) == (program.process.pid, "run")
    assert_ends(program, number, 0)
    assert program.err == f"Running. Data folder: {programs.home}. To stop: Ctrl-C\n"
    assert sorted(path.name for path in programs.home.iterdir()) == ["data", "lock", "logs"]


def test_a_signal_in_the_first_moment_is_no_crash(programs: Programs) -> None:
    program = programs.start("run")
    wait_until(lambda: _listens(program), 10, "it listens to signals")
    program.process.send_signal(signal.SIGTERM)
    assert program.wait(20) == 0, program.err


def _listens(program: Program) -> bool:
    """Whether the process handles signals itself, as the system sees it."""
    status = Path(f"/proc/{program.process.pid}/status")
    if not status.exists():
        return not program.lives_for(0.3)
    caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.parametrize("words", ["sync --once --json", "reconcile", "check"])
def test_a_command_ends_at_once_although_the_service_is_silent(
    programs: Programs, office: SandboxOffice, words: str
) -> None:
    silence(office)
    program = programs.start(*words.split())
    program.until(lambda: is_asked(office), "a request")
    assert_ends(program, signal.SIGINT, 1)
    assert "Stopped." in program.err
    assert json.loads(program.out)["problems"][0]["code"] == "stopped" if "--json" in words else not program.out


def test_the_holder_runs_the_commands_of_others(programs: Programs, cli: CommandLine) -> None:
    program = serving(programs)
    assert cli("sync --once --json").data["problems"] == []
    status = cli("status --json")
    assert (status.code, status.data["state"], status.data["pid"]) == (0, "in step", program.process.pid)
    assert status.data["next_poll"] is not None
    assert cli("queue list").out == "Nothing is waiting.\n"
    assert "All is right." in cli("check").out
    unknown = cli("queue retry 77 --json")
    assert (unknown.code, unknown.data) == (2, {"count": 0, "unknown": ["77"]})
    assert unknown.err.startswith("Nothing waits under 77.")
    assert "4 tasks seen" in cli("reconcile").out
    backfill = cli("backfill --source teamwork --rewrite")
    assert ("4 written" in backfill.out, backfill.err) == (True, "Backfill: 4 of 4\n")
    assert program.running


def test_a_pause_reaches_the_running_process_at_once(
    programs: Programs, cli: CommandLine, office: SandboxOffice
) -> None:
    serving(programs)
    wait_until(lambda: "4 tasks stored" in cli("status").out, 10, "the first sync")
    cli("pause --for 1h")
    assert cli("status --json").data["state"] == "paused"
    office.office.create_list("More", office.office.create_project("New").id)
    office.office.create_task("During the pause")
    assert "4 tasks stored" in cli("status").out
    assert cli("resume").out == "Resumed.\n"
    wait_until(lambda: "5 tasks stored" in cli("status").out, 10, "the new task is stored")


def test_the_service_runs_once(programs: Programs, cli: CommandLine) -> None:
    program = serving(programs)
    second = cli("run")
    assert (second.code, second.out) == (1, "")
    assert second.err.startswith(f"It runs already. Process {program.process.pid}, since 20")
    assert program.running


def test_of_two_that_start_in_the_same_moment_one_runs(programs: Programs) -> None:
    pair = [programs.start("run"), programs.start("run")]
    wait_until(lambda: sum(program.running for program in pair) == 1, 20, "one of them gives way")
    runs, gave_way = sorted(pair, key=lambda program: not program.running)
    assert (gave_way.wait(1), "It runs already." in gave_way.err) == (1, True)
    assert_ends(runs, signal.SIGTERM, 0)


def test_many_commands_in_the_same_moment(programs: Programs) -> None:
    crowd = [programs.start(*words.split()) for words in ("status", "queue list", "status --json", "pause", "resume")]
    assert [program.wait(20) in (0, 1) for program in crowd] == [True] * 5
    assert {program.err for program in crowd} == {""}


def test_the_service_waits_for_a_command_to_end(programs: Programs, office: SandboxOffice) -> None:
    silence(office)
    command = serving(programs, "sync", "--once")
    command.until(lambda: is_asked(office), "a request")
    program = programs.start("run")
    waiting = f"Waiting for 'sync' (process {command.process.pid}) to end."
    program.until(lambda: waiting in program.err, "it says that it waits")
    office.teamwork_server.faults.clear()
    assert command.wait(20) == 0
    program.until(lambda: note_of(programs.home).get("pid") == program.process.pid, "it runs")


def test_a_command_whose_holder_ends_is_run_by_its_caller(programs: Programs, office: SandboxOffice) -> None:
    program = serving(programs)
    silence(office)
    caller = programs.start("backfill", "--all")
    caller.until(lambda: is_begun(programs, "backfill"), "the holder has begun")
    assert_ends(program, signal.SIGTERM, 0)
    caller.until(lambda: note_of(programs.home).get("pid") == caller.process.pid, "the caller holds the home")
    office.teamwork_server.faults.clear()
    assert caller.wait(20) == 0
    assert caller.out.count("Teamwork: 4 read") == 1


def test_a_command_whose_holder_is_killed_is_run_by_its_caller(programs: Programs, office: SandboxOffice) -> None:
    program = serving(programs)
    silence(office)
    caller = programs.start("sync", "--once", "--json")
    caller.until(lambda: is_begun(programs, "sync"), "the holder has begun")
    program.kill()
    office.teamwork_server.faults.clear()
    assert caller.wait(20) == 0
    assert json.loads(caller.out)["problems"] == []


def test_a_caller_who_leaves_ends_its_command(programs: Programs, office: SandboxOffice) -> None:
    program = serving(programs)
    silence(office)
    caller = programs.start("backfill", "--all")
    caller.until(lambda: is_begun(programs, "backfill"), "the holder has begun")
    assert_ends(caller, signal.SIGINT, 1)
    wait_until(lambda: "backfill was stopped" in log_of(programs), 5, "the holder has ended it")
    assert program.running


def test_nothing_of_a_killed_process_hinders_the_next(
    programs: Programs, cli: CommandLine, office: SandboxOffice
) -> None:
    program = serving(programs)
    program.kill()
    assert (programs.home / "channel").exists()
    assert note_of(programs.home)["pid"] == program.process.pid
    cli.set(office.environment())
    assert cli("sync --once").code == 0
    assert not note_of(programs.home)
    assert_ends(serving(programs), signal.SIGTERM, 0)


def test_a_holder_that_is_halted_is_waited_for(programs: Programs, cli: CommandLine) -> None:
    program = serving(programs)
    program.process.send_signal(signal.SIGSTOP)
    threading.Timer(0.3, program.process.send_signal, [signal.SIGCONT]).start()
    assert f"process {program.process.pid}" in cli("status").out


def test_a_home_with_a_very_long_path(cli: CommandLine, office: SandboxOffice, tmp_path: Path) -> None:
    home = tmp_path / ("a-long-name-" * 9) / ("another-" * 9)
    with Programs(home, tmp_path, office.environment()) as programs:
        program = serving(programs)
        address = Path(str(note_of(home)["address"]))
        assert not address.is_relative_to(home)
        cli.set(TRAY_CONNECTOR_HOME=str(home))
        assert f"process {program.process.pid}" in cli("status").out
        assert_ends(program, signal.SIGTERM, 0)
        assert not address.exists()


def test_a_wait_for_a_services_limit_is_said_once(programs: Programs, office: SandboxOffice) -> None:
    office.missive.server.faults.status(429, ALWAYS, headers={"Retry-After": "300"})
    program = programs.start("sync", "--once")
    said = "Missive allows the next request at "
    program.until(lambda: said in program.err, "the wait is said")
    assert program.lives_for(0.5)
    assert program.err.count(said) == 1
    assert_ends(program, signal.SIGTERM, 1)


def test_a_reader_who_has_seen_enough_ends_nothing(programs: Programs, office: SandboxOffice, tmp_path: Path) -> None:
    """As in ``tray-connector check | head``, with and without a holder."""
    environment = {**os.environ, **office.environment(), "TRAY_CONNECTOR_HOME": str(programs.home)}
    for _ in range(2):
        with subprocess.Popen(
            [sys.executable, "-m", "tray_connector", "check"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment, "PYTHONPATH": str(SOURCE)},
            cwd=tmp_path,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert (process.wait(20), process.stderr.read()) == (0, b"")
        if not note_of(programs.home):
            serving(programs)
