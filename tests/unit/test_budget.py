"""The budget against a server that counts by itself, with any delays on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tray_connector.config.budget import Budget, Slot, Window, missive_budget, teamwork_budget
from tray_connector.config.clock import Stop, Stopped, SystemClock

MARGIN = 0.2


@dataclass(frozen=True)
class Step:
    """One request: idle time before it, time until the server counts it, time until the answer is here."""

    pause: float
    there: float
    back: float
    urgent: bool


STEPS = st.lists(
    st.builds(
        Step,
        pause=st.sampled_from([0.0, 0.0, 0.0, 0.1, 1.0, 7.5]),
        there=st.floats(0.0, 3.0),
        back=st.floats(0.0, 3.0),
        urgent=st.booleans(),
    ),
    min_size=1,
    max_size=60,
)
WINDOWS = st.lists(
    st.builds(Window, limit=st.integers(1, 25), seconds=st.sampled_from([1.0, 5.0, 20.0])), min_size=1, max_size=2
)


def most_in_any_window(times: Sequence[float], seconds: float) -> int:
    ordered = sorted(times)
    return max(sum(1 for other in ordered if start <= other < start + seconds) for start in ordered)


@given(WINDOWS, STEPS)
@settings(deadline=None)
def test_no_window_of_the_server_ever_holds_more_than_its_limit(windows: list[Window], steps: list[Step]) -> None:
    clock, stop = FakeClock(), Stop()
    budget = Budget("teamwork", windows, max_in_flight=5, clock=clock)
    counted: list[float] = []
    for step in steps:
        clock.advance(step.pause)
        slot = budget.take(stop, urgent=step.urgent)
        clock.advance(step.there)
        counted.append(clock.monotonic())
        clock.advance(step.back)
        budget.end(slot)
    for window in windows:
        assert most_in_any_window(counted, window.seconds) <= window.limit


@given(WINDOWS, STEPS, st.integers(0, 10_000))
@settings(deadline=None)
def test_several_requests_at_the_same_time_stay_within_the_limit_too(
    windows: list[Window], steps: list[Step], choice: int
) -> None:
    clock, stop = FakeClock(), Stop()
    budget = Budget("teamwork", windows, max_in_flight=3, clock=clock)
    counted: list[float] = []
    under_way: list[tuple[Slot, float]] = []
    for number, step in enumerate(steps):
        # Whether one more is free to go is seen by what must come back first.
        limit = min(3, *(window.limit - window.limit // 10 for window in windows))
        while len(under_way) >= limit:
            slot, began = under_way.pop((choice + number) % len(under_way))
            clock.advance(step.back)
            counted.append(began + (clock.monotonic() - began) * (choice % 11) / 10)
            budget.end(slot)
        taken = budget.take(stop, urgent=step.urgent)
        under_way.append((taken, clock.monotonic()))
        clock.advance(step.there)
    counted += [began for _, began in under_way]
    for window in windows:
        assert most_in_any_window(counted, window.seconds) <= window.limit


@given(WINDOWS, STEPS)
@settings(deadline=None)
def test_it_never_waits_while_a_request_is_allowed(windows: list[Window], steps: list[Step]) -> None:
    clock, stop = FakeClock(), Stop()
    budget = Budget("teamwork", windows, max_in_flight=1, clock=clock)
    ends: list[float] = []
    for step in steps:
        clock.advance(step.pause)
        clock.waits.clear()
        slot = budget.take(stop, urgent=step.urgent)
        now = clock.monotonic()
        if clock.waits:
            before = now - max(clock.waits[-1] / 2, 0.01)
            allowed = [
                sum(1 for end in ends if end + window.seconds + MARGIN > before)
                < window.limit - (0 if step.urgent else window.limit // 10)
                for window in windows
            ]
            assert not all(allowed)
        clock.advance(step.back)
        ends.append(clock.monotonic())
        budget.end(slot)


def test_a_window_is_spent_to_the_full_within_a_few_per_cent() -> None:
    clock, stop = FakeClock(), Stop()
    budget = missive_budget(clock)
    sent = 0
    while clock.monotonic() < 3600:
        slot = budget.take(stop, urgent=True)
        clock.advance(0.15)
        budget.end(slot)
        sent += 1
    assert 0.97 * 3600 <= sent <= 3600 + 900


def test_the_last_tenth_is_kept_for_polls() -> None:
    clock, stop = FakeClock(), Stop()
    budget = teamwork_budget(clock)
    for _ in range(135):
        budget.end(budget.take(stop))
    assert clock.waits == []
    for _ in range(15):
        budget.end(budget.take(stop, urgent=True))
    assert clock.waits == []
    budget.end(budget.take(stop))
    assert clock.monotonic() == pytest.approx(60, abs=0.5)


def test_a_full_burst_is_allowed_at_once() -> None:
    clock, stop = FakeClock(), Stop()
    budget = teamwork_budget(clock, scale=10)
    for _ in range(1500):
        budget.end(budget.take(stop, urgent=True))
    assert clock.waits == []
    assert budget.waiting_until() is not None


class MemoryLog:
    """Keeps send times in memory."""

    def __init__(self, *times: float) -> None:
        self.times = list(times)

    def recent_requests(self, service: str, after: float) -> Sequence[float]:
        assert service == "teamwork"
        return sorted(at for at in self.times if at > after)

    def note_request(self, service: str, at: float) -> None:
        self.times.append(at)


def test_requests_of_an_earlier_run_still_count() -> None:
    clock, stop, log = FakeClock(), Stop(), MemoryLog()
    first = teamwork_budget(clock, log)
    for _ in range(150):
        first.end(first.take(stop, urgent=True))
    clock.advance(20)
    second = teamwork_budget(clock, log)
    second.end(second.take(stop, urgent=True))
    assert 60 <= clock.monotonic() <= 63


def test_a_wall_clock_that_was_set_back_forgets_nothing() -> None:
    clock, stop, log = FakeClock(), Stop(), MemoryLog()
    first = teamwork_budget(clock, log)
    for _ in range(150):
        first.end(first.take(stop, urgent=True))
    clock.jump(-3600)
    second = teamwork_budget(clock, log)
    second.end(second.take(stop, urgent=True))
    assert 60 <= clock.monotonic() <= 63


def test_a_hold_stops_everything_for_its_time() -> None:
    clock, stop = FakeClock(), Stop()
    budget = teamwork_budget(clock)
    budget.hold_for(17)
    budget.hold_for(3)
    budget.end(budget.take(stop, urgent=True))
    assert clock.monotonic() == pytest.approx(17)


def test_the_limit_in_the_headers_replaces_ours() -> None:
    clock, stop = FakeClock(), Stop()
    budget = teamwork_budget(clock)
    slot = budget.take(stop)
    budget.learn(30, 29, 60.0, slot)
    budget.end(slot)
    for _ in range(29):
        budget.end(budget.take(stop, urgent=True))
    assert clock.waits == []
    budget.end(budget.take(stop, urgent=True))
    assert clock.monotonic() == pytest.approx(60, abs=0.5)


def test_what_others_spend_with_the_same_key_is_respected() -> None:
    clock, stop = FakeClock(), Stop()
    budget = teamwork_budget(clock)
    slot = budget.take(stop, urgent=True)
    budget.learn(150, 2, 25.0, slot)
    budget.end(slot)
    for _ in range(2):
        budget.end(budget.take(stop, urgent=True))
    assert clock.waits == []
    budget.end(budget.take(stop, urgent=True))
    assert clock.monotonic() == pytest.approx(25)


def test_headers_that_say_nothing_new_do_not_slow_us_down() -> None:
    clock, stop = FakeClock(), Stop()
    budget = teamwork_budget(clock)
    for number in range(1, 151):
        slot = budget.take(stop, urgent=True)
        budget.learn(150, 150 - number, 60.0, slot)
        budget.end(slot)
    assert clock.waits == []


def test_a_request_that_never_left_does_not_count() -> None:
    clock, stop = FakeClock(), Stop()
    budget = Budget("teamwork", [Window(1, 60.0)], max_in_flight=1, clock=clock)
    budget.end(budget.take(stop), sent=False)
    budget.end(budget.take(stop))
    assert clock.waits == []


def test_a_set_stop_ends_every_wait_at_once() -> None:
    budget = Budget("teamwork", [Window(1, 60.0)], max_in_flight=1, clock=SystemClock())
    slot = budget.take(Stop())
    for wait_for_window in (False, True):
        stop = Stop()
        timer = threading.Timer(0.1, stop.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            budget.take(stop)
        assert time.monotonic() - began < 1.0
        timer.join()
        if not wait_for_window:
            budget.end(slot)


def test_many_threads_share_one_budget() -> None:
    budget = Budget("missive", [Window(40, 0.5)], max_in_flight=5, clock=SystemClock())
    stop, lock = Stop(), threading.Lock()
    times: list[float] = []
    now_in_flight, most_in_flight = 0, 0

    def work() -> None:
        nonlocal now_in_flight, most_in_flight
        for _ in range(10):
            slot = budget.take(stop)
            with lock:
                now_in_flight += 1
                most_in_flight = max(most_in_flight, now_in_flight)
                times.append(time.monotonic())
            with lock:
                now_in_flight -= 1
            budget.end(slot)

    threads = [threading.Thread(daemon=True, target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(times) == 120
    assert most_in_flight <= 5
    assert most_in_any_window(times, 0.5) <= 40


def test_an_urgent_request_goes_first_when_a_place_becomes_free() -> None:
    budget = Budget("missive", [Window(100, 60.0)], max_in_flight=1, clock=SystemClock())
    order: list[str] = []
    first = budget.take(Stop())

    def work(name: str, urgent: bool) -> None:
        slot = budget.take(Stop(), urgent=urgent)
        order.append(name)
        budget.end(slot)

    threads = [threading.Thread(daemon=True, target=work, args=(f"backfill {n}", False)) for n in range(4)]
    threads.append(threading.Thread(daemon=True, target=work, args=("poll", True)))
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 5
    while budget.urgent_waiting < 1 and time.monotonic() < deadline:
        threading.Event().wait(0.005)
    budget.end(first)
    for thread in threads:
        thread.join(5)
    assert order[0] == "poll"


@pytest.mark.parametrize("urgent", [True, False])
def test_quiet_requests_take_a_quarter_and_nobody_waits_for_them(urgent: bool) -> None:
    clock, stop = FakeClock(), Stop()
    budget = Budget("missive", (Window(40, 60.0),), max_in_flight=5, clock=clock)
    for number in range(25):
        began = clock.monotonic()
        budget.end(budget.take(stop, quiet=True))
        assert (clock.monotonic() - began >= 59) == (number in (10, 20))
    began = clock.monotonic()
    for _ in range(20):
        budget.end(budget.take(stop, urgent=urgent))
    assert clock.monotonic() == began
