"""What a delivery reports. Only the kind and the id are taken from it; the record itself is read afresh."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from tray_connector.model.codec import Json
from tray_connector.model.events import Kind, is_id

FIELDS_AT_MOST = 10_000
NO_NAME = "unnamed"
INCOMING = "incoming_email"
_TASK_ID = re.compile(r"0*([1-9][0-9]{0,18})\Z", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,60}\Z", re.ASCII)


class UnreadableBodyError(ValueError):
    """The body is not what it claims to be. The text holds nothing of it."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The news of one delivery."""

    name: str
    """The event or rule, such as ``TASK.UPDATED`` or ``label_change``; fit for a log."""
    kind: Kind | None = None
    """None = nothing that concerns us."""
    id: str = ""
    """A valid id where there is a kind."""
    rule_id: str = ""
    """Missive: the rule that sent it, as it says."""
    organization: str = ""
    """Missive: that of the conversation."""


def teamwork_report(event: str | None, content_type: str, body: bytes) -> Reported:
    """A delivery of Teamwork: JSON or a form, version 2 or 1. `event` is the header ``X-Projects-Event``.

    Version 2 names the event only there; version 1 only in the body. A task's id is ``task.id`` (JSON), ``Task.ID``
    (form), ``id``/``ID`` where a task was deleted, ``objectId`` in version 1. UnreadableBodyError.
    """
    data = _json(body) if _claims_json(content_type, body) else _form(content_type, body)
    members = {key.lower(): value for key, value in reversed(data.items())} if isinstance(data, dict) else {}
    name = _name(event if event is not None else members.get("event"))
    task = members.get("task")
    if isinstance(task, dict):
        found = _task_id({key.lower(): value for key, value in task.items()}.get("id"))
    else:
        found = _task_id(members.get("task.id"))
    if name.upper().startswith("TASK."):
        found = found or _task_id(members.get("id")) or _task_id(members.get("objectid"))
    elif name != NO_NAME:
        found = None
    return Reported(name, "task", found) if found else Reported(name)


def missive_report(content_type: str, body: bytes) -> Reported:
    """A delivery of a rule of Missive: the conversation it is about, or the mail that came in.

    Missive documents that rules for incoming mail run before it appears in an inbox: asked for by its own id, a mail
    that cannot be read yet is missing, and is asked for again; its conversation may be there without it.
    What a rule sends when it is saved is not documented: anything that can be read is taken as news of nothing.
    UnreadableBodyError.
    """
    data = _json(body) if body.strip() and _claims_json(content_type, body) else None
    if not isinstance(data, dict):
        return Reported(NO_NAME)
    rule, conversation = data.get("rule"), data.get("conversation")
    name, found = _name(_member(rule, "type")), _member(conversation, "id")
    if not isinstance(found, str) or not is_id(found):
        return Reported(name)
    organization = _member(_member(conversation, "organization"), "id")
    reported = Reported(name, "conversation", found, _text(_member(rule, "id")), _text(organization))
    message = _member(data.get("message") or data.get("latest_message"), "id")
    if name == INCOMING and isinstance(message, str) and is_id(message):
        return replace(reported, kind="email", id=message)
    return reported


def _member(value: Json, name: str) -> Json:
    return value.get(name) if isinstance(value, dict) else None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _claims_json(content_type: str, body: bytes) -> bool:
    return "json" in content_type.lower() or body.lstrip()[:1] in (b"{", b"[")


def _json(body: bytes) -> Json:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        # The parser's own words may quote the body.
        raise UnreadableBodyError(type(error).__name__) from None


def _form(content_type: str, body: bytes) -> Mapping[str, Json]:
    if "xml" in content_type.lower():
        return {}
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=FIELDS_AT_MOST)
    except ValueError:
        raise UnreadableBodyError("too many fields") from None
    return dict(reversed(pairs))


def _name(value: Json) -> str:
    return value if isinstance(value, str) and _NAME.match(value) else NO_NAME


def _task_id(value: Json) -> str | None:
    text = str(value) if type(value) is int else value
    match = _TASK_ID.match(text) if isinstance(text, str) else None
    return match[1] if match else None
