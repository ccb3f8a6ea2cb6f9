"""Airtable's limits: calls a second with a lock-out after one too many, and calls a month."""

from __future__ import annotations

import threading
from collections import deque

from tray_connector.config.clock import Clock
from tray_connector.sandbox.airtable_switches import AirtablePlan

CALLS_A_SECOND = 5
"""Of one base."""
CALLS_A_SECOND_OF_USER = 50
"""Of all tokens of one user together."""
CALLS_A_SECOND_OVER_QUOTA = 2
LOCKOUT_SECONDS = 30.0


class LockingLimiter:
    """At most so many calls in any second, counted when they arrive; one more locks all out. Thread-safe.

    `scale` multiplies the limit and divides the lock-out. `violations` counts refused calls: a well-behaved client
    leaves it at 0.
    """

    def __init__(self, clock: Clock, limit: int, *, scale: float = 1.0, lockout: float = LOCKOUT_SECONDS) -> None:
        self._clock = clock
        self._limit = max(1, int(limit * scale))
        self._lockout = lockout / scale
        self._lock = threading.Lock()
        self._times: deque[float] = deque()
        self._locked_until = 0.0
        self.violations = 0

    def refused(self, *, extends: bool = False) -> float | None:
        """Judge a call that arrives now: None when it is allowed, else the seconds until calls are allowed again.

        `extends` = a call during the lock-out begins it anew.
        """
        with self._lock:
            now = self._clock.monotonic()
            while self._times and now - self._times[0] >= 1.0:
                self._times.popleft()
            locked = now < self._locked_until
            if not locked and len(self._times) < self._limit:
                self._times.append(now)
                return None
            self.violations += 1
            if not locked or extends:
                self._locked_until = now + self._lockout
            return self._locked_until - now


class MonthlyQuota:
    """The calls of the running month (UTC). Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._month = (0, 0)
        self._spent = 0

    @property
    def spent(self) -> int:
        """Calls of this month so far."""
        with self._lock:
            self._turn()
            return self._spent

    @spent.setter
    def spent(self, calls: int) -> None:
        with self._lock:
            self._turn()
            self._spent = calls

    def count(self, plan: AirtablePlan) -> bool:
        """Count a call; whether the plan's calls of the month were spent before it."""
        with self._lock:
            self._turn()
            self._spent += 1
            return plan.calls_a_month is not None and self._spent > plan.calls_a_month

    def _turn(self) -> None:
        now = self._clock.now()
        if (now.year, now.month) != self._month:
            self._month = (now.year, now.month)
            self._spent = 0
