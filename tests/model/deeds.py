"""What people do in the office, each deed by a few numbers that choose whom it concerns."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TypeVar

from tray_connector.sandbox.mailbox_records import Conversation
from tray_connector.sandbox.office_records import OfficeTask
from tray_connector.sandbox.running import SandboxOffice

T = TypeVar("T")
TAGS = ("R_101", "R_102", "KGR_300")
LABELS = ("R_201", "KGR_310", "Eilig")
MOST = 14
"""So many tasks and conversations are enough: more of them only make the machine slow."""


class Deeds:
    """The office's people. Every edit numbers the task's name anew, upwards, so that its versions can be told apart."""

    def __init__(self, sandbox: SandboxOffice) -> None:
        self.office = sandbox.office
        self.mailbox = sandbox.mailbox
        self._numbers = itertools.count(1)
        self.news: list[tuple[str, str]] = []
        """What the services would announce: (task or conversation, id)."""
        for name in LABELS:
            self.mailbox.add_label(name)
        self.project = self.office.create_project("Halle")
        self.shell = self.office.create_list("Rohbau", self.project.id)
        self.all: Sequence[Callable[[int, int], object]] = (
            self.create, self.create, self.edit, self.edit, self.describe, self.tag, self.untag, self.finish,
            self.move, self.delete, self.restore, self.purge, self.hide_list, self.rename_person, self.rename_tag,
            self.rename_list, self.rename_project, self.delete_tag,
            self.begin, self.begin, self.receive, self.receive, self.label, self.label, self.unlabel,
            self.rename_label, self.trash, self.untrash, self.junk, self.merge, self.delete_conversation,
            self.delete_message, self.text_message, self.draft, self.change_team,
        )  # fmt: skip

    def do(self, which: int, whom: int, how: int) -> None:
        """One deed. One that has nobody to be done to is none."""
        self.all[which % len(self.all)](whom, how)

    # Tasks.

    def _name(self) -> str:
        return f"Aufgabe #{next(self._numbers)}"

    def _task(self, whom: int, *, deleted: bool = False) -> OfficeTask | None:
        tasks = [task for task in self.office.tasks() if (task.deleted_at is not None) == deleted]
        task = pick(tasks, whom)
        if task is not None:
            self.news.append(("task", str(task.id)))
        return task

    def create(self, whom: int, how: int) -> None:
        if len(self.office.tasks()) >= MOST:
            self.edit(whom, how)
            return
        parent = self._task(whom) if how % 4 == 0 else None
        tags = () if how % 3 else (TAGS[how % len(TAGS)],)
        description = "mit Text" if how % 2 else ""
        parent_id = 0 if parent is None else parent.id
        task = self.office.create_task(
            self._name(), parent_id=parent_id, tags=tags, description=description, tasklist_id=self._list(how)
        )
        self.news.append(("task", str(task.id)))

    def _list(self, how: int) -> int:
        return self.shell.id if how % 3 == 0 else min(self.office.lists)

    def edit(self, whom: int, how: int) -> None:
        del how
        if task := self._task(whom):
            self.office.edit_task(task.id, name=self._name())

    def describe(self, whom: int, how: int) -> None:
        if task := self._task(whom):
            self.office.edit_task(task.id, name=self._name(), description=["", "neu", "noch neuer"][how % 3])

    def tag(self, whom: int, how: int) -> None:
        if task := self._task(whom):
            self.office.tag(task.id, TAGS[how % len(TAGS)])

    def untag(self, whom: int, how: int) -> None:
        del how
        if (task := self._task(whom)) and task.tag_ids:
            self.office.untag(task.id)

    def finish(self, whom: int, how: int) -> None:
        if task := self._task(whom):
            (self.office.complete if how % 2 else self.office.reopen)(task.id)

    def move(self, whom: int, how: int) -> None:
        if task := self._task(whom):
            self.office.move_task(task.id, self._list(how))

    def delete(self, whom: int, how: int) -> None:
        del how
        if task := self._task(whom):
            self.office.delete_task(task.id)

    def restore(self, whom: int, how: int) -> None:
        del how
        if task := self._task(whom, deleted=True):
            self.office.restore_task(task.id)

    def purge(self, whom: int, how: int) -> None:
        if how % 3 == 0 and (task := self._task(whom)) and not self.office.has_children(task.id):
            self.office.purge_task(task.id)

    def hide_list(self, whom: int, how: int) -> None:
        del whom
        (self.office.delete_list if how % 2 else self.office.restore_list)(self.shell.id)

    def rename_person(self, whom: int, how: int) -> None:
        people = sorted(self.office.people)
        self.office.rename_person(people[whom % len(people)], "Ada", f"Byron {how}")

    def rename_tag(self, whom: int, how: int) -> None:
        if tag := pick(sorted(self.office.tags), whom):
            self.office.rename_tag(tag, f"R_{how}{whom}")

    def delete_tag(self, whom: int, how: int) -> None:
        if how % 3 == 0 and (tag := pick(sorted(self.office.tags), whom)):
            self.office.delete_tag(tag)

    def rename_list(self, whom: int, how: int) -> None:
        del whom
        self.office.rename_list(self.shell.id, f"Rohbau {how}")

    def rename_project(self, whom: int, how: int) -> None:
        del whom
        self.office.rename_project(self.project.id, f"Halle {how}")

    # Mails.

    def _conversation(self, whom: int) -> Conversation | None:
        found = pick(sorted(self.mailbox.conversations(), key=lambda each: each.created_at), whom)
        if found is not None:
            self.news.append(("conversation", found.id))
        return found

    def begin(self, whom: int, how: int) -> None:
        if self.mailbox.conversation_count >= MOST:
            self.receive(whom, how)
            return
        team = None if how % 4 == 0 else "Planung"
        thread = self.mailbox.add_conversation(f"Vorgang {how}", mails=1 + how % 3, team=team, private=how % 8 == 0)
        self.news.append(("conversation", thread.id))

    def receive(self, whom: int, how: int) -> None:
        if found := self._conversation(whom):
            self.mailbox.receive_mail(found.id, text=f"Stand {how}")

    def label(self, whom: int, how: int) -> None:
        if (found := self._conversation(whom)) and self.mailbox.labels:
            self.mailbox.label(found.id, sorted(self.mailbox.labels)[how % len(self.mailbox.labels)])

    def unlabel(self, whom: int, how: int) -> None:
        if (found := self._conversation(whom)) and found.label_ids:
            self.mailbox.unlabel(found.id, found.label_ids[how % len(found.label_ids)])

    def rename_label(self, whom: int, how: int) -> None:
        self.mailbox.rename_label(sorted(self.mailbox.labels)[whom % len(self.mailbox.labels)], f"R_{how}x{whom}")

    def trash(self, whom: int, how: int) -> None:
        del how
        if found := self._conversation(whom):
            self.mailbox.trash(found.id)

    def untrash(self, whom: int, how: int) -> None:
        flags = {each.id: each.flags(self.mailbox.me_id) for each in self.mailbox.conversations()}
        if (found := self._conversation(whom)) and flags[found.id] & {"trashed", "junked"}:
            (self.mailbox.untrash if "trashed" in flags[found.id] else self.mailbox.unjunk)(found.id)
        elif how % 2 and (lost := pick(sorted(key for key, each in flags.items() if "trashed" in each), whom)):
            self.mailbox.untrash(lost)

    def junk(self, whom: int, how: int) -> None:
        if how % 2 and (found := self._conversation(whom)):
            self.mailbox.junk(found.id)

    def merge(self, whom: int, how: int) -> None:
        one, two = self._conversation(whom), self._conversation(how)
        if one and two and one.id != two.id:
            self.mailbox.merge(one.id, two.id, into_new=whom % 3 == 0)

    def delete_conversation(self, whom: int, how: int) -> None:
        if how % 2 and (found := self._conversation(whom)):
            self.mailbox.delete_conversation(found.id)

    def delete_message(self, whom: int, how: int) -> None:
        if (found := self._conversation(whom)) and found.message_ids:
            self.mailbox.delete_message(found.message_ids[how % len(found.message_ids)])

    def text_message(self, whom: int, how: int) -> None:
        del how
        if found := self._conversation(whom):
            self.mailbox.receive_text_message(found.id)

    def draft(self, whom: int, how: int) -> None:
        if not (found := self._conversation(whom)):
            return
        drafts = [each for each in self.mailbox.messages_of(found) if each.draft]
        if drafts and how % 2:
            self.mailbox.send_draft(drafts[0].id)
        else:
            self.mailbox.add_draft(found.id)

    def change_team(self, whom: int, how: int) -> None:
        teams = sorted(self.mailbox.teams)
        if found := self._conversation(whom):
            self.mailbox.assign_team(found.id, teams[how % len(teams)])


def pick(things: Sequence[T], number: int) -> T | None:
    """One of them, or None when there is none."""
    return things[number % len(things)] if things else None
