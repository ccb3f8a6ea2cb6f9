"""Scope, and which teams the mailbox All does not cover."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tray_connector.model.records import Conversation, Email
from tray_connector.sources.missive.coverage import LAG, Coverage
from tray_connector.sources.missive.scope import Scope

NOON = datetime(2026, 9, 2, 12, 0, 0, tzinfo=UTC)


def conversation(
    number: int = 1,
    *,
    ago: float = 60,
    deleted: bool = False,
    team: str | None = None,
    private: bool = False,
    guest: bool = False,
) -> Conversation:
    return Conversation(
        conversation_id=f"c{number}",
        last_activity_at=NOON - timedelta(seconds=ago),
        deleted=deleted,
        team_id=team,
        private=private,
        guest=guest,
    )


def test_by_default_everything_but_guests_conversations_is_let_in() -> None:
    scope = Scope()
    assert scope.takes(conversation(private=True))
    assert scope.takes(conversation(team="t1"))
    assert not scope.takes(conversation(guest=True))


def test_shared_leaves_private_mail_out() -> None:
    scope = Scope("shared")
    assert not scope.takes(conversation(private=True))
    assert scope.takes(conversation())
    assert scope.takes(conversation(team="t1"))


def test_chosen_teams_leave_out_other_teams_and_nothing_else() -> None:
    scope = Scope("all", frozenset({"t1"}))
    assert scope.takes(conversation(team="t1"))
    assert not scope.takes(conversation(team="t2"))
    assert scope.takes(conversation())
    assert scope.takes(conversation(private=True))
    assert not Scope("shared", frozenset({"t1"})).takes(conversation(private=True))


def test_mail_delivered_before_the_first_day_is_left_out() -> None:
    scope = Scope(process_after=NOON)
    earlier = Email(email_id="m", conversation_id="c", received_at=NOON - timedelta(seconds=1))
    assert not scope.takes(earlier)
    assert scope.takes(Email(email_id="m", conversation_id="c", received_at=NOON))
    assert scope.takes(Email(email_id="m", conversation_id="c"))


def test_a_team_lacks_nothing_before_all_was_read() -> None:
    assert not Coverage().lacks([conversation()])


def test_what_all_should_have_shown_and_did_not_is_noticed() -> None:
    coverage = Coverage()
    coverage.note([conversation(1)])
    coverage.finished(NOON - timedelta(hours=1), NOON)
    assert not coverage.lacks([conversation(1)])
    assert coverage.lacks([conversation(2)])


def test_what_lies_outside_the_stretch_that_was_read_proves_nothing() -> None:
    coverage = Coverage()
    coverage.finished(NOON - timedelta(hours=1), NOON)
    assert not coverage.lacks([conversation(2, ago=7200)])
    assert not coverage.lacks([conversation(2, ago=LAG.total_seconds() - 1)])
    assert not coverage.lacks([conversation(2, deleted=True)])


def test_stretches_that_overlap_are_one_and_others_replace_it() -> None:
    coverage = Coverage()
    coverage.finished(NOON - timedelta(hours=1), NOON)
    coverage.finished(NOON - timedelta(seconds=120), NOON + timedelta(seconds=60))
    assert coverage.lacks([conversation(2, ago=3000)])
    coverage.finished(NOON + timedelta(hours=2), NOON + timedelta(hours=3))
    assert not coverage.lacks([conversation(2, ago=3000)])


def test_a_long_memory_is_cut_with_what_it_claims() -> None:
    coverage = Coverage(kept=10)
    coverage.note([conversation(number, ago=number) for number in range(30, 60)])
    coverage.finished(NOON - timedelta(hours=1), NOON)
    assert not coverage.lacks([conversation(number, ago=number) for number in range(30, 60)])
    assert coverage.lacks([conversation(99, ago=31)])
