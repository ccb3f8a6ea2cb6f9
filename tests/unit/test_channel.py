"""The channel to the process that holds a home."""

from __future__ import annotations

import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from tests.support.processes import wait_until
from tray_connector.config.clock import Stop, Stopped, SystemClock
from tray_connector.desktop.address import LONGEST_SOCKET_PATH, addresses_for
from tray_connector.desktop.channel import Channel, Send, call
from tray_connector.desktop.wire import CutOffError, GoneError, Message, Wire

TOKEN = "the token"


@pytest.fixture
def address(tmp_path: Path) -> str:
    return next(addresses_for(tmp_path))


class Holder:
    """Answers what it is asked; "wait" takes until the command is stopped, "flood" says more than anybody reads."""

    def __init__(self) -> None:
        self.asked: list[Message] = []
        self.ended = threading.Event()
        self.begun = threading.Event()

    def serve(self, request: Message, send: Send, stop: Stop) -> int | None:
        self.asked.append(request)
        self.begun.set()
        try:
            for word in request["argv"]:
                if word == "wait":
                    stop.wait(30)
                    return None
                while word == "flood" and not stop.is_set():
                    send({"out": "x" * 10_000})
                send({"out": word})
            return len(request["argv"])
        finally:
            self.ended.set()

    @contextmanager
    def listening(self, address: str) -> Iterator[Channel]:
        channel = Channel(TOKEN, self.serve, SystemClock())
        with channel.open(address):
            yield channel


def ask(address: str, *words: str, token: str = TOKEN, stop: Stop | None = None) -> tuple[int, list[Message]]:
    said: list[Message] = []
    code = call(address, token, {"argv": list(words)}, said.append, stop or Stop())
    return code, said


def test_a_command_is_run_by_the_holder_and_its_words_come_back(address: str) -> None:
    with Holder().listening(address):
        assert ask(address, "status", "Räume 漢") == (2, [{"out": "status"}, {"out": "Räume 漢"}])
        assert ask(address) == (0, [])


def test_many_callers_at_once(address: str) -> None:
    codes: list[int] = []
    with Holder().listening(address):
        callers = [threading.Thread(target=lambda n=n: codes.append(ask(address, *["x"] * n)[0])) for n in range(1, 13)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    assert sorted(codes) == list(range(1, 13))


def test_who_does_not_know_the_token_is_turned_away(address: str) -> None:
    holder = Holder()
    with holder.listening(address):
        with pytest.raises(GoneError):
            ask(address, "status", token="another")
        assert ask(address, "status")[0] == 1
    assert [request["argv"] for request in holder.asked] == [["status"]]


def test_a_holder_who_does_not_know_the_token_is_not_believed(address: str) -> None:
    """Somebody else listens where the holder did."""
    with Holder().listening(address), Client(address) as connection:
        wire = Wire(connection)
        wire.receive(5)
        wire.send({"argv": ["status"], "nonce": "1", "proof": "none"})
        with pytest.raises(GoneError):
            wire.receive(5)


def test_a_stranger_who_says_nothing_holds_up_nobody(address: str) -> None:
    with Holder().listening(address), Client(address), Client(address):
        assert ask(address, "status")[0] == 1


@pytest.mark.parametrize("words", [b"", b"nonsense", b"[]", b'"x"', b"\xff"])
def test_nonsense_ends_only_its_own_connection(address: str, words: bytes) -> None:
    with Holder().listening(address):
        with Client(address) as connection:
            connection.send_bytes(words)
        assert ask(address, "status")[0] == 1


def test_nobody_listens(address: str) -> None:
    with pytest.raises(GoneError):
        ask(address, "status")


@pytest.mark.skipif(os.name == "nt", reason="named pipes leave no file behind")
def test_a_socket_left_behind_is_replaced_and_ours_is_taken_away(address: str) -> None:
    Path(address).touch()
    with Holder().listening(address):
        assert stat.S_IMODE(Path(address).stat().st_mode) == 0o600
        assert ask(address, "status")[0] == 1
    assert not Path(address).exists()


def test_a_caller_who_goes_away_ends_its_command(address: str) -> None:
    holder, stop = Holder(), Stop()
    with holder.listening(address):
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(Stopped):
            ask(address, "wait", stop=stop)
        assert holder.ended.wait(5)


def test_a_holder_that_ends_cuts_off_what_is_under_way(address: str) -> None:
    holder = Holder()
    found: list[BaseException] = []

    def caller() -> None:
        try:
            ask(address, "wait")
        except GoneError as error:
            found.append(error)

    thread = threading.Thread(target=caller)
    with holder.listening(address):
        thread.start()
        assert holder.begun.wait(5)
    thread.join(5)
    assert [type(error) for error in found] == [CutOffError]


def test_a_caller_who_does_not_listen_cannot_keep_the_holder_from_ending(address: str) -> None:
    holder = Holder()
    with holder.listening(address):
        connection = Client(address)
        wire = Wire(connection)
        wire.introduce(TOKEN, {"argv": ["flood"]})
        assert holder.begun.wait(5)
    connection.close()
    wait_until(holder.ended.is_set, 5, "the command ends once its caller is gone")


@pytest.mark.skipif(os.name == "nt", reason="a named pipe's name is always short")
def test_a_home_with_a_long_path_has_a_short_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ("long" * 30)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "missing"))
    found = list(addresses_for(home))
    assert found
    for address in found:
        assert len(os.fsencode(address)) <= LONGEST_SOCKET_PATH
        folder = Path(address).parent.stat()
        assert (folder.st_uid, stat.S_IMODE(folder.st_mode)) == (os.getuid(), 0o700)
    assert not set(found) & set(addresses_for(tmp_path / ("other" * 30)))


@pytest.mark.skipif(os.name == "nt", reason="a named pipe lies in no folder")
def test_a_folder_that_others_may_enter_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = Path(tempfile.gettempdir()) / f"tc-test-{os.getpid()}"
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    foreign = short / f"tray-connector-{os.getuid()}"
    foreign.mkdir(parents=True)
    try:
        foreign.chmod(0o755)
        assert not [found for found in addresses_for(tmp_path / ("long" * 30)) if found.startswith(str(short))]
        foreign.chmod(0o700)
        assert [found for found in addresses_for(tmp_path / ("long" * 30)) if found.startswith(str(short))]
    finally:
        foreign.rmdir()
        short.rmdir()
