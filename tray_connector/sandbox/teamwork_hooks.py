"""Teamwork's webhooks: the registrations of the site, and what is delivered when the office changes."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from tray_connector.sandbox.deliveries import Attempt, Deliveries, Parcel, Policy
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.office_records import OfficeTask, TaskChange
from tray_connector.sandbox.server import Request, Response
from tray_connector.sandbox.teamwork_hooks_bodies import (
    as_form,
    as_json,
    body_version_2,
    events_of,
    signature,
    version_1,
)
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches

EVENTS = tuple(
    f"TASK.{action}"
    for action in (
        "COMPLETED", "CREATED", "DELETED", "MOVED", "REMINDER", "REOPENED", "TAGGED", "UNTAGGED", "UPDATED",
    )
)  # fmt: skip
SCHEDULES = {"minutes": (60.0, 300.0, 600.0), "hourly": (3600.0, 3600.0)}
"""Teamwork's pages name two: three more tries after 1, 5 and 10 minutes, or three tries in all, an hour apart."""
_TIMEOUT = 5.0
_OFF_AFTER = 3
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_ROOT = r"(?:/projects/api/v1)?"


@dataclass(frozen=True, slots=True)
class TeamworkHook:
    """One registration: one event to one address."""

    id: int
    event: str
    url: str
    version: str = "2"
    content_type: str = _FORM
    token: str = field(default="", repr=False)
    status: str = "ACTIVE"
    project_id: int | None = None
    """None: of the whole site."""
    discarded: int = 0
    """Deliveries given up since it was last switched on."""


