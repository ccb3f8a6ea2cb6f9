"""The sandbox's HTTP plumbing and its faults, over real sockets."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.support.clock import FakeClock
from tests.support.log_guard import ExpectLog
from tray_connector.sandbox.faults import ALWAYS, Faults, When
from tray_connector.sandbox.server import Request, Response, SandboxServer


class Echo:
    """Answers with what it was asked."""

    name = "echo"

    def answer(self, request: Request) -> Response:
        if request.path == "/fails":
            raise RuntimeError("a flaw")
        if request.path == "/empty":
            return Response(204)
        if request.path == "/bytes":
            return Response(200, b"\x00\x01", {"Content-Type": "image/png"})
        return Response(200, {"path": request.path, "query": dict(request.query), "body": request.body.decode()})


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Echo(), clock=FakeClock()) as running:
        yield running


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.005)


def test_a_request_arrives_decoded_and_is_logged(server: SandboxServer, session: requests.Session) -> None:
    answer = session.post(f"{server.url}/a%20b/ü?x=1&x=2&empty=", data="Grüße".encode(), headers={"X-Any": "v"})
    assert answer.json() == {"path": "/a b/ü", "query": {"x": "2", "empty": ""}, "body": "Grüße"}
    (logged,) = server.requests.all("/a b")
    assert (logged.method, logged.headers["x-ANY"], logged.at) == ("POST", "v", 0.0)
    assert server.requests.count("/other") == 0
    assert server.requests.count("/", method="GET") == 0


def test_one_connection_carries_many_requests_and_the_date_is_the_clocks(
    server: SandboxServer, session: requests.Session
) -> None:
    ports = set()
    for _ in range(3):
        with session.get(f"{server.url}/", stream=True) as answer:
            assert answer.raw.connection is not None
            ports.add(answer.raw.connection.sock.getsockname()[1])
            assert answer.headers["Date"] == "Wed, 02 Sep 2026 10:00:00 GMT"
            assert answer.json()["path"] == "/"
    assert len(ports) == 1


def test_no_body_bytes_and_json_are_sent_as_what_they_are(server: SandboxServer, session: requests.Session) -> None:
    empty = session.get(f"{server.url}/empty")
    assert (empty.status_code, empty.content, "Content-Length" in empty.headers) == (204, b"", False)
    image = session.get(f"{server.url}/bytes")
    assert (image.content, image.headers["Content-Type"]) == (b"\x00\x01", "image/png")
    assert session.get(f"{server.url}/").headers["Content-Type"].startswith("application/json")


def test_a_flaw_of_the_service_is_an_empty_500_and_is_logged(
    server: SandboxServer, session: requests.Session, expect_log: ExpectLog
) -> None:
    assert session.get(f"{server.url}/fails").status_code == 500
    expect_log("The sandbox service echo failed at GET /fails", level=logging.ERROR)


def test_a_stopped_server_can_be_started_again_on_its_port(server: SandboxServer, session: requests.Session) -> None:
    session.get(f"{server.url}/")
    before = server.url
    server.stop()
    with pytest.raises(requests.ConnectionError):
        session.get(f"{before}/")
    server.start()
    assert server.url == before
    assert session.get(f"{before}/").ok


def test_a_status_strikes_the_requests_that_it_names(server: SandboxServer, session: requests.Session) -> None:
    rule = server.faults.status(503, When("/list", at=2, times=2), headers={"Retry-After": "7"}, body="busy")
    answers = [session.get(f"{server.url}/{path}") for path in ("list", "other", "list", "list", "list")]
    assert [answer.status_code for answer in answers] == [200, 200, 503, 503, 200]
    assert (answers[2].headers["Retry-After"], answers[2].text) == ("7", "busy")
    assert (rule.seen, rule.struck) == (4, 2)


def test_a_rule_may_look_at_the_query(server: SandboxServer, session: requests.Session) -> None:
    server.faults.status(500, When(match=lambda request: request.query.get("page") == "2", times=None))
    assert [session.get(f"{server.url}/", params={"page": page}).status_code for page in (1, 2, 3, 2)] == [
        200,
        500,
        200,
        500,
    ]


def test_a_captive_portal_answers_200_with_html(server: SandboxServer, session: requests.Session) -> None:
    server.faults.html()
    answer = session.get(f"{server.url}/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "<html>" in answer.text


def test_a_redirect_names_another_host(server: SandboxServer, session: requests.Session) -> None:
    server.faults.redirect("http://elsewhere.example/login")
    answer = session.get(f"{server.url}/", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://elsewhere.example/login")


def test_a_cut_body_is_shorter_than_announced(server: SandboxServer, session: requests.Session) -> None:
    server.faults.cut()
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        session.get(f"{server.url}/")
    assert session.get(f"{server.url}/").ok


def test_a_truncated_body_is_broken_json_in_sound_http(server: SandboxServer, session: requests.Session) -> None:
    server.faults.truncate()
    answer = session.get(f"{server.url}/")
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_a_dropped_connection_gets_no_answer(server: SandboxServer, session: requests.Session) -> None:
    server.faults.drop()
    with pytest.raises(requests.ConnectionError):
        session.get(f"{server.url}/")


def test_a_slow_body_comes_in_pieces_and_complete(server: SandboxServer, session: requests.Session) -> None:
    server.faults.slow(piece=10, pause=0.001)
    assert session.get(f"{server.url}/long", params={"x": "y" * 100}).json()["query"] == {"x": "y" * 100}


@pytest.mark.parametrize("ending", [SandboxServer.stop, lambda server: server.faults.release()])
def test_silence_ends_at_once_with_the_server_or_by_release(
    server: SandboxServer, ending: Callable[[SandboxServer], None]
) -> None:
    server.faults.silence(ALWAYS)
    failed: list[Exception] = []

    def ask() -> None:
        try:
            requests.get(f"{server.url}/", timeout=60)
        except requests.ConnectionError as error:
            failed.append(error)

    client = threading.Thread(target=ask)
    client.start()
    eventually(lambda: server.faults.silent == 1)
    began = time.monotonic()
    ending(server)
    client.join(10)
    assert len(failed) == 1
    assert time.monotonic() - began < 2


def test_hooks_run_before_the_service_or_between_answer_and_sending(
    server: SandboxServer, session: requests.Session
) -> None:
    order: list[str] = []
    service = server.service

    class Noting:
        name = "noting"

        def answer(self, request: Request) -> Response:
            order.append(f"answer {request.path}")
            return service.answer(request)

    server.service = Noting()
    server.faults.call(lambda: order.append("before"), When("/list", at=2), moment="before")
    server.faults.call(lambda: order.append("after"), When("/list"))
    for _ in range(2):
        session.get(f"{server.url}/list")
    assert order == ["answer /list", "after", "before", "answer /list"]


def test_the_oldest_rule_wins_and_clearing_forgets_all() -> None:
    faults = Faults()
    faults.status(500)
    faults.status(503, ALWAYS)
    request = Request("GET", "/")
    assert [faults.plan(request).status for _ in range(2)] == [500, 503]
    faults.clear()
    assert faults.plan(request).status is None


def test_the_log_knows_how_many_requests_were_under_way_at_one_time(server: SandboxServer) -> None:
    server.faults.silence(When(times=3))
    clients = [threading.Thread(target=_quietly, args=(f"{server.url}/",)) for _ in range(3)]
    for client in clients:
        client.start()
    eventually(lambda: server.faults.silent == 3)
    server.faults.release()
    for client in clients:
        client.join(10)
    assert server.requests.peak_in_flight == 3
    server.requests.clear()
    assert (len(server.requests), server.requests.peak_in_flight) == (0, 0)


def _quietly(url: str) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=60)
