"""Missive's JSON as values. Pure, and total: whatever has an id becomes a record, odd members count as missing.

Field names and nulls as Missive documents them for conversations, messages, users, teams and organisations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tray_connector.model.events import is_id
from tray_connector.model.mail_text import html_to_text
from tray_connector.model.records import Attachment, Conversation, Email, Text, Texts

Json = Any
Fields = Mapping[str, Json]

UNKNOWN_COUNT = -1
"""`Conversation.messages_count` where Missive names none: equal to no count, so the list is read to its end."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""The first and the last second of the calendar."""
_LARGEST = 2**63 - 1
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_INLINE = re.compile(r"""data-missive-attachment-id\s*=\s*["']?([A-Za-z0-9_-]+)""", re.IGNORECASE)
_GUESTS_LACK = ("messages_count", "users", "authors", "web_url")


@dataclass(frozen=True, slots=True)
class Head:
    """A message as the list of its conversation shows it: enough to decide whether its body is wanted."""

    message_id: str
    is_email: bool
    """Of type ``email`` and no draft."""
    delivered_at: datetime | None
    changed_at: datetime | None
    fields: Fields


@dataclass(frozen=True, slots=True)
class Message:
    """A message as read by its id."""

    email: Email
    """Its conversation's state (labels, deletion, address) is not filled in yet: see `with_state`."""
    conversation_id: str | None
    """The conversation that Missive names for it now."""
    recipients_missing: bool = False
    links: Fields = field(default_factory=dict, repr=False)
    """Attachment → its signed address, which expires."""


def text(value: Json) -> Text:
    """A text that says something, or None. Half characters, which no database takes, are replaced."""
    if not isinstance(value, str) or not value or value.isspace():
        return None
    return _LONE_SURROGATE.sub("\ufffd", value)


def identifier(value: Json) -> str | None:
    """A text that can be an id, or None."""
    return value if isinstance(value, str) and is_id(value) else None


def number(value: Json) -> int | None:
    """A whole number; None for anything else, and for what no column can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        return None
    return int(value) if value == int(value) else None


def seconds(value: Json) -> int | None:
    """Unix seconds that are a moment of the calendar, or None."""
    stamp = number(value)
    return stamp if stamp is not None and _FIRST <= stamp <= _LAST else None


def moment(value: Json) -> datetime | None:
    """Unix seconds as a time in UTC."""
    stamp = seconds(value)
    return None if stamp is None else _EPOCH + timedelta(seconds=stamp)


def fields(value: Json) -> Fields:
    """A JSON object; anything else is an empty one."""
    return value if isinstance(value, Mapping) else {}


def rows(value: Json) -> list[Fields]:
    """The JSON objects of an array; of anything else none."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def conversation(data: Json, me: str | None, *, in_trash: bool = False) -> Conversation | None:
    """A conversation of a list or read by its id; None where there is no id.

    `me` is the id of the key's owner. `in_trash` says that it was listed in the owner's Trash or Spam, which decides
    where the answer names no users.
    """
    raw = fields(data)
    conversation_id = identifier(raw.get("id"))
    if conversation_id is None:
        return None
    active = moment(raw.get("last_activity_at"))
    if not any(name in raw for name in _GUESTS_LACK):
        return Conversation(conversation_id=conversation_id, last_activity_at=active, guest=True)
    labels = list(_labels(raw))
    count = number(raw.get("messages_count"))
    team = fields(raw.get("team"))
    return Conversation(
        conversation_id=conversation_id,
        subject=text(raw.get("subject")) or text(raw.get("latest_message_subject")),
        last_activity_at=active,
        messages_count=UNKNOWN_COUNT if count is None or count < 0 else count,
        label_ids=tuple(label_id for label_id, _ in labels),
        labels=tuple(name for _, name in labels),
        deleted=_is_removed(raw.get("users"), me, in_trash),
        url=text(raw.get("web_url")),
        private=not fields(raw.get("organization")) and not team,
        team_id=identifier(team.get("id")),
    )


def _labels(raw: Fields) -> Iterator[tuple[str, str]]:
    for label in rows(raw.get("shared_labels")):
        name = text(label.get("name"))
        if name is not None:
            yield identifier(label.get("id")) or "", name


def _is_removed(users: Json, me: str | None, in_trash: bool) -> bool:
    states = rows(users)
    if not states:
        return in_trash
    own = [state for state in states if me is not None and state.get("id") == me]
    return all(state.get("trashed") is True or state.get("junked") is True for state in own or states)


