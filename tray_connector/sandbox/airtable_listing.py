"""Lists of records: chosen, ordered, cut into pages of at most 100."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from tray_connector.sandbox.airtable_errors import Refusal, invalid
from tray_connector.sandbox.airtable_files import AttachmentStore
from tray_connector.sandbox.airtable_formula import row_filter
from tray_connector.sandbox.airtable_shapes import Shape, record_shape
from tray_connector.sandbox.airtable_state import Field, Row, Table, Workspace

LONGEST_PAGE = 100
_MOST_ITERATORS = 1000
_OFFSET = re.compile(r"(itr\w{14})/(rec\w{14})\Z")
_SORT = re.compile(r"sort\[(\d+)\]\[(field|direction)\]\Z")
_KNOWN = frozenset(
    {
        "cellFormat",
        "fields",
        "filterByFormula",
        "maxRecords",
        "offset",
        "pageSize",
        "returnFieldsByFieldId",
        "sort",
        "timeZone",
        "userLocale",
        "view",
    }
)


@dataclass(frozen=True, slots=True)
class _Iterator:
    """What is left of a list."""

    table_id: str
    record_ids: tuple[str, ...]


class Listing:
    """All lists of a workspace and their offsets. Used while the workspace's lock is held."""

    def __init__(self, workspace: Workspace, files: AttachmentStore) -> None:
        self._workspace = workspace
        self._files = files
        self._iterators: dict[str, _Iterator] = {}

    def expire(self) -> None:
        """Let every offset given so far be stale."""
        self._iterators.clear()

    def page(self, table: Table, asked: Mapping[str, Any]) -> Shape:
        """One page as `asked` by a body of listRecords, or by a query (see `asked_by`). Raises the 422s."""
        if not set(asked) <= _KNOWN or asked.get("cellFormat", "json") != "json":
            raise invalid()
        size = _whole(asked, "pageSize", LONGEST_PAGE)
        if size > LONGEST_PAGE:
            raise invalid()
        fields = asked.get("fields")
        only = None if fields is None else {table.field_of(name).id for name in _texts(fields)}
        record_ids = self._remaining(table, asked)
        page = [table.rows[each] for each in record_ids[:size] if each in table.rows]
        by_id = asked.get("returnFieldsByFieldId", False)
        if not isinstance(by_id, bool):
            raise invalid()
        shapes = [record_shape(row, table, self._files, by_id=by_id, only=only) for row in page]
        rest = record_ids[size:]
        return {"records": shapes, "offset": self._offset(table, rest)} if rest else {"records": shapes}

    def _remaining(self, table: Table, asked: Mapping[str, Any]) -> Sequence[str]:
        offset = asked.get("offset")
        if offset is None:
            return self._chosen(table, asked)
        match = _OFFSET.match(offset) if isinstance(offset, str) else None
        if match is None:
            raise Refusal(422, "INVALID_OFFSET_VALUE", f"The value of offset {offset} is invalid")
        found = self._iterators.get(match[1])
        if found is None or found.table_id != table.id:
            raise Refusal(422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
        return found.record_ids

    def _offset(self, table: Table, rest: Sequence[str]) -> str:
        name = self._workspace.ids.new("itr")
        while len(self._iterators) >= _MOST_ITERATORS:
            del self._iterators[next(iter(self._iterators))]
        self._iterators[name] = _Iterator(table.id, tuple(rest))
        return f"{name}/{rest[0]}"

    def _chosen(self, table: Table, asked: Mapping[str, Any]) -> list[str]:
        view = asked.get("view")
        if view is not None and view not in (table.view_id, "Grid view"):
            raise Refusal(422, "VIEW_NAME_NOT_FOUND", f"View {view} not found")
        rows = list(table.rows.values())
        if view is None:
            rows.sort(key=lambda row: row.id)
        formula = asked.get("filterByFormula")
        if isinstance(formula, str) and formula.strip():
            rows = list(filter(row_filter(formula, table), rows))
        for column, descending in reversed(_sorting(table, asked.get("sort", []))):
            rows.sort(key=partial(_rank, column), reverse=descending)
        most = _whole(asked, "maxRecords", len(rows) or 1)
        return [row.id for row in rows[:most]]


def asked_by(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The query of a list in the form of a body. Raises the 422s."""
    asked: dict[str, Any] = {}
    sorting: dict[int, dict[str, str]] = {}
    for name, value in pairs:
        sort = _SORT.match(name)
        if sort:
            sorting.setdefault(int(sort[1]), {})[sort[2]] = value
        elif name in ("fields[]", "fields"):
            asked.setdefault("fields", []).append(value)
        elif name in ("pageSize", "maxRecords"):
            asked[name] = int(value) if value.isdecimal() else value
        elif name == "returnFieldsByFieldId":
            asked[name] = value in ("1", "true")
        else:
            asked[name] = value
    if sorting:
        asked["sort"] = [sorting[each] for each in sorted(sorting)]
    return asked


def _sorting(table: Table, given: Any) -> list[tuple[Field, bool]]:
    if not isinstance(given, list):
        raise invalid()
    found: list[tuple[Field, bool]] = []
    for each in given:
        name = each.get("field") if isinstance(each, dict) else None
        if not isinstance(name, str) or each.get("direction", "asc") not in ("asc", "desc"):
            raise invalid()
        found.append((table.field_of(name), each.get("direction") == "desc"))
    return found


def _rank(column: Field, row: Row) -> tuple[int, float, str]:
    """Where a record stands: the empty ones first, numbers by size, texts by their letters."""
    value = row.cells.get(column.id)
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, (int, float)):
        return (1, float(value), "")
    return (2, 0.0, str(value).casefold())


def _whole(asked: Mapping[str, Any], name: str, default: int) -> int:
    value = asked.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise invalid()
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise invalid()
    return value
