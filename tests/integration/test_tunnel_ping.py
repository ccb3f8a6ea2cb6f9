"""The ping through the public address: it proves that our own listener is reached, or says what is in the way."""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.fake_ngrok import FakeNgrok
from tests.support.raw_server import RawServer, answering, raw_server, response
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Stop, Stopped
from tray_connector.webhooks.ping import PingResult, ping
from tray_connector.webhooks.tunnel_ngrok import NgrokTunnel

INSTANCE = "5f2c"
QUICK = Limits(connect=2.0, silence=0.3, total=1.0, largest=64 * 1024)
OURS = response(json.dumps({"status": "ok", "queue": 0, "instance": INSTANCE}).encode())
TLS = Path(__file__).parents[1] / "data" / "tls"
needs_script = pytest.mark.skipif(sys.platform == "win32", reason="the fake agent is a script")


def asked(address: str, stop: Stop | None = None) -> PingResult:
    return ping(address, INSTANCE, FakeClock(), stop or Stop(), limits=QUICK)


@pytest.fixture
def listener() -> Iterator[RawServer]:
    with raw_server(answering(OURS)) as server:
        yield server


@pytest.fixture
def fake(tmp_path: Path) -> FakeNgrok:
    fake = FakeNgrok(tmp_path / "agent")
    fake.change(public=True)
    return fake


@pytest.fixture
def address(fake: FakeNgrok, listener: RawServer, tmp_path: Path) -> Iterator[str]:
    tunnel = NgrokTunnel("token", tmp_path / "ngrok", FakeClock(), agent=fake.program)
    yield tunnel.open(listener.port, Stop())
    tunnel.close()


@needs_script
def test_our_own_listener_answers_through_the_tunnel(address: str, listener: RawServer) -> None:
    result = asked(address)
    assert result.ok
    assert result.reason == "ok"
    head = listener.heads[0].lower()
    assert head.startswith(b"get /health http/1.1")
    assert b"ngrok-skip-browser-warning: 1" in head
    assert b"authorization" not in head


@needs_script
def test_a_lost_session_is_told_from_a_spent_allowance(address: str, fake: FakeNgrok) -> None:
    fake.change(session="lost")
    assert eventually(address, "offline") == "127.0.0.1 answered 404. (ERR_NGROK_3200)"
    fake.change(session="up", over_quota=True)
    assert eventually(address, "quota") == "127.0.0.1 answered 403. (ERR_NGROK_727)"


def eventually(address: str, reason: str) -> str:
    deadline = time.monotonic() + 5
    while (result := asked(address)).reason != reason:
        assert time.monotonic() < deadline, result
    assert result.problem is not None
    return result.problem.message


@needs_script
def test_a_listener_that_is_gone_is_told(fake: FakeNgrok, tmp_path: Path) -> None:
    with raw_server(answering(OURS)) as gone:
        port = gone.port
    tunnel = NgrokTunnel("token", tmp_path / "ngrok", FakeClock(), agent=fake.program)
    try:
        result = asked(tunnel.open(port, Stop()))
    finally:
        tunnel.close()
    assert result.reason == "local"
    assert result.problem is not None
    assert result.problem.code == "ngrok-local"


@pytest.mark.parametrize(
    ("answer", "reason", "code"),
    [
        (response(b'{"status": "ok", "instance": "another"}'), "foreign", "webhooks-foreign"),
        (response(b"<html><title>Sign in</title></html>"), "foreign", "webhooks-foreign"),
        (response(b"[]"), "foreign", "webhooks-foreign"),
        (response(b'{"instance": "5f2c"}', status="404 Not Found"), "foreign", "webhooks-foreign"),
        (response(b"", "Location: https://elsewhere.example/", status="302 Found"), "foreign", "webhooks-foreign"),
        (response(b"bad gateway", status="502 Bad Gateway"), "local", "webhooks-local"),
        (response(b"x ERR_NGROK_9040", status="403 Forbidden"), "tunnel", "ngrok-blocked"),
        (response(b"x", "Ngrok-Error-Code: ERR_NGROK_734", status="429 Slow"), "quota", "ngrok-rate"),
    ],
)
def test_other_answers_are_told_apart(answer: bytes, reason: str, code: str) -> None:
    with raw_server(answering(answer)) as server:
        result = asked(f"http://127.0.0.1:{server.port}/")
    assert result.reason == reason
    assert result.problem is not None
    assert result.problem.code == code
    assert result.problem.hint


def test_a_name_that_is_not_known_is_told() -> None:
    result = asked("https://hooks.invalid")
    assert result.reason == "dns"
    assert result.problem is not None
    assert result.problem.message == "The name hooks.invalid is not known here."


def test_a_port_where_nobody_listens_is_told() -> None:
    with raw_server(answering(OURS)) as gone:
        port = gone.port
    assert asked(f"http://127.0.0.1:{port}").reason == "unreachable"


def test_a_foreign_certificate_is_told() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    with raw_server(answering(OURS), context) as server:
        result = asked(f"https://127.0.0.1:{server.port}")
    assert result.reason == "certificate"


def test_silence_ends_at_the_deadline() -> None:
    hold = Stop()

    def silent(*_: object) -> None:
        hold.wait(3)

    with raw_server(silent) as server:
        begun = time.monotonic()
        assert asked(f"http://127.0.0.1:{server.port}").reason == "silent"
        assert time.monotonic() - begun < 2
        hold.set()


def test_stopping_ends_a_ping_at_once() -> None:
    stop, hold = Stop(), Stop()
    arrived = threading.Event()

    def silent(*_: object) -> None:
        arrived.set()
        hold.wait(5)

    def stopper() -> None:
        arrived.wait(5)
        stop.set()

    thread = threading.Thread(target=stopper)
    with raw_server(silent) as server:
        thread.start()
        begun = time.monotonic()
        with pytest.raises(Stopped):
            ping(f"http://127.0.0.1:{server.port}", INSTANCE, FakeClock(), stop)
        assert time.monotonic() - begun < 1
        hold.set()
    thread.join(5)