def head(data: Json) -> Head | None:
    """A message of a list; None where there is no id, or where nothing says whether it is an e-mail."""
    raw = fields(data)
    message_id = identifier(raw.get("id"))
    kind = raw.get("type")
    if message_id is None or not isinstance(kind, str):
        return None
    is_email = kind == "email" and raw.get("draft") is not True
    return Head(message_id, is_email, moment(raw.get("delivered_at")), moment(raw.get("updated_at")), raw)


def message(data: Json, listed: Fields | None = None) -> Message | None:
    """A message read by its id; None where there is no id.

    `listed` is the same message as the list showed it: it stands in for what Missive withholds here.
    """
    raw = fields(data)
    message_id = identifier(raw.get("id"))
    if message_id is None:
        return None
    body = raw.get("body")
    raw = {**(listed or {}), **{name: value for name, value in raw.items() if value is not None}}
    sender = fields(raw.get("from_field"))
    delivered = moment(raw.get("delivered_at"))
    to, cc, bcc = (_people(raw.get(name)) for name in ("to_fields", "cc_fields", "bcc_fields"))
    recipients_missing = not any(isinstance(raw.get(name), list) for name in ("to_fields", "cc_fields", "bcc_fields"))
    named = identifier(fields(raw.get("conversation")).get("id"))
    email = Email(
        email_id=message_id,
        conversation_id=named or "",
        subject=text(raw.get("subject")),
        from_address=_address(sender),
        from_name=text(sender.get("name")),
        to_addresses=to[0],
        to_names=to[1],
        cc_addresses=cc[0],
        cc_names=cc[1],
        bcc_addresses=bcc[0],
        bcc_names=bcc[1],
        in_reply_to=_first(raw.get("in_reply_to")),
        body_text=text(html_to_text(body)) if isinstance(body, str) else None,
        body_html=text(body),
        sent_at=delivered,
        received_at=delivered,
        attachments=tuple(_attachments(raw.get("attachments"), body)),
        changed_at=moment(raw.get("updated_at")),
        body_missing=not isinstance(body, str) or recipients_missing,
    )
    return Message(email, named, recipients_missing, dict(_links(raw.get("attachments"))))


def _people(value: Json) -> tuple[Texts, Texts]:
    """Addresses and, parallel to them, names. Who has no address cannot be named in either."""
    pairs = [(address, text(person.get("name")) or "") for person in rows(value) if (address := _address(person))]
    return tuple(address for address, _ in pairs), tuple(name for _, name in pairs)


def _address(person: Fields) -> Text:
    address = text(person.get("address"))
    return None if address is None else address.strip().lower()


def _first(value: Json) -> Text:
    for item in value if isinstance(value, list) else [value]:
        found = text(item)
        if found is not None:
            return found.strip()
    return None


def _attachments(value: Json, body: Json) -> Iterator[Attachment]:
    shown = frozenset(_INLINE.findall(body)) if isinstance(body, str) else frozenset()
    for raw in rows(value):
        attachment_id = identifier(raw.get("id"))
        if attachment_id is None:
            continue
        size = number(raw.get("size"))
        kinds = (text(raw.get("media_type")), text(raw.get("sub_type")))
        yield Attachment(
            attachment_id=attachment_id,
            filename=text(raw.get("filename")),
            content_type="/".join(kind for kind in kinds if kind).lower() if all(kinds) else None,
            byte_size=size if size is not None and size >= 0 else None,
            inline=attachment_id in shown,
        )


def _links(value: Json) -> Iterator[tuple[str, str]]:
    for raw in rows(value):
        attachment_id, url = identifier(raw.get("id")), raw.get("url")
        if attachment_id is not None and isinstance(url, str) and url:
            yield attachment_id, url


def with_state(email: Email, state: Conversation) -> Email:
    """The e-mail with what it shares with its conversation."""
    return replace(
        email,
        conversation_id=state.conversation_id,
        labels=state.labels,
        deleted=state.deleted,
        url=state.url,
    )


def keep_recipients(email: Email, stored: Email) -> Email:
    """The e-mail with the recipients that were stored, where Missive withholds them now."""
    names = ("to_addresses", "to_names", "cc_addresses", "cc_names", "bcc_addresses", "bcc_names")
    return replace(email, **{name: getattr(stored, name) for name in names})


def one(value: Json) -> Fields | None:
    """The single object of an answer that holds it bare or as an array of one."""
    if isinstance(value, Mapping):
        return value
    found: Sequence[Fields] = rows(value)
    return found[0] if found else None
