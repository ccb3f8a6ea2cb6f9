"""What is not confirmed about the real Teamwork, as switches: a client must cope with every position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class TeamworkSwitches:
    """The defaults are the likeliest behaviour, or the harsher one where none is likelier."""

    delete_bumps_updated_at: bool = False
    """Whether a deleted task's `updatedAt` is the time of its deletion."""
    show_deleted: Literal["also", "only"] = "also"
    """`showDeleted=true` gives deleted tasks too, or instead of the live ones."""
    deleted_after: Literal["exclusive", "inclusive"] = "exclusive"
    """Whether `deletedAfter` matches its own second. It leaves live tasks out unless `deleted_after_keeps_live`."""
    deleted_after_keeps_live: bool = False
    deleted_get: Literal[404, 200] = 404
    """GET of one deleted task, or of one in a deleted list: 404 without a body, or the task."""
    delete_status: Literal[204, 200] = 204
    order_by_id_supported: bool = True
    """Otherwise `orderBy=id` is an unknown value: 400."""
    ties: Literal["id", "scrambled"] = "scrambled"
    """The order of tasks with the same value."""
    limit_status: Literal[429, 400] = 429
    retry_after: bool = True
    limit_body: Literal["json", "html"] = "json"
    rate_reset: Literal["seconds", "epoch"] = "seconds"
    """The meaning of `X-RateLimit-Reset`."""
    dates: Literal["date-time", "date"] = "date-time"
    """The form of `startDate` and `dueDate`."""
    project_on_task: Literal["none", "task", "meta"] = "none"
    """The project's id only by the side-loaded list, as `projectId`, or in `tasklist.meta`."""
    empty_assignees: Literal["list", "null"] = "list"
    empty_included: Literal["absent", "empty"] = "absent"
    """A side-load that was asked for and has nothing in it."""
    max_ids: int | None = None
    """Ids in one `ids=`."""
    too_many_ids: Literal["400", "cut"] = "400"
    page_size_over_500: Literal["clamp", "400"] = "clamp"
    row_ceiling: int = 50_000
    past_ceiling: Literal["empty", "400"] = "empty"
    """`hasMore` turns false at the ceiling, or stays true and the next page is refused."""
    longest_url: int | None = None
    """Longer targets get 414."""
    webhook_rights: Literal["all", "read", "none"] = "all"
    """What the key's owner may do with the site's webhooks."""
    duplicate_hooks: Literal["made", "refused"] = "made"
    """A second webhook with the same event and address."""
    updated_too: bool = False
    """Whether tagging, moving, completing and reopening are also announced as an update."""
    unsigned_hooks: Literal["absent", "empty key"] = "absent"
    """The signature of a webhook that was made without a token."""
    hook_retries: Literal["minutes", "hourly"] = "minutes"
    """Which of the two documented schedules holds; read once, at the start."""
