"""Airtable's refusals in the words of `model.errors`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tray_connector.config.http_errors import BY_ITSELF, Service
from tray_connector.model.errors import ConfigError, ConnectorError, InternalError, RecordError, TransientError

SERVICE = Service(
    "airtable",
    "Airtable",
    "Make a new token at airtable.com/create/tokens and enter it here.",
    "Give the token the scopes data.records:read, data.records:write, schema.bases:read and schema.bases:write.",
)
QUOTA = "airtable-quota"
LIMIT = "airtable-limit"
FULL = "airtable-full"
LOCK_OUT = 30.0
"""Airtable documents that after a 429 it takes 30 seconds until requests succeed again."""
_QUOTA_TYPE = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
_QUOTA_WORDS = re.compile(r"billing|(requests|calls) allowed for this month|monthly", re.IGNORECASE)
_FULL_WORDS = re.compile(
    r"\b(records?|rows?)\b[^.]*\b(limit|maximum|quota|exceed\w*)|\b(limit|maximum|quota|exceed\w*)\b[^.]*\b(records?|rows?)\b",
    re.IGNORECASE,
)
_LONGEST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that is no success, read."""

    status: int
    kind: str = ""
    """Airtable's error type."""
    words: str = ""
    retry_after: float | None = None

    @property
    def said(self) -> str:
        """Airtable's own words, with the type where there are none."""
        text = self.words or self.kind
        return f"Airtable answered {self.status}" + (f": {text}" if text else ".")

    @property
    def quota_spent(self) -> bool:
        """The month's calls are used up; waiting for seconds does not help."""
        return self.status == 429 and (self.kind == _QUOTA_TYPE or bool(_QUOTA_WORDS.search(self.words)))

    @property
    def row_missing(self) -> bool:
        """A record id that the request names does not exist in the table."""
        return self.kind == "ROW_DOES_NOT_EXIST" or (self.status == 404 and self.kind == "MODEL_ID_NOT_FOUND")

    @property
    def several_rows(self) -> bool:
        """An upsert's key belongs to more than one record."""
        return "more than one record" in self.words

    @property
    def base_full(self) -> bool:
        """The plan's number of records is reached. Airtable documents neither type nor words for it."""
        if self.status not in (402, 403, 422) or self.several_rows or self.kind == "INVALID_RECORDS":
            return False
        return "LIMIT" in self.kind or bool(_FULL_WORDS.search(self.words))

    @property
    def of_content(self) -> bool:
        """One of the records is at fault, or the request is too large: with fewer records it may pass."""
        return self.status in (413, 422) and self.kind != "UNKNOWN_FIELD_NAME"


class RefusedError(Exception):
    """A request was refused for a reason that the asking code may understand."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.said)
        self.refusal = refusal


def refusal_of(status: int, data: Any, retry_after: float | None = None, redact: Callable[[str], str] = str) -> Refusal:
    """The refusal in a body of any of the four forms that Airtable is known to answer with.

    `redact` is applied before the words are cut: half a secret would not be known as one.
    """
    kind, words = (redact(" ".join(text.split()))[:_LONGEST_WORDS] for text in _words_of(data))
    return Refusal(status, kind, words, retry_after)


def _words_of(data: Any) -> tuple[str, str]:
    if not isinstance(data, Mapping):
        return "", ""
    error = data.get("error")
    if isinstance(error, str):
        return error, _text(data.get("message"))
    if isinstance(error, Mapping):
        return _text(error.get("type")), _text(error.get("message"))
    for each in data.get("errors") or ():
        if isinstance(each, Mapping):
            return _text(each.get("error")) or _text(each.get("type")), _text(each.get("message"))
    return "", ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def endless() -> TransientError:
    """A list whose next place is one where it was before."""
    return TransientError(
        "airtable-endless",
        "Airtable gives the same page again and again",
        "The list of records has no end.",
        "Nothing is lost. It is tried again by itself.",
    )


def limited(refusal: Refusal, now: datetime) -> TransientError:
    """The 429 of either kind: for the month, or for half a minute."""
    if refusal.quota_spent:
        turn = next_month(now)
        return TransientError(
            QUOTA,
            "This month's Airtable calls are used up",
            refusal.said,
            f"It goes on by itself on {turn:%Y-%m-%d}, or within an hour once Airtable's plan is a larger one.",
            retry_at=turn,
        )
    return paused(now + timedelta(seconds=hold_of(refusal)), refusal.said)


def paused(until: datetime, said: str = "") -> TransientError:
    """Airtable shuts the base for a short time."""
    words = said or "Too many calls were sent to this base, perhaps by another program."
    return TransientError(LIMIT, "Airtable asks for a pause", words, BY_ITSELF, retry_at=until)


def hold_of(refusal: Refusal) -> float:
    """Seconds in which no call succeeds."""
    return max(LOCK_OUT, refusal.retry_after or 0.0) + 1.0


def next_month(now: datetime) -> datetime:
    """A few minutes after the month has turned, in UTC."""
    first = now.astimezone(UTC).replace(day=1, hour=0, minute=5, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def explained(refusal: Refusal, now: datetime) -> ConnectorError:
    """A refusal that concerns everything, not one record."""
    status, said = refusal.status, refusal.said
    if status == 429:
        return limited(refusal, now)
    if status == 401:
        return ConfigError("airtable-key-refused", "Airtable refuses the token", said, SERVICE.key_hint)
    if status >= 500 or status in (408, 425):
        wait = refusal.retry_after
        retry_at = None if wait is None else now + timedelta(seconds=wait)
        return TransientError("airtable-in-trouble", "Airtable is in trouble", said, BY_ITSELF, retry_at)
    if refusal.kind == "INVALID_PERMISSIONS":
        return ConfigError(
            "airtable-right-missing",
            "The token may not do this in Airtable",
            said,
            "Give the token's user the role Editor or higher in the base, and lift what restricts editing of tables "
            "and columns.",
        )
    if status == 403:
        return ConfigError(
            "airtable-base-hidden",
            "Airtable does not show this base to the token",
            said,
            "Check AIRTABLE_BASE_ID, and add the base to the token's list. " + SERVICE.right_hint,
        )
    if status == 404:
        return ConfigError(
            "airtable-not-found",
            "Airtable knows no such base or table",
            said,
            "Check AIRTABLE_BASE_ID and AIRTABLE_ENDPOINT_URL.",
        )
    hint = "Nothing is lost. If it stays so, send us the diagnostics."
    return InternalError("airtable-request", "Airtable does not accept a request", said, hint)


def refused_record(refusal: Refusal) -> RecordError:
    """One record that Airtable does not take."""
    if refusal.base_full:
        return RecordError(
            FULL,
            "The Airtable base is full",
            refusal.said,
            "Delete records in the base, or choose a larger plan of Airtable. Records that are there are kept in step.",
        )
    title = "Airtable does not take this record"
    if refusal.status == 413:
        return RecordError("airtable-too-large", title, refusal.said, "It is larger than Airtable allows.")
    hint = "Correct it at its origin, or change the column in Airtable. It is tried again by itself."
    return RecordError("airtable-refused", title, refusal.said, hint)
