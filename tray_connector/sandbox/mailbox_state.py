"""The state behind the sandbox's Missive: who and what there is, sorted by activity, safe to use from many threads."""

from __future__ import annotations

import random
import threading
import uuid
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from tray_connector.config.clock import Clock
from tray_connector.sandbox.mailbox_records import (
    Comment,
    Conversation,
    MailChange,
    MailEvent,
    MailFile,
    Message,
    Organization,
    SharedLabel,
    Team,
    User,
)

_Named = TypeVar("_Named", User, Team, SharedLabel)


@dataclass(frozen=True, slots=True)
class Directory:
    """The people, teams and labels an office begins with. `me_id` is the user who owns the API token."""

    organizations: tuple[Organization, ...]
    users: tuple[User, ...]
    teams: tuple[Team, ...]
    labels: tuple[SharedLabel, ...]
    me_id: str


class NotInMailbox(LookupError):  # noqa: N818 - says what it means
    """Something was asked for or changed that is not there (any more)."""


class MailState:
    """Everything by id, and the conversations by last activity.

    `lock` may be held by a reader who wants several things as of one moment; it is reentrant. Ids come from `seed`:
    the same calls in the same order give the same ids. `watchers` are told, while the lock is held, of what a rule can
    be about.
    """

    def __init__(self, directory: Directory, *, clock: Clock, seed: int = 1) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.me_id = directory.me_id
        self.watchers: list[Callable[[MailChange], None]] = []
        self.organizations = {item.id: item for item in directory.organizations}
        self.users = {item.id: item for item in directory.users}
        self.teams = {item.id: item for item in directory.teams}
        self.labels = {item.id: item for item in directory.labels}
        self.random = random.Random(seed)
        self._conversations: dict[str, Conversation] = {}
        self._messages: dict[str, Message] = {}
        self._comments: dict[str, Comment] = {}
        self._merged: dict[str, str] = {}
        self._by_activity: list[tuple[int, str]] = []
        self._by_mail_id: dict[str, list[str]] = {}
        self._files: dict[str, MailFile] = {}

    def now(self) -> int:
        """The clock's time in whole Unix seconds."""
        return int(self.clock.now().timestamp())

    def new_id(self) -> str:
        """A UUID that nothing has yet."""
        with self.lock:
            return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    @property
    def me(self) -> User:
        """The token's owner."""
        return self.users[self.me_id]

    def user_named(self, name: str) -> User:
        """The user of that full or first name."""
        for user in self.users.values():
            if user.name.split(" ")[0] == name:
                return user
        return _named(self.users.values(), name)

    def team_named(self, name: str) -> Team:
        """The team of that name."""
        return _named(self.teams.values(), name)

    def label_named(self, name: str) -> SharedLabel:
        """The label of that leaf name; the first one where several carry it."""
        with self.lock:
            return _named(self.labels.values(), name)

    def label_path(self, label: SharedLabel) -> str:
        """The label's name with those of its parents, joined with slashes."""
        with self.lock:
            names = [label.name]
            while label.parent_id is not None and label.parent_id in self.labels:
                label = self.labels[label.parent_id]
                names.append(label.name)
            return "/".join(reversed(names))

    def conversation(self, conversation_id: str) -> Conversation:
        """The conversation of that id, or the one it was merged into. Raises `NotInMailbox`."""
        with self.lock:
            while conversation_id in self._merged:
                conversation_id = self._merged[conversation_id]
            try:
                return self._conversations[conversation_id]
            except KeyError:
                raise NotInMailbox(conversation_id) from None

    def message(self, message_id: str) -> Message:
        """The message or draft of that id. Raises `NotInMailbox`."""
        with self.lock:
            try:
                return self._messages[message_id]
            except KeyError:
                raise NotInMailbox(message_id) from None

    def messages_of(self, conversation: Conversation) -> list[Message]:
        """Its messages and drafts, oldest first."""
        with self.lock:
            return [self._messages[each] for each in conversation.message_ids]

    def file(self, file_id: str) -> MailFile:
        """The attachment of that id. Raises `NotInMailbox`, also when its message was deleted."""
        with self.lock:
            try:
                return self._files[file_id]
            except KeyError:
                raise NotInMailbox(file_id) from None

    def messages_of_mail_id(self, email_message_id: str) -> list[Message]:
        """The messages with that Message-ID, newest first."""
        with self.lock:
            found = [self._messages[each] for each in self._by_mail_id.get(email_message_id, ())]
        return sorted(found, key=lambda message: message.moment, reverse=True)

    def comments_of(self, conversation: Conversation) -> list[Comment]:
        """Its comments, oldest first."""
        with self.lock:
            return [self._comments[each] for each in conversation.comment_ids]

    def conversations(self) -> list[Conversation]:
        """All of them, newest activity first, equal times by id."""
        with self.lock:
            return list(self.by_activity())

    def by_activity(self, until: int | None = None, *, inclusive: bool = True) -> Iterator[Conversation]:
        """Conversations by falling activity, from `until` on. Only while `lock` is held: it walks the live index."""
        start = 0
        if until is not None:
            # "" sorts before every id, chr(0x10FFFF) after.
            start = (
                bisect_left(self._by_activity, (-until, ""))
                if inclusive
                else bisect_right(self._by_activity, (-until, chr(0x10FFFF)))
            )
        for _, conversation_id in islice(self._by_activity, start, None):
            yield self._conversations[conversation_id]

    @property
    def conversation_count(self) -> int:
        """How many conversations there are, whoever sees them."""
        with self.lock:
            return len(self._conversations)

    @property
    def message_count(self) -> int:
        """How many messages there are, drafts included."""
        with self.lock:
            return len(self._messages)

    def put_conversation(self, conversation: Conversation) -> Conversation:
        """Store it in place of what has its id."""
        with self.lock:
            old = self._conversations.get(conversation.id)
            if old is None or old.last_activity_at != conversation.last_activity_at:
                if old is not None:
                    self._unsort(old)
                insort(self._by_activity, (-conversation.last_activity_at, conversation.id))
            self._conversations[conversation.id] = conversation
            return conversation

    def drop_conversation(self, conversation: Conversation, *, merged_into: str | None = None) -> None:
        """Take it away; with `merged_into` its id leads there from now on, else its messages and comments go too."""
        with self.lock:
            self._unsort(self._conversations.pop(conversation.id))
            if merged_into is not None:
                self._merged[conversation.id] = merged_into
                return
            for message_id in conversation.message_ids:
                self.drop_message(message_id)
            for comment_id in conversation.comment_ids:
                del self._comments[comment_id]

    def put_message(self, message: Message) -> Message:
        """Store it in place of what has its id. Its conversation is the caller's business."""
        with self.lock:
            if message.id not in self._messages and message.email_message_id:
                self._by_mail_id.setdefault(message.email_message_id, []).append(message.id)
            self._messages[message.id] = message
            self._files.update((file.id, file) for file in message.files)
            return message

    def drop_message(self, message_id: str) -> None:
        """Take it away. Its conversation is the caller's business."""
        with self.lock:
            gone = self._messages.pop(message_id)
            for file in gone.files:
                del self._files[file.id]
            if gone.email_message_id:
                self._by_mail_id[gone.email_message_id].remove(message_id)

    def put_comment(self, comment: Comment) -> Comment:
        """Store it. Its conversation is the caller's business."""
        with self.lock:
            self._comments[comment.id] = comment
            return comment

    def _tell(
        self,
        kind: MailEvent,
        conversation: Conversation,
        *,
        message: Message | None = None,
        comment: Comment | None = None,
    ) -> Conversation:
        for watcher in self.watchers:
            watcher(MailChange(kind, conversation, message, comment))
        return conversation

    def _unsort(self, conversation: Conversation) -> None:
        del self._by_activity[bisect_left(self._by_activity, (-conversation.last_activity_at, conversation.id))]


def _named(items: Iterable[_Named], name: str) -> _Named:
    for item in items:
        if item.name == name:
            return item
    raise NotInMailbox(name)
