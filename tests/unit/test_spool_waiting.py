"""Waiting for something to do, and noticing what is dropped in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.clock import START, FakeClock
from tests.support.events import REFUSED, later, task_event
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.sync.spool import Spool


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", FakeClock())
    yield spool
    spool.close()


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition() and time.monotonic() < deadline:
        pause.wait(0.01)
    return condition()


class Waiting:
    """`wait_ready` in a thread of its own."""

    def __init__(self, spool: Spool, timeout: float = 30) -> None:
        self.stop = Stop()
        self.began = time.monotonic()
        self.answer: bool | None = None
        self._thread = threading.Thread(target=self._run, args=(spool, timeout))
        self._thread.start()

    def _run(self, spool: Spool, timeout: float) -> None:
        self.answer = spool.wait_ready("teamwork", self.stop, timeout)

    def result(self) -> bool | None:
        self._thread.join(10)
        assert not self._thread.is_alive()
        return self.answer


def test_nothing_to_do_ends_with_the_time(spool: Spool) -> None:
    assert not spool.wait_ready("teamwork", Stop(), 0.02)


def test_an_event_ends_the_wait_of_its_source(spool: Spool) -> None:
    waiting = Waiting(spool)
    spool.put([task_event()])
    assert waiting.result()
    assert not spool.wait_ready("missive", Stop(), 0)


def test_a_stop_ends_the_wait_at_once(spool: Spool) -> None:
    waiting = Waiting(spool)
    waiting.stop.set()
    assert waiting.result() is False
    assert not spool.wait_ready("teamwork", waiting.stop, 30)


def test_wake_ends_each_sources_next_wait_once(spool: Spool) -> None:
    spool.wake()
    assert spool.wait_ready("teamwork", Stop(), 30)
    assert spool.wait_ready("missive", Stop(), 30)
    assert not spool.wait_ready("teamwork", Stop(), 0)


def test_an_event_that_is_worked_on_is_nothing_to_wait_for(spool: Spool) -> None:
    spool.put([task_event()])
    leases = spool.take("teamwork", 1, START)
    assert not spool.wait_ready("teamwork", Stop(), 0)
    spool.give_back(leases)
    assert spool.wait_ready("teamwork", Stop(), 0)


def test_a_failed_event_ends_the_wait_when_it_is_due(tmp_path: Path) -> None:
    clock = SystemClock()
    spool = Spool(tmp_path, clock)
    spool.put([task_event()])
    (lease,) = spool.take("teamwork", 1, clock.now())
    waiting = Waiting(spool)
    due = later((clock.now() - START).total_seconds() + 0.3)
    spool.fail(lease, REFUSED, due)
    assert waiting.result() is not None
    assert eventually(lambda: spool.wait_ready("teamwork", Stop(), 0))
    assert clock.now() >= due
    spool.close()


def test_files_dropped_in_are_noticed_within_a_second_or_two(tmp_path: Path, spool: Spool) -> None:
    folder = tmp_path / "spool/teamwork"
    (folder / "1.evt").touch()
    with spool.watch():
        assert eventually(lambda: spool.contains("teamwork", "1"))
        waiting = Waiting(spool)
        spool.discard([("teamwork", "1")])
        (folder / "2.evt").touch()
        (tmp_path / "3").touch()
        (tmp_path / "3").rename(folder / "3.evt")
        assert waiting.result()
        assert eventually(lambda: spool.contains("teamwork", "3") and spool.contains("teamwork", "2"))
    assert not any(thread.name == "watch spool" for thread in threading.enumerate())


def test_a_file_is_noticed_while_many_of_our_own_come_and_go(tmp_path: Path, spool: Spool) -> None:
    with spool.watch():
        for page in range(4):
            spool.put([task_event(str(1000 * page + number)) for number in range(200)])
            spool.done(spool.take("teamwork", 100, START))
        (tmp_path / "spool/missive/c-1.evt").touch()
        assert eventually(lambda: spool.contains("missive", "c-1"))
    assert spool.counts("teamwork").waiting == 400


def test_many_threads_lose_nothing(spool: Spool) -> None:
    def put(start: int) -> None:
        for number in range(start, start + 40):
            spool.put([task_event(str(number))])

    seen: list[str] = []
    threads = [threading.Thread(target=put, args=(100 * lane,)) for lane in range(4)]
    for thread in threads:
        thread.start()
    while len(seen) < 160 and spool.wait_ready("teamwork", Stop(), 10):
        leases = spool.take("teamwork", 7, START)
        seen += [lease.event.id for lease in leases]
        spool.done(leases)
    for thread in threads:
        thread.join()
    assert len(seen) == len(set(seen)) == 160
    assert spool.counts().total == 0
