"""The windows stay quick while ten thousand records stream in."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from benchmarks.office import OfficeProcess, Size
from benchmarks.tray_process import Heart
from tests.support.processes import SOURCE
from tests.ui.conftest import MakeDesk, MakeHost
from tests.ui.shell_support import Desk
from tray_connector.ui.application import collect_quietly
from tray_connector.ui.host import EngineHost

TASKS = 10_000
LONGEST_MS = 250
SYNC_MS = 60_000
RUNS = 3


@pytest.mark.slow
def test_the_window_never_stands_still_while_ten_thousand_records_stream_in(
    make_host: MakeHost, make_desk: MakeDesk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(SOURCE)  # the office is a process of its own, started by the name of its module
    stalls: list[int] = []
    with OfficeProcess(Size(tasks=TASKS, conversations=0)) as office:
        # What the program does wrong it does each time; that the machine was busy otherwise, not.
        while not stalls or (min(stalls) >= LONGEST_MS and len(stalls) < RUNS):
            host = make_host(office.environment, home=tmp_path / str(len(stalls)))
            stalls.append(longest_stall(make_desk(host), qtbot))
    assert min(stalls) < LONGEST_MS, stalls


def longest_stall(desk: Desk, qtbot: QtBot) -> int:
    """Milliseconds, while everything is stored and the status window is open."""
    collect_quietly(desk.host)
    desk.shell.begin()
    desk.window("status", qtbot)
    heart = Heart()
    heart.start()
    qtbot.waitUntil(lambda: stored(desk.host) >= TASKS, timeout=SYNC_MS)
    desk.shell.quit()
    assert heart.beats > 50
    return heart.longest


def stored(host: EngineHost) -> int:
    return 0 if host.status is None else host.status.stored.get("tasks", 0)
