"""What Airtable holds, as rows and files of ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from tray_connector.destinations.airtable.columns import ATTACHMENTS, FIXED, KEY
from tray_connector.destinations.airtable.texts import was_cut
from tray_connector.destinations.airtable.values import from_cell
from tray_connector.destinations.base import Found, StoredFile, StoredRow
from tray_connector.destinations.column_kinds import Kind
from tray_connector.model.records import LARGE_FIELDS, Email, Stored, Table, Task

Record = Mapping[str, Any]
"""A record of an answer: ``id``, ``createdTime``, ``fields`` by name."""
_NAMES_OF = {"to_names": "to_addresses", "cc_names": "cc_addresses", "bcc_names": "bcc_addresses"}


def key_in(record: Record, table: Table) -> str | None:
    """The key of the row; None for a row that is not ours."""
    key = record["fields"].get(KEY[table])
    return key if isinstance(key, str) and key else None


def files_in(record: Record) -> tuple[StoredFile, ...]:
    """The files of an e-mail's row."""
    cell = record["fields"].get(ATTACHMENTS)
    found = []
    for each in cell if isinstance(cell, list) else ():
        if isinstance(each, dict) and isinstance(each.get("id"), str):
            size = each.get("size")
            found.append(
                StoredFile(each["id"], str(each.get("filename") or ""), size if isinstance(size, int) else None)
            )
    return tuple(found)


def found_row(record: Record, table: Table) -> Found | None:
    """A row that was there before us; None for one without a key."""
    key = key_in(record, table)
    return None if key is None else Found(key, record["id"], files_in(record))


def stored_row(record: Record, table: Table, categories: Sequence[str], zone: ZoneInfo) -> StoredRow | None:
    """A whole row; None for one without a key. What a base has no column for is empty."""
    key = key_in(record, table)
    if key is None:
        return None
    fields = record["fields"]
    values: dict[str, Any] = {}
    split = False
    for column in FIXED[table][1:]:
        value = from_cell(fields.get(column.name), column.kind, zone)
        split = split or (column.kind is Kind.LIST and len(value) > 1)
        values.setdefault(column.attribute, value)
    sorted_in = {name: from_cell(fields.get(name), Kind.LIST, zone) for name in categories}
    split = split or any(len(labels) > 1 for labels in sorted_in.values())
    cut = frozenset(name for name in LARGE_FIELDS if was_cut(values.get(name) or ""))
    return StoredRow(_record(table, key, values), sorted_in, split, cut)


def _record(table: Table, key: str, values: dict[str, Any]) -> Stored:
    if table == "tasks":
        return Task(task_id=key, **values)
    for names, addresses in _NAMES_OF.items():
        values[names] = _parallel(values[names], len(values[addresses]))
    values["conversation_id"] = values["conversation_id"] or ""
    return Email(email_id=key, **values)


def _parallel(names: tuple[str, ...], count: int) -> tuple[str, ...]:
    """As many names as addresses: of a single address without a name nothing is left, and a name may hold a comma."""
    return (*names[:count], *[""] * (count - len(names)))
