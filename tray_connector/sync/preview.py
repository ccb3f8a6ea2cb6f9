"""A few real records as they will be stored, before anything is stored."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

from tray_connector.config.clock import Stop
from tray_connector.destinations.base import Write
from tray_connector.model.categories import Categories
from tray_connector.model.codec import time_to_text
from tray_connector.model.events import Event
from tray_connector.model.records import COLUMNS, Conversation, Email, Stored, Table, Texts, labels_of, table_of
from tray_connector.sources.base import Page, Reading, Since, Source

EACH = 5
LONG_THREAD = 10
"""Conversations with more messages cost more requests than a preview is worth, where there are others."""
SHOWN = 2000
"""Characters of a value."""


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One row: column → value as text, in the destination's order. Empty columns are empty texts."""

    table: Table
    title: str
    cells: Mapping[str, str] = field(repr=False)
    categories: Texts = ()
    """The columns that are label categories."""


class _NothingKnown:
    """Implements `sources.base.Known` for an empty destination."""

    def conversation(self, conversation_id: str) -> Conversation | None:  # noqa: ARG002 - the protocol's
        """Unknown."""
        return None

    def emails(self, ids: Collection[str]) -> Mapping[str, Email]:  # noqa: ARG002 - the protocol's
        """None."""
        return {}

    def stored_in(self, conversation_id: str) -> Mapping[str, Email]:  # noqa: ARG002 - the protocol's
        """None."""
        return {}


def read_few(source: Source, stop: Stop, count: int = EACH) -> list[Stored]:
    """The newest few records that a first run would take, complete. A handful of requests; writes nothing.

    Raises what a source raises when it fails as a whole; a record that alone cannot be read is left out.
    """
    stream = "tasks" if source.name == "teamwork" else "all"
    events: list[Event] = []
    # Both are generators: closed early, they ask for no more pages.
    pages = cast("Generator[Page]", source.changes(stream, Since(None), stop))
    with closing(pages):
        for page in pages:
            events += page.events
            if len(events) >= count:
                break
    events.sort(key=lambda event: _rank(event.payload), reverse=True)
    found: list[Stored] = []
    readings = cast("Generator[Reading]", source.complete(events[:count], _NothingKnown(), stop))
    with closing(readings):
        for reading in readings:
            newest = sorted(reading.records, key=_moment, reverse=True)
            found += newest[: 1 if source.name == "missive" else None]
    return sorted(found, key=_moment, reverse=True)[:count]


def rows_of(records: Iterable[Stored], categories: Categories, backend: str, zone: ZoneInfo) -> list[PreviewRow]:
    """The rows that this destination would hold."""
    rows = []
    for record in records:
        sorted_in = categories.assign(labels_of(record))
        write = Write(record, sorted_in)
        cells = _airtable(write, zone) if backend == "airtable" else _sql(write)
        title = record.subject if isinstance(record, Email) else record.name
        rows.append(PreviewRow(table_of(record), title or "", cells, categories.names))
    return rows


def _sql(write: Write) -> dict[str, str]:
    values = {name: getattr(write.record, name) for name in COLUMNS[table_of(write.record)]}
    return {name: _shown(value) for name, value in {**values, **write.categories}.items()}


def _airtable(write: Write, zone: ZoneInfo) -> dict[str, str]:
    from tray_connector.destinations.airtable.columns import wanted_columns  # noqa: PLC0415 - only where it is used
    from tray_connector.destinations.airtable.rows_out import cells_of  # noqa: PLC0415
    from tray_connector.destinations.airtable.schema import BaseTable  # noqa: PLC0415

    columns = wanted_columns(table_of(write.record), tuple(write.categories))
    there = BaseTable("", "", {column.name: column.type for column in columns})
    return {name: _shown(value) for name, value in cells_of(write, there, zone).items()}


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case tuple():
            return json.dumps(value, ensure_ascii=False)
        case datetime():
            return time_to_text(value)
        case date():
            return value.isoformat()
    text = str(value)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def _rank(payload: object) -> tuple[bool, str]:
    """Newest first, endless threads last."""
    if isinstance(payload, Conversation):
        return payload.messages_count <= LONG_THREAD, str(payload.last_activity_at or "")
    return True, str(getattr(payload, "updated_at", None) or "")


def _moment(record: Stored) -> str:
    return str((record.received_at if isinstance(record, Email) else record.updated_at) or "")
