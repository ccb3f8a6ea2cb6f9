"""Numbers and times in sentences."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def number(count: int, one: str, many: str) -> str:
    """``1 record``, ``1,204 records``."""
    return f"{count:,} {one if count == 1 else many}"


def moment(when: datetime | None, zone: ZoneInfo) -> str:
    """``2026-11-23 21:32:05`` on the office's clock, or ``never``."""
    return "never" if when is None else when.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