class TeamworkHooks:
    """The registrations and their deliveries. Thread-safe.

    `deliveries` is for tests that want duplicates, another order, losses or forgeries. XML is refused, because nobody
    knows what it would look like.
    """

    def __init__(self, office: Office, switches: Callable[[], TeamworkSwitches], *, pace: float = 1.0) -> None:
        self._office = office
        self._switches = switches
        # The office's own: a change is told with it held, and making a hook takes an id of the office.
        self._lock = office.lock
        self._hooks: dict[int, TeamworkHook] = {}
        self.enabled = True
        schedule = SCHEDULES[switches().hook_retries]
        self.deliveries = Deliveries(Policy(_TIMEOUT, schedule, lambda status: status == 200), self, pace=pace)
        office.watchers.append(self._changed)

    def hooks(self) -> list[TeamworkHook]:
        """All registrations, oldest first."""
        with self._lock:
            return list(self._hooks.values())

    def add(self, event: str, url: str, **details: Any) -> TeamworkHook:
        """Register as somebody would by hand in the settings."""
        with self._lock:
            hook = TeamworkHook(self._office.new_id(), event.upper(), url, **details)
            self._hooks[hook.id] = hook
            return hook

    def change(self, hook_id: int, **changes: Any) -> None:
        """Alter one by hand, for instance ``status="INACTIVE"``."""
        with self._lock:
            self._hooks[hook_id] = replace(self._hooks[hook_id], **changes)

    def announce(self, event: str, task: OfficeTask, *, by: int | None = None) -> list[Parcel]:
        """Deliver this event to whoever listens, whether or not the office shows the task so (yet)."""
        with self._lock:
            project_id = self._office.lists[task.tasklist_id].project_id
            concerned = [
                hook
                for hook in self._hooks.values()
                if hook.event == event and hook.status == "ACTIVE" and hook.project_id in (None, project_id)
            ]
            parcels = [self._parcel(hook, task, by or self._office.me_id) for hook in concerned if self.enabled]
        for parcel in parcels:
            self.deliveries.post(parcel)
        return parcels

    def wants(self, parcel: Parcel) -> bool:
        """See `Addressee`."""
        with self._lock:
            hook = self._hooks.get(int(parcel.hook_id))
            return self.enabled and hook is not None and hook.status == "ACTIVE"

    def ended(self, attempt: Attempt, *, given_up: bool) -> None:
        """A hook is switched off after three deliveries were discarded; nobody is told."""
        with self._lock:
            hook = self._hooks.get(int(attempt.parcel.hook_id))
            if given_up and hook is not None:
                discarded = hook.discarded + 1
                status = "INACTIVE" if discarded >= _OFF_AFTER else hook.status
                self._hooks[hook.id] = replace(hook, discarded=discarded, status=status)

    def routes(self) -> list[tuple[str, str, Callable[[Request, Any, list[int]], Response]]]:
        """Methods, patterns and handlers of the management API (version 1)."""
        hooks, one, project = rf"{_ROOT}/webhooks", rf"{_ROOT}/webhooks/(\d+)", rf"{_ROOT}/projects/(\d+)/webhooks"
        return [
            ("GET", rf"{hooks}\.json", lambda _, __, ___: self._reading(lambda: self._list(None))),
            ("GET", rf"{hooks}/events\.json", lambda _, __, ___: self._reading(_event_names)),
            ("GET", rf"{project}\.json", lambda _, __, i: self._reading(lambda: self._list(i[0]))),
            ("GET", rf"{one}\.json", lambda _, __, i: self._reading(lambda: self._one(i[0], _with_hook))),
            ("GET", rf"{one}/deliveries\.json", lambda _, __, i: self._reading(lambda: self._one(i[0], self._log))),
            ("PUT", rf"{hooks}/enable\.json", lambda _, __, ___: self._writing(lambda: self._enable(True))),
            ("PUT", rf"{hooks}/disable\.json", lambda _, __, ___: self._writing(lambda: self._enable(False))),
            ("POST", rf"{hooks}\.json", lambda r, _, __: self._writing(lambda: self._create(r, None))),
            ("POST", rf"{project}\.json", lambda r, _, i: self._writing(lambda: self._create(r, i[0]))),
            ("POST", rf"{one}/redeliver\.json", lambda r, _, i: self._writing(lambda: self._redeliver(r, i[0]))),
            ("PUT", rf"{one}\.json", lambda r, _, i: self._writing(lambda: self._update(r, i[0]))),
            ("PUT", rf"{one}/pause\.json", lambda _, __, i: self._writing(lambda: self._set(i[0], "PAUSED"))),
            ("PUT", rf"{one}/resume\.json", lambda _, __, i: self._writing(lambda: self._set(i[0], "ACTIVE"))),
            ("DELETE", rf"{one}\.json", lambda _, __, i: self._writing(lambda: self._delete(i[0]))),
        ]

    def _changed(self, change: TaskChange) -> None:
        events = events_of(change)
        if self._switches().updated_too and events and events[0] not in ("TASK.CREATED", "TASK.DELETED"):
            events = tuple(dict.fromkeys((*events, "TASK.UPDATED")))
        for event in events:
            self.announce(event, change.after, by=change.by)

    def _parcel(self, hook: TeamworkHook, task: OfficeTask, by: int) -> Parcel:
        if hook.version == "1":
            body = version_1(hook.event, task, by, self._office)
            headers = {"Content-Type": _FORM, "User-Agent": "projects-webhooks/dcf10f0"}
            return Parcel(str(hook.id), hook.event, hook.url, headers, body)
        shape = body_version_2(hook.event, task, by, self._office)
        body = as_json(shape) if hook.content_type == _JSON else as_form(shape)
        delivery_id = str(uuid.uuid4())
        headers = {
            "Content-Type": hook.content_type,
            "User-Agent": "projects-webhooks/dcf10f0",
            "X-Projects-Delivery": delivery_id,
            "X-Projects-Event": hook.event,
        }
        if hook.token or self._switches().unsigned_hooks == "empty key":
            headers["X-Projects-Signature"] = signature(hook.token, body)
        return Parcel(str(hook.id), hook.event, hook.url, headers, body, delivery_id)

    def _reading(self, handler: Callable[[], Response]) -> Response:
        if self._switches().webhook_rights == "none":
            return _error(403, "You do not have permission to view webhooks")
        with self._lock:
            return handler()

    def _writing(self, handler: Callable[[], Response]) -> Response:
        if self._switches().webhook_rights != "all":
            return _error(403, "You do not have permission to change webhooks")
        with self._lock:
            return handler()

    def _list(self, project_id: int | None) -> Response:
        found = [_shape(hook) for hook in self._hooks.values() if hook.project_id == project_id]
        return Response(200, {"STATUS": "OK", "webhooks": found})

    def _one(self, hook_id: int, answer: Callable[[TeamworkHook], Response]) -> Response:
        hook = self._hooks.get(hook_id)
        return _error(404, "Webhook not found") if hook is None else answer(hook)

    def _enable(self, enabled: bool) -> Response:
        self.enabled = enabled
        return _ok()

    def _create(self, request: Request, project_id: int | None) -> Response:
        if project_id is not None and project_id not in self._office.projects:
            return _error(404, "Project not found")
        details = _details(request)
        if isinstance(details, Response):
            return details
        twin = any((h.event, h.url) == (details["event"], details["url"]) for h in self._hooks.values())
        if twin and self._switches().duplicate_hooks == "refused":
            return _error(422, "A webhook with this event and URL exists already")
        hook = self.add(**{"content_type": _FORM, **details}, project_id=project_id)
        return Response(201, {"STATUS": "OK", "id": hook.id})

    def _update(self, request: Request, hook_id: int) -> Response:
        details = _details(request)
        if isinstance(details, Response):
            return details
        return self._one(hook_id, lambda hook: self._put(replace(hook, **details)))

    def _set(self, hook_id: int, status: str) -> Response:
        return self._one(hook_id, lambda hook: self._put(replace(hook, status=status, discarded=0)))

    def _put(self, hook: TeamworkHook) -> Response:
        self._hooks[hook.id] = hook
        return _ok()

    def _delete(self, hook_id: int) -> Response:
        return _error(404, "Webhook not found") if self._hooks.pop(hook_id, None) is None else _ok()

    def _log(self, hook: TeamworkHook) -> Response:
        attempts = [each for each in self.deliveries.attempts if each.parcel.hook_id == str(hook.id)]
        return Response(200, {"STATUS": "OK", "deliveries": [_attempt(each, hook) for each in attempts]})

    def _redeliver(self, request: Request, hook_id: int) -> Response:
        wanted = _json(request).get("uuid")
        for attempt in self.deliveries.attempts:
            if attempt.parcel.hook_id == str(hook_id) and attempt.parcel.delivery_id == wanted:
                self.deliveries.post(attempt.parcel)
                return _ok()
        return _error(404, "Delivery not found")


