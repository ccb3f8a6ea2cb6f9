"""The listener against whatever bytes come through the tunnel: refused at once, without a trace, and still there."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.security.nonsense import content, effort
from tests.support.clock import FakeClock
from tests.support.webhooks import (
    JSON,
    SECRETS,
    TOKEN,
    conversation_id,
    listening,
    missive,
    rule_body,
    send,
    task_body,
    teamwork,
)
from tray_connector.sync.spool import Spool
from tray_connector.webhooks.listener import Listener
from tray_connector.webhooks.server import BODY_LIMIT, HEAD_LIMIT, HOST
from tray_connector.webhooks.signatures import signature

pytestmark = pytest.mark.usefixtures("only_warnings")
SILENCE = 5.0
MEGABYTE = 1_000_000
METHODS = ["GET", "POST", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PUT", "BREW", ""]
TARGETS = [
    "/", "/health", "/health/../webhook/missive", "//health", "/webhook/teamwork/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc",
    "/webhook/missive", SECRETS.missive_path, SECRETS.teamwork_path, f"{SECRETS.missive_path}x", "*", "http://[", "?",
    "http://elsewhere.example/health", "/" + "a" * 9_000, "/\x00", "/ä", "/%ff%fe", "/webhook/missive/" + "-" * 300,
]  # fmt: skip
LINES = [
    "Host: x", "Host: a, b", "Content-Length: 5", "Content-Length: -1", "Content-Length: 5, 6", "Content-Length: 1e9",
    "Content-Length: 99999999999999999999", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: identity", "Expect: 100-continue", "Connection: upgrade", "Upgrade: websocket",
    "X-Projects-Event: TASK.UPDATED", "X-Projects-Signature: " + "0" * 64, "X-Projects-Signature: é",
    "X-Hook-Signature: sha256=" + "f" * 64, "Content-Type: application/json", "Content-Type: multipart/form-data",
    "X: " + "y" * HEAD_LIMIT, " folded", "no colon", ": no name", "X\x00: 1", "Content-Length : 3", "Range: bytes=0-",
]  # fmt: skip
BODIES = [
    b"",
    b"{}",
    b"hello",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"ffffffffffffffffff\r\n",
    b"-5\r\n",
    b"0\r\n\r\n",
    b"\0" * 5_000,
]


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """Something that begins like HTTP."""
    version = draw(st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2", "HTTP/9.9", ""]))
    line = f"{draw(st.sampled_from(METHODS))} {draw(st.sampled_from(TARGETS))} {version}"
    end = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    head = end.join([line, *draw(st.lists(st.sampled_from(LINES), max_size=5)), "", ""])
    return head.encode("utf-8") + draw(st.sampled_from(BODIES))


@dataclass(frozen=True)
class Place:
    """A listener, its queue and its clock."""

    listener: Listener
    spool: Spool
    clock: FakeClock


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One listener for all of them: nothing of one request may harm the next."""
    clock = FakeClock()
    spool = Spool(tmp_path_factory.mktemp("listener") / "spool", clock)
    with listening(spool, clock) as listener:
        yield Place(listener, spool, clock)
    spool.close()


def answers_to(port: int, sent: bytes) -> bytes:
    """All that comes back until the server ends the connection, or has nothing more to say."""
    with socket.create_connection((HOST, port), timeout=SILENCE) as connection:
        answer = b""
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
        except TimeoutError:
            raise
        except OSError:
            # It ended the connection while we were still sending.
            pass
        return answer


@effort(250)
@given(st.binary(max_size=300) | requests() | st.lists(requests(), min_size=2, max_size=3).map(b"".join))
def test_any_bytes_are_answered_or_refused(place: Place, sent: bytes) -> None:
    # Refusals are limited by the minute; here each is to be looked at.
    place.clock.advance(61)
    before = place.spool.counts().total
    answer = answers_to(place.listener.port, sent)
    assert not answer or answer.startswith(b"HTTP/1.")
    assert not answer or int(answer[9:12]) in {200, 400, 401, 404, 405, 413, 431, 501, 100}, answer
    assert b"Traceback" not in answer
    assert SECRETS.path_secret.encode() not in answer
    assert TOKEN.encode() not in answer
    if b"POST" not in sent:
        assert place.spool.counts().total == before


@effort(150)
@given(
    content(task_body(7), rule_body(conversation_id(7))),
    st.sampled_from([JSON, "text/plain", "", "multipart/x", "a/b; c=é"]),
)
def test_any_body_of_an_authentic_delivery_is_stored_or_refused(place: Place, body: bytes, content_type: str) -> None:
    port, signed = place.listener.port, signature(TOKEN, body)
    place.clock.advance(61)
    assert teamwork(port, body, content_type=content_type, signed=signed).status in (200, 400)
    assert missive(port, body, content_type=content_type).status in (200, 400)


def test_it_still_works_and_has_not_grown(place: Place) -> None:
    """After all of the above, and a crowd that sends the largest bodies at once."""
    port = place.listener.port
    head = f"POST {SECRETS.missive_path} HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_LIMIT}\r\n\r\n".encode()

    def crowd() -> None:
        with ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: answers_to(port, head + b"x" * (BODY_LIMIT - 1)), range(64)))

    crowd()
    before, threads = resident(), threading.active_count()
    for _ in range(3):
        crowd()
    assert resident() - before < 40 * MEGABYTE
    assert threading.active_count() <= threads
    began = time.monotonic()
    assert send(port, "GET", "/health").status == 200
    assert missive(port, rule_body(conversation_id(1))).status == 200
    assert time.monotonic() - began < SILENCE


def resident() -> int:
    """Bytes in memory; 0 where the system does not tell."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
