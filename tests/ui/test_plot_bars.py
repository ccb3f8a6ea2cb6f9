"""The numbers behind the plot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tray_connector.sync.rates import KEPT, Rates
from tray_connector.ui.throughput_bars import DAY, HOUR, Span, bars_of, ceiling, ticks

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 9, 2, 10, 20, 30, tzinfo=UTC)


def rates_over(clock: FakeClock, minutes: int) -> Rates:
    """One task each minute, three e-mails each tenth."""
    rates = Rates(clock)
    for minute in range(minutes):
        rates.add("teamwork")
        if minute % 10 == 0:
            rates.add("missive", 3)
        clock.advance(60)
    return rates


def test_an_hour_has_a_bar_for_each_minute() -> None:
    clock = FakeClock(NOW)
    rates = rates_over(clock, 30)
    bars = bars_of(rates.view(), clock.now(), BERLIN, HOUR)
    assert len(bars) == 60
    assert [bar.written.get("teamwork", 0) for bar in bars[-31:]] == [1] * 30 + [0]
    assert sum(bar.written.get("missive", 0) for bar in bars) == 9
    assert bars[-1].began == datetime(2026, 9, 2, 12, 50, tzinfo=BERLIN)


def test_before_the_start_nothing_is_known() -> None:
    clock = FakeClock(NOW)
    rates = rates_over(clock, 30)
    bars = bars_of(rates.view(), clock.now(), BERLIN, HOUR)
    assert [bar.known for bar in bars] == [False] * 29 + [True] * 31


def test_a_day_gathers_quarters_of_an_hour() -> None:
    clock = FakeClock(NOW)
    rates = rates_over(clock, 120)
    bars = bars_of(rates.view(), clock.now(), BERLIN, DAY)
    assert len(bars) == 96
    assert sum(bar.written.get("teamwork", 0) for bar in bars) == 120
    assert max(bar.written.get("teamwork", 0) for bar in bars) == 15


@pytest.mark.parametrize(("span", "expected"), [(HOUR, 6), (DAY, 6)])
def test_the_time_axis_has_labels_at_round_times(span: Span, expected: int) -> None:
    clock = FakeClock(NOW)
    bars = bars_of(Rates(clock).view(), NOW, BERLIN, span)
    labels = [moment for _, moment in ticks(bars, span)]
    assert len(labels) == expected
    assert all((moment.hour * 60 + moment.minute) % (span.tick.total_seconds() // 60) == 0 for moment in labels)


def test_rates_are_forgotten_after_a_day() -> None:
    clock = FakeClock(NOW)
    rates = rates_over(clock, 5)
    clock.advance(KEPT.total_seconds() + 600)
    assert rates.view().minutes == ()
    rates.add("teamwork")
    assert [minute.written for minute in rates.view().minutes] == [1]
    assert rates.view().since == clock.now() - KEPT


def test_the_sum_since_midnight_counts_one_source() -> None:
    clock = FakeClock(NOW)
    rates = rates_over(clock, 20).view()
    assert rates.written("teamwork", NOW - timedelta(minutes=1)) == 20
    assert rates.written("missive", NOW - timedelta(minutes=1)) == 6
    assert rates.written("missive", NOW + timedelta(minutes=5)) == 3


@given(st.integers(min_value=0, max_value=10**9))
def test_the_scale_holds_every_value_and_no_more_than_needed(most: int) -> None:
    top = ceiling(most)
    assert top >= max(5, most)
    assert top <= max(5, 2.5 * most)
