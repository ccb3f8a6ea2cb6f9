"""`Entry` and `Run`, and how records and conversations lie in the ledger's tables."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tray_connector.model.codec import from_json, to_json
from tray_connector.model.records import LARGE_FIELDS, Conversation, Email, Stored, Table, Task, key_of, table_of

KINDS: dict[Table, str] = {"tasks": "task", "emails": "email"}
CHUNK = 500
"""Ids that one statement carries."""
ENTRY_COLUMNS = "id, record, content_hash, category_hash, category_version, changed, read_number, state_read, record_id"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is noted of a record whose row is durable in the bound destination."""

    record: Stored
    """Without the `LARGE_FIELDS`."""
    content_hash: str
    """`codec.large_hash` of the record as it was written: stands for the fields that are not kept."""
    category_hash: str
    category_version: str
    """The version of the category file in force when the row was written."""
    version: tuple[float, int]
    """`model.events.version_of`: orders the reads of this record."""
    state_read: int = 0
    """E-mails: the read number of the conversation's state that was applied last."""
    record_id: str | None = None
    """The destination's own id of the row."""


@dataclass(frozen=True, slots=True)
class Run:
    """One line of the run history; numbers are records."""

    kind: str
    began: datetime
    ended: datetime
    read: int = 0
    written: int = 0
    unchanged: int = 0
    flagged: int = 0
    failed: int = 0
    message: str = ""


def row_of(destination: int, entry: Entry) -> tuple[Any, ...]:
    """The row that holds an entry."""
    record = entry.record
    return (
        destination,
        table_of(record),
        key_of(record),
        as_text(to_json(record, LARGE_FIELDS)),
        entry.content_hash,
        entry.category_hash,
        entry.category_version,
        *entry.version,
        entry.state_read,
        entry.record_id,
        record.conversation_id if isinstance(record, Email) else None,
    )


def entry_of(table: Table, row: tuple[Any, ...]) -> Entry:
    """The inverse of `row_of`."""
    record = from_json(KINDS[table], json.loads(row[1]))
    if not isinstance(record, Task | Email):
        raise TypeError(f"not a stored record: {type(record).__name__}")
    return Entry(record, row[2], row[3], row[4], (float(row[5]), int(row[6])), int(row[7]), row[8])


def conversation_of(text: str) -> Conversation:
    """A conversation from its row."""
    item = from_json("conversation", json.loads(text))
    if not isinstance(item, Conversation):
        raise TypeError("not a conversation")
    return item


def emails_in(entries: Mapping[str, Entry]) -> dict[str, Email]:
    """The e-mails among the entries."""
    return {key: entry.record for key, entry in entries.items() if isinstance(entry.record, Email)}


def as_text(data: Mapping[str, Any]) -> str:
    """Compact JSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def chunks(ids: Collection[str]) -> Iterator[list[str]]:
    """The ids in pieces that one statement can carry."""
    every = list(ids)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]
