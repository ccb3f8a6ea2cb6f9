"""What Teamwork writes into its webhooks: version 2 as JSON or form, version 1 as form, and the signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

from tray_connector.sandbox.office_records import OfficeTask, TaskChange
from tray_connector.sandbox.office_state import OfficeState
from tray_connector.sandbox.teamwork_shapes import Shape, moment

ACCOUNT_ID = 343429


def events_of(change: TaskChange) -> tuple[str, ...]:
    """The events of one change, the most specific ones; a task taken out of the trash has none."""
    before, after = change.before, change.after
    if before is None:
        return ("TASK.CREATED",)
    if after.deleted_at is not None:
        return ("TASK.DELETED",) if before.deleted_at is None else ()
    if before.deleted_at is not None:
        return ()
    found = {
        "TASK.COMPLETED": after.status == "completed" != before.status,
        "TASK.REOPENED": before.status == "completed" != after.status,
        "TASK.MOVED": after.tasklist_id != before.tasklist_id,
        "TASK.TAGGED": bool(set(after.tag_ids) - set(before.tag_ids)),
        "TASK.UNTAGGED": bool(set(before.tag_ids) - set(after.tag_ids)),
    }
    return tuple(event for event, happened in found.items() if happened) or ("TASK.UPDATED",)


def body_version_2(event: str, task: OfficeTask, by: int, office: OfficeState) -> Shape:
    """The members of a version 2 body. The event itself stands in the header only."""
    creator = {"eventCreator": _person(by, office)}
    if event == "TASK.DELETED":
        return {**creator, "id": task.id}
    tasklist = office.lists[task.tasklist_id]
    project = office.projects[tasklist.project_id]
    people = [party.id for party in task.assignees if party.kind == "users"]
    return {
        **creator,
        "project": {
            "id": project.id,
            "name": project.name,
            "description": project.description,
            "status": project.status,
            "startDate": None,
            "endDate": None,
            "tags": [],
            "ownerId": project.owner_id or 0,
            "companyId": project.company_id,
            "categoryId": 0,
            "dateCreated": moment(project.created_at),
        },
        "task": {
            "id": task.id,
            "name": task.name,
            "description": task.description or "",
            "priority": task.priority,
            "status": task.status,
            "assignedUserIds": people,
            "parentId": task.parent_id,
            "taskListId": tasklist.id,
            "startDate": _day(task.start_date),
            "dueDate": _day(task.due_date),
            "progress": task.progress,
            "estimatedMinutes": task.estimate_minutes,
            "tags": [_tag(each, office) for each in task.tag_ids],
            "projectId": project.id,
            "dateCreated": moment(task.created_at),
            "dateUpdated": moment(task.updated_at),
            "hasCustomFields": False,
            "workflowsStages": [],
        },
        "taskList": {
            "id": tasklist.id,
            "name": tasklist.name,
            "description": tasklist.description,
            "status": "completed" if tasklist.completed else "new",
            "milestoneId": 0,
            "projectId": project.id,
            "templateId": None,
            "tags": [],
        },
        "users": [_person(each, office) for each in people],
    }


def as_json(shape: Shape) -> bytes:
    """Compact, as it is sent."""
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode()


def as_form(shape: Shape) -> bytes:
    """The same members flattened to names like ``Task.ProjectID``, sorted. How lists look is not known: left out."""
    return urlencode(sorted(_flat(shape, ""))).encode()


def version_1(event: str, task: OfficeTask, by: int, office: OfficeState) -> bytes:
    """The old form: ids only."""
    project_id = office.lists[task.tasklist_id].project_id
    values = {"accountId": ACCOUNT_ID, "event": event, "objectId": task.id, "projectId": project_id, "userId": by}
    return urlencode(values).encode()


def signature(token: str, body: bytes) -> str:
    """`X-Projects-Signature`."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def _flat(shape: Shape, prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in shape.items():
        key = prefix + re.sub(r"Id\Z", "ID", name[:1].upper() + name[1:])
        if isinstance(value, dict):
            yield from _flat(value, key + ".")
        elif not isinstance(value, list):
            yield key, "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _person(person_id: int, office: OfficeState) -> dict[str, Any]:
    person = office.people.get(person_id)
    first, last = (person.first_name, person.last_name) if person else ("", "")
    return {"id": person_id, "firstName": first, "lastName": last, "avatar": ""}


def _tag(tag_id: int, office: OfficeState) -> Shape:
    tag = office.tags[tag_id]
    return {"id": tag.id, "name": tag.name, "color": tag.color.removeprefix("#")}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
