"""One function decides what the engine's state is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tray_connector.model.errors import Problem
from tray_connector.model.status import Facts, Part, QueueState, ago, judge

NOW = datetime(2026, 9, 2, 10, tzinfo=UTC)
REFUSED = Problem("teamwork-key-refused", "Teamwork refuses the key", "", "Enter a new one.")
CALM = Facts(
    now=NOW,
    running=True,
    poll_interval=5,
    last_verified={"teamwork": NOW - timedelta(seconds=12), "missive": NOW, "destination": None},
)
LONG_AGO: dict[Part, datetime | None] = {"teamwork": NOW, "missive": NOW - timedelta(seconds=61), "destination": NOW}


@pytest.mark.parametrize(
    ("facts", "state", "headline"),
    [
        (CALM, "in step", "In step, checked 12 seconds ago"),
        (replace(CALM, last_verified=LONG_AGO), "attention", "Not checked since 2026-09-02 09:58"),
        (replace(CALM, last_verified=LONG_AGO, poll_interval=60), "in step", "In step, checked 1 minute ago"),
        (replace(CALM, last_verified={"teamwork": None, "missive": NOW}), "starting", "Starting"),
        (replace(CALM, last_verified={"teamwork": None}, running=False), "attention", "Not checked yet"),
        (replace(CALM, queue=QueueState(waiting=8), syncing=2, total=10), "syncing", "Syncing 2 of 10"),
        (replace(CALM, queue=QueueState(retrying=1)), "attention", "1 record needs a look"),
        (replace(CALM, queue=QueueState(retrying=2, unreadable=1)), "attention", "3 records need a look"),
        (replace(CALM, problems={"teamwork": REFUSED}), "attention", "Teamwork refuses the key"),
        (
            replace(CALM, problems={"teamwork": REFUSED}, stopped_by=frozenset({"teamwork"}), pause_open_ended=True),
            "stopped",
            "Stopped: Teamwork refuses the key",
        ),
        (replace(CALM, pause_open_ended=True, queue=QueueState(waiting=3)), "paused", "Paused until you resume"),
        (replace(CALM, paused_until=NOW + timedelta(hours=1)), "paused", "Paused until 2026-09-02 11:00"),
        (replace(CALM, paused_until=NOW - timedelta(hours=1)), "in step", "In step, checked 12 seconds ago"),
        (replace(CALM, offline=frozenset({"teamwork", "missive"})), "offline", "Offline. Continues by itself"),
    ],
)
def test_the_state_has_one_name(facts: Facts, state: str, headline: str) -> None:
    verdict = judge(facts)
    assert (verdict.state, verdict.headline) == (state, headline)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "just now"),
        (0, "just now"),
        (2, "2 seconds ago"),
        (60, "1 minute ago"),
        (7_199, "1 hour ago"),
        (200_000, "2 days ago"),
    ],
)
def test_ago_is_said_in_one_unit(seconds: int, text: str) -> None:
    assert ago(timedelta(seconds=seconds)) == text
