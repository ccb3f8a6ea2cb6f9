"""The live test of the way in: whether a request to the public address comes to this machine, and to us."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tray_connector.config.clock import Clock, Stop
from tray_connector.config.settings import Settings
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, Problem, TransientError
from tray_connector.webhooks.ping import INSTANCE, ping
from tray_connector.webhooks.server import Server, bind
from tray_connector.webhooks.tunnel import Tunnel, choose

WAY_IN, ANSWER = "Way in", "Public address"


def check_way_in(
    settings: Settings, folder: Path, clock: Clock, stop: Stop, *, tunnel: Tunnel | None = None
) -> list[CheckLine]:
    """Open the way in that the settings ask for, ask ourselves through it, close it. Raises `Stopped` only.

    `folder` is where ngrok's agent lies; it is downloaded when it is missing. No webhook is registered.
    """
    try:
        tunnel = tunnel or choose(settings, folder, clock)
        if tunnel is None:
            return [CheckLine(WAY_IN, True, "None is set up: changes are found by polling")]
        with _answering(settings, clock) as (port, instance):
            return _try(tunnel, port, instance, clock, stop)
    except ConnectorError as error:
        return [_failed(WAY_IN, error.problem, passing=isinstance(error, TransientError))]


def _try(tunnel: Tunnel, port: int, instance: str, clock: Clock, stop: Stop) -> list[CheckLine]:
    try:
        address = tunnel.open(port, stop)
        opened = CheckLine(WAY_IN, True, f"{urlsplit(address).netloc} leads to this computer, port {port}")
        result = ping(address, instance, clock, stop)
    finally:
        tunnel.close()
    if result.problem is not None:
        return [opened, _failed(ANSWER, result.problem, passing=result.reason in ("silent", "unreachable"))]
    return [opened, CheckLine(ANSWER, True, f"A request from outside arrived here after {result.seconds:.1f} s")]


@contextmanager
def _answering(settings: Settings, clock: Clock) -> Iterator[tuple[int, str]]:
    """While inside, ``/health`` is answered with the instance at the port. ConfigError when the port is taken."""
    instance = secrets.token_hex(8)
    body = json.dumps({INSTANCE: instance}).encode()

    def application(_: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    bound = bind(settings.app_port, fixed=bool(settings.public_url))
    server, end = Server(application, bound, clock, lambda: None), Stop()
    thread = threading.Thread(target=server.serve, args=(end,), name="way-in-test", daemon=True)
    thread.start()
    try:
        yield bound.getsockname()[1], instance
    finally:
        end.set()
        thread.join(5.0)


def _failed(name: str, problem: Problem, *, passing: bool) -> CheckLine:
    message = ". ".join(part.rstrip(".") for part in (problem.title, problem.message) if part)
    return CheckLine(name, False, message, problem.hint, passing=passing)
