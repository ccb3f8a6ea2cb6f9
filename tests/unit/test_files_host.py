"""Fetching a file from a signed address."""

from __future__ import annotations

import gzip
import logging
import threading
import time
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.files import SIGNATURE, Memory, address, file_host, headers_of, scripted
from tests.support.http import chain
from tests.support.processes import wait_until
from tests.support.raw_server import answering, raw_server, response
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Stop, Stopped, SystemClock
from tray_connector.model.errors import ConnectorError, RecordError, TransientError
from tray_connector.sources.file_host import Fetched, Fetching, FileHost, Held, Oversized, Refused

LARGEST = 1_000_000
PART = "206 Partial Content"
BODY = bytes(range(256)) * 800
OTHER = bytes(reversed(BODY))
GOT = 2 * 65536
"""Bytes that have arrived of `BODY` when it is cut a little later: they come in pieces of this size."""


def fetch(host: FileHost, port: int, target: Memory, *, largest: int = LARGEST) -> Fetching:
    return host.download(address(port), target, Stop(), largest=largest)


def cut(body: bytes, keep: int, *headers: str, status: str = "200 OK") -> tuple[bytes, bool]:
    whole = response(body, *headers, status=status)
    return whole[: len(whole) - len(body) + keep], True


def test_a_file_arrives_whole_and_no_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    (Path.home() / ".netrc").parent.mkdir(parents=True, exist_ok=True)
    (Path.home() / ".netrc").write_text("machine 127.0.0.1 login ida password secret\n")
    target = Memory()
    with raw_server(answering(response(b"%PDF-1.4 plan"))) as server, file_host() as host:
        assert fetch(host, server.port, target) == Fetched()
        sent = headers_of(server.heads[0])
        assert host.sent == 1
    assert bytes(target.data) == b"%PDF-1.4 plan"
    assert "authorization" not in sent
    assert "cookie" not in sent
    assert sent["accept-encoding"] == "identity"
    assert "range" not in sent


def test_a_download_that_is_cut_goes_on_where_it_was() -> None:
    target = Memory()
    rest = response(BODY[GOT:], 'ETag: "v1"', f"Content-Range: bytes {GOT}-204799/204800", status=PART)
    with raw_server(scripted(cut(BODY, GOT + 9, 'ETag: "v1"'), rest)) as server, file_host() as host:
        assert fetch(host, server.port, target) == Fetched()
        sent = headers_of(server.heads[1])
    assert (sent["range"], sent["if-range"]) == (f"bytes={GOT}-", '"v1"')
    assert bytes(target.data) == BODY
    assert target.begun == [0, GOT]


@pytest.mark.parametrize(
    "second",
    [
        response(OTHER, 'ETag: "v2"'),
        response(OTHER[GOT:], 'ETag: "v2"', f"Content-Range: bytes {GOT}-204799/204800", status=PART),
        response(OTHER[GOT:], 'ETag: "v1"', f"Content-Range: bytes {GOT}-204799/204801", status=PART),
        response(OTHER[9:], 'ETag: "v1"', "Content-Range: bytes 9-204799/204800", status=PART),
        response(b"", "Content-Range: bytes */204800", status="416 Range Not Satisfiable"),
        response(OTHER[GOT:], status=PART),
    ],
)
def test_what_belongs_to_another_version_is_never_joined(second: bytes) -> None:
    target = Memory()
    last = response(OTHER, 'ETag: "v2"')
    with raw_server(scripted(cut(BODY, GOT + 9, 'ETag: "v1"'), second, last)) as server, file_host() as host:
        assert fetch(host, server.port, target) == Fetched()
        assert headers_of(server.heads[1])["range"] == f"bytes={GOT}-"
    assert bytes(target.data) == OTHER


def test_a_host_that_knows_no_ranges_gives_it_all_again() -> None:
    target = Memory()
    with raw_server(scripted(cut(BODY, GOT + 9), response(BODY))) as server, file_host() as host:
        assert fetch(host, server.port, target) == Fetched()
        assert headers_of(server.heads[1])["range"] == f"bytes={GOT}-"
        assert "if-range" not in headers_of(server.heads[1])
    assert bytes(target.data) == BODY


def test_a_packed_answer_is_unpacked_and_never_resumed() -> None:
    packed = gzip.compress(BODY, 0)
    target, kind = Memory(), "Content-Encoding: gzip"
    reply = scripted(cut(packed, GOT + 9, kind, 'ETag: "v1"'), response(packed, kind, 'ETag: "v1"'))
    with raw_server(reply) as server, file_host() as host:
        assert fetch(host, server.port, target) == Fetched()
        assert "range" not in headers_of(server.heads[1])
    assert bytes(target.data) == BODY


def test_what_was_complete_before_costs_no_request() -> None:
    target = Memory(bytearray(b"0123456789"), Held(10, None, 10))
    with raw_server(answering(response(b""))) as server, file_host() as host:
        assert fetch(host, server.port, target) == Fetched()
        assert server.heads == []


@pytest.mark.parametrize(
    "status", ["403 Forbidden", "404 Not Found", "410 Gone", "400 Bad Request", "401 Unauthorized"]
)
def test_a_refused_address_is_an_answer(status: str) -> None:
    target = Memory()
    with raw_server(answering(response(b"<Error/>", status=status))) as server, file_host() as host:
        assert fetch(host, server.port, target) == Refused(int(status[:3]))
    assert target.begun == []


