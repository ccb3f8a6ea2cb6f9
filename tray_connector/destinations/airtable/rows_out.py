"""A row as Airtable is told it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from tray_connector.destinations.airtable.columns import ATTACHMENTS, FIXED, KEY, LONG
from tray_connector.destinations.airtable.schema import BaseTable
from tray_connector.destinations.airtable.values import Cell, to_cell
from tray_connector.destinations.base import FileLink, Write
from tray_connector.destinations.column_kinds import Kind
from tray_connector.model.records import key_of, table_of


def cells_of(write: Write, there: BaseTable, zone: ZoneInfo) -> dict[str, Cell]:
    """Column → cell: the key always, of the others those that the write is about. Empty values clear their cell."""
    record = write.record
    table = table_of(record)
    cells: dict[str, Cell] = {KEY[table]: key_of(record)}
    for column in FIXED[table][1:]:
        if write.columns is None or column.attribute in write.columns:
            value = getattr(record, column.attribute)
            cells[column.name] = to_cell(value, column.kind, there.types[column.name], zone)
    for name, labels in write.categories.items():
        cells[name] = to_cell(labels, Kind.LIST, there.types.get(name, LONG), zone)
    if write.files is not None and table == "emails":
        cells[ATTACHMENTS] = [_file(link) for link in write.files]
    return cells


def _file(link: FileLink) -> dict[str, Any]:
    if link.file_id is not None:
        return {"id": link.file_id}
    sent: dict[str, Any] = {"url": link.url}
    if link.attachment.filename:
        sent["filename"] = link.attachment.filename
    return sent
