"""`Thread`: what is known so far of one conversation whose messages are being read. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Email
from tray_connector.sources.base import Known, Reading
from tray_connector.sources.missive import parse
from tray_connector.sources.missive.paging import Item, PagingError, UntilWalk
from tray_connector.sources.missive.scope import Scope


@dataclass(eq=False)
class Thread:
    """One conversation on its way to a `Reading`."""

    event: Event
    number: int
    """The read number of the oldest answer that the reading rests on: the payload's, where there is one."""
    state: Conversation | None = None
    stored: Mapping[str, Email] = field(default_factory=dict)
    all_stored: bool = False
    """Whether the stored e-mails were all messages of this conversation when it was last brought into step."""
    walk: UntilWalk = field(default_factory=UntilWalk)
    is_listed: bool = False
    message_ids: frozenset[str] | None = None
    heads: dict[str, parse.Head] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    left_out: int = 0
    waiting: set[str] = field(default_factory=set)
    """Bodies asked for."""
    looking: set[str] = field(default_factory=set)
    """Stored messages that the list lacks and that are being looked for."""
    found: dict[str, parse.Message] = field(default_factory=dict)
    vanished: set[str] = field(default_factory=set)
    looked_up: int = 0
    """How often the conversation itself was read in this call."""
    rechecked: bool = False
    is_begun: bool = False
    """Whether any question about it was asked."""
    is_settled: bool = False

    @property
    def conversation(self) -> Conversation:
        """The state that the reading will carry."""
        if self.state is None:
            raise ValueError("the conversation is not known yet")
        return self.state

    @property
    def conversation_id(self) -> str:
        """Missive's id of it now."""
        return self.conversation.conversation_id

    def start(self, conversation: Conversation, known: Known, process_after: datetime | None) -> None:
        """Begin reading its messages, or begin anew under another id; bodies read before are kept."""
        before = None if self.state is None else self.state.conversation_id
        self.state = conversation
        ids = dict.fromkeys(filter(None, (self.event.id, before, conversation.conversation_id)))
        self.stored = {key: email for known_id in ids for key, email in known.stored_in(known_id).items()}
        last = known.conversation(conversation.conversation_id)
        own = [email for email in self.stored.values() if email.conversation_id == conversation.conversation_id]
        live = sum(not email.gone for email in own)
        self.all_stored = last is not None and last.messages_count == live and len(own) == len(self.stored)
        self.walk = UntilWalk(None if process_after is None else int(process_after.timestamp()))
        self.is_listed, self.message_ids, self.left_out = False, None, 0
        self.heads, self.seen = {}, set()

    def needs_messages(self, before: Conversation | None) -> bool:
        """Whether the list of messages must be read, given the conversation as last brought into step.

        What lies in the trash is not stored, so nothing is read there; a conversation that left it is read again.
        """
        now = self.conversation
        if now.deleted:
            return self.event.rewrite and bool(self.stored)
        if now.messages_count == 0 and not self.stored:
            return False
        if self.event.rewrite or self.event.payload is None or before is None or before.deleted:
            return True
        return (
            now.last_activity_at is None
            or now.messages_count == parse.UNKNOWN_COUNT
            or (now.last_activity_at, now.messages_count) != (before.last_activity_at, before.messages_count)
        )

    def take(self, rows: Sequence[parse.Json], limit: int, scope: Scope) -> list[parse.Head]:
        """Take in one page; gives the e-mails on it that are wanted. Raises `PagingError`."""
        heads = [head for row in rows if (head := parse.head(row)) is not None]
        if len(heads) < len(rows):
            # Left out, it would be missing for good: the conversation would count as read.
            raise PagingError("a message has no usable id or type")
        fresh = self.walk.take(_items(heads), limit)
        wanted = []
        for position in fresh:
            head = heads[position]
            if parse.fields(rows[position]).get("draft") is True:
                self.left_out += 1
                continue
            self.seen.add(head.message_id)
            if head.is_email and scope.takes_delivered(head.delivered_at):
                self.heads[head.message_id] = head
                wanted.append(head)
            else:
                self.left_out += 1
        self._conclude(scope)
        return wanted

    def _conclude(self, scope: Scope) -> None:
        """Whether the list is done: read to its end, or every message of `messages_count` is accounted for.

        More than were counted means that something was deleted: then only the whole list tells what. The same where
        messages are counted that are not stored (an SMS): they would make up for as many deleted ones.
        """
        live = {key for key, email in self.stored.items() if not email.gone}
        if self.walk.done:
            self.is_listed = True
            # What lies before the first wanted delivery was not listed, so it is not missing either.
            earlier = {key for key in live if not scope.takes_delivered(self.stored[key].received_at)}
            self.message_ids = frozenset(self.seen | earlier)
        elif len(self.seen) == self.conversation.messages_count:
            self.is_listed = True
            self.message_ids = frozenset(self.seen)
        elif self.all_stored and not self.event.rewrite:
            self.is_listed = len(self.seen | live) == self.conversation.messages_count

    def needs_body(self, head: parse.Head, stored: Email | None) -> bool:
        """Whether the message must be read: new, changed, moved here, come back, or to be written anyway."""
        if head.message_id in self.found or head.message_id in self.waiting:
            return False
        if stored is None or self.event.rewrite or stored.gone:
            return True
        if stored.conversation_id not in (self.conversation_id, self.event.id):
            return True
        return head.changed_at is not None and head.changed_at != stored.changed_at

    def missing(self) -> list[str]:
        """Stored messages that the complete list does not show."""
        ids = self.message_ids
        if ids is None:
            return []
        return [key for key, email in self.stored.items() if key not in ids and not email.gone]

    def lost(self, message_id: str) -> None:
        """The message vanished between the list and the look at its body."""
        self.heads.pop(message_id, None)
        self.seen.discard(message_id)
        if self.message_ids is not None:
            self.message_ids -= {message_id}
        if message_id in self.stored:
            self.vanished.add(message_id)

    def has_strays(self) -> bool:
        """Whether a message that was read names another conversation than this one."""
        return any(self._is_stray(message_id) for message_id in self.heads)

    def _is_stray(self, message_id: str) -> bool:
        found = self.found.get(message_id)
        return found is not None and found.conversation_id not in (None, self.conversation_id)

    def lookup_event(self) -> Event:
        """Asks for the conversation's own id to be looked up."""
        return replace(self.event, kind="conversation", id=self.conversation_id)

    def reading(self) -> Reading:
        """All that was found. Oldest message first, as they were written."""
        strays = {message_id for message_id in self.heads if self._is_stray(message_id)}
        ids = self.message_ids
        # A message that was asked for by its own id may lie below the part of the list that was read.
        beside = [key for key in self.found if key not in self.heads and (ids is None or key in ids)]
        records = [
            self._record(self.found[message_id])
            for message_id in (*beside, *reversed(self.heads))
            if message_id in self.found and not self._is_stray(message_id)
        ]
        return Reading(
            self.event,
            records=tuple(records),
            conversation=self.conversation,
            message_ids=None if ids is None else ids - strays,
            vanished=frozenset(self.vanished),
            left_out=self.left_out,
            read_number=self.number,
            links={key: url for record in records for key, url in self.found[record.email_id].links.items()},
        )

    def _record(self, message: parse.Message) -> Email:
        email = parse.with_state(message.email, self.conversation)
        stored = self.stored.get(email.email_id)
        if message.recipients_missing and stored is not None:
            email = parse.keep_recipients(email, stored)
        return email


def _items(heads: Sequence[parse.Head]) -> list[Item]:
    """For paging: by `delivered_at`; where a page names none at all, by when Missive stored the messages."""
    delivered = any(head.delivered_at is not None for head in heads)
    return [Item(head.message_id, _stamp(head, delivered)) for head in heads]


def _stamp(head: parse.Head, delivered: bool) -> int | None:
    when = head.delivered_at if delivered else parse.moment(head.fields.get("created_at"))
    return None if when is None else int(when.timestamp())
