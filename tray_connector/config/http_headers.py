"""What an answer's headers say about time and limits. Nothing here raises: an odd header is an absent one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LIMIT_WITHOUT_TIME = 60.0
"""How long a service is left alone that says "too many" and not until when: both count by the minute."""
_EPOCH = 1_000_000_000
"""From here on `X-RateLimit-Reset` is taken for a moment, below for a duration; neither is documented surely."""


def number(text: str | None) -> int | None:
    """A whole number."""
    try:
        return int(float(text)) if text else None
    except (ValueError, OverflowError):
        return None


def http_date(text: str | None) -> datetime | None:
    """A date in the form of HTTP, in UTC."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Signals:
    """The headers of one answer, read at the given moment of our clock, which may differ from the server's."""

    def __init__(self, headers: Mapping[str, str], now: datetime) -> None:
        self._headers = headers
        self.server_time = http_date(headers.get("Date"))
        """The server's clock, in whole seconds."""
        self._now = self.server_time or now
        self.limit = number(headers.get("X-RateLimit-Limit"))
        self.remaining = number(headers.get("X-RateLimit-Remaining"))

    @property
    def retry_after(self) -> float | None:
        """Seconds to wait, from a number or a date."""
        text = (self._headers.get("Retry-After") or "").strip()
        if (seconds := number(text)) is not None:
            return float(max(0, seconds))
        moment = http_date(text)
        return None if moment is None else max(0.0, (moment - self._now).total_seconds())

    @property
    def reset(self) -> float | None:
        """Seconds until the window starts anew, between 1 and 120."""
        value = number(self._headers.get("X-RateLimit-Reset"))
        if value is None or value < 0:
            return None
        # A moment is in whole seconds, and so is the server's clock: one more is sure.
        seconds = value - self._now.timestamp() + 1.0 if value > _EPOCH else float(value)
        return min(max(seconds, 1.0), 120.0)

    @property
    def hold(self) -> float:
        """Seconds to send nothing after a refusal for too many requests."""
        said = self.retry_after if self.retry_after is not None else self.reset
        # Whole seconds may have been cut, not rounded.
        return _LIMIT_WITHOUT_TIME if said is None else max(1.0, said + 0.5)
