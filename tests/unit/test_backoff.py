"""Failed events come back after 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, then hourly, ±20 %."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_connector.model.backoff import delay, next_try

NOW = datetime(2026, 9, 2, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 30), (3, 120), (4, 600), (5, 1800), (6, 3600), (7, 3600), (500, 3600)]
)
def test_the_schedule(attempts: int, seconds: int) -> None:
    assert delay(attempts, 0.5) == pytest.approx(seconds)


@given(st.integers(1, 50), st.floats(0, 1))
def test_luck_moves_it_by_a_fifth_at_most(attempts: int, luck: float) -> None:
    middle = delay(attempts, 0.5)
    assert 0.8 * middle - 1e-6 <= delay(attempts, luck) <= 1.2 * middle + 1e-6


def test_a_refused_record_is_sent_three_times_and_then_daily() -> None:
    assert [delay(n, 0.5, refused=True) for n in (1, 2, 3, 9)] == pytest.approx([5, 30, 86_400, 86_400])


def test_the_setting_fixes_the_first_delay_exactly() -> None:
    assert delay(1, 0.9, first=60) == 60
    assert delay(2, 0.5, first=60) == pytest.approx(30)


def test_the_services_own_time_wins_when_it_is_later() -> None:
    later = NOW + timedelta(minutes=5)
    assert next_try(NOW, 1, 0.5, retry_at=later) == later
    assert next_try(NOW, 4, 0.5, retry_at=NOW + timedelta(seconds=1)) == NOW + timedelta(seconds=600)
