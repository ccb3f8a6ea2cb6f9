"""The agent is fetched when it is missing or too old, whole or not at all, and at no other time."""

from __future__ import annotations

import io
import os
import re
import socket
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.fake_ngrok import ADDRESS, FakeNgrok
from tests.support.raw_server import RawServer, Reply, answering, raw_server, response
from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import TransientError
from tray_connector.webhooks import tunnel_download
from tray_connector.webhooks.tunnel_download import agent_address, agent_name, fetch_agent
from tray_connector.webhooks.tunnel_ngrok import NgrokTunnel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake agent is a script")


@pytest.fixture
def fake(tmp_path: Path) -> FakeNgrok:
    """The newest agent: what a download brings."""
    return FakeNgrok(tmp_path / "newest")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "ngrok"
    folder.mkdir()
    return folder


def archive(program: bytes, name: str = "ngrok") -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(program), 0o755
        tar.addfile(member, io.BytesIO(program))
    return packed.getvalue()


def zipped(program: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("ngrok", program)
    return packed.getvalue()


@pytest.fixture
def served(fake: FakeNgrok) -> Iterator[RawServer]:
    with raw_server(answering(response(archive(fake.text().encode())))) as server:
        yield server


def tunnel_of(folder: Path, server: RawServer) -> NgrokTunnel:
    return NgrokTunnel("token", folder, FakeClock(), download=f"http://127.0.0.1:{server.port}/ngrok.tgz")


def test_a_missing_agent_is_fetched_once(fake: FakeNgrok, folder: Path, served: RawServer) -> None:
    tunnel = tunnel_of(folder, served)
    try:
        assert tunnel.open(5000, Stop()) == ADDRESS
        tunnel.close()
        assert tunnel.open(5000, Stop()) == ADDRESS
        assert len(served.heads) == 1
        assert (folder / agent_name()).stat().st_mode & 0o777 == 0o700
    finally:
        tunnel.close()


@pytest.mark.parametrize("age", ["refused by ngrok", "without endpoints"])
def test_an_agent_that_is_too_old_is_replaced_once(fake: FakeNgrok, folder: Path, served: RawServer, age: str) -> None:
    old = FakeNgrok(folder)
    old.change(**({"session": "refused", "error": 121} if age == "refused by ngrok" else {"api": "old"}))
    tunnel = tunnel_of(folder, served)
    try:
        assert tunnel.open(5000, Stop()) == ADDRESS
        assert (len(old.runs()), len(fake.runs()), len(served.heads)) == (1, 1, 1)
        assert tunnel.healthy()
    finally:
        tunnel.close()


def test_when_the_newest_agent_is_too_old_as_well_it_is_not_fetched_again_and_again(
    fake: FakeNgrok, folder: Path, served: RawServer
) -> None:
    FakeNgrok(folder).change(session="refused", error=121)
    fake.change(session="refused", error=121)
    tunnel = tunnel_of(folder, served)
    with pytest.raises(TransientError) as caught:
        tunnel.open(5000, Stop())
    assert caught.value.problem.code == "ngrok-agent-old"
    assert caught.value.problem.retry_at is not None
    assert len(served.heads) == 1


def test_another_refusal_fetches_nothing(folder: Path, served: RawServer) -> None:
    FakeNgrok(folder).change(session="refused", error=108)
    with pytest.raises(TransientError):
        tunnel_of(folder, served).open(5000, Stop())
    assert served.heads == []


WHOLE = archive(b"program " * 1000)


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (answering(response(b"<html>blocked</html>", status="403 Forbidden")), "refused"),
        (answering(response(b"<html>sign in</html>")), "damaged"),
        (answering(response(WHOLE[:-40])), "damaged"),
        (answering(response(archive(b"x", "readme"))), "damaged"),
        (answering(response(b"", status="503 Service Unavailable")), "503"),
    ],
)
def test_what_is_no_agent_does_not_take_its_place(folder: Path, reply: Reply, words: str) -> None:
    program = folder / "ngrok"
    program.write_text("the old one")
    with raw_server(reply) as server, pytest.raises(TransientError) as caught:
        fetch_agent(program, FakeClock(), Stop(), address=f"http://127.0.0.1:{server.port}/ngrok.tgz")
    assert caught.value.problem.code == "ngrok-agent-missing"
    assert words in caught.value.problem.message
    assert [path.name for path in folder.iterdir()] == ["ngrok"]
    assert program.read_text() == "the old one"


def test_a_download_that_breaks_off_goes_on(folder: Path) -> None:
    program = os.urandom(400_000)
    whole = archive(program)

    def reply(connection: socket.socket, head: bytes) -> None:
        asked = re.search(rb"(?i)range: bytes=(\d+)-", head)
        if asked is None:
            first = f'HTTP/1.1 200 OK\r\nContent-Length: {len(whole)}\r\nETag: "1"\r\n\r\n'.encode()
            connection.sendall(first + whole[:300_000])
            connection.shutdown(socket.SHUT_RDWR)
            return
        part = f"Content-Range: bytes {int(asked[1])}-{len(whole) - 1}/{len(whole)}"
        connection.sendall(response(whole[int(asked[1]) :], part, 'ETag: "1"', status="206 Partial Content"))

    with raw_server(reply) as server:
        fetch_agent(folder / "ngrok", FakeClock(), Stop(), address=f"http://127.0.0.1:{server.port}/ngrok.tgz")
    assert len(server.heads) == 2
    assert (folder / "ngrok").read_bytes() == program


def test_a_zip_is_unpacked_too(folder: Path) -> None:
    with raw_server(answering(response(zipped(b"program")))) as server:
        fetch_agent(folder / "ngrok", FakeClock(), Stop(), address=f"http://127.0.0.1:{server.port}/ngrok.zip")
    assert (folder / "ngrok").read_bytes() == b"program"


def test_a_program_that_unpacks_without_end_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tunnel_download, "LARGEST", 1_000_000)
    with raw_server(answering(response(archive(b"0" * 2_000_000)))) as server, pytest.raises(TransientError):
        fetch_agent(folder / "ngrok", FakeClock(), Stop(), address=f"http://127.0.0.1:{server.port}/ngrok.tgz")
    assert list(folder.iterdir()) == []


def test_stopping_ends_a_download_at_once(folder: Path) -> None:
    arrived, stop = threading.Event(), Stop()

    def silent(*_: object) -> None:
        arrived.set()
        stop.wait(5)

    def stopper() -> None:
        arrived.wait(5)
        stop.set()

    thread = threading.Thread(target=stopper)
    with raw_server(silent) as server:
        tunnel = tunnel_of(folder, server)
        thread.start()
        begun = time.monotonic()
        with pytest.raises(Stopped):
            tunnel.open(5000, stop)
        assert time.monotonic() - begun < 1
    thread.join(5)
    assert list(folder.iterdir()) == []


def test_it_is_fetched_from_ngrok_over_https() -> None:
    assert agent_address().startswith("https://bin.ngrok.com/")
    assert agent_address().endswith((".tgz", ".zip"))


def test_a_standard_output_that_is_missing_is_not_needed(
    fake: FakeNgrok, folder: Path, served: RawServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    fetch_agent(folder / "ngrok", FakeClock(), Stop(), address=f"http://127.0.0.1:{served.port}/ngrok.tgz")
    assert os.access(folder / "ngrok", os.X_OK)
