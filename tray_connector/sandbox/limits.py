"""What the services allow in a time: windows that are counted on the server's side."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from tray_connector.config.clock import Clock


@dataclass(frozen=True, slots=True)
class Window:
    """At most `limit` requests in any (sliding) or each (fixed) span of `seconds`."""

    limit: int
    seconds: float


TEAMWORK_WINDOWS = (Window(150, 60),)
MISSIVE_WINDOWS = (Window(300, 60), Window(900, 900))
MISSIVE_IN_FLIGHT = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the limiter says to one request. The figures are those of the tightest window."""

    allowed: bool
    limit: int
    remaining: int
    reset: float
    """Seconds until a request is allowed again, or until the window is empty when one is allowed now."""
    crowded: bool = False
    """Refused for too many requests at one time, not for too many in a window."""


class RateLimiter:
    """Counts requests against windows and against a number at one time. Thread-safe.

    A refused request is not counted in the windows. `violations` counts the refused ones: a well-behaved
    client leaves it at 0. `scale` multiplies the windows' limits, not the number at one time.
    """

    def __init__(
        self,
        windows: Sequence[Window],
        *,
        clock: Clock,
        style: Literal["sliding", "fixed"] = "sliding",
        max_in_flight: int | None = None,
        scale: float = 1.0,
    ) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._style = style
        self._max_in_flight = max_in_flight
        self._in_flight = 0
        self._scale = scale
        self._counts: list[_Count] = []
        self.violations = 0
        self.set_windows(windows)

    def set_windows(self, windows: Sequence[Window]) -> None:
        """Other limits from now on; what was counted is forgotten."""
        with self._lock:
            self._counts = [
                _Count(max(1, int(window.limit * self._scale)), window.seconds, self._style) for window in windows
            ]

    @contextmanager
    def request(self) -> Iterator[Verdict]:
        """Judge a request that arrives now; it is in flight while inside."""
        with self._lock:
            verdict = self._judge()
            counted = verdict.allowed
            self._in_flight += counted
            self.violations += not counted
        try:
            yield verdict
        finally:
            with self._lock:
                self._in_flight -= counted

    def _judge(self) -> Verdict:
        now = self._clock.monotonic()
        if self._max_in_flight is not None and self._in_flight >= self._max_in_flight:
            tightest = min(self._counts, key=lambda count: count.remaining(now))
            return Verdict(False, tightest.limit, tightest.remaining(now), 1.0, crowded=True)
        full = [count for count in self._counts if count.remaining(now) <= 0]
        if full:
            worst = max(full, key=lambda count: count.reset(now))
            return Verdict(False, worst.limit, 0, worst.reset(now))
        for count in self._counts:
            count.add(now)
        tightest = min(self._counts, key=lambda count: count.remaining(now))
        return Verdict(True, tightest.limit, tightest.remaining(now), tightest.reset(now))


class _Count:
    """One window's count."""

    def __init__(self, limit: int, seconds: float, style: Literal["sliding", "fixed"]) -> None:
        self.limit = limit
        self._seconds = seconds
        self._fixed = style == "fixed"
        self._times: deque[float] = deque()

    def _forget(self, now: float) -> None:
        if self._fixed:
            if self._times and now - self._times[0] >= self._seconds:
                self._times.clear()
            return
        while self._times and now - self._times[0] >= self._seconds:
            self._times.popleft()

    def add(self, now: float) -> None:
        """Count a request."""
        self._times.append(now)

    def remaining(self, now: float) -> int:
        """Requests still allowed now."""
        self._forget(now)
        return self.limit - len(self._times)

    def reset(self, now: float) -> float:
        """Seconds until the oldest counted request leaves (fixed: until all leave)."""
        self._forget(now)
        return max(0.0, self._times[0] + self._seconds - now) if self._times else 0.0
