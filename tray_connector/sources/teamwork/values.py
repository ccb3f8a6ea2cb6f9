"""JSON values as Teamwork sends them, made into ours. Each function accepts anything and never raises.

Any member may be absent, null, 0 for "none", or a number where text was documented and the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from tray_connector.model.events import is_id

_LARGEST = 2**63 - 1
"""What an integer column of any destination holds."""
_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:\D.*)?\Z", re.DOTALL)
_NOTHING: Mapping[str, Any] = {}


def text(value: object) -> str | None:
    """Text that is not empty; a number as it is written."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return str(value)
    return _encodable(value) if isinstance(value, str) and value else None


def _encodable(value: str) -> str:
    # JSON can hold half a surrogate pair, which no file and no database takes.
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def ident(value: object) -> str | None:
    """An id as text, from a number, digits or an object with an ``id``; 0 and "" mean none."""
    if isinstance(value, Mapping):
        value = value.get("id")
    if isinstance(value, str):
        value = value.strip()
        if value.isascii() and value.isdigit():
            value = value.lstrip("0")
        return value if is_id(value) else None
    whole = number(value)
    return str(whole) if whole is not None and whole > 0 else None


def number(value: object) -> int | None:
    """A whole number; a fraction is rounded, what no column can hold is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        exact = value if isinstance(value, int) else float(value)
    except (ValueError, OverflowError):
        return None
    # Not the other way round: a NaN is no less than anything.
    if not abs(exact) <= _LARGEST:
        return None
    return round(exact)


def moment(value: object) -> datetime | None:
    """A time in UTC and whole seconds (cut, not rounded); without a zone it is UTC. Year 1 is Go's "no time"."""
    if not isinstance(value, str):
        return None
    try:
        parsed = datetime.fromisoformat(value.strip())
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        parsed = parsed.astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        return None
    return parsed if parsed.year > 1 else None


def day(value: object) -> date | None:
    """A calendar date, from a date or from a date-time whose time of day and zone mean nothing."""
    found = _DAY.match(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    try:
        parsed = date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    return parsed if parsed.year > 1 else None


def mapping(value: object) -> Mapping[str, Any]:
    """An object; anything else is an empty one."""
    return value if isinstance(value, Mapping) else _NOTHING


def sequence(value: object) -> Sequence[Any]:
    """An array; anything else is an empty one."""
    return value if isinstance(value, list) else ()


def person_name(person: Mapping[str, Any]) -> str | None:
    """First and last name with a space: no member holds the whole name. Without either, the e-mail address."""
    parts = (text(person.get("firstName")), text(person.get("lastName")))
    name = " ".join(part.strip() for part in parts if part and part.strip())
    return name or text(person.get("email"))


def name_of(kind: str, entity: Mapping[str, Any]) -> str | None:
    """The name of a side-loaded entity of the given kind (``users``, ``tags`` …)."""
    return person_name(entity) if kind == "users" else text(entity.get("name"))
