"""Airtable's refusals: four forms of body, two kinds of 429, and what is told of each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tray_connector.destinations.airtable.errors import (
    FULL,
    LIMIT,
    QUOTA,
    explained,
    next_month,
    refusal_of,
    refused_record,
)
from tray_connector.model.errors import ConfigError, InternalError, TransientError

NOW = datetime(2026, 12, 3, 10, 0, tzinfo=UTC)
QUOTA_TYPE = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"error": {"type": "X", "message": "Etwas  fehlt"}}, "X", "Etwas fehlt"),
        ({"error": {"type": "NOT_FOUND"}}, "NOT_FOUND", ""),
        ({"error": "NOT_FOUND"}, "NOT_FOUND", ""),
        ({"errors": [{"error": "RATE_LIMIT_REACHED", "message": "later"}]}, "RATE_LIMIT_REACHED", "later"),
        ({"errors": [{"type": "X"}]}, "X", ""),
        ({"errors": []}, "", ""),
        ({"error": {"type": 7}}, "", ""),
        (None, "", ""),
        ([], "", ""),
    ],
)
def test_every_form_of_body_is_read(body: Any, kind: str, words: str) -> None:
    refusal = refusal_of(422, body)
    assert (refusal.kind, refusal.words) == (kind, words)


@pytest.mark.parametrize(
    "body",
    [
        {"errors": [{"error": QUOTA_TYPE, "message": "API billing plan limit exceeded."}]},
        {"error": {"type": QUOTA_TYPE}},
        {"error": {"type": "X", "message": "the maximum number of requests allowed for this month"}},
    ],
)
def test_the_spent_month_is_told_apart_from_a_pause(body: Any) -> None:
    error = explained(refusal_of(429, body), NOW)
    assert isinstance(error, TransientError)
    assert error.problem.code == QUOTA
    assert error.problem.retry_at == datetime(2027, 1, 1, 0, 5, tzinfo=UTC)
    assert "2027-01-01" in error.problem.hint


@pytest.mark.parametrize(
    ("body", "retry_after", "seconds"),
    [
        ({"error": {"type": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded."}}, None, 31),
        ({"errors": [{"error": "RATE_LIMIT_REACHED"}]}, 5.0, 31),
        (None, 60.0, 61),
    ],
)
def test_a_pause_is_thirty_seconds_or_what_airtable_says(body: Any, retry_after: float | None, seconds: float) -> None:
    error = explained(refusal_of(429, body, retry_after), NOW)
    assert isinstance(error, TransientError)
    assert error.problem.code == LIMIT
    assert error.problem.retry_at == NOW + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (401, {"error": {"type": "AUTHENTICATION_REQUIRED"}}, ConfigError, "airtable-key-refused"),
        (403, {"error": {"type": "INVALID_PERMISSIONS"}}, ConfigError, "airtable-right-missing"),
        (403, {"error": {"type": "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"}}, ConfigError, "airtable-base-hidden"),
        (404, {"error": "NOT_FOUND"}, ConfigError, "airtable-not-found"),
        (503, {"error": {"type": "RETRIABLE_ERROR"}}, TransientError, "airtable-in-trouble"),
        (500, None, TransientError, "airtable-in-trouble"),
        (400, None, InternalError, "airtable-request"),
    ],
)
def test_each_refusal_has_its_kind(status: int, body: Any, kind: type[Exception], code: str) -> None:
    error = explained(refusal_of(status, body), NOW)
    assert isinstance(error, kind)
    assert error.problem.code == code
    assert error.problem.hint


@pytest.mark.parametrize(
    ("body", "full"),
    [
        ({"error": {"type": "LIMIT_EXCEEDED", "message": "x"}}, True),
        ({"error": {"type": "X", "message": "This base exceeded the number of records of its plan."}}, True),
        ({"error": {"type": "X", "message": "The record limit is reached."}}, True),
        ({"error": {"type": "INVALID_VALUE_FOR_COLUMN", "message": 'Field "Subject" cannot accept it'}}, False),
        ({"error": {"type": "X", "message": "Cannot update more than one record"}}, False),
    ],
)
def test_a_full_base_is_recognised_by_its_words(body: Any, *, full: bool) -> None:
    refusal = refusal_of(422, body)
    assert refusal.base_full is full
    assert (refused_record(refusal).problem.code == FULL) is full


@pytest.mark.parametrize(("month", "turn"), [(1, (2026, 2)), (11, (2026, 12)), (12, (2027, 1))])
def test_the_next_month_begins_on_its_first_day(month: int, turn: tuple[int, int]) -> None:
    moment = next_month(datetime(2026, month, 28, 23, 59, tzinfo=UTC))
    assert (moment.year, moment.month, moment.day) == (*turn, 1)
