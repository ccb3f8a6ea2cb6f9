"""The few threads that keep requests in flight."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from tray_connector.config.clock import Stop, Stopped
from tray_connector.sources.missive.crew import Crew, Then


def test_what_a_job_returns_runs_on_the_callers_thread() -> None:
    ran: list[tuple[str, bool]] = []

    def job() -> Then:
        name = threading.current_thread().name
        return lambda: ran.append((name, threading.current_thread() is threading.main_thread()))

    with Crew(2, Stop()) as crew:
        for _ in range(10):
            crew.submit(job)
        while crew.busy:
            crew.step()
    assert ran == [("missive-reader", True)] * 10


def test_no_more_jobs_run_at_once_than_allowed_and_urgent_ones_go_first() -> None:
    gate, lock = threading.Semaphore(0), threading.Lock()
    running, peak = 0, 0
    order: list[str] = []

    def job(name: str) -> Then:
        nonlocal running, peak
        with lock:
            running += 1
            peak = max(peak, running)
            order.append(name)
        gate.acquire(timeout=5)
        with lock:
            running -= 1
        return lambda: None

    with Crew(1, Stop()) as crew:
        for name in ("a", "b", "c"):
            crew.submit(partial(job, name))
        crew.submit(partial(job, "first"), first=True)
        for _ in range(4):
            gate.release()
        while crew.busy:
            crew.step()
    assert peak == 1
    assert order.index("first") <= 1


def test_what_a_job_raises_is_raised_where_it_is_awaited() -> None:
    def job() -> Then:
        raise KeyError("x")

    with Crew(2, Stop()) as crew:
        crew.submit(job)
        with pytest.raises(KeyError):
            crew.step()


def test_stop_ends_the_wait_although_a_job_hangs() -> None:
    stop, release = Stop(), threading.Event()

    def job() -> Then:
        stop.set()
        release.wait(5)
        return lambda: None

    with Crew(1, stop) as crew:
        crew.submit(job)
        with pytest.raises(Stopped):
            crew.step()
    release.set()


def test_leaving_forgets_what_was_not_begun() -> None:
    begun, release = threading.Event(), threading.Event()
    ran: list[int] = []

    def job(number: int) -> Then:
        ran.append(number)
        begun.set()
        release.wait(5)
        return lambda: None

    with Crew(1, Stop()) as crew:
        crew.submit(partial(job, 1))
        crew.submit(partial(job, 2))
        assert begun.wait(5)
    release.set()
    assert ran == [1]
