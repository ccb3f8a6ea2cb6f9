"""What a destination stores: `Task`, `Email`, `Attachment`; and `Conversation`, the state that e-mails share.

All values are normalised: ids are text, a missing text is None and never ``""``, times are aware, in UTC and in
whole seconds, lists are tuples in the source's order. A field named in `TASK_COLUMNS` or `EMAIL_COLUMNS` is a
column of the SQL destinations, under the same name.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Literal

Table = Literal["tasks", "emails"]
Text = str | None
Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A Teamwork task."""

    task_id: str
    name: Text = None
    description: Text = None
    status: Text = None
    priority: Text = None
    progress: int | None = None
    project_id: Text = None
    project_name: Text = None
    tasklist_id: Text = None
    tasklist_name: Text = None
    parent_task_id: Text = None
    tag_ids: Texts = ()
    tags: Texts = ()
    """Names, parallel to `tag_ids`."""
    assignee_user_ids: Texts = ()
    assignee_team_ids: Texts = ()
    assignee_company_ids: Texts = ()
    assignees: Texts = ()
    """Names, parallel to `assignee_refs`."""
    start_date: date | None = None
    due_date: date | None = None
    created_at: datetime | None = None
    created_by_id: Text = None
    created_by: Text = None
    updated_at: datetime | None = None
    updated_by_id: Text = None
    updated_by: Text = None
    completed_at: datetime | None = None
    estimate_minutes: int | None = None
    accumulated_estimated_minutes: int | None = None
    deleted: bool = False
    deleted_at: datetime | None = None
    url: Text = None
    # Not columns of the SQL destinations.
    assignee_refs: Texts = ()
    """``users:501``, ``teams:61``, ``companies:11``: the source's order over all three kinds."""
    attachment_ids: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of an e-mail, as Missive describes it. Its address expires, so it is no part of the record."""

    attachment_id: str
    filename: Text = None
    content_type: Text = None
    byte_size: int | None = None
    inline: bool = False
    """Shown inside the body (the body carries ``data-missive-attachment-id``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A message of type ``email``; labels, deletion and `url` are those of its conversation."""

    email_id: str
    conversation_id: str
    subject: Text = None
    from_address: Text = None
    from_name: Text = None
    to_addresses: Texts = ()
    to_names: Texts = ()
    cc_addresses: Texts = ()
    cc_names: Texts = ()
    bcc_addresses: Texts = ()
    bcc_names: Texts = ()
    in_reply_to: Text = None
    body_text: Text = None
    body_html: Text = None
    sent_at: datetime | None = None
    received_at: datetime | None = None
    labels: Texts = ()
    draft: bool = False
    deleted: bool = False
    deleted_at: datetime | None = None
    url: Text = None
    # Not columns of the SQL destinations.
    attachments: tuple[Attachment, ...] = ()
    changed_at: datetime | None = None
    """Missive's ``updated_at`` of the message: tells whether its body must be read again."""
    body_missing: bool = False
    """Missive withheld the body (redacted): a stored body is never overwritten with this one's."""
    gone: bool = False
    """Missive answers 404 for this message although its conversation is there: it stays flagged as deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A Missive conversation as a list shows it: enough to tell whether its e-mails must be looked at."""

    conversation_id: str
    subject: Text = None
    last_activity_at: datetime | None = None
    messages_count: int = 0
    label_ids: Texts = ()
    labels: Texts = ()
    """Leaf names, parallel to `label_ids`."""
    deleted: bool = False
    url: Text = None
    private: bool = False
    """Belongs to no organisation and no team: left out when `MISSIVE_SCOPE` is ``shared``."""
    guest: bool = False
    """The key's owner is only a guest: Missive shows nothing but the id. Never stored."""
    team_id: Text = None


Stored = Task | Email
"""What has a row of its own in a destination."""
Record = Task | Email | Conversation

TASK_COLUMNS: Texts = tuple(f.name for f in fields(Task) if f.name not in ("assignee_refs", "attachment_ids"))
EMAIL_COLUMNS: Texts = tuple(
    f.name for f in fields(Email) if f.name not in ("attachments", "changed_at", "body_missing", "gone")
)
COLUMNS: dict[Table, Texts] = {"tasks": TASK_COLUMNS, "emails": EMAIL_COLUMNS}
KEYS: dict[Table, str] = {"tasks": "task_id", "emails": "email_id"}
LARGE_FIELDS = frozenset({"description", "body_text", "body_html"})
"""Kept in the destination only: the ledger stores records without them."""

EMAIL_STATE: Texts = ("conversation_id", "labels", "deleted", "deleted_at", "url")
"""The columns that follow the conversation; a change of them needs no body."""
TASK_REMOVAL: Texts = ("status", "deleted", "deleted_at")
"""The columns that a deletion changes; all else keeps its last value."""


def table_of(record: Stored) -> Table:
    """The table that holds this record."""
    return "tasks" if isinstance(record, Task) else "emails"


def key_of(record: Record) -> str:
    """The id that makes the record unique within its kind."""
    match record:
        case Task():
            return record.task_id
        case Email():
            return record.email_id
        case Conversation():
            return record.conversation_id


def labels_of(record: Stored) -> Texts:
    """The labels that fall into categories: a task's tags, an e-mail's labels."""
    return record.tags if isinstance(record, Task) else record.labels
