"""Time and stopping, as parameters: nothing below the entry points reads a clock or sleeps by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Protocol


class Stop:
    """A request to end: once set it stays set. Every wait in the program watches one."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._set = False
        self._callbacks: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        """Whether the end was asked for."""
        return self._set

    def set(self) -> None:
        """Ask for the end. Wakes every wait at once; calls each registered callback once."""
        with self._condition:
            if self._set:
                return
            self._set = True
            callbacks, self._callbacks = self._callbacks, []
            self._condition.notify_all()
        for callback in callbacks:
            callback()

    def wait(self, seconds: float) -> bool:
        """Wait at most so long; True as soon as the end was asked for."""
        with self._condition:
            return self._condition.wait_for(lambda: self._set, timeout=max(0.0, seconds))

    @contextmanager
    def calls(self, callback: Callable[[], None]) -> Iterator[None]:
        """While inside, `callback` is called by the thread that asks for the end (at once, if it was asked for)."""
        with self._condition:
            if not self._set:
                self._callbacks.append(callback)
                callback_now = False
            else:
                callback_now = True
        if callback_now:
            callback()
        try:
            yield
        finally:
            with self._condition:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)


class Stopped(Exception):  # noqa: N818 - not an error: the way out of a wait that was ended
    """Raised out of a wait or a request when its `Stop` was set. Nothing was half done."""


class Clock(Protocol):
    """The passing of time."""

    def now(self) -> datetime:
        """The wall clock: aware, in UTC. May jump."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump: for durations and deadlines."""
        ...

    def wait(self, stop: Stop, seconds: float) -> bool:
        """Let so many seconds pass; True at once when stopped."""
        ...


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """`time.monotonic`."""
        return time.monotonic()

    def wait(self, stop: Stop, seconds: float) -> bool:
        """Wait for real."""
        return stop.wait(seconds)
