"""When pings are sent: soon where it matters, and never more than ngrok's allowance bears."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tray_connector.config.clock import Stop
from tray_connector.model.errors import Problem
from tray_connector.webhooks.ping import A_DAY, PingResult, PingSchedule, Reason


def result(clock: FakeClock, reason: Reason = "ok") -> PingResult:
    return PingResult(clock.now(), 0.1, reason, None if reason == "ok" else Problem("x", "x", "x", "x"))


def test_the_first_ping_is_due_at_once_and_then_one_every_five_minutes() -> None:
    clock = FakeClock()
    schedule = PingSchedule(clock)
    assert schedule.wait() == 0
    schedule.note(result(clock))
    assert schedule.wait() == 300
    clock.advance(300)
    assert schedule.wait() == 0


def test_after_a_failure_it_is_asked_sooner_then_as_usual() -> None:
    clock = FakeClock()
    schedule = PingSchedule(clock)
    waits = []
    for _ in range(5):
        schedule.note(result(clock, "offline"))
        waits.append(schedule.wait())
        clock.advance(waits[-1])
    assert waits == [30, 60, 120, 300, 300]
    schedule.note(result(clock))
    clock.advance(300)
    schedule.note(result(clock, "dns"))
    assert schedule.wait() == 30


def test_a_resume_is_checked_at_once_but_not_twice_within_ten_seconds() -> None:
    clock = FakeClock()
    schedule = PingSchedule(clock)
    schedule.note(result(clock))
    schedule.hurry()
    assert schedule.wait() == 10
    clock.advance(100)
    schedule.hurry()
    assert schedule.wait() == 0


def test_a_spent_allowance_is_left_alone_for_an_hour() -> None:
    clock = FakeClock()
    schedule = PingSchedule(clock)
    schedule.note(result(clock, "quota"))
    assert schedule.wait() == 3600


def test_a_clock_that_is_set_back_does_not_silence_it() -> None:
    clock = FakeClock()
    schedule = PingSchedule(clock)
    schedule.note(result(clock))
    clock.jump(-86_400)
    assert schedule.wait() == 0


@given(st.lists(st.tuples(st.sampled_from(["ok", "offline", "dns"]), st.booleans()), min_size=1, max_size=60))
def test_whatever_happens_a_day_sees_no_more_than_its_share(pattern: list[tuple[Reason, bool]]) -> None:
    clock, stop = FakeClock(), Stop()
    schedule = PingSchedule(clock)
    sent, begun = 0, clock.monotonic()
    while True:
        clock.wait(stop, schedule.wait())
        if clock.monotonic() - begun >= 86_400:
            break
        reason, hurry = pattern[sent % len(pattern)]
        schedule.note(result(clock, reason))
        sent += 1
        if hurry:
            schedule.hurry()
    assert 24 <= sent <= A_DAY
    assert A_DAY * 31 < 20_000
