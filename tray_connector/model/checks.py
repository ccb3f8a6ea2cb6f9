"""`CheckLine`: one line of a live test."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One line of a live test: what is right, or what is wrong and what to do."""

    name: str
    ok: bool
    message: str
    hint: str = ""
    passing: bool = False
    """It is wrong now, and time mends it: nobody need change anything."""
    count: int | None = None
    """The number of records that the message tells, where it tells one."""
