"""An event as the content of its file, and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args, get_origin, get_type_hints

from tray_connector.model.codec import Json, from_json, kind_of, to_json
from tray_connector.model.errors import InternalError, Problem
from tray_connector.model.events import Event, Kind, SourceName, is_id
from tray_connector.model.records import Conversation, Email, Record, Task, key_of

SCHEMA = 1
KINDS: Mapping[SourceName, tuple[Kind, ...]] = {"teamwork": ("task",), "missive": ("conversation", "email")}
"""The first is what an empty file asks for."""
_BYTE_ORDER_MARK = "\ufeff"


def event_to_json(event: Event) -> dict[str, Json]:
    """A JSON object without the members at their default. InternalError for an event that has no file's form."""
    if not is_id(event.id) or event.kind not in KINDS.get(event.source, ()):
        raise _impossible(f"{event.source} {event.kind} {event.id!r}")
    out: dict[str, Json] = {
        "schema": SCHEMA,
        "source": event.source,
        "kind": event.kind,
        "id": event.id,
        "since": _moment_to_text(event.since),
    }
    if event.title is not None:
        out["title"] = event.title
    if event.read_number:
        out["read_number"] = event.read_number
    if event.rewrite:
        out["rewrite"] = True
    if event.attempts:
        out["attempts"] = event.attempts
    if event.next_try is not None:
        out["next_try"] = _moment_to_text(event.next_try)
    if event.last_error is not None:
        out["last_error"] = _problem_to_json(event.last_error)
    if event.payload is not None:
        if kind_of(event.payload) != event.kind or key_of(event.payload) != event.id:
            raise _impossible(f"{event.source} {event.kind} {event.id} carries another record")
        out["payload"] = to_json(event.payload)
    return out


def event_from_json(data: Json) -> Event:
    """The event that `event_to_json` wrote. ValueError, with the reason, for anything else."""
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    if data.get("schema") != SCHEMA:
        raise ValueError(f"schema {data.get('schema')!r} instead of {SCHEMA}")
    source, kind = data.get("source"), data.get("kind")
    known = next((name for name in KINDS if name == source), None)
    if known is None or kind not in KINDS[known]:
        raise ValueError(f"source {source!r}, kind {kind!r}")
    key = _member(data, "id", str)
    if not is_id(key):
        raise ValueError(f"not an id: {key!r}")
    payload = data.get("payload")
    problem = data.get("last_error")
    return Event(
        source=known,
        kind=kind,
        id=key,
        payload=None if payload is None else _payload(kind, key, payload),
        read_number=_member(data, "read_number", int, 0),
        since=_moment(data.get("since")),
        title=_member(data, "title", str, None),
        rewrite=_member(data, "rewrite", bool, False),
        attempts=_member(data, "attempts", int, 0),
        next_try=None if data.get("next_try") is None else _moment(data["next_try"]),
        last_error=None if problem is None else _problem(problem),
    )


def encode_event(event: Event) -> bytes:
    """The content of the event's file."""
    text = json.dumps(event_to_json(event), ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def decode_event(
    source: SourceName, key: str, content: bytes, *, modified: datetime, last_read: Callable[[], int]
) -> Event:
    """The event in a file named for `key`. Nothing in it (the older connector's form) asks for a fresh read.

    ValueError, with the reason, when the content is not such an event.
    """
    text = content.decode("utf-8", "surrogatepass").removeprefix(_BYTE_ORDER_MARK)
    if not text.strip():
        return Event(source=source, kind=KINDS[source][0], id=key, read_number=last_read(), since=modified)
    try:
        event = event_from_json(json.loads(text))
    except (RecursionError, OverflowError) as error:
        raise ValueError(f"not an event: {error}") from error
    if (event.source, event.id) != (source, key):
        raise ValueError(f"holds {event.source} {event.id}")
    return event


def _impossible(what: str) -> InternalError:
    return InternalError("spool-event", "An event cannot be queued", what)


def _moment_to_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


def _moment(value: Json) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"not a time: {value!r}")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"time without a zone: {value!r}")
    return moment.astimezone(UTC)


def _member(data: Mapping[str, Json], name: str, kind: type[Any], default: Json = ...) -> Any:
    value = data.get(name, default)
    if type(value) is not kind and (value is ... or value != default):
        raise ValueError(f"{name}: {value!r}")
    return value


def _problem_to_json(problem: Problem) -> dict[str, Json]:
    out = {"code": problem.code, "title": problem.title, "message": problem.message, "hint": problem.hint}
    if problem.retry_at is not None:
        out["retry_at"] = _moment_to_text(problem.retry_at)
    return out


def _problem(data: Json) -> Problem:
    if not isinstance(data, dict):
        raise ValueError(f"last_error: {data!r}")
    texts = {name: _member(data, name, str) for name in ("code", "title", "message", "hint")}
    return Problem(**texts, retry_at=None if data.get("retry_at") is None else _moment(data["retry_at"]))


def _payload(kind: str, key: str, data: Json) -> Record:
    if not isinstance(data, dict):
        raise ValueError(f"payload: {data!r}")
    record = from_json(kind, data)
    if key_of(record) != key:
        raise ValueError(f"the payload's id is {key_of(record)!r}")
    for name, fits in _CHECKS[type(record)]:
        if not fits(getattr(record, name)):
            raise ValueError(f"payload: {name}")
    return record


def _fits(hint: Any) -> Callable[[Any], bool]:
    # A file may come from anybody: a text where a number belongs must not surface as a crash somewhere later.
    if get_origin(hint) is tuple:
        item = get_args(hint)[0]
        return lambda value: type(value) is tuple and all(type(member) is item for member in value)
    kinds = frozenset(get_args(hint) or (hint,))
    return lambda value: type(value) in kinds


def _checks(cls: type[Any]) -> tuple[tuple[str, Callable[[Any], bool]], ...]:
    hints = get_type_hints(cls)
    return tuple((field.name, _fits(hints[field.name])) for field in fields(cls))


_CHECKS: Mapping[type[Any], tuple[tuple[str, Callable[[Any], bool]], ...]] = {
    cls: _checks(cls) for cls in (Task, Email, Conversation)
}
