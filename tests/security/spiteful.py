"""Services that refuse whatever they are asked, and repeat what they were told to keep."""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.security.traces import echoes
from tests.support.raw_server import RawServer, raw_server, response

STATUSES = (
    "401 Unauthorized",
    "403 Forbidden",
    "404 Not Found",
    "422 Unprocessable",
    "400 Bad Request",
    "302 Found",
    "200 OK",
)
CLEARTEXT = b"R" + struct.pack("!ii", 8, 3)
END_SECONDS = 5.0


@contextmanager
def spiteful_service(secret: str) -> Iterator[RawServer]:
    """An HTTP service whose refusals, one kind after the other, repeat the secret in body, reason and headers."""
    kinds = itertools.cycle(STATUSES)
    said = echoes(secret)
    bodies = itertools.cycle(
        (
            json.dumps({"errors": [{"title": said, "detail": said}], "message": said}).encode(),
            json.dumps({"error": {"type": said, "message": said}}).encode(),
            f"<html><title>{said}</title>{said}</html>".encode(),
        )
    )

    def reply(connection: socket.socket, _: bytes) -> None:
        kind = next(kinds)
        headers = ["Content-Type: application/json", f"WWW-Authenticate: Basic realm={secret}", f"X-Echo: {secret}"]
        if kind.startswith("302"):
            headers.append(f"Location: http://127.0.0.1:9/{said.replace(' ', '/')}?key={secret}")
        connection.sendall(response(next(bodies), *headers, status=f"{kind} {secret}"))

    with raw_server(reply) as server:
        yield server


@contextmanager
def spiteful_postgres(password: str) -> Iterator[int]:
    """A PostgreSQL server that asks for the password in clear text and repeats it; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.settimeout(END_SECONDS)
                    _converse(connection, password)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(END_SECONDS)


def _converse(connection: socket.socket, password: str) -> None:
    connection.recv(4096)
    connection.sendall(CLEARTEXT)
    connection.recv(4096)
    said = f"password authentication failed for user ida: {echoes(password)}".encode()
    fields = b"SFATAL\0VFATAL\0C28P01\0M" + said + b"\0D" + said + b"\0H" + said + b"\0\0"
    connection.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)
