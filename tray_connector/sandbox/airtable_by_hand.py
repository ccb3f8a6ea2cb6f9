"""Looking at a base and changing it as a person would in Airtable's window: without calls, limits and plan."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tray_connector.sandbox.airtable_files import AttachmentStore
from tray_connector.sandbox.airtable_shapes import field_shape, record_shape
from tray_connector.sandbox.airtable_state import Base, Field, Table, Workspace
from tray_connector.sandbox.airtable_writing import Writing


@dataclass(frozen=True, slots=True)
class AirtableRow:
    """A record as a read would show it, its fields by name, empty ones left out."""

    id: str
    created_time: str
    fields: Mapping[str, Any]


class BaseByHand:
    """One base. Tables are named by name or id. An unknown table or field and a wrong value raise `Refusal`."""

    def __init__(self, workspace: Workspace, base: Base, files: AttachmentStore) -> None:
        self.workspace = workspace
        self._base = base
        self._files = files

    @property
    def base_id(self) -> str:
        """The base's id."""
        return self._base.id

    @property
    def table_names(self) -> list[str]:
        """The tables, oldest first."""
        with self.workspace.lock:
            return [table.name for table in self._base.tables.values()]

    def table_id(self, table: str) -> str:
        """The id of a table."""
        with self.workspace.lock:
            return self._base.table_of(table).id

    def table(self, table: str) -> list[AirtableRow]:
        """The records of a table, oldest first."""
        with self.workspace.lock:
            found = self._base.table_of(table)
            shapes = [record_shape(row, found, self._files) for row in found.rows.values()]
        return [AirtableRow(each["id"], each["createdTime"], each["fields"]) for each in shapes]

    def columns(self, table: str) -> list[dict[str, Any]]:
        """The fields of a table as the schema shows them: id, name, type, description, options."""
        with self.workspace.lock:
            return [field_shape(each) for each in self._base.table_of(table).fields.values()]

    def column_types(self, table: str) -> dict[str, str]:
        """The type of each field by its name."""
        return {each["name"]: each["type"] for each in self.columns(table)}

    def add_table(self, table: str, columns: Sequence[Mapping[str, Any]], description: str | None = None) -> str:
        """A new table; returns its id.

        Columns are given as in a schema: name, type, options in their reading form, which are not checked, so that
        computed types and older columns can stand there too.
        """
        with self.workspace.lock:
            fields = [self._field(each) for each in columns]
            return self.workspace.add_table(self._base, table, fields, description).id

    def add_column(self, table: str, name: str, kind: str, options: Mapping[str, Any] | None = None) -> str:
        """A new field, not checked either; returns its id."""
        with self.workspace.lock:
            column = self._field({"name": name, "type": kind, "options": options})
            self._base.table_of(table).fields[column.id] = column
            return column.id

    def change_column(self, table: str, name: str, kind: str, options: Mapping[str, Any] | None = None) -> None:
        """Another type for a field; its values are lost."""
        with self.workspace.lock:
            found, column = self._column(table, name)
            for row in list(found.rows.values()):
                found.change(row, {each: value for each, value in row.cells.items() if each != column.id})
            column.type, column.options = kind, copy.deepcopy(dict(options)) if options is not None else None

    def rename_column(self, table: str, name: str, new_name: str) -> None:
        """Another name for a field."""
        with self.workspace.lock:
            self._column(table, name)[1].name = new_name

    def remove_column(self, table: str, name: str) -> None:
        """A field less, with its values."""
        with self.workspace.lock:
            found, column = self._column(table, name)
            found.drop_field(column.id)

    def rename_table(self, table: str, new_name: str) -> None:
        """Another name for a table."""
        with self.workspace.lock:
            self._base.table_of(table).name = new_name

    def remove_table(self, table: str) -> None:
        """A table less, with its records."""
        with self.workspace.lock:
            del self._base.tables[self._base.table_of(table).id]

    def add_records(self, table: str, records: Iterable[Mapping[str, Any]]) -> list[str]:
        """New records of any number from their fields; returns their ids. Attachments are fetched as after a call."""
        with self.workspace.lock:
            found = self._base.table_of(table)
            writing = Writing(self.workspace, self._base, found, self._files)
            written = writing.write([writing.draft(each) for each in records], unlimited=True)
            return [row.id for row in written.rows]

    def change_record(self, table: str, record_id: str, fields: Mapping[str, Any]) -> None:
        """Other values for some fields of a record. Raises KeyError when it is gone."""
        with self.workspace.lock:
            found = self._base.table_of(table)
            writing = Writing(self.workspace, self._base, found, self._files)
            writing.write([writing.draft(fields, found.rows[record_id])], unlimited=True)

    def remove_records(self, table: str, record_ids: Iterable[str]) -> None:
        """Records less. Raises KeyError when one is gone."""
        with self.workspace.lock:
            found = self._base.table_of(table)
            for each in record_ids:
                found.remove(each)

    def _column(self, table: str, name: str) -> tuple[Table, Field]:
        found = self._base.table_of(table)
        return found, found.field_of(name)

    def _field(self, given: Mapping[str, Any]) -> Field:
        options = given.get("options")
        return Field(
            self.workspace.ids.new("fld"),
            given["name"],
            given["type"],
            copy.deepcopy(dict(options)) if options is not None else None,
            given.get("description"),
        )
