"""What the sandbox's mail office is made of: frozen values, times in whole Unix seconds.

`Mailbox` holds the newest version of each; a change puts a new value in the old one's place, so that a value that was
read stays what it was while others change the office.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Flag = Literal["unassigned", "closed", "archived", "trashed", "junked", "assigned", "flagged", "snoozed"]
Channel = Literal["email", "sms", "custom_text"]
Redaction = Literal["drop", "null"]
MailEvent = Literal[
    "incoming_email",
    "incoming_sms_message",
    "outgoing_email",
    "new_comment",
    "label_change",
    "conversation_closed",
    "conversation_reopened",
    "conversation_assignee_change",
    "team_change",
]
"""What a rule of Missive can be about; Trash, Spam, merging and deleting are not among it."""


@dataclass(frozen=True, slots=True)
class Organization:
    """A Missive organisation."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a seat in Missive."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Team:
    """A team with its inbox; members and observers have the same access."""

    id: str
    name: str
    organization_id: str
    active_members: tuple[str, ...]
    observers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SharedLabel:
    """A shared label; labels nest by `parent_id`, and a name may hold commas and slashes."""

    id: str
    name: str
    organization_id: str
    color: str | None = None
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class Correspondent:
    """One end of a message: `address` of a mail, `phone_number` of an SMS."""

    name: str | None
    address: str | None = None
    phone_number: str | None = None


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file of a message. Its bytes are made when asked for, so that large ones cost nothing until then."""

    id: str
    filename: str
    size: int
    """Bytes."""
    media_type: str
    sub_type: str
    width: int | None = None
    height: int | None = None

    @property
    def extension(self) -> str | None:
        """The name's ending without its dot."""
        _, dot, ending = self.filename.rpartition(".")
        return ending if dot else None

    @property
    def content_type(self) -> str:
        """The MIME type."""
        return f"{self.media_type}/{self.sub_type}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One mail, SMS or draft."""

    id: str
    conversation_id: str
    subject: str | None
    body: str
    """HTML."""
    preview: str
    delivered_at: int | None
    """None on drafts."""
    created_at: int
    updated_at: int
    sender: Correspondent | None
    to: tuple[Correspondent, ...] = ()
    cc: tuple[Correspondent, ...] = ()
    bcc: tuple[Correspondent, ...] = ()
    reply_to: tuple[Correspondent, ...] = ()
    email_message_id: str | None = None
    """With its angle brackets; None on other channels."""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    files: tuple[MailFile, ...] = ()
    channel: Channel = "email"
    draft: bool = False
    author_id: str | None = None
    """The user who wrote it, where one of the office did."""
    redacted: Redaction | None = None
    """How the token's user is kept from reading it, whatever the switches say."""

    @property
    def moment(self) -> int:
        """What lists are sorted by: delivery, for drafts the last edit."""
        return self.updated_at if self.delivered_at is None else self.delivered_at


@dataclass(frozen=True, slots=True)
class Comment:
    """An internal remark beside the mails."""

    id: str
    author_id: str
    body: str
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A thread. State is per user: there is no such thing as a conversation that is trashed as such."""

    id: str
    created_at: int
    last_activity_at: int
    subject: str | None = None
    """Only where somebody renamed the conversation."""
    organization_id: str | None = None
    """None for private conversations."""
    team_id: str | None = None
    color: str | None = None
    states: Mapping[str, frozenset[Flag]] = field(default_factory=lambda: MappingProxyType({}))
    """User id to the flags that are set, for everyone with access."""
    guests: frozenset[str] = frozenset()
    """Users who see nothing but the id."""
    label_ids: tuple[str, ...] = ()
    message_ids: tuple[str, ...] = ()
    """Oldest first, drafts among them."""
    comment_ids: tuple[str, ...] = ()

    def flags(self, user_id: str) -> frozenset[Flag]:
        """The flags of one user; none for somebody without access."""
        return self.states.get(user_id, frozenset())


@dataclass(frozen=True, slots=True)
class MailChange:
    """Something that happened to a conversation, named as Missive's rules name it."""

    kind: MailEvent
    conversation: Conversation
    message: Message | None = None
    comment: Comment | None = None
