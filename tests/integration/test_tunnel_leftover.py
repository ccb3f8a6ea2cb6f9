"""An agent that a killed run left behind is ended by the next one; nobody else's ever is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.fake_ngrok import ROOT, FakeNgrok
from tests.support.processes import wait_until
from tray_connector.config.clock import Stop
from tray_connector.webhooks.tunnel_leftover import end_leftover, note_agent, started
from tray_connector.webhooks.tunnel_ngrok import NgrokTunnel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake agent is a script")
TOKEN = "2fAkEtOkEn9nq9771bPxe8ctg7LKr_2ClH7Y15Zqe4bWLWF9p"
KILLED = """
import os, signal, sys
from pathlib import Path
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.webhooks.tunnel_ngrok import NgrokTunnel
tunnel = NgrokTunnel("token", Path(sys.argv[1]), SystemClock(), agent=Path(sys.argv[2]))
tunnel.open(5000, Stop())
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process of somebody else's."""
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        try:
            yield process
        finally:
            process.kill()


def test_the_agent_of_a_killed_run_is_ended_before_the_next_one_starts(tmp_path: Path) -> None:
    fake, folder = FakeNgrok(tmp_path / "agent"), tmp_path / "ngrok"
    arguments = [sys.executable, "-c", KILLED, str(folder), str(fake.program)]
    subprocess.run(arguments, cwd=ROOT, check=False, timeout=30)
    orphan = fake.until_run()
    assert started(orphan) is not None
    assert (folder / "agent.json").exists()
    tunnel = NgrokTunnel(TOKEN, folder, FakeClock(), agent=fake.program)
    try:
        tunnel.open(5000, Stop())
        assert started(orphan) is None
        assert len(fake.runs()) == 2
        assert tunnel.healthy()
    finally:
        tunnel.close()


def test_a_process_that_has_the_number_by_chance_is_left_alone(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    note = tmp_path / "agent.json"
    note_agent(note, sleeper.pid)
    data = json.loads(note.read_text())
    assert data == {"pid": sleeper.pid, "started": started(sleeper.pid)}
    note.write_text(json.dumps({**data, "started": data["started"] + "0"}))
    assert not end_leftover(note, Stop())
    assert sleeper.poll() is None
    assert not note.exists()


def test_the_noted_process_is_ended(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    note = tmp_path / "agent.json"
    note_agent(note, sleeper.pid)
    assert end_leftover(note, Stop())
    wait_until(lambda: sleeper.poll() is not None, 5, "it has ended")
    assert not note.exists()
    assert not end_leftover(note, Stop())


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": -1, "started": null}', '{"pid": "x"}'])
def test_a_damaged_note_ends_nobody(tmp_path: Path, text: str) -> None:
    note = tmp_path / "agent.json"
    note.write_text(text)
    assert not end_leftover(note, Stop())
    assert not note.exists()


def test_a_moment_belongs_to_one_process() -> None:
    assert started(os.getpid()) == started(os.getpid())
    assert started(os.getpid()) != started(1)
    assert started(2**22 + 1) is None
