"""What pyairtable sends goes the way of every other request: carriers, certificates, proxies, deadlines, budget."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from tray_connector.config.budget import Budget, Slot
from tray_connector.config.carriers import Authorization, Call, Carriers, Limits, Manner, Outcome, Received
from tray_connector.config.clock import Clock, Stop
from tray_connector.config.http_errors import never_sent, translate
from tray_connector.config.http_headers import Signals
from tray_connector.config.network import is_loopback
from tray_connector.config.redaction import Redactor
from tray_connector.destinations.airtable.errors import SERVICE, Refusal, hold_of, paused, refusal_of
from tray_connector.model.errors import ConfigError, TransientError

HEADERS = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
LIMITS = Limits(connect=10.0, silence=60.0, total=120.0, largest=256 * 1024 * 1024)
"""A page may hold a hundred mails of the largest size that Airtable takes."""
_HELD = 5.0
"""Seconds that a call waits for its turn in silence; a longer hold is a lock-out, which is told."""


def json_or_none(body: bytes) -> Any:
    """The JSON that a body holds, or None."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


class Road:
    """Sends requests to one address within the budget. Thread-safe. Counts what it sends."""

    def __init__(
        self, *, address: str, token: str, budget: Budget, clock: Clock, user_agent: str, limits: Limits = LIMITS
    ) -> None:
        parts = urlsplit(address)
        self.host = parts.hostname or ""
        self._direct = is_loopback(self.host)
        if parts.scheme not in ("http", "https") or not self.host or (parts.scheme == "http" and not self._direct):
            raise ConfigError(
                "airtable-address", "The address of Airtable is not valid", address, "It must begin with https://."
            )
        self._budget = budget
        self._clock = clock
        headers = {**HEADERS, "User-Agent": user_agent}
        manner = Manner(Authorization(f"Bearer {token}"), headers, limits, self._direct)
        self._carriers = Carriers("airtable", manner)
        self._redact = Redactor([token])
        self._lock = threading.Lock()
        self._sent = 0

    @property
    def sent(self) -> int:
        """Requests sent so far, each try counted."""
        with self._lock:
            return self._sent

    def close(self) -> None:
        """Close all connections; what is under way is broken off."""
        self._carriers.close()

    def carry(self, request: requests.PreparedRequest, stop: Stop) -> Received:
        """Send it and give the whole answer, whatever its status; errors of the network and lock-outs as our own.

        `TransientError.unsure` is set when the request was sent and no answer told how it ended.
        """
        until = self._budget.waiting_until()
        if until is not None and until - self._clock.now() > timedelta(seconds=_HELD):
            raise paused(until)
        slot = self._budget.take(stop)
        with self._lock:
            self._sent += 1
        body = request.body.encode() if isinstance(request.body, str) else request.body
        method, url = request.method or "GET", request.url or ""
        call = Call(url, lambda outcome: self._ended(slot, outcome), method, body if isinstance(body, bytes) else None)
        outcome = self._carriers.carry(call, stop)
        if isinstance(outcome, Received):
            return outcome
        error = translate(SERVICE, outcome, self.host)
        if isinstance(error, TransientError):
            error.unsure = not never_sent(outcome)
        raise error from outcome

    def _ended(self, slot: Slot, outcome: Outcome) -> None:
        """Runs on the carrier, whether or not anyone still waits."""
        if not isinstance(outcome, Received):
            self._budget.end(slot, sent=not never_sent(outcome))
            return
        if outcome.status == 429:
            refusal = self.refusal(outcome.status, outcome.headers, outcome.body)
            if not refusal.quota_spent:
                # On the carrier, so that it stands even when whoever asked has left.
                self._budget.hold_for(hold_of(refusal))
        self._budget.end(slot)

    def refusal(self, status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
        """An answer that is no success."""
        wait = Signals(headers, self._clock.now()).retry_after
        return refusal_of(status, json_or_none(body), wait, self._redact)


class RoadAdapter(BaseAdapter):
    """Hands what a session of requests (pyairtable's) sends to a `Road`. One thread at a time."""

    def __init__(self, road: Road) -> None:
        super().__init__()
        self._road = road
        self.stop = Stop()
        """Whose setting breaks off what is under way."""

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        """Called by requests. How long it may take, whom to trust and which proxy to use is the carriers' business."""
        received = self._road.carry(request, self.stop)
        if 300 <= received.status < 400:
            raise elsewhere(self._road.host, received)
        response = requests.Response()
        response.status_code = received.status
        response.headers = requests.structures.CaseInsensitiveDict(received.headers)
        response.raw = io.BytesIO(received.body)
        response.encoding = "utf-8"
        response.url = request.url or ""
        response.request = request
        return response

    def close(self) -> None:
        """Called by requests; the road outlives it."""


def elsewhere(host: str, received: Received) -> TransientError:
    """A redirect: Airtable documents none, a network's sign-in page does it."""
    target = urlsplit(received.headers.get("Location") or "").hostname or "another address"
    return TransientError(
        "airtable-elsewhere",
        "Someone else answers for Airtable",
        f"{host} answered {received.status} and points to {target}. The token was not sent there.",
        "In a public network, sign in on its page first. It is tried again by itself.",
    )
