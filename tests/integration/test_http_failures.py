"""Every way in which a request may fail, and what it is called."""

from __future__ import annotations

import gzip
import json
import os
import socket
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.http import SECRETS, chain, client_of
from tests.support.raw_server import answering, raw_server, response
from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConfigError, ConnectorError, InternalError, TransientError
from tray_connector.sources.http import Answer

GOOD = response(b'{"ok": true}')
HTML = response(b"<html><head><title>Hotel WLAN</title></head><body>Anmelden</body></html>", "Content-Type: text/html")
CUT = b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"half": '
CHUNK_CUT = b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{"half":\r\n'
GZIP_CUT = response(gzip.compress(b'{"a": "' + os.urandom(4000).hex().encode() + b'"}')[:900], "Content-Encoding: gzip")


def get(url: str) -> Answer:
    with client_of(url) as client:
        return client.get("v1/things", stop=Stop())


def failure(*answers: bytes, end: bool = False) -> tuple[ConnectorError, int]:
    """The error for these answers, and how many requests it took."""
    with raw_server(answering(*answers, end=end)) as server:
        with pytest.raises(ConnectorError) as caught:
            get(f"http://127.0.0.1:{server.port}")
        return caught.value, len(server.heads)


@pytest.mark.parametrize(
    ("answer", "end", "kind", "code", "tries"),
    [
        (CUT, True, TransientError, "cut", 3),
        (CHUNK_CUT, True, TransientError, "cut", 3),
        (GZIP_CUT, False, TransientError, "cut", 3),
        (response(b'{"ok": tr'), False, TransientError, "cut", 3),
        (b"", True, TransientError, "dropped", 3),
        (b"no HTTP at all\r\n\r\n", True, TransientError, "cut", 3),
        (HTML, False, TransientError, "foreign-answer", 1),
        (response(b""), False, TransientError, "cut", 3),
        (response(b"[1, 2]"), False, TransientError, "foreign-answer", 1),
        (response(b'"text"'), False, TransientError, "foreign-answer", 1),
        (response(b"[" * 100_000), False, TransientError, "cut", 3),
        (response(b"", status="500 Internal Server Error"), False, TransientError, "in-trouble", 3),
        (response(b"<h1>502</h1>", status="502 Bad Gateway"), False, TransientError, "in-trouble", 3),
        (response(b"", status="503 Service Unavailable"), False, TransientError, "in-trouble", 3),
        (response(b"{}", status="401 Unauthorized"), False, ConfigError, "key-refused", 1),
        (response(b"", status="403 Forbidden"), False, ConfigError, "right-missing", 1),
        (response(b"", status="404 Not Found"), False, ConfigError, "address", 1),
        (response(b'{"error": "x"}', status="404 Not Found"), False, InternalError, "request", 1),
        (response(b'{"errors": []}', status="400 Bad Request"), False, InternalError, "request", 1),
        (response(b"", "Location: /elsewhere/", status="302 Found"), False, TransientError, "elsewhere", 4),
        (response(b"", status="304 Not Modified"), False, TransientError, "elsewhere", 1),
    ],
)
def test_a_failure_has_its_kind_and_is_tried_again_only_where_that_helps(
    answer: bytes, end: bool, kind: type[ConnectorError], code: str, tries: int
) -> None:
    error, requests = failure(answer, end=end)
    assert (type(error), error.problem.code, requests) == (kind, f"teamwork-{code}", tries)
    assert error.problem.title
    assert error.problem.message


def test_a_failure_that_passes_is_not_noticed() -> None:
    with raw_server(answering(CUT, response(b"", status="503 Service Unavailable"), GOOD)) as server:
        # The first answer leaves its connection half read.
        assert get(f"http://127.0.0.1:{server.port}").data == {"ok": True}
        assert len(server.heads) == 3


def test_a_head_that_is_cut_off_is_a_cut_answer(caplog: pytest.LogCaptureFixture) -> None:
    error, requests = failure(b"HTTP/1.1 200 OK\r\nContent-", end=True)
    assert (error.problem.code, requests) == ("teamwork-cut", 3)
    # urllib3 has its own word about it.
    caplog.clear()


def test_the_services_own_words_are_told() -> None:
    bodies = [
        (b'{"errors":[{"code":"400","title":"Bad Request","detail":"orderBy: unknown value"}]}', "orderBy: unknown"),
        (b'{"MESSAGE":"You are not the site owner","STATUS":"Error"}', "You are not the site owner"),
        (b'{"error":{"message":"Authentication token is invalid"}}', "Authentication token is invalid"),
        (b'{"error":"just text"}', "just text"),
        (b"<html><title>Wartung</title><style>h1 {}</style><h1>bald</h1></html>", "Wartung"),
        (b"plain words", "plain words"),
    ]
    for body, words in bodies:
        error, _ = failure(response(body, status="401 Unauthorized"))
        assert words in error.problem.message
    long, _ = failure(response(json.dumps({"message": "x" * 5000}).encode(), status="401 Unauthorized"))
    assert len(long.problem.message) < 400


def test_a_refused_key_says_where_to_make_a_new_one() -> None:
    error, _ = failure(response(b"", status="401 Unauthorized"))
    assert error.problem.title == "Teamwork refuses the key"
    assert error.problem.hint == "Make a new one in Teamwork under Edit my details › API & Mobile and enter it here."


def test_a_captive_portal_is_named() -> None:
    error, _ = failure(HTML)
    assert error.problem.message == "127.0.0.1 sent text/html instead of data: Hotel WLAN"


def test_the_key_appears_in_no_text_even_when_the_service_echoes_it(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    echo = json.dumps({"error": f"bad {SECRETS[0]} of {SECRETS[1]}"}).encode()
    texts = []
    answers = [
        response(echo, status="401 Unauthorized"),
        response(echo, status="500 Internal Server Error"),
        response(echo, status="429 Too Many Requests"),
        response(f"<p>{SECRETS[1]}</p>".encode()),
        response(b"", f"Location: https://example.com/{SECRETS[1]}", status="302 Found"),
    ]
    for answer in answers:
        error, _ = failure(answer)
        texts += [*chain(error), repr(error.problem)]
    with client_of("http://127.0.0.1:9") as client:
        texts += [repr(client), str(vars(client))]
    texts += [record.getMessage() for record in caplog.records]
    assert not [text for text in texts for secret in SECRETS if secret in text]


def test_a_port_that_nobody_listens_on_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(TransientError, match="refuses the connection") as caught:
        get(f"http://127.0.0.1:{port}")
    assert caught.value.problem.code == "teamwork-unreachable"


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    with pytest.raises(TransientError, match="not known") as caught:
        get("https://no-such-host.invalid")
    assert caught.value.problem.code == "teamwork-unreachable"
    assert "no-such-host.invalid" in caught.value.problem.message


def test_an_accepted_status_is_answered() -> None:
    absent = answering(response(b"", status="404 Not Found"))
    with raw_server(absent) as server, client_of(f"http://127.0.0.1:{server.port}") as client:
        answer = client.get("x", stop=Stop(), accept=frozenset({404}))
    assert (answer.status, answer.data) == (404, None)


def test_the_servers_clock_and_headers_are_given() -> None:
    answer = response(b"{}", "Date: Wed, 02 Sep 2026 10:00:05 GMT", "X-Pages: 3")
    with raw_server(answering(answer)) as server:
        got = get(f"http://127.0.0.1:{server.port}")
    assert got.server_time is not None
    assert got.server_time.isoformat() == "2026-09-02T10:00:05+00:00"
    assert got.headers["x-pages"] == "3"


def test_back_off_is_at_most_twenty_seconds_and_a_longer_wish_is_told() -> None:
    clock = FakeClock()
    busy = response(b"", "Retry-After: 600", status="503 Service Unavailable")
    with raw_server(answering(busy)) as server, client_of(f"http://127.0.0.1:{server.port}", clock=clock) as client:
        with pytest.raises(TransientError) as caught:
            client.get("x", stop=Stop())
        retry_at = caught.value.problem.retry_at
        assert retry_at is not None
        assert (retry_at - clock.now()).total_seconds() == 600
        assert len(server.heads) == 1
    broken = answering(response(b"", status="500 Oh"))
    with (
        raw_server(broken) as server,
        client_of(f"http://127.0.0.1:{server.port}", clock=clock) as client,
        pytest.raises(TransientError),
    ):
        client.get("x", stop=Stop())
    assert 0 < sum(clock.waits) <= 20


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"])
def test_a_redirect_to_another_host_never_carries_the_key(status: str) -> None:
    with raw_server(answering(GOOD)) as other:
        away = response(b"", f"Location: http://localhost:{other.port}/v1", status=status)
        error, requests = failure(away)
        assert (other.connections, requests) == (0, 1)
    assert error.problem.code == "teamwork-elsewhere"
    assert "localhost" in error.problem.message
    assert isinstance(error, ConfigError if status.startswith("301") else TransientError)


def test_a_redirect_within_the_host_is_followed() -> None:
    there = response(b"", "Location: /v2/things?x=1", status="302 Found")
    with raw_server(answering(there, GOOD)) as server:
        assert get(f"http://127.0.0.1:{server.port}").data == {"ok": True}
        assert server.heads[1].startswith(b"GET /v2/things?x=1 HTTP/1.1")


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "ftp://127.0.0.1", "example.com", "https://user:pw@example.com", "http://", "https://a:b"],
)
def test_an_address_that_would_give_the_key_away_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="not valid") as caught, client_of(url):
        pass
    assert "pw" not in str(caught.value)


def test_a_netrc_file_does_not_take_the_keys_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password else\n", "utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    with raw_server(answering(GOOD)) as server:
        get(f"http://127.0.0.1:{server.port}")
        assert b"Authorization: Basic dHdwX3NlY3JldF9rZXk6eA==" in server.heads[0]
