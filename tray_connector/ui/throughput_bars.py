"""The numbers behind the throughput plot: minutes gathered into bars, and a scale that is easy to read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tray_connector.sync.rates import RatesView

SOURCES = ("teamwork", "missive")
"""From the bottom of a bar to its top."""


@dataclass(frozen=True, slots=True)
class Span:
    """How far the plot looks back."""

    bar: timedelta
    count: int
    tick: timedelta
    """Between two labels of the time axis; a whole number of them is a day."""


HOUR = Span(timedelta(minutes=1), 60, timedelta(minutes=10))
DAY = Span(timedelta(minutes=15), 96, timedelta(hours=4))


@dataclass(frozen=True, slots=True)
class Bar:
    """The records stored within one stretch of time."""

    began: datetime
    """In the office's zone."""
    ended: datetime
    known: bool
    """False where the program did not run yet."""
    written: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Records of all sources."""
        return sum(self.written.values())


def bars_of(rates: RatesView, now: datetime, zone: ZoneInfo, span: Span) -> tuple[Bar, ...]:
    """`span.count` bars, the last of which contains `now`; they begin on whole multiples of their width."""
    width = span.bar.total_seconds()
    last = int(now.timestamp() // width)
    counts: dict[int, dict[str, int]] = {}
    for minute in rates.minutes:
        bar = counts.setdefault(int(minute.began.timestamp() // width), {})
        bar[minute.source] = bar.get(minute.source, 0) + minute.written

    def moment(number: int) -> datetime:
        return datetime.fromtimestamp(number * width, UTC).astimezone(zone)

    return tuple(
        Bar(moment(number), moment(number + 1), moment(number + 1) > rates.since, counts.get(number, {}))
        for number in range(last - span.count + 1, last + 1)
    )


def ceiling(most: int) -> int:
    """The top of the scale: the next of 5, 10, 20, 50, 100 …"""
    top = 5
    steps = steps_of_scale()
    while top < most:
        top = next(steps)
    return top


def steps_of_scale() -> Iterator[int]:
    """10, 20, 50, 100, 200 …"""
    power = 10
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def ticks(bars: tuple[Bar, ...], span: Span) -> Iterator[tuple[int, datetime]]:
    """(number of the bar, its beginning) for each label of the time axis, by the office's clock."""
    minutes = int(span.tick.total_seconds() // 60)
    for number, bar in enumerate(bars):
        if (bar.began.hour * 60 + bar.began.minute) % minutes == 0:
            yield number, bar.began
