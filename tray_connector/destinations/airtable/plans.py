"""What Airtable's plans allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

PlanName = Literal["free", "team", "business", "enterprise"]


@dataclass(frozen=True, slots=True)
class Plan:
    """Airtable documents these under "Workspace settings page overview"."""

    title: str
    records: int
    """Per base, over all its tables."""
    calls: int | None
    """Per workspace and month; None = not limited."""


PLANS: Mapping[PlanName, Plan] = MappingProxyType(
    {
        "free": Plan("Free", 1_000, 1_000),
        "team": Plan("Team", 50_000, 100_000),
        "business": Plan("Business", 125_000, None),
        "enterprise": Plan("Enterprise", 500_000, None),
    }
)
