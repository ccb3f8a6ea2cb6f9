"""Changes sent over HTTP: what is repeated, what is not, and when the outcome is not known."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable

import pytest

from tests.support.http import client_of
from tests.support.raw_server import RawServer, answering, raw_server, response
from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConfigError, InternalError, TransientError
from tray_connector.sources.http import HttpClient

MADE = response(b'{"id": 7}', status="201 Created")
TROUBLE = response(b"{}", status="503 Busy")
FULL = response(b"{}", "Retry-After: 1", status="429 Too Many Requests")


def url(server: RawServer) -> str:
    return f"http://127.0.0.1:{server.port}"


def post(client: HttpClient) -> object:
    return client.change("POST", "things.json", {"name": "Maß"}, stop=Stop()).data


def hang_up(connection: socket.socket, _: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def silent(connection: socket.socket, _: bytes) -> None:
    connection.recv(1)


def test_a_post_carries_json_and_the_key() -> None:
    bodies: list[bytes] = []

    def reply(connection: socket.socket, head: bytes) -> None:
        _, _, body = head.partition(b"\r\n\r\n")
        bodies.append(body or connection.recv(65536))
        connection.sendall(MADE)

    with raw_server(reply) as server, client_of(url(server)) as client:
        assert post(client) == {"id": 7}
    (head,) = server.heads
    assert head.startswith(b"POST /things.json HTTP/1.1\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert b"\r\nAuthorization: Basic " in head
    assert json.loads(bodies[0]) == {"name": "Maß"}


@pytest.mark.parametrize(
    "reply", [hang_up, silent, answering(TROUBLE), answering(response(b'{"id"', status="201 Made"))]
)
def test_a_post_that_may_have_arrived_is_not_sent_again(reply: Callable[[socket.socket, bytes], None]) -> None:
    with raw_server(reply) as server, client_of(url(server)) as client, pytest.raises(TransientError) as caught:
        post(client)
    assert caught.value.unsure
    assert len(server.heads) == 1


def test_a_post_that_surely_did_not_arrive_is_sent_again() -> None:
    with client_of("http://127.0.0.1:1") as client:
        with pytest.raises(TransientError) as caught:
            post(client)
        assert not caught.value.unsure
        assert client.sent == 3


def test_a_post_that_was_too_many_is_sent_again_after_the_pause() -> None:
    with raw_server(answering(FULL, MADE)) as server, client_of(url(server)) as client:
        assert post(client) == {"id": 7}
    assert len(server.heads) == 2


@pytest.mark.parametrize(("status", "kind"), [(401, ConfigError), (403, ConfigError), (422, InternalError)])
def test_a_refused_post_was_not_carried_out(status: int, kind: type[Exception]) -> None:
    refusal = response(b'{"MESSAGE":"no"}', status=f"{status} No")
    with raw_server(answering(refusal)) as server, client_of(url(server)) as client, pytest.raises(kind):
        post(client)
    assert len(server.heads) == 1


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_what_may_be_repeated_is_repeated(method: str) -> None:
    with raw_server(answering(TROUBLE, response(b"{}"))) as server, client_of(url(server)) as client:
        client.change("PUT" if method == "PUT" else "DELETE", "things/7.json", stop=Stop())
    assert [head.partition(b" ")[0] for head in server.heads] == [method.encode()] * 2


def test_a_change_may_be_answered_without_a_body() -> None:
    with raw_server(answering(response(b"", status="201 Created"))) as server, client_of(url(server)) as client:
        assert post(client) is None


def test_an_accepted_refusal_is_answered() -> None:
    gone = response(b"", status="404 Gone")
    with raw_server(answering(gone)) as server, client_of(url(server)) as client:
        assert client.change("DELETE", "things/7.json", stop=Stop(), accept=frozenset({404})).status == 404


def test_a_change_follows_no_redirect() -> None:
    elsewhere = response(b"", "Location: /other.json", status="302 Found")
    with (
        raw_server(answering(elsewhere)) as server,
        client_of(url(server)) as client,
        pytest.raises(TransientError),
    ):
        post(client)
    assert len(server.heads) == 1
