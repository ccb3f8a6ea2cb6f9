"""When a failed event is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta

DELAYS = (5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0)
"""Seconds after the first, second … failure; the last one from then on."""
JITTER = 0.2
DAY = 86_400.0
REFUSED_TRIES = 3
"""A record refused for its content is sent so often on the usual schedule, then once a day."""


def delay(attempts: int, luck: float, *, refused: bool = False, first: float | None = None) -> float:
    """Seconds until the next try after `attempts` failures (at least 1), spread by ±20 %.

    `luck` is a random number from 0 to 1; `first` replaces the delay after the first failure (`SPOOL_RETRY_SECONDS`).
    """
    if refused and attempts >= REFUSED_TRIES:
        base = DAY
    elif attempts <= 1 and first is not None:
        return first
    else:
        base = DELAYS[min(max(attempts, 1), len(DELAYS)) - 1]
    return base * (1 - JITTER + 2 * JITTER * luck)


def next_try(
    now: datetime,
    attempts: int,
    luck: float,
    *,
    retry_at: datetime | None = None,
    refused: bool = False,
    first: float | None = None,
) -> datetime:
    """The time of the next try; the service's own `Retry-After` wins when it is later."""
    due = now + timedelta(seconds=delay(attempts, luck, refused=refused, first=first))
    return due if retry_at is None else max(due, retry_at)