def test_a_host_in_trouble_is_tried_three_times() -> None:
    clock = FakeClock()
    with raw_server(answering(response(b"", status="503 Slow Down"))) as server, file_host(clock=clock) as host:
        with pytest.raises(TransientError) as caught:
            fetch(host, server.port, Memory())
        assert len(server.heads) == 3
    assert caught.value.problem.code == "files-in-trouble"
    assert 3 < sum(clock.waits) < 10


def test_a_host_that_names_a_time_is_not_asked_before() -> None:
    clock = FakeClock()
    reply = answering(response(b"", "Retry-After: 90", status="429 Too Many Requests"))
    with raw_server(reply) as server, file_host(clock=clock) as host:
        with pytest.raises(TransientError) as caught:
            fetch(host, server.port, Memory())
        assert len(server.heads) == 1
    retry_at = caught.value.problem.retry_at
    assert retry_at is not None
    assert (retry_at - clock.now()).total_seconds() == 90


@pytest.mark.parametrize(
    "answer", [response(b"0" * 5000), b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"0" * 5000]
)
def test_a_file_that_is_too_large_is_not_taken(answer: bytes) -> None:
    with raw_server(scripted((answer, True))) as server, file_host() as host:
        assert isinstance(fetch(host, server.port, Memory(), largest=1000), Oversized)


def test_a_redirect_is_followed() -> None:
    target = Memory()
    with (
        raw_server(answering(response(b"0123456789"))) as other,
        raw_server(answering(response(b"", f"Location: {address(other.port)}", status="302 Found"))) as server,
        file_host() as host,
    ):
        assert fetch(host, server.port, target) == Fetched()
    assert bytes(target.data) == b"0123456789"


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example/plan.pdf?Signature=x",
        "ftp://127.0.0.1/plan.pdf",
        "https://user:key@files.example/plan.pdf",
        "file:///etc/passwd",
        "https:///plan.pdf",
        "https://[broken/plan.pdf",
        "//[broken/plan.pdf",
        "",
    ],
)
def test_only_safe_addresses_are_followed(url: str) -> None:
    with file_host() as host, pytest.raises(RecordError) as caught:
        host.download(url, Memory(), Stop(), largest=LARGEST)
    assert caught.value.problem.code == "files-address"
    with raw_server(answering(response(b"", f"Location: {url}", status="302 Found"))) as server, file_host() as host:
        if url:
            with pytest.raises(RecordError):
                fetch(host, server.port, Memory())


def test_this_machine_is_followed_only_where_the_service_is_here() -> None:
    with raw_server(answering(response(b"x"))) as server:
        for url in (address(server.port), f"https://localhost:{server.port}/x"):
            with file_host(loopback=False) as host, pytest.raises(RecordError):
                host.download(url, Memory(), Stop(), largest=LARGEST)
        assert server.heads == []


def test_endless_redirects_end() -> None:
    with (
        raw_server(answering(response(b"", "Location: /again", status="302 Found"))) as server,
        file_host() as host,
        pytest.raises(TransientError),
    ):
        fetch(host, server.port, Memory())
    assert len(server.heads) == 12


def test_what_the_disk_says_reaches_the_caller() -> None:
    target = Memory(trouble=OSError(28, "No space left on device"))
    with raw_server(answering(response(b"0123456789"))) as server, file_host() as host:
        with pytest.raises(OSError, match="No space left"):
            fetch(host, server.port, target)
        target.trouble = None
        assert fetch(host, server.port, target) == Fetched()
    assert bytes(target.data) == b"0123456789"


def test_a_silent_host_is_left_at_once_when_stopped() -> None:
    stop, target, ended = Stop(), Memory(), []
    reply = answering(response(BODY)[: GOT + 1000])
    with raw_server(reply) as server, file_host(clock=SystemClock(), limits=Limits()) as host:

        def run() -> None:
            try:
                host.download(address(server.port), target, stop, largest=LARGEST)
            except Stopped:
                ended.append(time.monotonic())

        thread = threading.Thread(target=run)
        thread.start()
        wait_until(lambda: bytes(target.data) == BODY[:GOT], 5, "the first bytes")
        began = time.monotonic()
        stop.set()
        thread.join(5)
    assert ended
    assert ended[0] - began < 0.2
    assert bytes(target.data) == BODY[:GOT]


def test_a_host_that_is_away_is_said_without_the_address(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="tray_connector"):
        with raw_server(answering(response(b""))) as server:
            port = server.port
        with file_host() as host, pytest.raises(ConnectorError) as caught:
            fetch(host, port, Memory())
        with (
            raw_server(scripted(cut(b"0123456789", 3))) as server,
            file_host() as host,
            pytest.raises(ConnectorError) as cuts,
        ):
            fetch(host, server.port, Memory())
    assert caught.value.problem.code == "files-unreachable"
    assert cuts.value.problem.code in ("files-cut", "files-dropped")
    shown = [*chain(caught.value), *chain(cuts.value), *(record.getMessage() for record in caplog.records)]
    assert not any(SIGNATURE in text or "Signature" in text for text in shown)
