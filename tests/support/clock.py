"""A clock that tests move by hand."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

from tray_connector.config.clock import Stop

START = datetime(2026, 9, 2, 10, 0, 0, tzinfo=UTC)


class FakeClock:
    """Waiting takes no time: it moves the clock forward by what was asked for. Safe from several threads."""

    def __init__(self, start: datetime = START) -> None:
        self._lock = threading.Lock()
        self._now = start
        self._monotonic = 0.0
        self.waits: list[float] = []

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        with self._lock:
            return self._monotonic

    def wait(self, stop: Stop, seconds: float) -> bool:
        if stop.is_set():
            return True
        with self._lock:
            self.waits.append(seconds)
        self.advance(seconds)
        return stop.is_set()

    def advance(self, seconds: float) -> None:
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._monotonic += seconds

    def jump(self, seconds: float) -> None:
        """Set the wall clock only, as a person or NTP would."""
        with self._lock:
            self._now += timedelta(seconds=seconds)


class SkewedClock(FakeClock):
    """The clock of another machine: it runs with `other`, so many seconds ahead of it."""

    def __init__(self, other: FakeClock, seconds: float) -> None:
        super().__init__()
        self._other = other
        self._ahead = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self._other.now() + self._ahead

    def monotonic(self) -> float:
        return self._other.monotonic()

    def advance(self, seconds: float) -> None:
        self._other.advance(seconds)

    def jump(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)
