"""Delivering webhooks over real HTTP: time-outs, retries on a schedule, and what goes wrong on the way."""

from __future__ import annotations

import heapq
import http.client
import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from tray_connector.config.clock import Clock, SystemClock

_WORKERS = 4
_IDLE_SECONDS = 5.0
_END_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Parcel:
    """One announcement on its way. Header names and bytes are the same with every try, as the services have it."""

    hook_id: str
    event: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    delivery_id: str = ""
    """Teamwork's; Missive has none."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, and how it ended."""

    parcel: Parcel
    number: int
    """Of this parcel, from 1."""
    status: int
    """0 when no answer came in time."""
    error: str
    at: float
    """`monotonic()` of the deliveries' clock when it began."""
    good: bool


@dataclass(frozen=True, slots=True)
class Policy:
    """How a service delivers. Seconds of its own time; `Deliveries.pace` says how fast that runs here."""

    timeout: float
    """Of real time: until the head of the answer is there."""
    retries: tuple[float, ...]
    """The waits after a failure; behind the last one the parcel is given up."""
    accepts: Callable[[int], bool]
    """Which statuses count as taken."""


class Addressee(Protocol):
    """The side that knows the hooks. Called from the threads of the deliveries."""

    def wants(self, parcel: Parcel) -> bool:
        """Whether its hook is still there and switched on; asked before every try."""
        ...

    def ended(self, attempt: Attempt, *, given_up: bool) -> None:
        """A try ended; with `given_up` no other follows."""
        ...


class Deliveries:
    """Sends parcels from threads of its own, several at a time, so that their order is not sure. Thread-safe.

    `pace` 60 lets a minute of a service's retry schedule last a second; time-outs stay as they are. Threads begin
    with the first parcel and end with `stop`, or when nothing came for a while.

    For tests: `copies` sends every parcel so often; `hold` keeps parcels back until `release` lets them go in any
    order, or loses them; `send` delivers whatever one likes, once, and tells the status.
    """

    def __init__(self, policy: Policy, addressee: Addressee, *, pace: float = 1.0, clock: Clock | None = None) -> None:
        self.policy = policy
        self.pace = pace
        self.copies = 1
        self._addressee = addressee
        self._clock = clock or SystemClock()
        self._condition = threading.Condition()
        self._due: list[tuple[float, int, Parcel, int]] = []
        self._numbers = itertools.count()
        self._held: list[Parcel] | None = None
        self._attempts: list[Attempt] = []
        self._workers = 0
        self._busy = 0
        self._stopped = False

    @property
    def attempts(self) -> list[Attempt]:
        """Every try so far, in the order of their ends."""
        with self._condition:
            return list(self._attempts)

    @property
    def held(self) -> list[Parcel]:
        """What `hold` keeps back."""
        with self._condition:
            return list(self._held or ())

    def post(self, parcel: Parcel) -> None:
        """Deliver it, now or as the policy says. Returns at once; after `stop` nothing is sent."""
        with self._condition:
            if self._stopped:
                return
            if self._held is not None:
                self._held.append(parcel)
                return
            for _ in range(self.copies):
                self._schedule(parcel, 1, 0.0)

    def hold(self) -> None:
        """Keep back what is posted from now on."""
        with self._condition:
            self._held = []

    def release(self, arrange: Callable[[list[Parcel]], list[Parcel]] = lambda parcels: parcels) -> None:
        """Send what was kept back, one after the other, as `arrange` returns it: reversed, twice, or with losses."""
        with self._condition:
            held, self._held = self._held or [], None
        for parcel in arrange(held):
            self._try(parcel, 1)

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Deliver anything, once, from the calling thread: forged, replayed, damaged. 0 = no answer in time."""
        return self._exchange(url, headers, body)[0]

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until nothing is under way or due again; False when that takes longer."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._due and not self._busy, seconds)

    def start(self) -> None:
        """Deliver again after `stop`."""
        with self._condition:
            self._stopped = False

    def stop(self) -> None:
        """Forget what is due and end the threads; what is under way ends with its time-out at the latest."""
        with self._condition:
            self._stopped = True
            self._due.clear()
            self._condition.notify_all()
            self._condition.wait_for(lambda: not self._workers, _END_SECONDS)

    def _schedule(self, parcel: Parcel, number: int, wait: float) -> None:
        heapq.heappush(self._due, (self._clock.monotonic() + wait, next(self._numbers), parcel, number))
        if self._workers < min(_WORKERS, self._busy + len(self._due)):
            self._workers += 1
            threading.Thread(target=self._work, name="sandbox-deliveries", daemon=True).start()
        self._condition.notify_all()

    def _work(self) -> None:
        try:
            while (task := self._next()) is not None:
                try:
                    self._try(*task)
                finally:
                    with self._condition:
                        self._busy -= 1
                        self._condition.notify_all()
        finally:
            with self._condition:
                self._workers -= 1
                self._condition.notify_all()

    def _next(self) -> tuple[Parcel, int] | None:
        with self._condition:
            while not self._stopped:
                wait = self._due[0][0] - self._clock.monotonic() if self._due else _IDLE_SECONDS
                if self._due and wait <= 0:
                    _, _, parcel, number = heapq.heappop(self._due)
                    self._busy += 1
                    return parcel, number
                if not self._condition.wait(wait) and not self._due:
                    return None
        return None

    def _try(self, parcel: Parcel, number: int) -> None:
        if not self._addressee.wants(parcel):
            return
        at = self._clock.monotonic()
        status, error = self._exchange(parcel.url, parcel.headers, parcel.body)
        good = self.policy.accepts(status)
        attempt = Attempt(parcel, number, status, error, at, good)
        given_up = not good and number > len(self.policy.retries)
        self._addressee.ended(attempt, given_up=given_up)
        with self._condition:
            self._attempts.append(attempt)
            if not good and not given_up and not self._stopped:
                self._schedule(parcel, number + 1, self.policy.retries[number - 1] / self.pace)

    def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection = kind(parts.hostname or "", parts.port, timeout=self.policy.timeout)
            try:
                connection.request("POST", path, body, dict(headers))
                return connection.getresponse().status, ""
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError) as error:
            return 0, str(error) or type(error).__name__
