"""What each type of field takes, and how it is read afterwards."""

from __future__ import annotations

import math
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any

from tray_connector.sandbox.airtable_errors import Refusal, bad_value, invalid, no_such_row
from tray_connector.sandbox.airtable_state import Base, Field, Row, moment_text
from tray_connector.sandbox.airtable_switches import AirtableSwitches

LONGEST_TEXT = 100_000
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?\Z")


@dataclass(slots=True)
class Taking:
    """One request's taking of values. `new_choices` are to be made when the whole request is taken."""

    base: Base
    switches: AirtableSwitches
    typecast: bool = False
    new_choices: list[tuple[Field, str]] = field(default_factory=list)

    def value(self, column: Field, given: Any) -> Any:
        """The stored value; None clears. Not for attachments and computed fields. Raises the 422s."""
        if given is None:
            return None
        taker = _TAKERS.get(column.type)
        if taker is None:
            raise bad_value(column.name)
        return taker(self, column, _cast(column, given) if self.typecast else given)


def _text(taking: Taking, column: Field, given: Any) -> str:
    if not isinstance(given, str):
        raise bad_value(column.name)
    switches = taking.switches
    length = len(given.encode("utf-16-le")) // 2 if switches.text_unit == "utf-16" else len(given)
    if length > LONGEST_TEXT:
        raise bad_value(column.name)
    if switches.control_characters == "refused" and _CONTROL.search(given):
        raise bad_value(column.name)
    return given


def _line(taking: Taking, column: Field, given: Any) -> str:
    text = _text(taking, column, given)
    if "\n" in text or "\r" in text:
        if taking.switches.line_break_in_single_line == "refused":
            raise bad_value(column.name)
        if taking.switches.line_break_in_single_line == "space":
            return re.sub(r"[\r\n]+", " ", text)
    return text


def _rich_text(taking: Taking, column: Field, given: Any) -> str:
    text = _text(taking, column, given)
    return text if not text or text.endswith("\n") else text + "\n"


def _number(_: Taking, column: Field, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not math.isfinite(given):
        raise bad_value(column.name)
    return given


def _rating(_: Taking, column: Field, given: Any) -> int:
    most = (column.options or {}).get("max", 10)
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= most:
        raise bad_value(column.name)
    return given


def _checkbox(_: Taking, column: Field, given: Any) -> bool:
    if not isinstance(given, bool):
        raise Refusal(422, "INVALID_VALUE_FOR_COLUMN", f'Cannot parse value "{_shown(given)}" for field {column.name}')
    return given


def _date(_: Taking, column: Field, given: Any) -> str:
    if given == "":
        return ""
    try:
        if isinstance(given, str) and _DATE.match(given):
            return date.fromisoformat(given).isoformat()
    except ValueError:
        pass
    raise bad_value(column.name)


def _date_time(_: Taking, column: Field, given: Any) -> str:
    if given == "":
        return ""
    if isinstance(given, str) and _MOMENT.match(given):
        zone = (column.options or {}).get("timeZone", "utc")
        try:
            moment = datetime.fromisoformat(given)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC if zone in ("utc", "client") else zoneinfo.ZoneInfo(zone))
            return moment_text(moment)
        except (ValueError, OverflowError):
            pass
    raise bad_value(column.name)


def _single_select(taking: Taking, column: Field, given: Any) -> str:
    if not isinstance(given, str):
        raise bad_value(column.name)
    return _choice(taking, column, given) if given else ""


def _multiple_selects(taking: Taking, column: Field, given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise bad_value(column.name)
    return [_choice(taking, column, each) for each in dict.fromkeys(given)]


def _choice(taking: Taking, column: Field, name: str) -> str:
    known = [choice["name"] for choice in (column.options or {}).get("choices", ())]
    if name not in known and (column, name) not in taking.new_choices:
        if not taking.typecast:
            raise Refusal(
                422,
                "INVALID_MULTIPLE_CHOICE_OPTIONS",
                f'Insufficient permissions to create new select option "\\"{name}\\""',
            )
        taking.new_choices.append((column, name))
    return name


def _links(taking: Taking, column: Field, given: Any) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise bad_value(column.name)
    linked = taking.base.tables.get((column.options or {}).get("linkedTableId", ""))
    for each in given:
        if linked is None or each not in linked.rows:
            raise no_such_row(each)
    return list(dict.fromkeys(given))


def _object_with(*keys: str) -> Callable[[Taking, Field, Any], dict[str, Any]]:
    def take(_: Taking, column: Field, given: Any) -> dict[str, Any]:
        if not isinstance(given, dict) or not any(isinstance(given.get(key), str) for key in keys):
            raise bad_value(column.name)
        return {key: given[key] for key in keys if key in given}

    return take


_TAKERS: Mapping[str, Callable[[Taking, Field, Any], Any]] = MappingProxyType(
    {
        "singleLineText": _line,
        "email": _line,
        "url": _line,
        "phoneNumber": _line,
        "multilineText": _text,
        "richText": _rich_text,
        "number": _number,
        "percent": _number,
        "currency": _number,
        "duration": _number,
        "rating": _rating,
        "checkbox": _checkbox,
        "date": _date,
        "dateTime": _date_time,
        "singleSelect": _single_select,
        "multipleSelects": _multiple_selects,
        "multipleRecordLinks": _links,
        "singleCollaborator": _object_with("id", "email", "name"),
        "barcode": _object_with("text", "type"),
    }
)
_NUMBERS = frozenset({"number", "percent", "currency", "duration"})
_TEXTS = frozenset({"singleLineText", "multilineText", "richText", "email", "url", "phoneNumber", "singleSelect"})


def _cast(column: Field, given: Any) -> Any:
    """What `typecast` makes of a value, where that is plain; else the value."""
    if column.type in _TEXTS and not isinstance(given, (dict, list)):
        return _shown(given)
    if column.type in _TEXTS and isinstance(given, list):
        return ",".join(_shown(each) for each in given)
    if not isinstance(given, str):
        return given
    if column.type in _NUMBERS:
        try:
            number = float(given)
        except ValueError:
            return None
        return int(number) if number.is_integer() else number if math.isfinite(number) else None
    if column.type == "checkbox":
        return given.strip().lower() in ("true", "1", "yes", "checked")
    if column.type in ("multipleSelects", "multipleRecordLinks"):
        return [each.strip() for each in given.split(",") if each.strip()]
    if column.type == "date" and _MOMENT.match(given):
        return given[:10]
    return given


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def cells_given(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `fields` of a record in a request. Raises the 422s of a record without, or of another form."""
    if "fields" not in record:
        raise Refusal(422, "INVALID_REQUEST_MISSING_FIELDS", 'Could not find field "fields" in the request body')
    fields = record["fields"]
    if not isinstance(fields, dict):
        raise invalid()
    return fields


def computed_value(column: Field, row: Row) -> Any:
    """What a computed field of a record shows; None where the sandbox does not compute."""
    return {"createdTime": row.created_time, "autoNumber": row.number}.get(column.type)
