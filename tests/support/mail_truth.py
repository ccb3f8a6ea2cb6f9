"""What the table of e-mails must hold, told from the sandbox's mailbox alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from tests.support.task_truth import noted_between, stamp
from tray_connector.model.mail_text import html_to_text
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_records import Conversation, Correspondent, Message
from tray_connector.sandbox.mailbox_state import NotInMailbox

Row = dict[str, Any]
WITHHELD = (
    "body_text", "body_html", "to_addresses", "to_names", "cc_addresses", "cc_names", "bcc_addresses", "bcc_names",
)  # fmt: skip


class MailTruth:
    """The rows by id, kept up look by look. A look belongs after a sync that was to bring everything into step.

    `reach` is the moment (Unix seconds) before which a conversation's last activity leaves it out, until it is active
    again. `redact_unrelated` as the switch of the sandbox's Missive.
    """

    def __init__(self, mailbox: Mailbox, *, reach: float, redact_unrelated: bool = False) -> None:
        self._mailbox = mailbox
        self._reach = reach
        self._redact_unrelated = redact_unrelated
        self.rows: dict[str, Row] = {}

    def look(self, stored: dict[str, Row], began: datetime, ended: datetime) -> None:
        """Take in what the mailbox holds now; Missive names no time of a deletion, see `TaskTruth.look`."""
        mailbox = self._mailbox
        present: set[str] = set()
        for conversation in mailbox.conversations():
            messages = [each for each in mailbox.messages_of(conversation) if each.channel == "email"]
            present.update(each.id for each in messages if not each.draft)
            if mailbox.me_id in conversation.guests:
                continue
            is_removed = bool(conversation.flags(mailbox.me_id) & {"trashed", "junked"})
            for message in messages:
                if not message.draft:
                    self._take(message, conversation, is_removed, stored, (began, ended))
        for key in self.rows.keys() - present:
            self._follow(self.rows[key])
            self._flag(key, stored, (began, ended))

    def _follow(self, row: Row) -> None:
        """A message that is gone still shares labels and address with the conversation it was in."""
        try:
            conversation = self._mailbox.conversation(row["conversation_id"])
        except NotInMailbox:
            return
        row |= state_of(self._mailbox, conversation)

    def _take(
        self,
        message: Message,
        conversation: Conversation,
        is_removed: bool,
        stored: dict[str, Row],
        span: tuple[datetime, datetime],
    ) -> None:
        known = self.rows.get(message.id)
        if known is None and (is_removed or conversation.last_activity_at < self._reach):
            return
        row = self._row(message, conversation)
        if known is not None and (is_removed or self._is_withheld(message)):
            # What is withheld or lies in the trash keeps its last value; only what it shares is followed.
            row = {**known, **state_of(self._mailbox, conversation)}
        if not is_removed:
            row |= {"deleted": 0, "deleted_at": None}
        self.rows[message.id] = row
        if is_removed:
            self._flag(message.id, stored, span)

    def _flag(self, key: str, stored: dict[str, Row], span: tuple[datetime, datetime]) -> None:
        row = self.rows[key]
        if not row["deleted"]:
            row |= {"deleted": 1, "deleted_at": noted_between(stored.get(key), *span)}

    def _row(self, message: Message, conversation: Conversation) -> Row:
        row = mail_row(self._mailbox, message, conversation)
        if self._is_withheld(message):
            row |= {name: None if name.startswith("body") else [] for name in WITHHELD}
        return row

    def _is_withheld(self, message: Message) -> bool:
        if message.redacted is not None:
            return True
        me = self._mailbox.me
        ends = (message.sender, *message.to, *message.cc, *message.bcc)
        is_related = message.author_id == me.id or any(end is not None and end.address == me.email for end in ends)
        return self._redact_unrelated and not is_related


def mail_row(mailbox: Mailbox, message: Message, conversation: Conversation) -> Row:
    """The row of a mail that is there and that the key's owner may read, column for column."""
    sender = message.sender or Correspondent(None)
    delivered = stamp(message.delivered_at) if message.delivered_at else None
    return {
        "email_id": message.id,
        "subject": message.subject or None,
        "from_address": sender.address.lower() if sender.address else None,
        "from_name": sender.name or None,
        "to_addresses": addresses(message.to),
        "to_names": names(message.to),
        "cc_addresses": addresses(message.cc),
        "cc_names": names(message.cc),
        "bcc_addresses": addresses(message.bcc),
        "bcc_names": names(message.bcc),
        "in_reply_to": message.in_reply_to[0] if message.in_reply_to else None,
        "body_text": readable(message.body) or None,
        "body_html": message.body or None,
        "sent_at": delivered,
        "received_at": delivered,
        "draft": 0,
        "deleted": 0,
        "deleted_at": None,
        **state_of(mailbox, conversation),
    }


def state_of(mailbox: Mailbox, conversation: Conversation) -> Row:
    """What all mails of a conversation share."""
    return {
        "conversation_id": conversation.id,
        "labels": [mailbox.labels[label].name for label in conversation.label_ids],
        "url": f"https://mail.missiveapp.com/#inbox/conversations/{conversation.id}",
    }


@lru_cache(maxsize=1000)
def readable(html: str) -> str:
    """How a body reads; that rule has tests of its own."""
    return html_to_text(html)


def addresses(ends: Sequence[Correspondent]) -> list[str]:
    """Lower-cased, in order."""
    return [end.address.lower() for end in ends if end.address]


def names(ends: Sequence[Correspondent]) -> list[str]:
    """Parallel to the addresses, '' where somebody has none."""
    return [end.name or "" for end in ends if end.address]
