"""How long a pause lasts, as people type it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

MORNING = time(6, 0)
"""When "until tomorrow" ends, local time."""
_LENGTH = re.compile(r"(\d{1,4})\s*(m|min|h|d)", re.ASCII)
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time, or None: until tomorrow morning."""

    length: timedelta | None

    def end(self, now: datetime, zone: ZoneInfo) -> datetime:
        """When it is over, in the zone of `now`, in whole seconds."""
        if self.length is not None:
            return (now + self.length).replace(microsecond=0)
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, MORNING, zone).astimezone(now.tzinfo)


def parse_duration(text: str) -> Duration:
    """``30m``, ``1h``, ``2d``, ``tomorrow``. ValueError says what is accepted."""
    trimmed = text.strip().lower()
    if trimmed == "tomorrow":
        return Duration(None)
    match = _LENGTH.fullmatch(trimmed)
    if match is None or int(match[1]) == 0:
        raise ValueError(f"'{text}' is no duration; use for example 30m, 1h, 2d or tomorrow")
    return Duration(timedelta(**{_UNITS[match[2]]: int(match[1])}))
