"""Decides only *when*: APScheduler sets wake-ups, the loops do the work."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime

from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler

from tray_connector.config.clock import Clock, Stop


class Wake:
    """What a loop waits for between two rounds: its turn (`due`), or somebody who wants it now (`now`)."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._due = False
        self._now = False

    def due(self) -> None:
        """The schedule says so. Does not cut short a back-off."""
        with self._condition:
            self._due = True
            self._condition.notify_all()

    def now(self) -> None:
        """Somebody asks for it: cuts short everything."""
        with self._condition:
            self._now = True
            self._condition.notify_all()

    def wait(self, stop: Stop, seconds: float | None, *, patient: bool = False) -> None:
        """Until it is due (unless `patient`), wanted now, stopped, or the time is over. Takes the wake-up with it."""
        with stop.calls(self._poke), self._condition:
            self._condition.wait_for(lambda: stop.is_set() or self._now or (self._due and not patient), seconds)
            self._due = self._now = False

    def _poke(self) -> None:
        with self._condition:
            self._condition.notify_all()


class Pace:
    """Keeps a loop to its interval, whatever else wakes it. A wake-up that is a little early counts.

    The interval has passed when either clock says so: a machine that slept is late by the wall clock alone.
    """

    EARLY = 30.0

    def __init__(self, clock: Clock, interval: float, last: datetime | None = None) -> None:
        """The first turn comes an interval after the `last` one, of which a process before may have told; without it
        an interval from now.
        """
        self._clock = clock
        self._least = interval - min(self.EARLY, interval / 2)
        now = clock.now()
        self._last = clock.monotonic()
        # One that lies ahead was noted before the clock was set back.
        self._last_wall = now if last is None else min(last, now)

    def take(self) -> bool:
        """Whether it is due; then the next one is due an interval from now."""
        now, wall = self._clock.monotonic(), self._clock.now()
        if max(now - self._last, (wall - self._last_wall).total_seconds()) < self._least:
            return False
        self._last, self._last_wall = now, wall
        return True


class Drift:
    """Notices that the wall clock was set, or that the machine slept."""

    LEAST = 60.0

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset = self._now()

    def _now(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    def noticed(self) -> bool:
        """Whether it happened since the last call."""
        offset = self._now()
        if abs(offset - self._offset) < self.LEAST:
            return False
        self._offset = offset
        return True


class Schedule:
    """Repeated wake-ups, each after so many seconds."""

    def __init__(self) -> None:
        # A round that took longer than its interval is normal, and the scheduler would warn of each.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None})
        self._jobs: dict[Wake, Job] = {}

    def start(self, wakes: Mapping[Wake, float]) -> None:
        """Wake each so often (seconds), the first time after one interval. May be called again, also to change that."""
        for wake, seconds in wakes.items():
            if wake in self._jobs:
                self._jobs[wake].reschedule("interval", seconds=seconds)
            else:
                self._jobs[wake] = self._scheduler.add_job(wake.due, "interval", seconds=seconds)
        if not self._scheduler.running:
            self._scheduler.start()

    def stop(self) -> None:
        """No more wake-ups."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
