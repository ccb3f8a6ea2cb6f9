"""One value into a cell and back, for every kind of column and every type that the column may have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from tray_connector.destinations.airtable.columns import CHECKBOX, DATE, LINE, MOMENT, NUMBER
from tray_connector.destinations.airtable.texts import clean, fitted, one_line
from tray_connector.destinations.column_kinds import Kind

SEPARATOR = ", "
Cell = Any
"""What JSON holds. None clears the cell."""


def to_cell(value: Any, kind: Kind, cell_type: str, zone: ZoneInfo) -> Cell:
    """The value as a column of this type takes it."""
    if value is None:
        return None
    return _OUT[kind](value, cell_type, zone)


def _out_text(value: str, cell_type: str, _: ZoneInfo) -> Cell:
    text = clean(value)
    return fitted(one_line(text) if cell_type == LINE else text) or None


def _out_list(value: tuple[str, ...], cell_type: str, zone: ZoneInfo) -> Cell:
    return _out_text(SEPARATOR.join(value), cell_type, zone)


def _out_integer(value: int, cell_type: str, _: ZoneInfo) -> Cell:
    return value if cell_type == NUMBER else str(value)


def _out_boolean(value: bool, cell_type: str, _: ZoneInfo) -> Cell:
    return value if cell_type == CHECKBOX else str(value).lower()


def _out_time(value: datetime, cell_type: str, zone: ZoneInfo) -> Cell:
    if cell_type == MOMENT:
        return _utc_text(value)
    local = _moved(value, zone)
    return local.date().isoformat() if cell_type == DATE else local.isoformat()


def _out_date(value: date, cell_type: str, zone: ZoneInfo) -> Cell:
    if cell_type == MOMENT:
        return _utc_text(datetime.combine(value, time(), zone))
    return value.isoformat()


def _utc_text(value: datetime) -> str:
    return _moved(value, UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _moved(value: datetime, zone: tzinfo) -> datetime:
    try:
        return value.astimezone(zone)
    except OverflowError:
        # The first or the last day that there is: its own clock will do.
        return value.replace(tzinfo=zone)


def from_cell(cell: Cell, kind: Kind, zone: ZoneInfo) -> Any:
    """The value that a cell holds, whatever the column's type; an empty one is absent, unchecked or an empty list.

    What cannot be read as this kind counts as empty: a person may have typed it.
    """
    if kind is Kind.LIST:
        text = _in_text(cell, zone)
        return () if text is None else tuple(text.split(SEPARATOR))
    if kind is Kind.BOOLEAN:
        return cell is True or (isinstance(cell, str) and cell.strip().lower() == "true")
    if cell is None or cell == "":
        return None
    try:
        return _IN[kind](cell, zone)
    except (ValueError, OverflowError):
        return None


def _in_text(cell: Cell, _: ZoneInfo) -> str | None:
    return cell if isinstance(cell, str) and cell else None


def _in_integer(cell: Cell, _: ZoneInfo) -> int | None:
    return None if isinstance(cell, bool) else int(float(cell)) if isinstance(cell, int | float | str) else None


def _in_time(cell: Cell, zone: ZoneInfo) -> datetime | None:
    if not isinstance(cell, str):
        return None
    moment = datetime.fromisoformat(cell)
    return _moved(moment if moment.tzinfo else moment.replace(tzinfo=zone), UTC).replace(microsecond=0)


def _in_date(cell: Cell, zone: ZoneInfo) -> date | None:
    if not isinstance(cell, str):
        return None
    moment = datetime.fromisoformat(cell)
    return (_moved(moment, zone) if moment.tzinfo else moment).date()


_OUT: Mapping[Kind, Callable[[Any, str, ZoneInfo], Cell]] = MappingProxyType(
    {
        Kind.TEXT: _out_text,
        Kind.LIST: _out_list,
        Kind.INTEGER: _out_integer,
        Kind.BOOLEAN: _out_boolean,
        Kind.TIME: _out_time,
        Kind.DATE: _out_date,
    }
)
_IN: Mapping[Kind, Callable[[Cell, ZoneInfo], Any]] = MappingProxyType(
    {Kind.TEXT: _in_text, Kind.INTEGER: _in_integer, Kind.TIME: _in_time, Kind.DATE: _in_date}
)
