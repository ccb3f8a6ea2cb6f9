"""The engine at work in this process, on a clock that can be set wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from tests.support.connector import Connector
from tests.support.processes import wait_until
from tray_connector.config.clock import Stop, SystemClock

DEADLINE = 15.0


class JumpingClock(SystemClock):
    """The machine's own, of which the wall clock can be set."""

    def __init__(self) -> None:
        self._off = timedelta()

    def now(self) -> datetime:
        return super().now() + self._off

    def jump(self, seconds: float) -> None:
        """Set the wall clock, as a person or a time server would."""
        self._off += timedelta(seconds=seconds)


@contextmanager
def running(connector: Connector, *, schedule: bool = True) -> Iterator[None]:
    """All loops of the engine in threads; what one raised is raised here."""
    stop = Stop()
    failures: list[BaseException] = []

    def run(work: object) -> None:
        try:
            if callable(work):
                work(stop)
        except BaseException as error:  # noqa: BLE001 - carried over to the test
            failures.append(error)

    engine = connector.engine
    works = [engine.run] if schedule else [loop.run for loop in engine.loops()]
    threads = [threading.Thread(target=run, args=(work,), name="engine-under-test") for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(DEADLINE)
    assert not any(thread.is_alive() for thread in threads)
    assert not failures


def until_named(connector: Connector, task_id: int, name: str) -> None:
    """Until the task is stored under this name."""
    wait_until(
        lambda: connector.rows("tasks").get(str(task_id), {}).get("name") == name, DEADLINE, f"'{name}' in the database"
    )


def until_state(connector: Connector, state: str) -> None:
    """Until the engine says so."""
    wait_until(lambda: connector.engine.status().state == state, DEADLINE, f"the state '{state}'")
