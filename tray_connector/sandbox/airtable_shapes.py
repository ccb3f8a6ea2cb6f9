"""Records, fields and tables as they stand in Airtable's answers."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

from tray_connector.sandbox.airtable_files import AttachmentStore
from tray_connector.sandbox.airtable_state import Field, Row, Table
from tray_connector.sandbox.airtable_values import computed_value

Shape = dict[str, Any]


def record_shape(
    row: Row,
    table: Table,
    files: AttachmentStore,
    *,
    by_id: bool = False,
    only: Collection[str] | None = None,
) -> Shape:
    """A record with its cells that are not empty; `only` names the fields' ids to show."""
    fields: Shape = {}
    for column in table.fields.values():
        if only is not None and column.id not in only:
            continue
        value = row.cells.get(column.id)
        if value is None:
            value = computed_value(column, row)
        if value is None:
            continue
        if column.type == "multipleAttachments":
            value = [files.shape(each) for each in value]
        fields[column.id if by_id else column.name] = value
    return {"id": row.id, "createdTime": row.created_time, "fields": fields}


def field_shape(column: Field) -> Shape:
    """A field of the schema."""
    shape: Shape = {"id": column.id, "name": column.name, "type": column.type}
    if column.description is not None:
        shape["description"] = column.description
    if column.options is not None:
        shape["options"] = copy.deepcopy(column.options)
    return shape


def table_shape(table: Table, *, visible_field_ids: bool = False) -> Shape:
    """A table of the schema, with its grid view."""
    view: Shape = {"id": table.view_id, "name": "Grid view", "type": "grid"}
    if visible_field_ids:
        view["visibleFieldIds"] = list(table.fields)
    shape: Shape = {
        "id": table.id,
        "name": table.name,
        "primaryFieldId": table.primary_field_id,
        "fields": [field_shape(column) for column in table.fields.values()],
        "views": [view],
    }
    if table.description is not None:
        shape["description"] = table.description
    return shape
