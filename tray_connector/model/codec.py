"""Records as JSON and back, and the hashes by which "nothing changed" is decided.

The form is ours: spool files and the ledger hold it. Fields at their default are left out, so that a new field
with a default needs no migration; unknown members are ignored, so that an older version can read a newer file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, fields, replace
from datetime import UTC, date, datetime
from typing import Any, get_type_hints

from tray_connector.model.records import LARGE_FIELDS, Attachment, Conversation, Email, Record, Stored, Task

Json = Any
_KINDS: dict[str, type[Any]] = {"task": Task, "email": Email, "conversation": Conversation, "attachment": Attachment}
_NAMES = {cls: name for name, cls in _KINDS.items()}
_LARGE = {cls: tuple(f.name for f in fields(cls) if f.name in LARGE_FIELDS) for cls in (Task, Email)}


def time_to_text(value: datetime) -> str:
    """ISO 8601 in UTC ending in ``Z``, whole seconds: the form of the SQLite destination and of our files."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if value.year >= 1000 else _early(value)


def _early(value: datetime) -> str:
    # strftime does not pad years below 1000 on every platform.
    return value.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def time_from_text(text: str) -> datetime:
    """The inverse of `time_to_text`; any ISO 8601 time with a zone is accepted. ValueError otherwise."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"time without a zone: {text!r}")
    return value.astimezone(UTC).replace(microsecond=0)


def _encoder(hint: str) -> Callable[[Any], Json] | None:
    if "datetime.datetime" in hint:
        return time_to_text
    if "date" in hint:
        return date.isoformat
    if "Attachment" in hint:
        return lambda value: [to_json(item) for item in value]
    if "tuple" in hint:
        return list
    return None


def _decoder(hint: str) -> Callable[[Json], Any] | None:
    if "datetime.datetime" in hint:
        return time_from_text
    if "date" in hint:
        return date.fromisoformat
    if "Attachment" in hint:
        return lambda value: tuple(_build(Attachment, item) for item in value)
    if "tuple" in hint:
        return tuple
    return None


def _plan(cls: type[Any]) -> tuple[tuple[str, Any, Any, Any], ...]:
    hints = get_type_hints(cls)
    return tuple(
        (
            f.name,
            None if f.default is MISSING else f.default,
            _encoder(str(hints[f.name])),
            _decoder(str(hints[f.name])),
        )
        for f in fields(cls)
    )


_PLANS = {cls: _plan(cls) for cls in _NAMES}


def to_json(record: Record | Attachment, leave_out: Collection[str] = ()) -> dict[str, Json]:
    """A JSON object without the fields at their default and without those in `leave_out`."""
    out: dict[str, Json] = {}
    for name, default, encode, _ in _PLANS[type(record)]:
        value = getattr(record, name)
        if value == default or name in leave_out:
            continue
        out[name] = encode(value) if encode is not None else value
    return out


def kind_of(record: Record) -> str:
    """``task``, ``email`` or ``conversation``."""
    return _NAMES[type(record)]


def from_json(kind: str, data: Mapping[str, Json]) -> Record:
    """The record that `to_json` wrote. ValueError when a value has not the form of its field."""
    try:
        record: Record = _build(_KINDS[kind], data)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a {kind}: {error}") from error
    return record


def _build(cls: type[Any], data: Mapping[str, Json]) -> Any:
    values = {}
    for name, _, _, decode in _PLANS[cls]:
        if name in data:
            value = data[name]
            values[name] = decode(value) if decode is not None and value is not None else value
    return cls(**values)


def content_hash(record: Record) -> str:
    """Equal for two reads of the same content: 32 hexadecimal digits over all fields."""
    text = json.dumps(to_json(record), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def large_hash(record: Stored) -> str:
    """A hash of the `LARGE_FIELDS` alone: what the ledger keeps in their place."""
    values = [getattr(record, name) for name in _LARGE[type(record)]]
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def without_large(record: Stored) -> Stored:
    """The record as the ledger keeps it: without the `LARGE_FIELDS`."""
    if isinstance(record, Task):
        return replace(record, description=None)
    return replace(record, body_text=None, body_html=None)


def labels_hash(values: Mapping[str, tuple[str, ...]]) -> str:
    """The same for the category columns of a record."""
    text = json.dumps({name: list(labels) for name, labels in values.items()}, ensure_ascii=False, sort_keys=True)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
