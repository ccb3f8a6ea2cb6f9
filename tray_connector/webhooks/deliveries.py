"""Counting deliveries, knowing those that came before, and slowing down whoever only sends forged ones."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from tray_connector.config.clock import Clock
from tray_connector.model.events import SourceName

REMEMBERED = 20_000
"""Deliveries known at the same time: about 6 MB."""
REFUSALS = 30
"""Refused requests that are answered in full within a minute."""
MINUTE = 60.0

Outcome = Literal["accepted", "duplicates", "refused", "unknown", "unstored"]


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """What has arrived since the listener was made."""

    accepted: int = 0
    """Authentic, and durable in the spool."""
    duplicates: int = 0
    """Authentic, and durable before: the services send some twice."""
    refused: int = 0
    """Not authentic, or not what a service sends."""
    unknown: int = 0
    """Authentic, but about nothing that is synced, or not readable."""
    unstored: int = 0
    """Authentic, but the spool could not take it: the service was asked to send it again."""
    last_delivery: datetime | None = None
    """When the last authentic one came."""
    last_teamwork: datetime | None = None
    last_missive: datetime | None = None


class Counter:
    """Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._counts = DeliveryCounts()

    def add(self, outcome: Outcome, source: SourceName | None = None) -> None:
        """One more; with a source it was authentic."""
        now = self._clock.now()
        with self._lock:
            counts = replace(self._counts, **{outcome: getattr(self._counts, outcome) + 1})
            if source == "teamwork":
                counts = replace(counts, last_delivery=now, last_teamwork=now)
            elif source == "missive":
                counts = replace(counts, last_delivery=now, last_missive=now)
            self._counts = counts

    def view(self) -> DeliveryCounts:
        """The counts now."""
        with self._lock:
            return self._counts


@dataclass(frozen=True, slots=True)
class Mark:
    """What makes a delivery the same as one before."""

    place: str
    """Teamwork: the delivery's id, which stays the same when it is sent again. Missive: the conversation."""
    fingerprint: bytes
    """A hash of the content. The same at the same place, with no other in between, is a repetition."""
    keep: float
    """Seconds during which the service may repeat it."""


class Recent:
    """The deliveries of the last hours, at most `REMEMBERED`. Thread-safe.

    Missive numbers nothing: the same body may come again because it was sent twice, or because something was changed
    and changed back. Only the last one of each conversation is therefore remembered.
    """

    def __init__(self, clock: Clock, most: int = REMEMBERED) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[bytes, float, Future[None]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def store(self, mark: Mark, put: Callable[[], Future[None]]) -> tuple[Future[None], bool]:
        """(when it is durable, whether it is a repetition). `put` is called unless it is stored or on its way.

        One whose storing failed is as if it had never come.
        """
        now = self._clock.monotonic()
        with self._lock:
            fingerprint, until, stored = self._known.get(mark.place, (b"", 0.0, None))
            failed = stored is None or (stored.done() and stored.exception() is not None)
            if stored is not None and not failed and fingerprint == mark.fingerprint and now < until:
                return stored, True
            stored = put()
            self._known[mark.place] = (mark.fingerprint, now + mark.keep, stored)
            self._known.move_to_end(mark.place)
            while len(self._known) > self._most or self._is_over(now):
                self._known.popitem(last=False)
            return stored, False

    def _is_over(self, now: float) -> bool:
        return next(iter(self._known.values()))[1] <= now


class Refusals:
    """Says when somebody has been refused too often. Authentic deliveries are never counted here. Thread-safe."""

    def __init__(self, clock: Clock, most: int = REFUSALS) -> None:
        self._clock = clock
        self._most = most
        self._lock = threading.Lock()
        self._times: deque[float] = deque(maxlen=most)

    def too_many(self) -> bool:
        """Note one more refused request; True when so many were refused within the last minute already."""
        now = self._clock.monotonic()
        with self._lock:
            if len(self._times) == self._most and now - self._times[0] < MINUTE:
                return True
            self._times.append(now)
            return False
