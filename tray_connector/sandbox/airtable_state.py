"""What an Airtable workspace holds: bases, tables, fields, records."""

from __future__ import annotations

import random
import string
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tray_connector.config.clock import Clock
from tray_connector.sandbox.airtable_errors import hidden, unknown_field
from tray_connector.sandbox.airtable_switches import AirtablePlan, AirtableSwitches

_ALPHABET = string.ascii_letters + string.digits

COMPUTED = frozenset(
    {
        "aiText",
        "autoNumber",
        "button",
        "count",
        "createdBy",
        "createdTime",
        "externalSyncSource",
        "formula",
        "lastModifiedBy",
        "lastModifiedTime",
        "multipleLookupValues",
        "rollup",
    }
)
"""Types of fields whose values Airtable makes itself."""


class Ids:
    """Ids in Airtable's form: a kind and 14 letters or digits, never one twice. Not thread-safe."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def new(self, kind: Literal["app", "tbl", "fld", "rec", "viw", "att", "sel", "usr", "itr"]) -> str:
        """A new one."""
        return kind + "".join(self._random.choices(_ALPHABET, k=14))


@dataclass(slots=True)
class Attachment:
    """One file in a cell. Without `content` it is not fetched yet, or never will be."""

    id: str
    filename: str
    source: str
    content: bytes | None = None
    content_type: str = ""


@dataclass(slots=True)
class Field:
    """A column. `options` stand in their reading form; None where the type has none."""

    id: str
    name: str
    type: str
    options: dict[str, Any] | None = None
    description: str | None = None


Cells = Mapping[str, Any]
"""Values by the field's id, in their reading form, attachments as `list[Attachment]`; an empty cell is left out."""


@dataclass(frozen=True, slots=True)
class Row:
    """A record; another value of its cells is another `Row`."""

    id: str
    created_time: str
    number: int
    cells: Cells


Key = tuple[Any, ...]


@dataclass(slots=True)
class Table:
    """A table and what upserts have asked of it. Not thread-safe."""

    id: str
    name: str
    view_id: str
    fields: dict[str, Field]
    description: str | None = None
    rows: dict[str, Row] = field(default_factory=dict)
    _numbers: int = 0
    _indexes: dict[tuple[str, ...], dict[Key, set[str]]] = field(default_factory=dict)

    @property
    def primary_field_id(self) -> str:
        """The first field."""
        return next(iter(self.fields))

    def field_of(self, name_or_id: str) -> Field:
        """The field of that id or, case-sensitive, name. Raises the 422 of an unknown one."""
        found = self.fields.get(name_or_id)
        if found is not None:
            return found
        for each in self.fields.values():
            if each.name == name_or_id:
                return each
        raise unknown_field(name_or_id)

    def has_field(self, name: str) -> bool:
        """Whether a field has that name, in any case."""
        return name.casefold() in (each.name.casefold() for each in self.fields.values())

    def add(self, record_id: str, created_time: str, cells: Cells) -> Row:
        """A new record."""
        self._numbers += 1
        row = Row(record_id, created_time, self._numbers, _filled(cells))
        self._put(row)
        return row

    def change(self, row: Row, cells: Cells) -> Row:
        """A record's new values, all of them."""
        self._unindex(row)
        changed = Row(row.id, row.created_time, row.number, _filled(cells))
        self._put(changed)
        return changed

    def remove(self, record_id: str) -> None:
        """A record less."""
        self._unindex(self.rows.pop(record_id))

    def drop_field(self, field_id: str) -> None:
        """A field less, with its values."""
        del self.fields[field_id]
        self._indexes.clear()
        for row in list(self.rows.values()):
            self.rows[row.id] = Row(row.id, row.created_time, row.number, _without(row.cells, field_id))

    def matching(self, field_ids: tuple[str, ...], key: Key) -> set[str]:
        """The ids of the records whose values in these fields make up that key (see `key_of`)."""
        if field_ids not in self._indexes:
            index: dict[Key, set[str]] = {}
            for row in self.rows.values():
                index.setdefault(key_of(row.cells, field_ids), set()).add(row.id)
            self._indexes[field_ids] = index
        return set(self._indexes[field_ids].get(key, ()))

    def _put(self, row: Row) -> None:
        self.rows[row.id] = row
        for field_ids, index in self._indexes.items():
            index.setdefault(key_of(row.cells, field_ids), set()).add(row.id)

    def _unindex(self, row: Row) -> None:
        for field_ids, index in self._indexes.items():
            index[key_of(row.cells, field_ids)].discard(row.id)


def key_of(cells: Cells, field_ids: Iterable[str]) -> Key:
    """The values of some fields, comparable."""
    return tuple(
        tuple(value) if isinstance(value, list) else value for value in (cells.get(each) for each in field_ids)
    )


def _filled(cells: Cells) -> Cells:
    return {field_id: value for field_id, value in cells.items() if not is_empty(value)}


def _without(cells: Cells, field_id: str) -> Cells:
    return {each: value for each, value in cells.items() if each != field_id}


def is_empty(value: Any) -> bool:
    """Whether Airtable leaves such a value out: null, empty text, empty list, false. Zero is a value."""
    return value is None or value is False or value in ("", [])


@dataclass(slots=True)
class Base:
    """A base."""

    id: str
    name: str
    tables: dict[str, Table] = field(default_factory=dict)

    def table_of(self, name_or_id: str) -> Table:
        """The table of that id or, case-sensitive, name. Raises the 403 that hides it."""
        found = self.tables.get(name_or_id)
        if found is not None:
            return found
        for each in self.tables.values():
            if each.name == name_or_id:
                return each
        raise hidden()

    def has_table(self, name: str) -> bool:
        """Whether a table has that name, in any case."""
        return name.casefold() in (each.name.casefold() for each in self.tables.values())

    @property
    def record_count(self) -> int:
        """Of all tables."""
        return sum(len(table.rows) for table in self.tables.values())

    def attachments(self) -> dict[str, Attachment]:
        """All attachments in cells now, by id."""
        return {
            each.id: each
            for table in self.tables.values()
            for field_id, field_ in table.fields.items()
            if field_.type == "multipleAttachments"
            for row in table.rows.values()
            for each in row.cells.get(field_id, ())
        }


class Workspace:
    """All bases. Whoever reads or changes them holds `lock`; `plan` and `switches` may be replaced at any time."""

    def __init__(self, clock: Clock, plan: AirtablePlan, switches: AirtableSwitches, seed: int = 1) -> None:
        self.clock = clock
        self.plan = plan
        self.switches = switches
        self.lock = threading.RLock()
        self.ids = Ids(seed)
        self.bases: dict[str, Base] = {}

    def add_base(self, name: str) -> Base:
        """A base without tables."""
        base = Base(self.ids.new("app"), name)
        self.bases[base.id] = base
        return base

    def add_table(self, base: Base, name: str, fields: Sequence[Field], description: str | None = None) -> Table:
        """A table with its grid view; the first field is the primary one. Nothing is checked."""
        table = Table(
            self.ids.new("tbl"), name, self.ids.new("viw"), {each.id: each for each in fields}, description=description
        )
        base.tables[table.id] = table
        return table

    def now(self) -> str:
        """The time as records carry it: UTC, milliseconds, ``Z``."""
        return moment_text(self.clock.now())


def moment_text(moment: datetime) -> str:
    """A time as Airtable writes it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
