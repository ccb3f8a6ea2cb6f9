"""Small believable changes in both halves of the office, one at a time: what a demo watches arrive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from tray_connector.sandbox.mailbox_live import WorkingDay
from tray_connector.sandbox.mailbox_writing import MailWriting
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.office_records import OfficeTask, Party

_NEW_TASKS = (
    ("Rückruf Frau Hansen wegen Bauausschuss", "Termin am 23. um **18 Uhr**, Unterlagen mitnehmen.", "Stadt Seeburg"),
    ("Muster Linoleum bestellen", "Drei Farben, je 30 × 30 cm, für `R_102`.", "R_102"),
    ("Zählerplatz Hafenstraße umplanen", "Der Netzbetreiber verlangt 1,20 m Breite.", "KGR_440"),
    ("Fugenplan an Rohbauer senden", "", "KGR_320"),
)
_MAIL_TEXTS = {
    "new mail": "New mail from",
    "answer": "Answer by",
    "label": "Label set:",
    "trash": "Moved to Trash:",
    "untrash": "Taken out of Trash:",
    "comment": "Comment:",
}


@dataclass(frozen=True, slots=True)
class Change:
    """What happened; `str()` of it is a line for a terminal."""

    source: Literal["teamwork", "missive"]
    record_id: str
    """The task's or the conversation's id."""
    text: str

    def __str__(self) -> str:
        return self.text


class LiveChanges:
    """Changes tasks and mails in turn, always in the same order. Not thread-safe; office and mailbox are."""

    def __init__(self, office: Office, mailbox: MailWriting) -> None:
        self._office = office
        self._mail = WorkingDay(mailbox)
        self._step = 0
        self._task_steps: tuple[Callable[[int], Change], ...] = (
            self._new_task,
            self._tagged,
            self._completed,
            self._edited,
            self._reassigned,
            self._postponed,
        )

    def apply_next(self) -> Change:
        """Let the next thing happen, now."""
        number, self._step = self._step // 2, self._step + 1
        if self._step % 2 == 0:
            happened = self._mail.next()
            text = f"{_MAIL_TEXTS[happened.kind]} {happened.what}"
            return Change("missive", happened.conversation_id, text)
        return self._task_steps[number % len(self._task_steps)](number)

    def _new_task(self, number: int) -> Change:
        name, description, tag = _NEW_TASKS[number // len(self._task_steps) % len(_NEW_TASKS)]
        task = self._office.create_task(
            name,
            description=description,
            tags=(tag,),
            assignees=(Party("users", self._office.me_id),),
            due_date=self._office.clock.now().date() + timedelta(days=7),
        )
        return _change(task, "New task")

    def _tagged(self, number: int) -> Change:
        task = self._open_task(number)
        tag = next(tag for tag in self._office.tags.values() if tag.id not in task.tag_ids)
        return _change(self._office.tag(task.id, tag.id), f"Tag {tag.name} added")

    def _completed(self, number: int) -> Change:
        return _change(self._office.complete(self._open_task(number).id), "Task completed")

    def _edited(self, number: int) -> Change:
        task = self._open_task(number)
        text = f"{task.description or ''}\n\nStand heute: **in Arbeit**.".strip()
        return _change(self._office.edit_task(task.id, description=text, progress=50), "Description changed")

    def _reassigned(self, number: int) -> Change:
        people = list(self._office.people.values())
        person = people[number % min(6, len(people))]
        task = self._open_task(number)
        return _change(
            self._office.edit_task(task.id, assignees=(Party("users", person.id),)), f"Assigned to {person.name}"
        )

    def _postponed(self, number: int) -> Change:
        task = self._open_task(number)
        due = (task.due_date or self._office.clock.now().date()) + timedelta(days=14)
        return _change(self._office.edit_task(task.id, due_date=due), "Due date moved")

    def _open_task(self, number: int) -> OfficeTask:
        """One of the open tasks, another one each time."""
        tasks = [task for task in self._office.live_tasks() if task.completed_at is None]
        return tasks[number * 7 % len(tasks)] if tasks else self._office.create_task("Ablage machen")


def _change(task: OfficeTask, what: str) -> Change:
    return Change("teamwork", str(task.id), f"{what}: {task.name}")
