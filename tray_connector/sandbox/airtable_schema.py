"""Airtable's metadata calls: the schema of a base is read, and tables and fields are made and renamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tray_connector.sandbox.airtable_errors import Refusal, hidden, invalid
from tray_connector.sandbox.airtable_options import FieldOptions
from tray_connector.sandbox.airtable_shapes import Shape, field_shape, table_shape
from tray_connector.sandbox.airtable_state import Base, Field, Table, Workspace

_LONGEST_DESCRIPTION = 20_000
_MOST_FIELDS = 500
_MOST_TABLES = 1_000
_NOT_PRIMARY = frozenset({"checkbox", "multipleAttachments", "multipleSelects", "rating", "singleSelect"})


class Schema:
    """Used while the workspace's lock is held. Every method raises the 422s of a wrong request."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def tables(self, base: Base, *, visible_field_ids: bool = False) -> Shape:
        """The schema of a base."""
        return {"tables": [table_shape(each, visible_field_ids=visible_field_ids) for each in base.tables.values()]}

    def create_table(self, base: Base, body: Mapping[str, Any]) -> Shape:
        """A new table."""
        name, fields = _name(body), body.get("fields")
        _only(body, "name", "description", "fields")
        description = _description(body)
        if base.has_table(name):
            raise self._duplicate_table()
        if not isinstance(fields, list) or not 1 <= len(fields) <= _MOST_FIELDS or len(base.tables) >= _MOST_TABLES:
            raise invalid()
        columns: list[Field] = []
        for each in fields:
            if not isinstance(each, dict):
                raise invalid()
            column = self._field(each)
            if column.name.casefold() in (other.name.casefold() for other in columns):
                raise _duplicate_field()
            columns.append(column)
        if columns[0].type in _NOT_PRIMARY:
            raise invalid(f"A field of type {columns[0].type} cannot be the primary field")
        return table_shape(self._workspace.add_table(base, name, columns, description))

    def create_field(self, base: Base, table_key: str, body: Mapping[str, Any]) -> Shape:
        """A new field of a table."""
        table = self._table(base, table_key, by_name=self._workspace.switches.table_name_in_schema_path)
        column = self._field(body)
        if table.has_field(column.name):
            raise _duplicate_field()
        if len(table.fields) >= _MOST_FIELDS:
            raise invalid()
        table.fields[column.id] = column
        return field_shape(column)

    def update_table(self, base: Base, table_key: str, body: Mapping[str, Any]) -> Shape:
        """Another name or description for a table."""
        table = self._table(base, table_key, by_name=True)
        _only(body, "name", "description")
        if "name" in body:
            name = _name(body)
            if name.casefold() != table.name.casefold() and base.has_table(name):
                raise self._duplicate_table()
            table.name = name
        if "description" in body:
            table.description = _description(body, may_be_empty=True)
        return table_shape(table)

    def update_field(self, base: Base, table_key: str, field_id: str, body: Mapping[str, Any]) -> Shape:
        """Another name or description for a field; a type or options cannot be changed."""
        column = self._table(base, table_key, by_name=False).fields.get(field_id)
        if column is None:
            raise hidden()
        _only(body, "name", "description")
        if "name" in body:
            name = _name(body)
            table = self._table(base, table_key, by_name=False)
            if name.casefold() != column.name.casefold() and table.has_field(name):
                raise _duplicate_field()
            column.name = name
        if "description" in body:
            column.description = _description(body, may_be_empty=True)
        return field_shape(column)

    def _table(self, base: Base, key: str, *, by_name: bool) -> Table:
        if not by_name and key not in base.tables:
            raise hidden()
        return base.table_of(key)

    def _field(self, body: Mapping[str, Any]) -> Field:
        _only(body, "name", "type", "description", "options")
        name = body.get("name")
        if not isinstance(name, str) or not name.strip():
            raise _duplicate_field()
        kind = body.get("type")
        if not isinstance(kind, str):
            raise invalid()
        check = FieldOptions(
            name, self._workspace.switches, self._workspace.ids, free=self._workspace.plan.name == "free"
        )
        options = check.reading_form(kind, body.get("options"))
        return Field(self._workspace.ids.new("fld"), name, kind, options, _description(body))

    def _duplicate_table(self) -> Refusal:
        return Refusal(
            422, self._workspace.switches.duplicate_table_type, "Cannot create more than one table with the same name"
        )


def _duplicate_field() -> Refusal:
    return Refusal(422, "DUPLICATE_OR_EMPTY_FIELD_NAME", "Fields cannot have duplicate or empty names")


def _name(body: Mapping[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not name.strip():
        raise invalid()
    return name


def _description(body: Mapping[str, Any], *, may_be_empty: bool = False) -> str | None:
    if "description" not in body:
        return None
    text = body["description"]
    if not isinstance(text, str) or len(text) > _LONGEST_DESCRIPTION or not (text or may_be_empty):
        raise invalid()
    return text or None


def _only(body: Mapping[str, Any], *known: str) -> None:
    if not set(body) <= set(known):
        raise invalid()
