"""What the destination must hold, told from the sandbox's own state; no code of the engine's is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.support.mail_truth import mail_row, state_of
from tests.support.task_truth import live_row
from tray_connector.sandbox.mailbox_records import Conversation, Message
from tray_connector.sandbox.running import SandboxOffice

Row = dict[str, Any]
REMOVAL = {"tasks": ("status", "deleted", "deleted_at"), "emails": ("deleted", "deleted_at")}
STATE = ("conversation_id", "labels", "url")


@dataclass
class Held:
    """What one destination is known to hold: the version of each row that was found in step last."""

    floor: dict[tuple[str, str], int] = field(default_factory=dict)
    robbed: set[tuple[str, str]] = field(default_factory=set)
    """Rows that somebody deleted there: those of deleted records cannot come back."""


class Chronicle:
    """Every state that each row ever had to have, deed by deed."""

    def __init__(self, office: SandboxOffice) -> None:
        self._office = office
        self.versions: dict[tuple[str, str], list[Row]] = {}

    def record(self) -> None:
        """Take in the office as it is now; belongs after every deed."""
        for place, row in self._live().items():
            versions = self.versions.setdefault(place, [])
            if not versions or versions[-1] != row:
                versions.append(row)

    def _live(self) -> dict[tuple[str, str], Row]:
        """Each row as it is to be while its record is not deleted; mails in the trash are among them."""
        office, mailbox = self._office.office, self._office.mailbox
        site = self._office.teamwork_server.url.rstrip("/")
        rows = {("tasks", str(task.id)): live_row(office, task, site) for task in office.live_tasks()}
        for message, conversation in self._mails():
            rows["emails", message.id] = mail_row(mailbox, message, conversation)
        return rows

    def _mails(self) -> list[tuple[Message, Conversation]]:
        mailbox = self._office.mailbox
        return [
            (message, conversation)
            for conversation in mailbox.conversations()
            for message in mailbox.messages_of(conversation)
            if message.channel == "email" and not message.draft
        ]

    def check(self, stored: dict[str, dict[str, Row]], held: Held, categories: dict[str, str]) -> list[str]:
        """A line for each thing that is not as it must be after everything recovered."""
        self.record()
        live, trashed = self._live(), self._trashed()
        rows = {(table, key): row for table, each in stored.items() for key, row in each.items()}
        wrong = [f"{place} should not be there" for place in rows.keys() - self.versions.keys()]
        for place, versions in self.versions.items():
            row = rows.get(place)
            if place in live and place not in trashed:
                wrong += self._unlike(place, row, live[place], categories)
                held.robbed.discard(place)
            elif row is not None:
                wrong += self._not_flagged(place, row, versions[held.floor.get(place, 0) :])
                if place in trashed:
                    wrong += [f"{place} {name}: {row[name]!r}" for name in STATE if row[name] != trashed[place][name]]
            elif place in held.floor and place not in held.robbed:
                wrong.append(f"{place} is missing: it was there, and is deleted at the source now")
        return sorted(wrong)

    def _trashed(self) -> dict[tuple[str, str], Row]:
        mailbox = self._office.mailbox
        return {
            ("emails", message.id): state_of(mailbox, conversation)
            for message, conversation in self._mails()
            if conversation.flags(mailbox.me_id) & {"trashed", "junked"}
        }

    def _unlike(self, place: tuple[str, str], row: Row | None, wanted: Row, categories: dict[str, str]) -> list[str]:
        if row is None:
            return [f"{place} is missing: {wanted}"]
        labels = wanted["tags" if place[0] == "tasks" else "labels"]
        wanted = wanted | {
            name: list(dict.fromkeys(label for label in labels if label.startswith(prefix)))
            for name, prefix in categories.items()
        }
        return [
            f"{place} {name}: {row.get(name)!r} instead of {value!r}"
            for name, value in wanted.items()
            if row.get(name) != value
        ]

    def _not_flagged(self, place: tuple[str, str], row: Row, versions: list[Row]) -> list[str]:
        table = place[0]
        wrong = [] if row["deleted"] == 1 and row["deleted_at"] else [f"{place} is not flagged: {row}"]
        # Labels and address of a mail follow its conversation, wherever that is.
        free = {*REMOVAL[table], *(STATE if table == "emails" else ())}
        return wrong + [
            f"{place} {name}: {row[name]!r} is none of the values it had"
            for name in versions[0].keys() - free
            if row[name] not in [version[name] for version in versions]
        ]

    def note(self, stored: dict[str, dict[str, Row]], held: Held) -> None:
        """All of it was found in step: rows that are deleted from now on have the values of now, or later ones."""
        gone = {place for place in held.floor if place[1] not in stored[place[0]]}
        for place in gone:
            del held.floor[place]
        for table, rows in stored.items():
            for key, row in rows.items():
                if not row["deleted"]:
                    held.floor[table, key] = len(self.versions[table, key]) - 1
                else:
                    held.floor.setdefault((table, key), 0)
