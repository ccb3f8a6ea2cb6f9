"""Asking our own listener through its public address: the only proof that deliveries can come in."""

from __future__ import annotations

import json
import socket
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from tray_connector import __version__
from tray_connector.config.carriers import (
    Call,
    Carriers,
    ForeignCertificateError,
    Limits,
    Manner,
    NoAnswerError,
    Received,
)
from tray_connector.config.causes import find_cause
from tray_connector.config.clock import Clock, Stop
from tray_connector.config.http_errors import BY_ITSELF, Service, translate, words_of
from tray_connector.config.network import is_loopback
from tray_connector.model.errors import ConnectorError, Problem, TransientError
from tray_connector.webhooks.tunnel_errors import QUOTA, code_in, ngrok_error

Reason = Literal["ok", "dns", "unreachable", "silent", "certificate", "offline", "quota", "local", "tunnel", "foreign"]

INSTANCE = "instance"
"""The key of ``/health`` whose value is made anew by every run of ours."""
PATIENCE = Limits(connect=5.0, silence=10.0, total=15.0, largest=256 * 1024)
EVERY = 300.0
"""Seconds: 8,928 requests in a long month, of the 20,000 that ngrok's free plan has."""
AGAIN = (30.0, 60.0, 120.0)
"""After the first, second, third ping in a row that failed."""
APART = 10.0
DAY = timedelta(days=1)
A_DAY = 400
"""Pings within 24 hours, whatever asks for them: 12,400 a month. The rest is for deliveries."""

_SERVICE = Service("webhooks", "The public address", "", "")
_REASONS: dict[int, Reason] = {3200: "offline", 8012: "local", 3004: "local", 734: "quota"}
_HEADERS = {
    "Accept": "application/json",
    "Cache-Control": "no-cache",
    "User-Agent": f"tray-connector/{__version__}",
    "ngrok-skip-browser-warning": "1",
}


@dataclass(frozen=True, slots=True)
class PingResult:
    """How one ping ended."""

    at: datetime
    """When it was sent."""
    seconds: float
    reason: Reason
    problem: Problem | None = None
    """None when our listener answered."""

    @property
    def ok(self) -> bool:
        """Our own listener answered."""
        return self.problem is None


def ping(address: str, instance: str, clock: Clock, stop: Stop, *, limits: Limits = PATIENCE) -> PingResult:
    """GET ``<address>/health`` as an outsider would, through the system's proxy and with its certificates.

    It is ours if ``instance`` in the answer is the one given. Every failure is a result; `Stopped` is raised at once.
    """
    at, begun = clock.now(), clock.monotonic()
    url = address.rstrip("/") + "/health"
    host = urlsplit(url).hostname or ""
    carriers = Carriers("http-ping", Manner(_NoKey(), _HEADERS, limits, is_loopback(host)))
    try:
        outcome = carriers.carry(Call(url, lambda _: None), stop)
    finally:
        carriers.close()
    if isinstance(outcome, Received):
        reason, error = _judged(outcome, host, instance, at)
    else:
        reason, error = _kind(outcome), translate(_SERVICE, outcome, host)
    return PingResult(at, clock.monotonic() - begun, reason, None if error is None else error.problem)


class _NoKey(AuthBase):
    """Sends none, and keeps requests from looking for one in ``.netrc``."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r


def _kind(error: Exception) -> Reason:
    if find_cause(error, socket.gaierror):
        return "dns"
    if isinstance(error, ForeignCertificateError):
        return "certificate"
    if find_cause(error, NoAnswerError, TimeoutError):
        return "silent"
    return "unreachable"


def _judged(received: Received, host: str, instance: str, now: datetime) -> tuple[Reason, ConnectorError | None]:
    code = code_in(received.headers.get("Ngrok-Error-Code") or "")
    if code is None and received.status >= 400:
        code = code_in(received.body.decode("utf-8", "replace"))
    if code is not None:
        reason: Reason = "quota" if code in QUOTA else _REASONS.get(code, "tunnel")
        # The page is written for browsers: its words come by script.
        return reason, ngrok_error(code, f"{host} answered {received.status}.", now)
    if received.status == 200 and _object(received.body).get(INSTANCE) == instance:
        return "ok", None
    if received.status in (502, 503, 504):
        return "local", TransientError(
            "webhooks-local",
            "The reverse proxy does not reach this program",
            f"{host} answered {received.status}.",
            "Check that it passes requests on to 127.0.0.1 and the port in APP_PORT. " + BY_ITSELF,
        )
    words = words_of(received.body)[:120]
    return "foreign", TransientError(
        "webhooks-foreign",
        "Someone else answers at the public address",
        f"{host} answered {received.status}" + (f": {words}" if words else "."),
        "Check that the address leads to this program, and that no other copy of it uses the same one. " + BY_ITSELF,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


class PingSchedule:
    """When the next ping is due: at start, after a resume, every five minutes, sooner after a failure.

    Never more than ngrok's monthly allowance bears. For one thread.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._sent: deque[datetime] = deque()
        self._failures = 0
        self._last: PingResult | None = None
        self._due = clock.now()

    @property
    def last(self) -> PingResult | None:
        """The last result."""
        return self._last

    def hurry(self) -> None:
        """Something may have changed: the start, the end of a sleep or a pause, another address."""
        self._failures = 0
        self._due = self._clock.now()

    def wait(self) -> float:
        """Seconds until the next ping is due; 0 when it is."""
        now = self._clock.now()
        while self._sent and now - self._sent[0] >= DAY:
            self._sent.popleft()
        due = self._due
        if self._sent:
            if self._sent[-1] > now:
                # The clock was set back: what was sent cannot be placed any more.
                self._sent.clear()
                return 0.0
            due = max(due, self._sent[-1] + timedelta(seconds=APART))
        if len(self._sent) >= A_DAY:
            due = max(due, self._sent[0] + DAY)
        return max(0.0, (due - now).total_seconds())

    def note(self, result: PingResult) -> None:
        """A ping was sent; a failed one is repeated sooner, unless ngrok said when it makes sense again."""
        now = self._clock.now()
        self._sent.append(now)
        self._last = result
        if result.ok:
            self._failures = 0
            self._due = now + timedelta(seconds=EVERY)
            return
        delay = AGAIN[self._failures] if self._failures < len(AGAIN) else EVERY
        self._failures += 1
        self._due = now + timedelta(seconds=delay)
        if result.reason == "quota":
            # Each of them would count as well.
            self._due = now + timedelta(hours=1)
