"""The listener against slow, large, broken and many requests, a disk that refuses, and the end of the program."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.log_guard import ExpectLog
from tests.support.processes import wait_until
from tests.support.webhooks import (
    DEADLINE,
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
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.model.errors import ConfigError
from tray_connector.sync.spool import Spool
from tray_connector.webhooks.listener import Listener
from tray_connector.webhooks.server import BODY_LIMIT, CONNECTIONS, HEAD_LIMIT, HOST, PATIENCE
from tray_connector.webhooks.signatures import signature

HEAD = f"POST {SECRETS.missive_path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def spool(tmp_path: Path, clock: FakeClock) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", clock)
    yield spool
    spool.close()


@pytest.fixture
def listener(spool: Spool, clock: FakeClock) -> Iterator[Listener]:
    with listening(spool, clock) as listener:
        yield listener


def connect(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=DEADLINE)


def answer_to(port: int, sent: bytes) -> bytes:
    """What comes back until the server ends the connection."""
    with connect(port) as connection:
        connection.sendall(sent)
        answer = b""
        while part := connection.recv(65536):
            answer += part
        return answer


def is_over(connection: socket.socket) -> bool:
    """Whether the server has ended the connection."""
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_a_body_of_the_largest_size_is_taken(listener: Listener, spool: Spool) -> None:
    body = task_body(1, "x" * (BODY_LIMIT - len(task_body(1, ""))))
    assert len(body) == BODY_LIMIT
    assert teamwork(listener.port, body).status == 200
    assert spool.contains("teamwork", "1")


def test_a_larger_body_is_refused_before_it_is_read(listener: Listener, spool: Spool) -> None:
    head = HEAD + b"Content-Length: %d\r\n\r\n" % (BODY_LIMIT + 1)
    assert answer_to(listener.port, head).startswith(b"HTTP/1.1 413 ")
    assert listener.counts().refused == 1


def test_a_body_in_pieces_has_the_same_limit(listener: Listener) -> None:
    with connect(listener.port) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        pieces = (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 1000
        with pytest.raises(ConnectionError):
            connection.sendall(pieces)
    wait_until(lambda: listener.counts().refused == 1, DEADLINE, "the refusal")


def test_a_body_in_pieces_is_taken(listener: Listener, spool: Spool) -> None:
    body = rule_body(conversation_id(1))
    pieces = b"".join(b"%x\r\n%s\r\n" % (len(body[at : at + 10]), body[at : at + 10]) for at in range(0, len(body), 10))
    sent = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + pieces + b"0\r\n\r\n"
    assert answer_to(listener.port, sent).startswith(b"HTTP/1.1 200 ")
    assert spool.contains("missive", conversation_id(1))


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: ".ljust(HEAD_LIMIT, b"x"),
        b"POST /webhook/missive HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /webhook/missive HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"post / HTTP/1.1\r\n\r\n",
    ],
)
def test_what_is_no_proper_request_is_refused_without_a_trace_in_the_log(listener: Listener, sent: bytes) -> None:
    answer = answer_to(listener.port, sent)
    assert int(answer[9:12]) in (400, 431, 501)
    assert listener.counts().refused == 1
    assert send(listener.port, "GET", "/health").status == 200


def test_absolute_addresses_are_understood(listener: Listener) -> None:
    request = b"GET http://tunnel.example/health?a=b HTTP/1.1\r\nHost: tunnel.example\r\nConnection: close\r\n\r\n"
    assert answer_to(listener.port, request).startswith(b"HTTP/1.1 200 ")


def test_whoever_trickles_or_is_silent_is_cut_off(listener: Listener, clock: FakeClock) -> None:
    with ExitStack() as stack:
        silent, head, body = (stack.enter_context(connect(listener.port)) for _ in range(3))
        head.sendall(HEAD)
        body.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        # A little is sent all the time, so that no connection is ever idle for long.
        for _ in range(3):
            threading.Event().wait(0.05)
            head.sendall(b"X")
            body.sendall(b"x")
        watched = [silent, head, body]

        def all_over() -> bool:
            clock.advance(PATIENCE / 4)
            return all(is_over(each) for each in watched)

        wait_until(all_over, DEADLINE, "all three cut off")
    assert teamwork(listener.port, task_body(1)).status == 200


def test_a_crowd_of_slow_senders_does_not_shut_out_a_delivery(listener: Listener, clock: FakeClock) -> None:
    with ExitStack() as stack:
        for _ in range(CONNECTIONS + 10):
            stack.enter_context(connect(listener.port)).sendall(HEAD)
        with ThreadPoolExecutor(1) as pool:
            delivery = pool.submit(teamwork, listener.port, task_body(1))

            def answered() -> bool:
                clock.advance(0.5)
                return delivery.done()

            wait_until(answered, DEADLINE, "the delivery's answer")
            assert delivery.result().status == 200


def test_a_queue_that_cannot_take_it_means_503_and_then_the_same_delivery_is_taken(
    listener: Listener, spool: Spool, tmp_path: Path, expect_log: ExpectLog
) -> None:
    temporary = tmp_path / "spool" / "tmp"
    temporary.rmdir()
    temporary.write_bytes(b"")
    for _ in range(2):
        refused = teamwork(listener.port, task_body(1), delivery="d-1")
        assert (refused.status, refused.headers["retry-after"]) == (503, "30")
    assert missive(listener.port, rule_body(conversation_id(1))).status == 503
    assert spool.counts().total == 0
    expect_log("cannot be queued")

    temporary.unlink()
    temporary.mkdir()
    assert teamwork(listener.port, task_body(1), delivery="d-1").status == 200
    assert missive(listener.port, rule_body(conversation_id(1))).status == 200
    assert spool.counts().total == 2
    counts = listener.counts()
    assert (counts.unstored, counts.accepted, counts.duplicates) == (3, 2, 0)


def test_deliveries_that_come_at_once_are_all_taken(listener: Listener, spool: Spool) -> None:
    def deliver(number: int) -> int:
        # Each task twice, and each delivery twice.
        task, delivery = 1 + number // 4, f"d-{number // 2}"
        return teamwork(listener.port, task_body(task, f"{number // 2}"), delivery=delivery).status

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(deliver, range(400))) == {200}
    assert {event.id for event in spool.listing()} == {str(task) for task in range(1, 101)}
    assert (listener.counts().accepted, listener.counts().duplicates) == (200, 200)


def test_stopping_lets_go_of_everything_at_once(tmp_path: Path) -> None:
    clock = SystemClock()
    spool = Spool(tmp_path / "spool", clock)
    with ExitStack() as stack:
        with listening(spool, clock) as listener:
            stack.enter_context(connect(listener.port)).sendall(HEAD)
            stack.enter_context(connect(listener.port))
            assert teamwork(listener.port, task_body(1)).status == 200
            began = time.monotonic()
        assert time.monotonic() - began < 1
        with pytest.raises(ConnectionError):
            connect(listener.port)
        listener.close()
    spool.close()
    assert "webhook deposit" not in {thread.name for thread in threading.enumerate()}


def test_the_next_free_port_is_used_unless_it_is_fixed(spool: Spool, clock: FakeClock) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]

        def made(*, fixed: bool) -> Listener:
            return Listener(spool, clock, SECRETS, port=port, port_fixed=fixed, last_read_number=lambda: 0)

        free = made(fixed=False)
        free.open()
        assert port < free.port <= port + 100
        free.close()
        free.close()
        with pytest.raises(ConfigError) as caught:
            made(fixed=True).open()
        assert caught.value.problem.code == "port-taken"
        assert str(port) in caught.value.problem.title


def test_a_port_can_be_used_again_at_once(spool: Spool, clock: FakeClock) -> None:
    with listening(spool, clock) as listener:
        assert send(listener.port, "GET", "/health").status == 200
        port = listener.port
    again = Listener(spool, clock, SECRETS, port=port, port_fixed=True, last_read_number=lambda: 0)
    again.open()
    stop = Stop()
    stop.set()
    again.run(stop)


def test_it_answers_quickly_while_many_events_wait(tmp_path: Path, clock: FakeClock) -> None:
    folder = tmp_path / "spool" / "teamwork"
    folder.mkdir(parents=True)
    for number in range(5_000):
        (folder / f"{number + 100_000}.evt").touch()
    spool = Spool(tmp_path / "spool", clock)
    with listening(spool, clock) as listener:
        began = time.monotonic()
        for number in range(50):
            assert teamwork(listener.port, task_body(number + 1)).status == 200
        assert time.monotonic() - began < 5
        assert b'"queue": 5050' in send(listener.port, "GET", "/health").body
    spool.close()


def test_no_line_of_the_server_below_names_the_path(listener: Listener, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("waitress").setLevel(logging.DEBUG)
    try:
        body = task_body(1)
        head = f"{SECRETS.missive_path} HTTP/1.1\r\nX-Projects-Signature: {signature(TOKEN, body)}\r\n"
        for _ in range(20):
            # Gone before the answer comes.
            with connect(listener.port) as connection:
                connection.sendall(f"POST {head}Content-Length: 2\r\n\r\n{{}}".encode())
        assert send(listener.port, "GET", "/health").status == 200
    finally:
        logging.getLogger("waitress").setLevel(logging.ERROR)
    assert "pathsecret" not in caplog.text
    caplog.clear()
