"""The tray as a real process: one per home, killed, told to end at any moment, dying of a fault."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.connector import sandbox
from tests.support.processes import Program, Programs
from tray_connector.config.clock import SystemClock
from tray_connector.config.paths import Paths
from tray_connector.desktop.instance import Instance
from tray_connector.sandbox.running import SandboxOffice

SECONDS = 5.0
"""To end in."""


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    with sandbox(SystemClock()) as running:
        yield running


@pytest.fixture
def programs(office: SandboxOffice, tmp_path: Path) -> Iterator[Programs]:
    environment = {**office.environment(), "QT_QPA_PLATFORM": "offscreen", "DISABLE_WEBHOOKS": "true"}
    with Programs(tmp_path / "home", tmp_path, environment) as programs:
        yield programs


def holds(home: Path, program: Program) -> bool:
    """Whether it has the home, and takes the words of others."""
    holder = Instance(Paths(home).lock, SystemClock()).note()
    return holder is not None and holder.pid == program.process.pid and holder.address is not None


def started(programs: Programs, *words: str, home: Path | None = None) -> Program:
    program = programs.start(*words)
    program.until(lambda: holds(home or programs.home, program), "it holds the home")
    return program


def ends(program: Program) -> None:
    """In order, in time, and without a word."""
    assert program.process.returncode is None
    code, seconds = program.stop()
    assert (code, program.err) == (0, "")
    assert seconds < SECONDS


def test_one_tray_a_home_and_a_kill_leaves_nothing_in_the_way(programs: Programs) -> None:
    first = started(programs)
    second = programs.start()
    assert (second.wait(20), second.err) == (0, "")
    assert first.running
    first.kill()
    third = started(programs, "--autostart")
    os.kill(third.process.pid, signal.SIGSEGV)
    assert third.wait(10) == -signal.SIGSEGV
    logs = Paths(programs.home).logs
    (left,) = [file for file in logs.glob("crash-run-*.txt") if file.stat().st_size]
    assert re.search("Segmentation fault(.|\n)*application.py", left.read_text())
    fourth = started(programs)
    fourth.until((logs / "crash-last.txt").exists, "what is left is taken note of")
    ends(fourth)
    assert not list(logs.glob("crash-run-*.txt"))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system does not show what is attended to")
@pytest.mark.parametrize("seconds", [0, 0.3, 0.6, 0.9])
def test_it_ends_in_order_at_any_moment_of_its_start(programs: Programs, seconds: float) -> None:
    program = programs.start()
    program.until(lambda: attends_to(signal.SIGTERM, program), "it attends to signals")
    assert program.lives_for(seconds)
    ends(program)


def attends_to(number: int, program: Program) -> bool:
    status = Path(f"/proc/{program.process.pid}/status").read_text(encoding="ascii")
    caught = re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)
    return caught is not None and bool(int(caught[1], 16) >> (number - 1) & 1)


def test_the_demo_starts_a_tray_over_its_own_home_and_ends_in_order(programs: Programs) -> None:
    demo = started(programs, "demo", home=programs.home / "demo")
    assert not Paths(programs.home).lock.exists()
    again = programs.start("demo")
    assert (again.wait(20), again.err) == (0, "")
    ends(demo)


def test_without_a_screen_it_says_so_and_what_works_instead(programs: Programs) -> None:
    said = programs.run(code=3, QT_QPA_PLATFORM="", DISPLAY="", WAYLAND_DISPLAY="").err
    assert len(said.splitlines()) == 1
    assert "There is no screen for the tray" in said
    assert "tray-connector run" in said
