"""What the people of the office do to conversations without writing: label, assign, trash, merge, delete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Literal

from tray_connector.config.clock import Clock
from tray_connector.sandbox.mailbox_records import Conversation, Flag, Message, Redaction, SharedLabel, Team
from tray_connector.sandbox.mailbox_state import Directory, MailState, NotInMailbox

Deed = Literal["message", "comment", "label", "close", "assign", "trash", "merge"]
BUMPS: frozenset[Deed] = frozenset({"message", "comment"})


class MailFiling(MailState):
    """Every change here is silent: it moves `last_activity_at` only where `bump_on` names its kind
    (a `MissiveService` sets that from its switches).

    Users, teams and labels are named by id or by name, users also by first name. What is not there raises
    `NotInMailbox`. Ids of conversations that were merged away keep working.
    """

    def __init__(self, directory: Directory, *, clock: Clock, seed: int = 1) -> None:
        super().__init__(directory, clock=clock, seed=seed)
        self.bump_on = BUMPS

    def label(self, conversation_id: str, label: str) -> Conversation:
        """Put a shared label on the conversation; a label it has already stays as it is."""
        with self.lock:
            conversation, label_id = self.conversation(conversation_id), self._label_id(label)
            if label_id in conversation.label_ids:
                return conversation
            labelled = replace(conversation, label_ids=(*conversation.label_ids, label_id))
            return self._tell("label_change", self._store(labelled, "label"))

    def unlabel(self, conversation_id: str, label: str) -> Conversation:
        """Take a shared label off."""
        with self.lock:
            conversation, label_id = self.conversation(conversation_id), self._label_id(label)
            rest = tuple(each for each in conversation.label_ids if each != label_id)
            return self._tell("label_change", self._store(replace(conversation, label_ids=rest), "label"))

    def add_label(self, name: str, *, parent: str | None = None) -> SharedLabel:
        """A new shared label, below `parent` where one is named."""
        with self.lock:
            organization_id = next(iter(self.organizations))
            parent_id = None if parent is None else self._label_id(parent)
            label = SharedLabel(self.new_id(), name, organization_id, None, parent_id)
            self.labels[label.id] = label
            return label

    def rename_label(self, label: str, name: str) -> SharedLabel:
        """Another name for a label, on all conversations that carry it."""
        with self.lock:
            label_id = self._label_id(label)
            self.labels[label_id] = replace(self.labels[label_id], name=name)
            return self.labels[label_id]

    def delete_label(self, label: str) -> None:
        """Remove a label everywhere."""
        with self.lock:
            label_id = self._label_id(label)
            for conversation in self.conversations():
                if label_id in conversation.label_ids:
                    self.unlabel(conversation.id, label_id)
            del self.labels[label_id]

    def mark(
        self, conversation_id: str, flag: Flag, on: bool = True, *, user: str | None = None, deed: Deed | None = None
    ) -> Conversation:
        """Set or clear a flag for one user, or for everyone with access when `user` is None."""
        with self.lock:
            conversation = self.conversation(conversation_id)
            concerned = set(conversation.states) if user is None else {self._user_id(user)}
            if not concerned <= set(conversation.states):
                raise NotInMailbox(f"{user} has no access to {conversation_id}")
            states = {
                each: ((flags | {flag}) if on else (flags - {flag})) if each in concerned else flags
                for each, flags in conversation.states.items()
            }
            return self._store(replace(conversation, states=MappingProxyType(states)), deed)

    def trash(self, conversation_id: str, *, user: str | None = None) -> Conversation:
        """Move to Trash: of one user, or of everyone as from a team inbox."""
        return self.mark(conversation_id, "trashed", user=user, deed="trash")

    def untrash(self, conversation_id: str, *, user: str | None = None) -> Conversation:
        """Take out of Trash."""
        return self.mark(conversation_id, "trashed", False, user=user, deed="trash")

    def junk(self, conversation_id: str, *, user: str | None = None) -> Conversation:
        """Move to Spam."""
        return self.mark(conversation_id, "junked", user=user, deed="trash")

    def unjunk(self, conversation_id: str, *, user: str | None = None) -> Conversation:
        """Take out of Spam."""
        return self.mark(conversation_id, "junked", False, user=user, deed="trash")

    def close(self, conversation_id: str, *, user: str | None = None) -> Conversation:
        """Close for one user or for all."""
        with self.lock:
            return self._tell("conversation_closed", self.mark(conversation_id, "closed", user=user, deed="close"))

    def reopen(self, conversation_id: str, *, user: str | None = None) -> Conversation:
        """Open again."""
        with self.lock:
            opened = self.mark(conversation_id, "closed", False, user=user, deed="close")
            return self._tell("conversation_reopened", opened)

    def assign(self, conversation_id: str, user: str) -> Conversation:
        """Make somebody responsible, who then has access too; others find it in their archive."""
        with self.lock:
            chosen = self._user_id(user)
            conversation = self.share(conversation_id, chosen)
            states: dict[str, frozenset[Flag]] = {}
            for each, flags in conversation.states.items():
                added: Flag = "assigned" if each == chosen else "archived"
                states[each] = (flags - {"unassigned", "assigned", "archived"}) | {added}
            assigned = self._store(replace(conversation, states=_states(states)), "assign")
            return self._tell("conversation_assignee_change", assigned)

    def share(self, conversation_id: str, user: str) -> Conversation:
        """Give somebody access, also to a conversation they were a guest of."""
        with self.lock:
            conversation, user_id = self.conversation(conversation_id), self._user_id(user)
            states = {user_id: frozenset[Flag](), **conversation.states}
            guests = conversation.guests - {user_id}
            return self.put_conversation(replace(conversation, states=_states(states), guests=guests))

    def make_guest(self, conversation_id: str, user: str | None = None) -> Conversation:
        """Leave a user (by default the token's owner) nothing but the conversation's id."""
        with self.lock:
            conversation = self.conversation(conversation_id)
            user_id = self.me_id if user is None else self._user_id(user)
            states = {each: flags for each, flags in conversation.states.items() if each != user_id}
            return self.put_conversation(
                replace(conversation, states=_states(states), guests=conversation.guests | {user_id})
            )

    def assign_team(self, conversation_id: str, team: str | None) -> Conversation:
        """Move to a team's inbox: its members and observers get access. None takes it out of any team."""
        with self.lock:
            conversation = self.conversation(conversation_id)
            if team is None:
                return self._tell("team_change", self._store(replace(conversation, team_id=None), "assign"))
            chosen = self._team(team)
            joined = {each: frozenset[Flag]({"unassigned"}) for each in members_of(chosen)}
            changed = replace(
                conversation,
                team_id=chosen.id,
                organization_id=chosen.organization_id,
                states=_states({**joined, **conversation.states}),
            )
            return self._tell("team_change", self._store(changed, "assign"))

    def merge(self, absorbed_id: str, survivor_id: str, *, into_new: bool = False) -> Conversation:
        """Put the mails of one conversation into another; the absorbed id leads there from now on.

        `into_new`: the result gets an id that is neither, as Missive allows itself.
        """
        with self.lock:
            absorbed, survivor = self.conversation(absorbed_id), self.conversation(survivor_id)
            if absorbed.id == survivor.id:
                return survivor
            result_id = self.new_id() if into_new else survivor.id
            for message in (*self.messages_of(absorbed), *self.messages_of(survivor)):
                self.put_message(replace(message, conversation_id=result_id))
            messages = sorted((*self.messages_of(absorbed), *self.messages_of(survivor)), key=lambda each: each.moment)
            result = replace(
                survivor,
                id=result_id,
                last_activity_at=max(absorbed.last_activity_at, survivor.last_activity_at),
                message_ids=tuple(message.id for message in messages),
                comment_ids=absorbed.comment_ids + survivor.comment_ids,
                label_ids=tuple(dict.fromkeys(survivor.label_ids + absorbed.label_ids)),
                states=_states({**absorbed.states, **survivor.states}),
            )
            self.drop_conversation(absorbed, merged_into=result_id)
            if into_new:
                self.drop_conversation(survivor, merged_into=result_id)
            return self._store(result, "merge")

    def delete_conversation(self, conversation_id: str) -> None:
        """Delete for good: nothing tells that it was ever there."""
        with self.lock:
            self.drop_conversation(self.conversation(conversation_id))

    def delete_message(self, message_id: str) -> Conversation:
        """Delete one message or draft for good; its conversation stays, with one less."""
        with self.lock:
            conversation = self.conversation(self.message(message_id).conversation_id)
            self.drop_message(message_id)
            rest = tuple(each for each in conversation.message_ids if each != message_id)
            return self.put_conversation(replace(conversation, message_ids=rest))

    def redact(self, message_id: str, form: Redaction | None = "drop") -> Message:
        """Withhold body, preview and recipients from the token's owner: keys left out or null; None gives them back."""
        with self.lock:
            return self.put_message(replace(self.message(message_id), redacted=form))

    def _store(self, conversation: Conversation, deed: Deed | None) -> Conversation:
        if deed in self.bump_on:
            conversation = replace(conversation, last_activity_at=max(conversation.last_activity_at, self.now()))
        return self.put_conversation(conversation)

    def _user_id(self, user: str) -> str:
        return user if user in self.users else self.user_named(user).id

    def _label_id(self, label: str) -> str:
        return label if label in self.labels else self.label_named(label).id

    def _team(self, team: str) -> Team:
        return self.teams[team] if team in self.teams else self.team_named(team)


def members_of(team: Team) -> tuple[str, ...]:
    """Everyone with access to the team's inbox."""
    return team.active_members + team.observers


def _states(states: Mapping[str, frozenset[Flag]]) -> Mapping[str, frozenset[Flag]]:
    return MappingProxyType(dict(states))
