"""The life of a tunnel: opened, lost, found again at another address, slept through, killed, ended."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.fake_ngrok import ADDRESS, FakeNgrok
from tests.support.processes import wait_until
from tray_connector.config.clock import Stop, Stopped
from tray_connector.webhooks.tunnel_ngrok import NgrokTunnel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake agent is a script")
TOKEN = "2fAkEtOkEn9nq9771bPxe8ctg7LKr_2ClH7Y15Zqe4bWLWF9p"


@pytest.fixture
def fake(tmp_path: Path) -> FakeNgrok:
    return FakeNgrok(tmp_path / "agent")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "ngrok"


@pytest.fixture
def tunnel(fake: FakeNgrok, folder: Path, clock: FakeClock) -> Iterator[NgrokTunnel]:
    tunnel = NgrokTunnel(TOKEN, folder, clock, agent=fake.program, start_seconds=20)
    yield tunnel
    tunnel.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_it_opens_and_closes(tunnel: NgrokTunnel, fake: FakeNgrok, folder: Path) -> None:
    assert (tunnel.address(), tunnel.healthy()) == (None, False)
    assert tunnel.open(5000, Stop()) == ADDRESS
    assert (tunnel.address(), tunnel.healthy(), tunnel.temporary) == (ADDRESS, True, True)
    begun = time.monotonic()
    tunnel.close()
    assert time.monotonic() - begun < 1
    assert (tunnel.address(), tunnel.healthy()) == (None, False)
    assert not alive(fake.until_run())
    assert list(folder.iterdir()) == []
    tunnel.close()


def test_the_token_stands_in_a_private_file_and_nowhere_else(
    tunnel: NgrokTunnel, fake: FakeNgrok, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NGROK_AUTHTOKEN", TOKEN)
    monkeypatch.setenv("NGROK_API_KEY", "another")
    monkeypatch.setenv("TEAMWORK_API_KEY", "twp_secret")
    second = NgrokTunnel(TOKEN, folder, FakeClock(), agent=fake.program)
    try:
        second.open(5000, Stop())
        given = fake.runs()[0]
        assert given["arguments"] == ["start", "--none", "--log", "stdout", "--config", str(folder / "ngrok.yml")]
        assert given["config"]["agent"]["authtoken"] == TOKEN
        assert given["config"]["agent"]["inspect_db_size"] == -1
        assert given["mode"] == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert not {"NGROK_AUTHTOKEN", "NGROK_API_KEY", "TEAMWORK_API_KEY"} & set(given["environment"])
        assert "PATH" in given["environment"]
        assert TOKEN not in repr(second)
    finally:
        second.close()


def test_a_proxy_of_the_system_does_not_stand_between_us_and_the_agent(
    tunnel: NgrokTunnel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    tunnel.open(5000, Stop())
    assert tunnel.healthy()


def test_it_needs_no_standard_output(tunnel: NgrokTunnel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert tunnel.open(5000, Stop()) == ADDRESS


def test_it_says_when_the_agent_has_died(tunnel: NgrokTunnel, fake: FakeNgrok) -> None:
    tunnel.open(5000, Stop())
    os.kill(fake.until_run(), signal.SIGKILL)
    wait_until(lambda: not tunnel.healthy(), 5, "the tunnel says so")
    assert tunnel.open(5000, Stop()) == ADDRESS
    assert tunnel.healthy()
    assert len(fake.runs()) == 2


def test_it_says_when_the_session_is_lost_and_when_it_is_back(tunnel: NgrokTunnel, fake: FakeNgrok) -> None:
    tunnel.open(5000, Stop())
    fake.change(session="lost")
    wait_until(lambda: not tunnel.healthy(), 5, "the session is lost")
    fake.change(session="up")
    wait_until(tunnel.healthy, 5, "the session is back")
    assert len(fake.runs()) == 1


def test_another_address_after_a_reconnect_is_noticed(tunnel: NgrokTunnel, fake: FakeNgrok) -> None:
    tunnel.open(5000, Stop())
    fake.change(session="lost")
    wait_until(lambda: not tunnel.healthy(), 5, "the session is lost")
    assert tunnel.address() == ADDRESS
    fake.change(session="up", address="https://loud-heron.ngrok-free.app/")
    new = "https://loud-heron.ngrok-free.app"
    wait_until(lambda: tunnel.healthy() and tunnel.address() == new, 5, "the session is back, under its new address")


def test_a_silent_api_is_not_healthy_and_holds_nobody_up(tunnel: NgrokTunnel, fake: FakeNgrok) -> None:
    tunnel.open(5000, Stop())
    fake.change(api="silent")
    wait_until(lambda: not tunnel.healthy(), 5, "the API is silent")
    begun = time.monotonic()
    assert not tunnel.healthy()
    tunnel.close()
    assert time.monotonic() - begun < 3


def test_after_a_sleep_it_is_to_be_opened_again(tunnel: NgrokTunnel, clock: FakeClock) -> None:
    tunnel.open(5000, Stop())
    clock.advance(60)
    assert tunnel.healthy()
    clock.jump(3600)
    assert not tunnel.healthy()
    clock.advance(30)
    assert not tunnel.healthy()
    tunnel.open(5000, Stop())
    assert tunnel.healthy()


def test_where_both_clocks_go_on_in_a_sleep_a_long_silence_tells_it(tunnel: NgrokTunnel, clock: FakeClock) -> None:
    tunnel.open(5000, Stop())
    clock.advance(3600)
    assert not tunnel.healthy()


def test_stopping_ends_a_start_that_hangs_at_once(fake: FakeNgrok, tunnel: NgrokTunnel, folder: Path) -> None:
    fake.change(says="nothing", ignores_sigterm=True)
    stop = Stop()
    ended: list[float] = []

    def opening() -> None:
        with pytest.raises(Stopped):
            tunnel.open(5000, stop)
        ended.append(time.monotonic())

    thread = threading.Thread(target=opening)
    thread.start()
    pid = fake.until_run()
    begun = time.monotonic()
    stop.set()
    thread.join(5)
    assert ended
    assert ended[0] - begun < 1
    assert not alive(pid)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("hanging", ["agent", "api"])
def test_closing_ends_a_start_that_hangs_at_once(fake: FakeNgrok, tunnel: NgrokTunnel, hanging: str) -> None:
    if hanging == "agent":
        fake.change(says="nothing")
    else:
        fake.change(api="silent")
    ended: list[float] = []

    def opening() -> None:
        with pytest.raises(Stopped):
            tunnel.open(5000, Stop())
        ended.append(time.monotonic())

    thread = threading.Thread(target=opening)
    thread.start()
    pid = fake.until_run()
    begun = time.monotonic()
    tunnel.close()
    thread.join(5)
    assert ended
    assert ended[0] - begun < 1
    assert not alive(pid)


def test_a_stop_that_was_set_before_starts_nothing(fake: FakeNgrok, tunnel: NgrokTunnel) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Stopped):
        tunnel.open(5000, stop)
    assert fake.runs() == []


def test_opening_again_ends_the_first_agent(fake: FakeNgrok, tunnel: NgrokTunnel) -> None:
    tunnel.open(5000, Stop())
    tunnel.open(5001, Stop())
    first, second = (run["pid"] for run in fake.runs())
    assert not alive(first)
    assert alive(second)


def test_an_agent_that_does_not_listen_is_killed(fake: FakeNgrok, tunnel: NgrokTunnel) -> None:
    fake.change(ignores_sigterm=True)
    tunnel.open(5000, Stop())
    begun = time.monotonic()
    tunnel.close()
    assert time.monotonic() - begun < 3
    assert not alive(fake.until_run())
