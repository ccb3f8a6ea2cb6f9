"""Services whose answers are changed on their way out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tray_connector.sandbox.server import Request, Response, SandboxServer, Service

Mangle = Callable[[Request, Any], Any]
"""What becomes of the data of an answer to a request."""


class Mangled:
    """A service whose answers are changed on their way out."""

    def __init__(self, service: Service, mangle: Mangle) -> None:
        self.name = service.name
        self._service = service
        self._mangle = mangle

    def answer(self, request: Request) -> Response:
        found = self._service.answer(request)
        return Response(found.status, self._mangle(request, found.data), found.headers)


@contextmanager
def mangled(server: SandboxServer, mangle: Mangle) -> Iterator[None]:
    """So long the server changes its answers."""
    true = server.service
    server.service = Mangled(true, mangle)
    try:
        yield
    finally:
        server.service = true
