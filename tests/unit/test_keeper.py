"""A loop goes on whatever happens, and its troubles are told once and end when they are over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.log_guard import ExpectLog
from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.sync.board import Board
from tray_connector.sync.keeper import Keeper
from tray_connector.sync.lane import turn
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.schedule import Pace, Wake

DOWN = TransientError("destination-down", "The database cannot be reached")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger.db", FakeClock())
    yield ledger
    ledger.close()


def keep(ledger: Ledger, board: Board, rounds: list[Callable[[], bool]]) -> None:
    """Have a keeper do these rounds, one after the other without waiting."""
    stop, wake = Stop(), Wake()
    left = list(rounds)

    def work(_: bool) -> bool:
        if not left:
            stop.set()
            return False
        wake.now()
        return left.pop(0)()

    Keeper(ledger, board, FakeClock()).keep("destination", work, wake, stop, name="write")


class NotedWake(Wake):
    """Waits for nobody, and remembers how long it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, stop: Stop, seconds: float | None, *, patient: bool = False) -> None:
        self.waits.append(seconds)


@pytest.mark.parametrize(("heeds", "waited"), [(0.0, 0.0), (3600.0, 3600.0), (1e9, 30 * 86_400)])
def test_the_time_that_another_part_names_is_heeded_for_so_long(
    ledger: Ledger, expect_log: ExpectLog, heeds: float, waited: float
) -> None:
    clock, stop, wake = FakeClock(), Stop(), NotedWake()

    def work(failing: bool) -> bool:
        if failing:
            stop.set()
            return False
        error = TransientError("airtable-quota", "Used up", retry_at=clock.now() + timedelta(days=30))
        error.part = "destination"
        raise error

    Keeper(ledger, Board(clock), clock).keep("teamwork", work, wake, stop, name="read", waits=False, heeds_others=heeds)
    expect_log("Used up")
    assert len(wake.waits) == 1
    assert wake.waits[0] == pytest.approx(waited, abs=120)


def fails() -> bool:
    raise DOWN


def test_a_round_that_did_nothing_ends_no_trouble(
    ledger: Ledger, expect_log: ExpectLog, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board(FakeClock())
    keep(ledger, board, [fails, lambda: False, fails])
    expect_log("cannot be reached")
    assert "destination" in board.view().troubles
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 1
    keep(ledger, board, [fails, lambda: True])
    assert not board.view().troubles


def test_a_loop_that_works_does_not_hide_the_trouble_of_another() -> None:
    board = Board(FakeClock())
    assert board.failed("destination", DOWN, "write-teamwork")
    assert board.failed("destination", TransientError("other", "Other"), "read-teamwork")
    assert not board.worked("destination", "read-teamwork")
    assert board.view().troubles["destination"].problem == DOWN.problem
    assert not board.failed("destination", DOWN, "walk-teamwork")
    assert board.worked("destination", "walk-teamwork")
    assert not board.view().troubles


def test_the_trouble_of_a_loop_that_ended_is_over_when_the_part_works() -> None:
    board = Board(FakeClock())
    with board.working("read"):
        board.failed("missive", DOWN, "read")
        assert not board.worked("missive", "command")
    assert board.worked("missive", "command")
    assert not board.view().troubles


def test_a_loop_that_begins_again_has_its_trouble_back() -> None:
    board = Board(FakeClock())
    with board.working("read"):
        board.failed("missive", DOWN, "read")
    with board.working("read") as troubled:
        assert troubled == {"missive"}
        assert not board.worked("missive", "command")
        assert board.worked("missive", "read")


def test_a_walk_comes_after_its_interval_and_not_before() -> None:
    clock = FakeClock()
    pace = Pace(clock, 900)
    assert not pace.take()
    clock.advance(899.9)
    assert pace.take()
    clock.advance(600)
    assert not pace.take()
    clock.advance(299)
    assert pace.take()


def test_waiting_for_a_turn_ends_with_the_stop() -> None:
    lock, stop = threading.Lock(), Stop()
    stop.set()
    with lock, pytest.raises(Stopped), turn(lock, stop):
        pass
    with turn(lock, Stop()):
        assert lock.locked()


def test_a_walk_is_due_after_a_long_sleep_and_after_one_of_a_process_before() -> None:
    clock = FakeClock()
    pace = Pace(clock, 900)
    clock.advance(100)
    assert not pace.take()
    # Asleep, only the clock on the wall went on.
    clock.jump(3600)
    assert pace.take()
    assert not pace.take()
    assert not Pace(clock, 900, clock.now() - timedelta(seconds=600)).take()
    assert Pace(clock, 900, clock.now() - timedelta(seconds=1000)).take()
    clock.jump(-86_400)
    assert not pace.take()
    clock.advance(900)
    assert pace.take()


def test_another_problem_for_a_person_is_told_though_its_code_is_the_same(ledger: Ledger) -> None:
    board = Board(FakeClock())
    refused = [ConfigError("mailbox-refused", "A mailbox is refused", f"Team {name}") for name in ("A", "A", "B")]
    assert [board.failed("missive", error, "read") for error in refused] == [True, False, True]
    down = [TransientError("down", "Down", f"Answer {number}") for number in range(3)]
    assert [board.failed("teamwork", error, "read") for error in down] == [True, False, False]
