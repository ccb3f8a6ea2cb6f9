"""Targets of downloads, and hosts of files."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.clock import FakeClock
from tests.support.raw_server import Reply
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Clock
from tray_connector.sources.file_host import FileHost, Held

QUICK = Limits(connect=2.0, silence=0.3, total=2.0, largest=10_000)
SIGNATURE = "Qw9~abc-very-secret__"


@dataclass
class Memory:
    """A target that keeps the bytes. Implements `file_host.Target`."""

    data: bytearray = field(default_factory=bytearray)
    state: Held = field(default_factory=Held)
    begun: list[int] = field(default_factory=list)
    trouble: Exception | None = None

    def held(self) -> Held:
        return Held(len(self.data), self.state.etag, self.state.length)

    def begin(self, held: Held) -> None:
        self.begun.append(held.size)
        del self.data[held.size :]
        self.state = held

    def write(self, chunk: bytes) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.data += chunk


@contextmanager
def file_host(*, clock: Clock | None = None, loopback: bool = True, limits: Limits = QUICK) -> Iterator[FileHost]:
    """A client; closed at the end."""
    host = FileHost(clock=clock or FakeClock(), user_agent="tests", loopback=loopback, limits=limits)
    try:
        yield host
    finally:
        host.close()


def address(port: int, name: str = "plan.pdf") -> str:
    """A signed one on loopback."""
    return f"http://127.0.0.1:{port}/{name}?Expires=1&Signature={SIGNATURE}&Key-Pair-Id=K"


def headers_of(head: bytes) -> dict[str, str]:
    """The header fields of a request, names in lower case."""
    lines = head.decode().split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}


def scripted(*replies: bytes | tuple[bytes, bool]) -> Reply:
    """One reply after the other, the last one again and again; with True the connection ends after it."""
    waiting = list(replies)

    def reply(connection: socket.socket, _: bytes) -> None:
        each = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        data, end = each if isinstance(each, tuple) else (each, False)
        connection.sendall(data)
        if end:
            connection.shutdown(socket.SHUT_RDWR)

    return reply
