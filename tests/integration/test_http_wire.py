"""Time, threads and sockets: silence, endless answers, stopping, keeping connections, limits on the way."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.clock import FakeClock
from tests.support.http import QUICK, client_of
from tests.support.raw_server import RawServer, answering, raw_server, response
from tray_connector.config.budget import Budget, Window
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Stop, Stopped, SystemClock
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.sources.http import HttpClient

GOOD = response(b'{"ok": true}')
PATIENT = Limits(connect=5.0, silence=30.0, total=60.0)


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never became true"
        threading.Event().wait(0.005)


def carriers_alive() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("http-")]


def silent(connection: socket.socket, _: bytes) -> None:
    connection.recv(1)


def url(server: RawServer) -> str:
    return f"http://127.0.0.1:{server.port}"


def test_a_silent_server_ends_in_a_time_out() -> None:
    with raw_server(silent) as server, client_of(url(server)) as client:
        began = time.monotonic()
        with pytest.raises(TransientError) as caught:
            client.get("x", stop=Stop())
        assert (caught.value.problem.code, len(server.heads)) == ("teamwork-silent", 3)
        assert time.monotonic() - began < 5


def test_an_answer_that_drips_for_ever_ends_at_the_deadline() -> None:
    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _turn in range(1000):
            connection.sendall(b" ")
            threading.Event().wait(0.05)

    quick = Limits(connect=2.0, silence=0.5, total=0.6)
    with raw_server(drip) as server, client_of(url(server), limits=quick) as client:
        began = time.monotonic()
        with pytest.raises(TransientError) as caught:
            client.get("x", stop=Stop())
        assert caught.value.problem.code == "teamwork-silent"
        assert time.monotonic() - began < 5
        wait_until(lambda: not carriers_alive())


@pytest.mark.parametrize("packed", [False, True])
def test_an_endless_answer_is_given_up_at_a_size(packed: bool) -> None:
    limits = replace(PATIENT, largest=1_000_000)
    body = gzip.compress(b" " * 50_000_000) if packed else b" " * 3_000_000
    answer = response(body, *(["Content-Encoding: gzip"] if packed else []))
    with (
        raw_server(answering(answer)) as server,
        client_of(url(server), limits=limits) as client,
        pytest.raises(TransientError) as caught,
    ):
        client.get("x", stop=Stop())
    assert (caught.value.problem.code, len(server.heads)) == ("teamwork-too-large", 1)


def test_stopping_ends_a_request_at_once_and_its_socket_too() -> None:
    with raw_server(silent) as server, client_of(url(server), limits=PATIENT) as client:
        stop = Stop()
        threading.Timer(0.1, stop.set).start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            client.get("x", stop=stop)
        assert time.monotonic() - began < 1
        wait_until(lambda: not carriers_alive())


def test_stopping_ends_a_back_off_at_once() -> None:
    busy = answering(response(b"", status="503 Busy"))
    with raw_server(busy) as server, client_of(url(server), clock=SystemClock()) as client:
        stop = Stop()
        threading.Timer(0.2, stop.set).start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            client.get("x", stop=stop)
        assert time.monotonic() - began < 2


def test_after_a_stop_the_next_request_works() -> None:
    turns = iter([silent, answering(GOOD)])

    def reply(connection: socket.socket, head: bytes) -> None:
        next(turns)(connection, head)

    with raw_server(reply) as server, client_of(url(server), limits=PATIENT) as client:
        stop = Stop()
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(Stopped):
            client.get("x", stop=stop)
        assert client.get("x", stop=Stop()).data == {"ok": True}
        assert client.sent == 2


def test_one_connection_serves_many_requests() -> None:
    with raw_server(answering(GOOD)) as server, client_of(url(server)) as client:
        for _ in range(20):
            client.get("x", stop=Stop())
        assert (server.connections, client.sent) == (1, 20)
        client.close()
        wait_until(lambda: not carriers_alive())


def test_a_kept_connection_that_the_server_closed_is_made_anew() -> None:
    with raw_server(answering(GOOD, end=True)) as server, client_of(url(server)) as client:
        for _ in range(5):
            assert client.get("x", stop=Stop()).data == {"ok": True}


def test_a_client_that_is_let_go_closes_its_connections() -> None:
    with raw_server(answering(GOOD)) as server:
        clock = FakeClock()
        budget = Budget("teamwork", [Window(9, 60.0)], max_in_flight=1, clock=clock)
        client = HttpClient(
            service="teamwork",
            base_url=url(server),
            authorization="Bearer x",
            budget=budget,
            clock=clock,
            user_agent="",
        )
        client.get("x", stop=Stop())
        del client
        wait_until(lambda: not carriers_alive())


def test_requests_of_many_threads_do_not_mix_and_keep_to_the_number_in_flight() -> None:
    lock = threading.Lock()
    now = most = 0

    def echo(connection: socket.socket, head: bytes) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        threading.Event().wait(0.01)
        path = head.split(b" ")[1]
        with lock:
            now -= 1
        connection.sendall(response(b'{"path": "' + path + b'"}'))

    wrong: list[str] = []
    with raw_server(echo) as server, client_of(url(server), clock=SystemClock(), limits=PATIENT) as client:

        def work(name: int) -> None:
            for turn in range(10):
                path = f"/{name}/{turn}"
                if client.get(path, stop=Stop()).data["path"] != path:
                    wrong.append(path)

        threads = [threading.Thread(target=work, args=(name,), daemon=True) for name in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert (wrong, client.sent) == ([], 120)
        assert most <= 5
        assert server.connections <= 6


@pytest.mark.parametrize(
    ("headers", "status", "seconds"),
    [
        (["Retry-After: 7"], "429 Too Many Requests", 7),
        (["Retry-After: 7"], "400 Bad Request", None),
        (["Retry-After: 7", "X-RateLimit-Remaining: 0"], "400 Bad Request", 7),
        (["X-RateLimit-Remaining: 0", "X-RateLimit-Reset: 12"], "429 Too Many Requests", 12),
        (["X-RateLimit-Reset: 1788343230", "Date: Wed, 02 Sep 2026 10:00:00 GMT"], "429 Too Many", 31),
        (["Retry-After: Wed, 02 Sep 2026 10:00:20 GMT", "Date: Wed, 02 Sep 2026 10:00:00 GMT"], "429 Too Many", 20),
        ([], "429 Too Many Requests", 60),
    ],
)
def test_a_limit_is_waited_out_and_the_request_repeated(headers: list[str], status: str, seconds: int | None) -> None:
    clock = FakeClock()
    refused = response(b'{"errors": []}', *headers, status=status)
    with raw_server(answering(refused, GOOD)) as server, client_of(url(server), clock=clock) as client:
        if seconds is None:
            with pytest.raises(ConnectorError):
                client.get("x", stop=Stop())
            return
        assert client.get("x", stop=Stop()).data == {"ok": True}
        assert clock.monotonic() == pytest.approx(seconds, abs=1.1)
        assert clock.monotonic() >= seconds


def test_a_limit_that_does_not_end_is_told_with_its_time() -> None:
    clock = FakeClock()
    refused = response(b"<h1>Slow down</h1>", "Retry-After: 30", status="429 Too Many Requests")
    with raw_server(answering(refused)) as server, client_of(url(server), clock=clock) as client:
        with pytest.raises(TransientError) as caught:
            client.get("x", stop=Stop())
        assert (caught.value.problem.code, len(server.heads)) == ("teamwork-limit", 3)
        assert caught.value.problem.retry_at is not None
        assert (caught.value.problem.retry_at - clock.now()).total_seconds() == pytest.approx(30, abs=1)


def test_a_limit_holds_the_other_threads_as_well() -> None:
    clock = FakeClock()
    refused = response(b"{}", "Retry-After: 30", status="429 Too Many Requests")
    with raw_server(answering(refused)) as server, client_of(url(server), clock=clock, limits=QUICK) as client:
        with pytest.raises(TransientError):
            client.get("x", stop=Stop())
        began = clock.monotonic()
        with pytest.raises(TransientError):
            client.get("y", stop=Stop(), urgent=True)
        assert clock.monotonic() - began >= 30
