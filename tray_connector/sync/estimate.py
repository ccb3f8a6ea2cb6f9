"""What a backfill will cost, as far as the ledger can tell before the sources are asked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.events import SourceName
from tray_connector.sources.base import Since
from tray_connector.sync.engine import Engine

TASKS_A_PAGE = 500
CONVERSATIONS_A_PAGE = 50
MESSAGES_A_PAGE = 10
BODIES_A_REQUEST = 10
ROWS_A_CALL = 10
DIRECTORIES = 4
"""Requests for people, tags and teams: one page each in a small office."""
A_MINUTE: dict[SourceName, int] = {"teamwork": 135, "missive": 54}
"""Requests that each service's tightest window leaves for this; Missive allows 900 in a quarter of an hour."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """At least so much: what is not stored yet nobody here knows."""

    tasks: int = 0
    conversations: int = 0
    emails: int = 0
    teamwork: int = 0
    """Requests."""
    missive: int = 0
    airtable: int = 0
    """Calls; 0 where the destination is another, or nothing known is written anew."""
    seconds: float = 0.0
    is_first: bool = False
    """Nothing is stored yet: the numbers say nothing."""


def estimate(
    engine: Engine, since: Since, stop: Stop, *, source: SourceName | None, rewrite: bool, scale: float, airtable: bool
) -> Estimate:
    """Count what the ledger knows and turn it into requests; `scale` as in the setting `RATE_SCALE`.

    Reads the whole ledger: for workers. Raises `Stopped`.
    """
    ledger, after = engine.ledger, None if since.everything else since.changed_after
    tasks = conversations = emails = bodies = lists = 0
    if source != "missive":
        for entries in ledger.iterate("tasks"):
            _go_on(stop)
            tasks += sum(_is_since(getattr(entry.record, "updated_at", None), after) for entry in entries)
    if source != "teamwork":
        for batch in ledger.iterate_conversations():
            _go_on(stop)
            for conversation in batch:
                if _is_since(conversation.last_activity_at, after):
                    conversations += 1
                    emails += conversation.messages_count
                    lists += math.ceil(conversation.messages_count / MESSAGES_A_PAGE) if rewrite else 0
        bodies = math.ceil(emails / BODIES_A_REQUEST) if rewrite else 0
    teamwork = 0 if source == "missive" else pages(tasks, TASKS_A_PAGE) + DIRECTORIES
    missive = 0 if source == "teamwork" else pages(conversations, CONVERSATIONS_A_PAGE) + lists + bodies + DIRECTORIES
    rows = math.ceil(tasks / ROWS_A_CALL) + math.ceil(emails / ROWS_A_CALL)
    minutes = max(teamwork / A_MINUTE["teamwork"], missive / A_MINUTE["missive"])
    return Estimate(
        tasks=tasks,
        conversations=conversations,
        emails=emails,
        teamwork=teamwork,
        missive=missive,
        airtable=rows if rewrite and airtable else 0,
        seconds=minutes * 60 / scale,
        is_first=ledger.count("tasks") + ledger.count("emails") == 0,
    )


def pages(count: int, size: int) -> int:
    """Requests of a list: the last page is asked for even when nothing is on it."""
    return max(1, math.ceil(count / size))


def _is_since(moment: datetime | None, after: datetime | None) -> bool:
    return after is None or (moment is not None and moment >= after)


def _go_on(stop: Stop) -> None:
    if stop.is_set():
        raise Stopped
