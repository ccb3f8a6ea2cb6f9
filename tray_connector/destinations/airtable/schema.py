"""A base's tables and columns as Airtable describes them, compared with what we need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tray_connector.destinations.airtable.columns import SHOWN, Column, wanted_columns
from tray_connector.model.errors import ConfigError, InternalError
from tray_connector.model.records import Table

MISSING = "airtable-columns-missing"
WRONG = "airtable-columns-wrong"


@dataclass(frozen=True, slots=True)
class BaseTable:
    """A table as it is."""

    id: str
    name: str
    types: Mapping[str, str] = field(default_factory=dict)
    """Column → type."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Column → id."""
    made_now: bool = False
    """We have just created it: it has no rows."""


def tables_of(answer: Mapping[str, Any]) -> list[BaseTable]:
    """The tables that a base's schema names."""
    tables = answer.get("tables")
    if not isinstance(tables, list):
        raise _odd_schema()
    return [table_of_answer(each) for each in tables]


def table_of_answer(table: Any, *, made_now: bool = False) -> BaseTable:
    """One table of a schema, or the answer to its creation."""
    try:
        fields = [(str(each["name"]), str(each["type"]), str(each["id"])) for each in table["fields"]]
        types = {name: kind for name, kind, _ in fields}
        return BaseTable(
            str(table["id"]), str(table["name"]), types, {name: mark for name, _, mark in fields}, made_now
        )
    except (KeyError, TypeError) as error:
        raise _odd_schema() from error


def _odd_schema() -> InternalError:
    return InternalError(
        "airtable-schema", "Airtable describes the base in an unknown form", hint="Nothing is lost. It is tried again."
    )


def found(tables: Iterable[BaseTable], name_or_id: str) -> BaseTable | None:
    """The table of that id or name; Airtable takes names that differ in case only for the same."""
    folded = name_or_id.casefold()
    matching = [table for table in tables if table.id == name_or_id or table.name.casefold() == folded]
    return min(matching, key=lambda t: 0 if t.id == name_or_id else 1 if t.name == name_or_id else 2, default=None)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a table lacks, and which of its columns cannot hold what they should."""

    missing: tuple[Column, ...] = ()
    wrong: tuple[Column, ...] = ()


def compared(table: BaseTable | None, wanted: Sequence[Column]) -> Difference:
    """The difference; of a table that is not there everything is missing."""
    if table is None:
        return Difference(missing=tuple(wanted))
    return Difference(
        missing=tuple(column for column in wanted if column.name not in table.types),
        wrong=tuple(column for column in wanted if table.types.get(column.name, column.type) not in column.accepted),
    )


def difference(table: Table, there: BaseTable | None, categories: Sequence[str] = ()) -> Difference:
    """The same for one of our tables with the label categories in force."""
    return compared(there, wanted_columns(table, tuple(categories)))


def wrong_types(wrong: Sequence[tuple[BaseTable, Column]]) -> ConfigError:
    """All columns whose type a person must change: we cannot, and it would change the user's data."""
    lines = [
        f"{table.name}: {column.name} is {shown_type(table.types[column.name])}, should be {SHOWN[column.type]}"
        for table, column in wrong
    ]
    return ConfigError(
        WRONG,
        "A column in Airtable has the wrong type" if len(lines) == 1 else "Columns in Airtable have the wrong type",
        "; ".join(lines),
        "Change the type in Airtable (click the column's head, then Edit field), or rename the column: then a new one "
        "is made beside it.",
    )


def may_not_create(missing: Sequence[tuple[str, Sequence[Column]]], zone: ZoneInfo, words: str) -> ConfigError:
    """What somebody with the right to it must create by hand; per table name the columns, in order."""
    lists = [
        f"Table {name}: " + ", ".join(f"{column.name} ({column.wanted(zone)})" for column in columns)
        for name, columns in missing
    ]
    return ConfigError(
        MISSING,
        "Columns are missing in Airtable, and the token may not create them",
        ". ".join(lists) + f". {words}",
        "Create exactly these columns in Airtable, or give the token the scope schema.bases:write and its user the "
        "role Creator in the base.",
    )


def other_case(table: str, names: Sequence[str]) -> ConfigError:
    """Columns that Airtable does not create because one of another spelling has the name already."""
    return ConfigError(
        "airtable-columns-spelling",
        "Columns in Airtable have another spelling",
        f"Table {table}: {', '.join(names)} cannot be created because the name is taken in another spelling.",
        "Rename these columns in Airtable so that upper and lower case are exactly as here.",
    )


def shown_type(kind: str) -> str:
    """A type as Airtable's screens call it, where we know that."""
    return SHOWN.get(kind, kind)
