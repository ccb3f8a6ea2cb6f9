"""`Rates`: how many rows were written in each minute, for the plot of the status window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tray_connector.config.clock import Clock

KEPT = timedelta(hours=25)
"""A day, and the longest day of the year."""


@dataclass(frozen=True, slots=True)
class Minute:
    """Rows of one source written within a minute."""

    began: datetime
    """A whole minute in UTC."""
    source: str
    written: int


@dataclass(frozen=True, slots=True)
class RatesView:
    """The counts at one moment."""

    since: datetime
    """Nothing is known of the time before."""
    minutes: tuple[Minute, ...]
    """By time; those without a row are left out."""

    def written(self, source: str, since: datetime) -> int:
        """Rows of the source written in the minutes that began at this moment or later."""
        return sum(minute.written for minute in self.minutes if minute.source == source and minute.began >= since)


class Rates:
    """Not thread-safe: `Board` guards it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.now()
        self._counts: dict[tuple[datetime, str], int] = {}

    def add(self, source: str, count: int = 1) -> None:
        """So many rows of the source were written now."""
        key = (self._clock.now().astimezone(UTC).replace(second=0, microsecond=0), source)
        if key not in self._counts:
            self._forget(key[0] - KEPT)
        self._counts[key] = self._counts.get(key, 0) + count

    def view(self) -> RatesView:
        """What is known, of the last `KEPT`."""
        oldest = self._clock.now() - KEPT
        minutes = tuple(
            Minute(began, source, count) for (began, source), count in sorted(self._counts.items()) if began >= oldest
        )
        return RatesView(max(self._since, oldest), minutes)

    def _forget(self, oldest: datetime) -> None:
        for key in [key for key in self._counts if key[0] < oldest]:
            del self._counts[key]
