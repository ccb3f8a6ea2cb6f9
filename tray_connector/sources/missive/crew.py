"""A few daemon threads that keep several requests in flight for one caller."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from tray_connector.config.clock import Stop, Stopped

Then = Callable[[], None]
Job = Callable[[], Then]


class Crew:
    """Runs jobs on at most `size` threads. What a job returns is run on the caller's thread, by `step`.

    So the caller's state needs no lock: only requests and parsing happen elsewhere. Threads live as long as there are
    jobs. Leaving the ``with`` block forgets the jobs that have not begun; those under way end for nobody.
    """

    def __init__(self, size: int, stop: Stop) -> None:
        self._size = size
        self._stop = stop
        self._lock = threading.Lock()
        self._jobs: deque[Job] = deque()
        self._threads = 0
        self._done: queue.SimpleQueue[Then | BaseException] = queue.SimpleQueue()
        self._unfinished = 0
        self._watch = stop.calls(lambda: self._done.put(Stopped()))

    def __enter__(self) -> Self:
        self._watch.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.__exit__(kind, error, trace)
        with self._lock:
            self._jobs.clear()

    @property
    def busy(self) -> bool:
        """Whether there is a job whose outcome `step` has not delivered."""
        return self._unfinished > 0

    def submit(self, job: Job, *, first: bool = False) -> None:
        """Have the job run; before all others that wait when `first`."""
        self._unfinished += 1
        with self._lock:
            if first:
                self._jobs.appendleft(job)
            else:
                self._jobs.append(job)
            needs_thread = self._threads < self._size
            self._threads += needs_thread
        if needs_thread:
            threading.Thread(target=self._work, name="missive-reader", daemon=True).start()

    def step(self) -> None:
        """Wait for one outcome and run it. Raises what the job raised; `Stopped` at once when the end is asked for."""
        outcome = self._done.get()
        self._unfinished -= 1
        if isinstance(outcome, BaseException):
            raise outcome
        outcome()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs or self._stop.is_set():
                    self._threads -= 1
                    return
                job = self._jobs.popleft()
            try:
                self._done.put(job())
            except BaseException as error:  # noqa: BLE001 - it is raised where the outcome is awaited
                self._done.put(error)
