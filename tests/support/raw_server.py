"""A server that sends exactly the bytes a test wants, well-formed HTTP or not."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Reply = Callable[[socket.socket, bytes], None]


@dataclass
class RawServer:
    """Where it listens, and the head of each request that arrived."""

    port: int
    heads: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextmanager
def raw_server(reply: Reply, context: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """Answer each request head on each connection with `reply`, which gets the connection and the head."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    server = RawServer(listener.getsockname()[1])
    open_connections: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            with connection:
                open_connections.append(connection)
                while head := _head(connection):
                    server.heads.append(head)
                    reply(connection, head)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connection.settimeout(10)
                server.connections += 1
                threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield server
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in open_connections:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in (acceptor, *threads):
            thread.join(5)


def _head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        part = connection.recv(65536)
        if not part:
            return b""
        head += part
    return head


def response(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """A whole answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def answering(*answers: bytes, end: bool = False) -> Reply:
    """Send these answers one after the other, the last one again and again; with `end` close after each."""
    waiting = list(answers)

    def reply(connection: socket.socket, _: bytes) -> None:
        connection.sendall(waiting.pop(0) if len(waiting) > 1 else waiting[0])
        if end:
            connection.shutdown(socket.SHUT_RDWR)

    return reply
