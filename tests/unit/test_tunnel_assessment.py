"""Whether webhooks are said to work, and how often is polled therefore."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import START
from tray_connector.model.errors import Problem
from tray_connector.webhooks.assessment import (
    Announcements,
    Missed,
    WebhookFacts,
    assess,
)
from tray_connector.webhooks.ping import PingResult

TROUBLE = Problem("x-trouble", "Trouble", "", "")
GOOD_PING = PingResult(START, 0.1, "ok")
BAD_PING = PingResult(START, 0.1, "offline", TROUBLE)
GOOD = WebhookFacts(START, wanted=True, tunnel_healthy=True, ping=GOOD_PING, hooks={"teamwork": None, "missive": None})


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def test_webhooks_that_work_make_polling_slow() -> None:
    health = assess(GOOD)
    assert (health.mode, health.healthy, health.reason, health.poll_interval) == ("webhooks", True, None, 60)


def test_without_webhooks_it_is_polled_quickly() -> None:
    health = assess(WebhookFacts(START, wanted=False))
    assert (health.mode, health.healthy, health.reason, health.poll_interval) == ("off", None, None, 5)


@pytest.mark.parametrize("facts", [GOOD, replace(GOOD, ping=BAD_PING), WebhookFacts(START, wanted=False)])
def test_an_interval_that_was_set_wins(facts: WebhookFacts) -> None:
    assert assess(replace(facts, set_interval=17.0)).poll_interval == 17


@pytest.mark.parametrize(
    "changes",
    [
        {"tunnel_problem": TROUBLE, "tunnel_healthy": False},
        {"ping": BAD_PING},
        {"hooks": {"teamwork": TROUBLE, "missive": None}},
    ],
)
def test_whatever_fails_is_named_and_polling_is_quick(changes: dict[str, Any]) -> None:
    health = assess(replace(GOOD, **changes))
    assert (health.mode, health.healthy, health.reason, health.poll_interval) == ("polling", False, TROUBLE, 5)


@pytest.mark.parametrize(
    "changes",
    [
        {"ping": None},
        {"hooks": {"teamwork": None}},
        {"tunnel_healthy": False},
        {"now": after(16)},
    ],
)
def test_what_is_not_proved_is_not_called_healthy(changes: dict[str, Any]) -> None:
    health = assess(replace(GOOD, **changes))
    assert (health.mode, health.healthy, health.reason, health.poll_interval) == ("polling", None, None, 5)


def test_a_source_that_is_not_needed_is_not_waited_for() -> None:
    facts = replace(GOOD, needed=frozenset({"teamwork"}), hooks={"teamwork": None, "missive": TROUBLE})
    assert assess(facts).healthy


def test_silence_alone_is_no_fault() -> None:
    facts = replace(GOOD, now=after(60 * 24), ping=replace(GOOD_PING, at=after(60 * 24)))
    assert assess(facts).healthy


def test_a_delivery_after_a_failed_ping_shows_more_than_the_ping() -> None:
    facts = replace(GOOD, ping=BAD_PING, now=after(1))
    assert not assess(replace(facts, last_delivery={"missive": after(-1)})).healthy
    assert assess(replace(facts, last_delivery={"missive": after(0.5)})).healthy
    assert not assess(replace(facts, last_delivery={"missive": after(0.5)}, now=after(12))).healthy


def test_changes_that_were_not_announced_are_a_fault() -> None:
    facts = replace(GOOD, missed={"teamwork": Missed(2, START)})
    assert assess(facts).healthy
    health = assess(replace(facts, missed={"teamwork": Missed(3, START)}))
    assert health.healthy is False
    assert health.reason is not None
    assert health.reason.code == "webhooks-teamwork-missed"
    assert "2026-09-02 10:00" in health.reason.message


def test_a_change_that_polls_find_is_missed_after_five_minutes_unless_it_is_announced() -> None:
    seen = Announcements()
    for number in range(3):
        seen.found("teamwork", str(number), START)
    assert seen.missed(after(4)) == {}
    assert seen.missed(after(5)) == {"teamwork": Missed(3, START)}
    seen.found("teamwork", "0", after(6))
    assert seen.missed(after(6)) == {"teamwork": Missed(3, START)}


def test_a_delivery_of_the_same_source_ends_it() -> None:
    seen = Announcements()
    for number in range(3):
        seen.found("teamwork", str(number), START)
        seen.found("missive", str(number), START)
    seen.delivered("teamwork", "another", after(6))
    assert seen.missed(after(6)) == {"missive": Missed(3, START)}


def test_a_delivery_before_or_soon_after_the_poll_announces_the_change() -> None:
    seen = Announcements()
    seen.delivered("teamwork", "1", START)
    seen.found("teamwork", "1", after(1))
    seen.found("teamwork", "2", after(1))
    seen.delivered("teamwork", "2", after(2))
    seen.found("teamwork", "1", after(6))
    assert seen.missed(after(60)) == {"teamwork": Missed(1, after(6))}
    seen.forget()
    assert seen.missed(after(60)) == {}


@given(
    st.builds(
        WebhookFacts,
        now=st.just(START),
        wanted=st.booleans(),
        tunnel_healthy=st.booleans(),
        tunnel_problem=st.sampled_from([None, TROUBLE]),
        ping=st.sampled_from([None, GOOD_PING, BAD_PING]),
        hooks=st.dictionaries(st.sampled_from(["teamwork", "missive"]), st.sampled_from([None, TROUBLE])),
        last_delivery=st.dictionaries(st.just("teamwork"), st.sampled_from([START, after(-60)])),
        missed=st.dictionaries(st.just("missive"), st.just(Missed(5, after(-60)))),
        set_interval=st.none(),
    )
)
def test_polling_is_slow_only_while_webhooks_are_known_to_work(facts: WebhookFacts) -> None:
    health = assess(facts)
    assert (health.poll_interval == 60) == (health.mode == "webhooks") == (health.healthy is True)
    assert (health.mode == "off") == (not facts.wanted)
    assert health.reason is None or health.healthy is False
    if health.healthy:
        assert facts.tunnel_healthy
        assert facts.tunnel_problem is None
        assert not any(facts.hooks.values())
