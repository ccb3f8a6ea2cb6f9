"""`Event`: one thing to bring into step, and the rule by which two events of one id become one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from tray_connector.model.codec import content_hash
from tray_connector.model.errors import Problem
from tray_connector.model.records import TASK_REMOVAL, Email, Record, Task

SourceName = Literal["teamwork", "missive"]
SOURCES: tuple[SourceName, ...] = ("teamwork", "missive")
Kind = Literal["task", "conversation", "email"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}\Z")


def is_id(text: str) -> bool:
    """Whether the text can be a record's id, and so a file's name: Teamwork's are digits, Missive's UUIDs."""
    return _ID.match(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something at the source that the destination may not have yet."""

    source: SourceName
    kind: Kind
    id: str
    payload: Record | None = None
    """The record as it was read; None asks for a fresh read (a webhook, a file dropped in)."""
    read_number: int = 0
    """With a payload: the number taken before its request was sent.
    Without: the number of the last read begun when the event arrived; only a later read satisfies it."""
    since: datetime
    title: str | None = None
    rewrite: bool = False
    """Write it even when nothing changed (`backfill --rewrite`)."""
    attempts: int = 0
    next_try: datetime | None = None
    last_error: Problem | None = None


def merge(old: Event, new: Event) -> Event:
    """What one file holds after `new` arrived for the id of `old`.

    The newer content wins and is tried at once. A request for a fresh read survives until a payload comes whose
    read began after it. The same content again changes nothing, so that a poll's overlap does not undo a back-off.
    """
    rewrite = old.rewrite or new.rewrite
    newest = replace(new, since=old.since, title=new.title or old.title, rewrite=rewrite)
    if old.payload is None:
        satisfied = new.payload is None or new.read_number > old.read_number
        return newest if satisfied else replace(old, rewrite=rewrite)
    if new.payload is None:
        return newest
    if _is_older(new, old):
        return replace(old, rewrite=rewrite)
    if content_hash(old.payload) == content_hash(new.payload):
        same = replace(old, read_number=max(old.read_number, new.read_number), rewrite=rewrite)
        return same if rewrite == old.rewrite else replace(same, attempts=0, next_try=None)
    return replace(newest, payload=_carry_over(old.payload, new.payload))


def _is_older(new: Event, old: Event) -> bool:
    return version(new) < version(old)


def version(event: Event) -> tuple[float, int]:
    """`version_of` for what the event carries."""
    return version_of(event.payload, event.read_number)


def version_of(record: Record | None, read_number: int) -> tuple[float, int]:
    """Orders two reads of one record: (source's change time, read number); mail state by read number alone."""
    match record:
        case Task(updated_at=datetime() as changed) | Email(changed_at=datetime() as changed):
            return changed.timestamp(), read_number
        case _:
            return 0.0, read_number


def _carry_over(old: Record, new: Record) -> Record:
    # A deletion says nothing about the other columns: an edit that still waits must not get lost beneath it.
    if isinstance(old, Task) and isinstance(new, Task) and new.deleted and not old.deleted:
        return replace(old, **{name: getattr(new, name) for name in TASK_REMOVAL})
    if isinstance(old, Email) and isinstance(new, Email) and new.body_missing and not old.body_missing:
        return replace(new, body_text=old.body_text, body_html=old.body_html, body_missing=False)
    return new
