"""What must be written for a reading, given what the ledger knows. Pure: the rules of order and of "unchanged"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from tray_connector.destinations.base import Write
from tray_connector.model.categories import Categories
from tray_connector.model.codec import labels_hash, large_hash, without_large
from tray_connector.model.records import (
    COLUMNS,
    EMAIL_STATE,
    TASK_REMOVAL,
    Email,
    Stored,
    Task,
    Texts,
    key_of,
    labels_of,
    table_of,
)
from tray_connector.sources.base import Reading
from tray_connector.sync.ledger_rows import Entry

ChangeKind = Literal["new", "changed", "removed", "restored"]
_BESIDE_COLUMNS = {Task: ("attachment_ids",), Email: ("attachments",)}


@dataclass(frozen=True, slots=True)
class Row:
    """A row to write, and what the ledger notes once it is written."""

    write: Write
    entry: Entry
    change: ChangeKind


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing to write. `note` keeps the ledger exact where only invisible fields changed."""

    left_out: bool = False
    note: Entry | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What every decision rests on."""

    categories: Categories
    now: datetime
    rewrite: bool = False


def plan_record(record: Stored, version: tuple[float, int], known: Entry | None, context: Context) -> Row | Skip:
    """Decide for one complete record. An older version never wins; what is deleted when first seen is not stored."""
    if isinstance(record, Task):
        return _plan_task(record, version, known, context)
    return _plan_email(record, version, known, context)


def _plan_task(task: Task, version: tuple[float, int], known: Entry | None, context: Context) -> Row | Skip:
    if known is not None and version < known.version:
        return Skip()
    if not task.deleted:
        return _whole(task, version, version[1], known, context)
    if known is None:
        return Skip(left_out=True)
    stored = known.record
    if not isinstance(stored, Task):
        raise TypeError("the ledger holds another kind of record under a task's id")
    if stored.deleted and not context.rewrite:
        return Skip()
    deleted_at = stored.deleted_at if stored.deleted else task.deleted_at or context.now
    removed = replace(stored, status="deleted", deleted=True, deleted_at=deleted_at)
    return _part(removed, TASK_REMOVAL, replace(known, record=removed, version=version), known, context)


def _plan_email(email: Email, version: tuple[float, int], known: Entry | None, context: Context) -> Row | Skip:
    read_number = version[1]
    if known is None:
        return Skip(left_out=True) if email.deleted else _whole(email, version, read_number, None, context)
    stored = known.record
    if not isinstance(stored, Email):
        raise TypeError("the ledger holds another kind of record under an e-mail's id")
    state_read = max(read_number, known.state_read)
    if known.state_read > read_number:
        email = replace(email, **{name: getattr(stored, name) for name in EMAIL_STATE})
    elif email.deleted:
        email = replace(email, deleted_at=stored.deleted_at if stored.deleted else email.deleted_at or context.now)
    if email.gone or email.body_missing or version < known.version:
        changed = replace(stored, gone=email.gone, **{name: getattr(email, name) for name in EMAIL_STATE})
        return state_row(changed, state_read, known, context)
    return _whole(email, version, state_read, known, context)


def _whole(
    record: Stored, version: tuple[float, int], state_read: int, known: Entry | None, context: Context
) -> Row | Skip:
    values = context.categories.assign(labels_of(record))
    entry = Entry(
        record=without_large(record),
        content_hash=large_hash(record),
        category_hash=labels_hash(values),
        category_version=context.categories.version,
        version=version,
        state_read=state_read,
        record_id=None if known is None else known.record_id,
    )
    if known is not None and not context.rewrite and same_content(entry, known):
        if entry.category_hash == known.category_hash:
            exact = replace(entry, version=known.version) == known
            return Skip(note=None if exact else entry)
        return Row(Write(record, values, columns=(), record_id=known.record_id), entry, "changed")
    return Row(Write(record, values, record_id=entry.record_id), entry, change_of(record, known))


def same_content(new: Entry, known: Entry) -> bool:
    """Whether every column (and the set of attachments) would be written with the value it has."""
    if new.content_hash != known.content_hash:
        return False
    names = COLUMNS[table_of(new.record)] + _BESIDE_COLUMNS[type(new.record)]
    return all(getattr(new.record, name) == getattr(known.record, name) for name in names)


def state_row(changed: Email, state_read: int, known: Entry, context: Context) -> Row | Skip:
    """Bring the columns that follow the conversation into step; no other column is touched."""
    entry = replace(known, record=changed, state_read=state_read)
    if all(getattr(changed, name) == getattr(known.record, name) for name in EMAIL_STATE) and not context.rewrite:
        return Skip(note=entry if entry.record != known.record else None)
    return _part(changed, EMAIL_STATE, entry, known, context)


def _part(record: Stored, columns: Texts, entry: Entry, known: Entry, context: Context) -> Row:
    values = context.categories.assign(labels_of(record))
    noted = replace(entry, category_hash=labels_hash(values), category_version=context.categories.version)
    write = Write(record, values, columns=columns, record_id=known.record_id)
    return Row(write, noted, change_of(record, known))


def change_of(record: Stored, known: Entry | None) -> ChangeKind:
    """What a person would call it."""
    if known is None:
        return "new"
    if record.deleted != known.record.deleted:
        return "removed" if record.deleted else "restored"
    return "changed"


def plan_state(reading: Reading, stored: Mapping[str, Entry], context: Context) -> list[Row | Skip]:
    """What a conversation's labels, deletion and address mean for those of its e-mails that were not read again."""
    conversation, ids, read_number = reading.conversation, reading.message_ids, reading.read_number
    rows: list[Row | Skip] = []
    if conversation is None:
        return rows
    for key, known in stored.items():
        email = known.record
        if not isinstance(email, Email) or known.state_read > read_number:
            continue
        gone = key in reading.vanished or (email.gone and not (ids is not None and key in ids))
        if ids is not None and key not in ids and not gone:
            # It is there, but in another conversation now, whose state it has or gets.
            continue
        deleted = conversation.deleted or gone
        changed = replace(
            email,
            conversation_id=conversation.conversation_id,
            labels=conversation.labels,
            url=conversation.url,
            gone=gone,
            deleted=deleted,
            deleted_at=(email.deleted_at or context.now) if deleted else None,
        )
        rows.append(state_row(changed, read_number, known, replace(context, rewrite=False)))
    return rows


def plan_refresh(record: Stored, known: Entry, context: Context) -> Row | Skip:
    """Names or categories of a stored record changed: write the columns concerned, nothing else."""
    values = context.categories.assign(labels_of(record))
    names = COLUMNS[table_of(record)]
    columns = tuple(name for name in names if getattr(record, name) != getattr(known.record, name))
    entry = replace(
        known, record=record, category_hash=labels_hash(values), category_version=context.categories.version
    )
    if not columns and entry.category_hash == known.category_hash:
        return Skip(note=None if entry == known else entry)
    return Row(Write(record, values, columns=columns, record_id=known.record_id), entry, "changed")


def row_key(row: Row) -> str:
    """The id of the record that the row holds."""
    return key_of(row.write.record)
