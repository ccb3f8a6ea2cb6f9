"""Changing tasks through Teamwork's API, as the owner of the key."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from tray_connector.sandbox.office import Office
from tray_connector.sandbox.office_records import OfficeTask, Party, PartyKind
from tray_connector.sandbox.server import Request, Response
from tray_connector.sandbox.teamwork_params import Refused
from tray_connector.sandbox.teamwork_shapes import task_shape
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches

_OK = {"STATUS": "OK"}
_PLAIN = {
    "name": ("name", str),
    "description": ("description", str),
    "priority": ("priority", str),
    "progress": ("progress", int),
    "estimatedMinutes": ("estimate_minutes", int),
    "parentTaskId": ("parent_id", int),
}
_DAYS = {"startAt": "start_date", "startDate": "start_date", "dueAt": "due_date", "dueDate": "due_date"}
_PARTIES: dict[str, PartyKind] = {"userIds": "users", "teamIds": "teams", "companyIds": "companies"}


class Writes:
    """Carries out writes. Raises `Refused`; unknown tasks and lists are 404."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def create(self, request: Request, switches: TeamworkSwitches, tasklist_id: int) -> Response:
        """`POST /tasklists/{id}/tasks.json`: 201."""
        office = self._office
        if tasklist_id not in office.lists:
            return Response(404)
        changes = self._changes(request)
        if not changes.get("name"):
            raise Refused("name: must not be empty")
        with office.lock:
            made = office.create_task(changes.pop("name"), tasklist_id=tasklist_id)
            task = office.edit_task(made.id, **changes) if changes else made
        return Response(201, {"task": task_shape(task, office, switches), "included": {}})

    def update(self, request: Request, switches: TeamworkSwitches, task_id: int) -> Response:
        """`PUT` or `PATCH /tasks/{id}.json`: 200; members that are not sent stay."""
        task = self._live(task_id)
        if task is None:
            return Response(404)
        task = self._office.edit_task(task_id, **self._changes(request, task))
        return Response(200, {"task": task_shape(task, self._office, switches), "included": {}})

    def delete(self, switches: TeamworkSwitches, task_id: int) -> Response:
        """`DELETE /tasks/{id}.json`: the task and its subtasks."""
        if self._live(task_id) is None:
            return Response(404)
        self._office.delete_task(task_id)
        return Response(switches.delete_status, None if switches.delete_status == 204 else dict(_OK))

    def complete(self, task_id: int, *, done: bool) -> Response:
        """`PUT /tasks/{id}/complete.json` and `uncomplete.json` (v1)."""
        if self._live(task_id) is None:
            return Response(404)
        if done:
            self._office.complete(task_id)
        else:
            self._office.reopen(task_id)
        return Response(200, dict(_OK))

    def restore(self, task_id: int) -> Response:
        """`PUT /trashcan/tasks/{id}/restore.json` (v1)."""
        if not self._office.tasks_of_ids([task_id]):
            return Response(404)
        self._office.restore_task(task_id)
        return Response(200, dict(_OK))

    def _live(self, task_id: int) -> OfficeTask | None:
        found = self._office.tasks_of_ids([task_id])
        return found[0] if found and not self._office.is_deleted(found[0]) else None

    def _changes(self, request: Request, task: OfficeTask | None = None) -> dict[str, Any]:
        try:
            sent = json.loads(request.body)
        except ValueError:
            raise Refused("the body is not JSON") from None
        if not isinstance(sent, dict) or not isinstance(sent.get("task"), dict):
            raise Refused("task: missing", 422)
        values = sent["task"]
        changes: dict[str, Any] = {}
        for name, (attribute, kind) in _PLAIN.items():
            if name in values:
                if not isinstance(values[name], kind) and values[name] is not None:
                    raise Refused(f"{name}: wrong type")
                changes[attribute] = values[name]
        if changes.get("priority") not in (None, "low", "medium", "high"):
            raise Refused("priority: unknown value")
        for name, attribute in _DAYS.items():
            if name in values:
                changes[attribute] = _day(name, values[name])
        if "tagIds" in values:
            changes["tag_ids"] = tuple(values["tagIds"] or ())
        if "assignees" in values:
            changes["assignees"] = _parties(values["assignees"])
        if values.get("tasklistId"):
            changes["tasklist_id"] = self._target(values["tasklistId"], task)
        return changes

    def _target(self, tasklist_id: int, task: OfficeTask | None) -> int:
        lists = self._office.lists
        if tasklist_id not in lists:
            raise Refused("tasklistId: not found", 404)
        if task is not None and lists[tasklist_id].project_id != lists[task.tasklist_id].project_id:
            raise Refused("tasklistId: belongs to another project", 422)
        return tasklist_id


def _day(name: str, value: str | None) -> date | None:
    if not value:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise Refused(f"{name}: must be a date") from None


def _parties(sent: dict[str, list[int] | None] | None) -> tuple[Party, ...]:
    return tuple(Party(kind, each) for name, kind in _PARTIES.items() for each in (sent or {}).get(name) or ())
