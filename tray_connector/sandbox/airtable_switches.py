"""What Airtable does not document, as switches, and what its plans allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class AirtableSwitches:
    """Each unknown, so that clients are tried against all of it. The defaults are the likely or the stricter."""

    limit_body: Literal["singular", "plural"] = "singular"
    """The body of the 429 for too many calls in a second."""
    quota_body: Literal["singular", "plural"] = "plural"
    """The body of the 429 for too many calls in a month."""
    retry_after: bool = False
    """Whether the 429 for too many calls in a second carries `Retry-After`."""
    lockout_extends: bool = False
    """Whether a call during the lock-out begins its 30 seconds anew."""
    schema_counts_for_rate: bool = True
    """Whether schema calls count against the base's 5 calls a second."""
    schema_counts_for_quota: bool = True
    """Whether schema calls count against the calls of the month; they are answered when those are spent."""
    limited_count_for_quota: bool = True
    """Whether calls refused for the rate count against the calls of the month."""
    missing_record: Literal["MODEL_ID_NOT_FOUND", "NOT_FOUND", "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND"] = (
        "MODEL_ID_NOT_FOUND"
    )
    """What a single record's address says when the record is gone; 404, the last one 403."""
    many_matches_type: str = "INVALID_REQUEST_UNKNOWN"
    """The type of the 422 for an upsert whose key several records have."""
    same_key_twice: Literal["refused", "last wins", "two records"] = "refused"
    """A key twice in one upsert. "two records" only where none existed: an existing one is updated twice."""
    merge_matching: Literal["exact", "ignore case", "trimmed"] = "exact"
    """How an upsert compares text."""
    text_unit: Literal["utf-16", "characters"] = "utf-16"
    """In what the 100,000 of a text are counted."""
    line_break_in_single_line: Literal["kept", "space", "refused"] = "kept"
    """What happens to a line break in a singleLineText."""
    control_characters: Literal["refused", "kept"] = "refused"
    """What happens to control characters other than tab and line breaks."""
    longest_body: int | None = None
    """Bytes of a request beyond which it gets a 413."""
    duplicate_table_type: str = "DUPLICATE_TABLE_NAME"
    """The type of the 422 for a table name that exists."""
    table_name_in_schema_path: bool = False
    """Whether fields may be created under the table's name; only its id is documented."""
    attachment_options_on_create: Literal["refused", "accepted"] = "refused"
    """Whether a new attachments field may be given its reading form's `isReversed`."""
    upper_case_utc: Literal["refused", "accepted"] = "refused"
    """Whether a time zone may be called `UTC`."""
    free_checkboxes_restricted: bool = True
    """Whether new checkboxes on a free base must be check/greenBright; the documentation names plans that are gone."""
    record_cap: Literal["refused", "ignored"] = "refused"
    """Whether the plan's number of records is enforced at once."""
    record_cap_type: str = "LIMIT_EXCEEDED"
    """The type of the 422 for a record beyond it."""
    failed_fetch: Literal["cleared", "dead"] = "cleared"
    """An attachment that could not be fetched: taken out of its cell, or kept with an address that gives 404."""
    fetch_seconds: float = 0.0
    """How long after the answer an attachment is fetched, by the site's clock."""
    failures_until_told: int = 3
    """Failed fetches of one address in ten minutes after which a write with it is told so in `details`."""


@dataclass(frozen=True, slots=True)
class AirtablePlan:
    """What a plan allows (Airtable documents it under "Workspace settings page overview")."""

    name: str
    records_per_base: int
    calls_a_month: int | None
    over_quota: Literal["blocked", "slowed"]
    """Once the month's calls are spent: none until it ends, or 2 a second."""
    attachment_bytes: int


PLANS: Mapping[str, AirtablePlan] = MappingProxyType(
    {
        plan.name: plan
        for plan in (
            AirtablePlan("free", 1_000, 1_000, "blocked", 1_000_000_000),
            AirtablePlan("team", 50_000, 100_000, "slowed", 20_000_000_000),
            AirtablePlan("business", 125_000, None, "slowed", 100_000_000_000),
        )
    }
)
