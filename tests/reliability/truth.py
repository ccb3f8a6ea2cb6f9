"""What a database must hold, judged by the sandbox's own state and by what lies on the disk."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

Row = dict[str, Any]


def query(path: Path, sql: str) -> list[Row]:
    """What another program reads; nothing while there is no such file or table."""
    if not path.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]
    except sqlite3.OperationalError as error:
        if str(error).startswith("no such table"):
            return []
        raise


class Home:
    """A connector's home, looked at from outside."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "data" / "connector.db"
        self.ledger = folder / "data" / "ledger.db"
        self.spool = folder / "data" / "queue" / "spool"

    def rows(self, table: str, where: str = "1") -> list[Row]:
        return query(self.database, f"SELECT * FROM {table} WHERE {where} ORDER BY 1")  # noqa: S608 - a test's own words

    def waiting(self, source: str) -> set[str]:
        """Ids in the spool."""
        folder = self.spool / source
        return {name.partition(".")[0] for name in os.listdir(folder)} if folder.is_dir() else set()

    def checkpoints(self) -> dict[str, float]:
        """Stream to seconds since the epoch."""
        rows = query(self.ledger, "SELECT source, stream, moment FROM checkpoints")
        return {f"{row['source']}/{row['stream']}": datetime.fromisoformat(row["moment"]).timestamp() for row in rows}

    def holds(self, *, tasks: int, mails: int) -> bool:
        """Whether so many are stored and nothing waits."""
        stored = len(self.rows("tasks")) == tasks and len(self.rows("emails")) == mails
        return stored and not self.waiting("teamwork") and not self.waiting("missive")

    def leftovers(self) -> list[str]:
        """Files that were being made when a process died."""
        return [str(path) for path in self.folder.rglob("*") if path.name.endswith((".tmp", ".temp", "~"))]

    def is_sound(self) -> bool:
        """Whether SQLite finds both files in order."""
        checks = [query(path, "PRAGMA quick_check") for path in (self.database, self.ledger)]
        return all(row == {"quick_check": "ok"} for rows in checks for row in rows)


def assert_checkpoints_are_covered(home: Home, office: SandboxOffice) -> None:
    """Everything older than a checkpoint is in the database or in the spool."""
    checkpoints = home.checkpoints()
    reached = checkpoints.get("teamwork/tasks", 0.0)
    stored = {row["task_id"]: seconds(row["updated_at"]) for row in home.rows("tasks")}
    waiting = home.waiting("teamwork")
    for task in office.office.live_tasks():
        key = str(task.id)
        if task.updated_at < reached and key not in waiting:
            assert stored.get(key, 0.0) >= task.updated_at, f"task {key} is older than the checkpoint and not here"
    reached = checkpoints.get("missive/all", 0.0)
    mails = {row["email_id"] for row in home.rows("emails")}
    waiting = home.waiting("missive")
    for conversation in office.mailbox.conversations():
        if conversation.last_activity_at < reached and conversation.id not in waiting:
            missing = mails_of(office.mailbox, conversation.id) - mails
            assert not missing, f"mails {missing} are older than the checkpoint and not here"


def assert_holds_just_the_office(home: Home, office: SandboxOffice) -> None:
    """Every task and mail once, in its newest form, nothing else, and nothing is left to do."""
    rows = {row["task_id"]: row for row in home.rows("tasks", "NOT deleted")}
    assert len(rows) == len(home.rows("tasks", "NOT deleted"))
    assert {key: as_expected(row) for key, row in rows.items()} == dict(expected_tasks(office.office))
    expected = {
        key: value for conv in office.mailbox.conversations() for key, value in subjects(office.mailbox, conv.id)
    }
    assert {row["email_id"]: row["subject"] for row in home.rows("emails", "NOT deleted")} == expected
    assert (home.waiting("teamwork"), home.waiting("missive")) == (set(), set())
    assert home.leftovers() == []
    assert home.is_sound()


def expected_tasks(office: Office) -> Iterator[tuple[str, Row]]:
    """The columns that the sandbox itself can tell."""
    tags = office.tags
    for task in office.live_tasks():
        yield (
            str(task.id),
            {
                "name": task.name,
                "progress": task.progress,
                "tags": sorted(tags[tag].name for tag in task.tag_ids),
                "updated_at": float(task.updated_at),
                "completed": task.completed_at is not None,
            },
        )


def as_expected(row: Row) -> Row:
    """The same columns as they were stored."""
    return {
        "name": row["name"],
        "progress": row["progress"],
        "tags": sorted(json.loads(row["tags"])),
        "updated_at": seconds(row["updated_at"]),
        "completed": row["status"] == "completed",
    }


def mails_of(mailbox: Mailbox, conversation_id: str) -> set[str]:
    """The ids of its e-mails."""
    return {key for key, _ in subjects(mailbox, conversation_id)}


def subjects(mailbox: Mailbox, conversation_id: str) -> list[tuple[str, str | None]]:
    """(id, subject) of its e-mails, without those that lie in the token owner's trash or are hidden from them."""
    conversation = mailbox.conversation(conversation_id)
    if conversation.flags(mailbox.me_id) & {"trashed", "junked"} or mailbox.me_id in conversation.guests:
        return []
    messages = mailbox.messages_of(conversation)
    return [(each.id, each.subject) for each in messages if each.channel == "email" and not each.draft]


def seconds(text: str) -> float:
    """A stored time as seconds since the epoch."""
    return datetime.fromisoformat(text).astimezone(UTC).timestamp()
