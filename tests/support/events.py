"""Short makers for events of the spool."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.clock import START
from tray_connector.model.errors import Problem
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Task

REFUSED = Problem("refused", "The destination refuses the record", "too long", "Shorten it.")


def task_event(key: str = "1", name: str | None = "Dach prüfen", *, read: int = 1, at: datetime = START) -> Event:
    """A task as a poll found it; `name` None = a request for a fresh read."""
    payload = None if name is None else Task(task_id=key, name=name)
    return Event(source="teamwork", kind="task", id=key, payload=payload, read_number=read, since=at, title=name)


def conversation_event(key: str = "c-1", labels: tuple[str, ...] = (), *, read: int = 1) -> Event:
    """A conversation as a poll found it."""
    payload = Conversation(conversation_id=key, labels=labels)
    return Event(source="missive", kind="conversation", id=key, payload=payload, read_number=read, since=START)


def later(seconds: float) -> datetime:
    """So long after the fake clock's start."""
    return START + timedelta(seconds=seconds)


def early() -> datetime:
    """Before everything."""
    return datetime(1980, 1, 1, tzinfo=UTC)
