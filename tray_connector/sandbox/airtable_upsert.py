"""Upserts: which record each of a batch means, by its id or by the values of the fields to merge on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tray_connector.sandbox.airtable_errors import Refusal, invalid
from tray_connector.sandbox.airtable_state import Key, Row, Table, is_empty, key_of
from tray_connector.sandbox.airtable_switches import AirtableSwitches
from tray_connector.sandbox.airtable_values import cells_given
from tray_connector.sandbox.airtable_writing import Draft, Writing, row_of

MERGEABLE = frozenset({"number", "singleLineText", "multilineText", "singleSelect", "multipleSelects", "date"})
"""Types that Airtable documents for `fieldsToMergeOn`."""


class Upsert:
    """One upsert. `perform` is the request's `performUpsert`. Every method raises the 422s."""

    def __init__(self, table: Table, writing: Writing, switches: AirtableSwitches, perform: Any) -> None:
        self._table = table
        self._writing = writing
        self._switches = switches
        self._merge_on = _merge_fields(table, perform)
        self._seen: dict[object, Draft] = {}

    def drafts(self, records: Sequence[Mapping[str, Any]]) -> list[Draft]:
        """The checked records, each with the one it updates."""
        return [self._draft(record) for record in records]

    def _draft(self, record: Mapping[str, Any]) -> Draft:
        fields = cells_given(record)
        if "id" in record:
            row = row_of(self._table, record)
            return self._once(row.id, self._writing.draft(fields, row))
        draft = self._writing.draft(fields)
        if not set(self._merge_on) <= set(draft.changes):
            raise invalid()
        if any(is_empty(draft.changes[each]) for each in self._merge_on):
            return draft
        key = self._normal(key_of(draft.changes, self._merge_on))
        found = self._matching(key)
        if len(found) > 1:
            raise self._many()
        if found:
            return self._once(found[0].id, self._writing.draft(fields, found[0]))
        return self._once(key, draft)

    def _once(self, target: object, draft: Draft) -> Draft:
        """The draft, linked to an earlier one of the same target where the switch says so."""
        earlier = self._seen.get(target)
        if earlier is None:
            self._seen[target] = draft
            return draft
        if self._switches.same_key_twice == "refused":
            raise self._many()
        if self._switches.same_key_twice == "last wins" or draft.row is not None:
            draft.row, draft.same_as = None, earlier
        return draft

    def _matching(self, key: Key) -> list[Row]:
        rows = self._table.rows
        if self._switches.merge_matching == "exact":
            return [rows[each] for each in self._table.matching(self._merge_on, key)]
        return [row for row in rows.values() if self._normal(key_of(row.cells, self._merge_on)) == key]

    def _normal(self, key: Key) -> Key:
        match self._switches.merge_matching:
            case "exact":
                return key
            case "ignore case":
                return tuple(value.casefold() if isinstance(value, str) else value for value in key)
            case "trimmed":
                return tuple(value.strip() if isinstance(value, str) else value for value in key)

    def _many(self) -> Refusal:
        return Refusal(
            422,
            self._switches.many_matches_type,
            "Cannot update more than one record with the same values in the fields to merge on",
        )


def _merge_fields(table: Table, perform: Any) -> tuple[str, ...]:
    names = perform.get("fieldsToMergeOn") if isinstance(perform, dict) else None
    if not isinstance(names, list) or not 1 <= len(names) <= 3 or not all(isinstance(name, str) for name in names):
        raise invalid()
    columns = [table.field_of(name) for name in names]
    if any(column.type not in MERGEABLE for column in columns):
        raise invalid()
    return tuple(column.id for column in columns)
