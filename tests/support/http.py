"""Clients for tests of the HTTP layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.clock import FakeClock
from tray_connector.config.budget import Budget, Window
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Clock
from tray_connector.sources.http import HttpClient

KEY = "Basic dHdwX3NlY3JldF9rZXk6eA=="
"""``twp_secret_key:x``"""
SECRETS = ("dHdwX3NlY3JldF9rZXk6eA==", "twp_secret_key")
QUICK = Limits(connect=2.0, silence=0.3, total=1.5)


@contextmanager
def client_of(
    url: str,
    *,
    clock: Clock | None = None,
    limits: Limits = QUICK,
    rate_statuses: frozenset[int] = frozenset({429, 400}),
    service: str = "teamwork",
) -> Iterator[HttpClient]:
    """A client with a wide budget; closed at the end."""
    clock = clock or FakeClock()
    client = HttpClient(
        service=service,
        base_url=url,
        authorization=KEY,
        budget=Budget(service, [Window(1000, 60.0)], max_in_flight=5, clock=clock),
        clock=clock,
        user_agent="tests",
        rate_statuses=rate_statuses,
        limits=limits,
    )
    try:
        yield client
    finally:
        client.close()


def chain(error: BaseException) -> Iterator[str]:
    """Every text that a traceback of the error would show."""
    current: BaseException | None = error
    while current is not None:
        yield f"{current!r} {current}"
        current = current.__cause__ or current.__context__
