"""What Missive does not document: each unknown is a switch, so that clients are tried against every possibility."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tray_connector.sandbox.mailbox_filing import BUMPS, Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class MissiveSwitches:
    """The defaults are what is most likely."""

    until_inclusive: bool = True
    """Whether `until` itself belongs to the page; documented for tasks only."""
    extend_ties: bool = True
    """Whether a page grows beyond its limit until all that share its last time are on it."""
    all_includes_trash: bool = False
    """Whether ``all``, ``team_all`` and ``shared_label`` show what the user has in Trash."""
    all_includes_spam: bool = False
    """The same for Spam."""
    all_covers_teams: bool = True
    """Whether ``all`` shows a team's conversations that are not assigned to the user."""
    activity_bump_on: frozenset[Deed] = BUMPS
    """What moves `last_activity_at`."""
    redact_unrelated: Literal["off", "drop", "null"] = "off"
    """How mails that the user neither wrote nor got lose body, preview and recipients: keys left out, or null."""
    unknown_id: Literal["envelope", "empty"] = "envelope"
    """The body of a 404."""
    batch_missing_id: Literal["omit", "404"] = "omit"
    """What an unknown id does to ``GET /messages/:id,:id``."""
    batch_max: int | None = None
    """The most ids of one ``GET /messages/:id,:id``; beyond it a 400."""
    limit_cap: int = 50
    """The largest `limit` of ``GET /conversations``; one client reports 10."""
    rate_headers_on_200: bool = False
    """Whether every answer carries the rate headers, not only a 429."""
    message_key: Literal["message", "latest_message", "both"] = "message"
    """Where a webhook about a mail has the mail."""
    validate_on_api_hook: bool = False
    """Whether ``POST /hooks`` tries the address first."""
    hooks_without_id: bool = False
    """Whether ``POST /hooks`` answers without a body, as Missive says any POST may."""
    hook_rights: Literal["all", "personal", "none"] = "all"
    """Which hooks the token's owner may make."""