def _details(request: Request) -> dict[str, Any] | Response:
    sent = _json(request).get("webhook")
    if not isinstance(sent, dict):
        return _error(422, "webhook: missing")
    event, url = str(sent.get("event") or "").upper(), str(sent.get("url") or "")
    if event not in EVENTS:
        return _error(422, "Invalid event")
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        return _error(422, "Invalid URL")
    if sent.get("contentType", _FORM) not in (_FORM, _JSON):
        return _error(422, "Invalid content type")
    names = {"version": "version", "contentType": "content_type", "token": "token"}
    return {"event": event, "url": url, **{to: str(sent[name]) for name, to in names.items() if name in sent}}


def _json(request: Request) -> dict[str, Any]:
    try:
        sent = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}


def _shape(hook: TeamworkHook) -> dict[str, str]:
    return {"id": str(hook.id), "event": hook.event, "status": hook.status, "url": hook.url, "validated": "1"}


def _with_hook(hook: TeamworkHook) -> Response:
    return Response(200, {"STATUS": "OK", "webhook": _shape(hook)})


def _event_names() -> Response:
    return Response(200, {"STATUS": "OK", "events": [{"id": str(n), "name": e} for n, e in enumerate(EVENTS, 1)]})


def _attempt(attempt: Attempt, hook: TeamworkHook) -> dict[str, Any]:
    parcel = attempt.parcel
    headers = json.dumps({name: [value] for name, value in parcel.headers.items()})
    return {
        "id": str(hook.id),
        "uuid": parcel.delivery_id,
        "event": parcel.event,
        "version": hook.version,
        "url": parcel.url,
        "request": {"body": parcel.body.decode(), "headers": headers, "error": attempt.error},
        "response": {"code": str(attempt.status), "body": "", "headers": "{}"},
    }


def _ok() -> Response:
    return Response(200, {"STATUS": "OK"})


def _error(status: int, words: str) -> Response:
    return Response(status, {"MESSAGE": words, "STATUS": "Error"})
