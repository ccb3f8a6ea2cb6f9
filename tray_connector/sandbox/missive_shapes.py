"""The JSON of Missive's objects, key for key as its documentation and captured answers show them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tray_connector.sandbox.mailbox_office import OFFICE_DOMAIN
from tray_connector.sandbox.mailbox_records import (
    Comment,
    Conversation,
    Correspondent,
    Flag,
    MailFile,
    Message,
    Redaction,
    SharedLabel,
    Team,
    User,
)
from tray_connector.sandbox.mailbox_state import MailState
from tray_connector.sandbox.missive_switches import MissiveSwitches

Shape = dict[str, Any]

_FLAGS: tuple[Flag, ...] = (
    "unassigned", "closed", "archived", "trashed", "junked", "assigned", "flagged", "snoozed",
)  # fmt: skip
_WITHHELD = ("preview", "body", "to_fields", "cc_fields", "bcc_fields")


class Shapes:
    """Makes the objects as the token's owner sees them. Only while the state's lock is held."""

    def __init__(self, state: MailState, switches: MissiveSwitches, address_of: Callable[[MailFile], str]) -> None:
        self._state = state
        self._switches = switches
        self._address_of = address_of

    def listed_conversation(self, conversation: Conversation) -> Shape:
        """An item of ``GET /conversations``."""
        if self._state.me_id in conversation.guests:
            return self.guest_conversation(conversation)
        messages = self._mails(conversation)
        shape = self._conversation(conversation, messages)
        return {
            "id": shape.pop("id"),
            "created_at": conversation.created_at,
            **shape,
            "external_authors": [each for each in shape["authors"] if not _is_inside(each)],
            "last_activity_at": conversation.last_activity_at,
        }

    def single_conversation(self, conversation: Conversation) -> Shape:
        """What ``GET /conversations/:id`` answers: without `created_at`."""
        shape = self.listed_conversation(conversation)
        shape.pop("created_at", None)
        return shape

    def guest_conversation(self, conversation: Conversation) -> Shape:
        """All that a guest learns."""
        return {"id": conversation.id, "last_activity_at": conversation.last_activity_at}

    def listed_message(self, message: Message) -> Shape:
        """An item of ``GET /conversations/:id/messages``: no body."""
        shape = self._message(message)
        shape["draft"] = message.draft
        return self._redacted(message, shape)

    def draft(self, message: Message) -> Shape:
        """An item of ``GET /conversations/:id/drafts``: with its author."""
        author = self._state.users.get(message.author_id or "")
        return {**self.listed_message(message), "author": self._person(author) if author else None}

    def whole_message(self, message: Message) -> Shape:
        """What ``GET /messages/:id`` answers: with body and conversation."""
        shape = self._message(message)
        if message.draft:
            shape["draft"] = True
        shape["body"] = message.body
        shape = self._redacted(message, shape)
        conversation = self._state.conversation(message.conversation_id)
        shape["conversation"] = self._conversation(conversation, self._mails(conversation))
        return shape

    def comment(self, comment: Comment) -> Shape:
        """An item of ``GET /conversations/:id/comments``."""
        author = self._person(self._state.users[comment.author_id])
        if comment.author_id == self._state.me_id:
            author["me"] = True
        return {
            "id": comment.id,
            "body": comment.body,
            "created_at": comment.created_at,
            "mentions": [],
            "meta": [],
            "attachment": None,
            "task": None,
            "author": author,
        }

    def user(self, user: User) -> Shape:
        """An item of ``GET /users``."""
        person = self._person(user)
        return {
            "id": user.id,
            "me": user.id == self._state.me_id,
            "email": user.email,
            "name": user.name,
            "avatar_url": person["avatar_url"],
        }

    def team(self, team: Team) -> Shape:
        """An item of ``GET /teams``."""
        return {
            "id": team.id,
            "name": team.name,
            "organization": team.organization_id,
            "active_members": list(team.active_members),
            "observers": list(team.observers),
        }

    def label(self, label: SharedLabel) -> Shape:
        """An item of ``GET /shared_labels``."""
        return {
            "id": label.id,
            "color": label.color,
            "name": label.name,
            "name_with_parent_names": self._state.label_path(label),
            "organization": label.organization_id,
            "parent": label.parent_id,
        }

    def _mails(self, conversation: Conversation) -> list[Message]:
        return [message for message in self._state.messages_of(conversation) if not message.draft]

    def _conversation(self, conversation: Conversation, messages: list[Message]) -> Shape:
        users = [self._user_state(conversation, user_id) for user_id in conversation.states]
        assignees = [user for user in users if user["assigned"]]
        labels = [self._state.labels[label_id] for label_id in conversation.label_ids]
        organization = self._state.organizations.get(conversation.organization_id or "")
        team = self._state.teams.get(conversation.team_id or "")
        place = f"mail.missiveapp.com/#inbox/conversations/{conversation.id}"
        return {
            "id": conversation.id,
            "subject": conversation.subject,
            "latest_message_subject": messages[-1].subject if messages else None,
            "organization": {"id": organization.id, "name": organization.name} if organization else None,
            "color": conversation.color,
            "assignees": assignees,
            "assignee_names": ", ".join(user["name"] for user in assignees),
            "assignee_emails": ", ".join(user["email"] for user in assignees),
            "users": users,
            "attachments_count": sum(len(message.files) for message in messages),
            "messages_count": len(messages),
            "authors": _authors(messages),
            "drafts_count": len(conversation.message_ids) - len(messages),
            "send_later_messages_count": 0,
            "tasks_count": 0,
            "completed_tasks_count": 0,
            "web_url": f"https://{place}",
            "app_url": f"missive://{place}",
            "shared_label_names": ", ".join(label.name for label in labels),
            "shared_labels": [self._worn_label(label) for label in labels],
            "team": {"id": team.id, "name": team.name, "organization": team.organization_id} if team else None,
        }

    def _user_state(self, conversation: Conversation, user_id: str) -> Shape:
        user, flags = self._state.users[user_id], conversation.states[user_id]
        return {"id": user.id, "name": user.name, "email": user.email, **{flag: flag in flags for flag in _FLAGS}}

    def _worn_label(self, label: SharedLabel) -> Shape:
        return {
            "id": label.id,
            "name": label.name,
            "name_with_parent_names": self._state.label_path(label),
            "organization": label.organization_id,
            "color": label.color,
            "parent": label.parent_id,
            "share_with_organization": False,
            "share_with_users": [],
            "share_with_team": None,
            "visibility": "organization",
        }

    def _message(self, message: Message) -> Shape:
        shape: Shape = {
            "id": message.id,
            "subject": message.subject,
            "preview": message.preview,
            "type": message.channel,
            "delivered_at": message.delivered_at,
            "updated_at": message.updated_at,
            "created_at": message.created_at,
            "email_message_id": message.email_message_id,
            "in_reply_to": list(message.in_reply_to),
            "references": list(message.references),
            "from_field": _end(message.sender) if message.sender else None,
            "to_fields": [_end(end) for end in message.to],
            "cc_fields": [_end(end) for end in message.cc],
            "bcc_fields": [_end(end) for end in message.bcc],
            "reply_to_fields": [_end(end) for end in message.reply_to],
            "attachments": [self._attachment(file) for file in message.files],
        }
        if message.channel != "email":
            for key in ("subject", "email_message_id", "in_reply_to", "references"):
                del shape[key]
        return shape

    def _attachment(self, file: MailFile) -> Shape:
        return {
            "id": file.id,
            "filename": file.filename,
            "extension": file.extension,
            "url": self._address_of(file),
            "media_type": file.media_type,
            "sub_type": file.sub_type,
            "size": file.size,
            "width": file.width,
            "height": file.height,
        }

    def _person(self, user: User) -> Shape:
        avatar = f"https://files.missiveusercontent.com/{user.id}/avatar.png"
        return {"id": user.id, "name": user.name, "email": user.email, "avatar_url": avatar}

    def _redacted(self, message: Message, shape: Shape) -> Shape:
        form = self._redaction(message)
        if form == "drop":
            return {key: value for key, value in shape.items() if key not in _WITHHELD}
        if form == "null":
            return {key: None if key in _WITHHELD else value for key, value in shape.items()}
        return shape

    def _redaction(self, message: Message) -> Redaction | None:
        if message.redacted or self._switches.redact_unrelated == "off":
            return message.redacted
        me = self._state.me
        ends = (message.sender, *message.to, *message.cc, *message.bcc)
        related = message.author_id == me.id or any(end and end.address == me.email for end in ends)
        return None if related else self._switches.redact_unrelated


def _end(end: Correspondent) -> Shape:
    if end.phone_number is not None:
        return {"id": end.phone_number, "name": end.name, "username": end.phone_number}
    return {"name": end.name, "address": end.address}


def _authors(messages: list[Message]) -> list[Shape]:
    authors: dict[Correspondent, Shape] = {}
    for message in messages:
        end = message.sender
        if end is not None and end not in authors:
            kind = "address" if end.phone_number is None else "phone_number"
            authors[end] = {"name": end.name, kind: end.address or end.phone_number}
    return list(authors.values())


def _is_inside(author: Shape) -> bool:
    return str(author.get("address", "")).endswith(f"@{OFFICE_DOMAIN}")
