"""The JSON of Teamwork's things, with null, [], 0 and absent exactly where the real site has them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from tray_connector.sandbox.office_records import (
    OWNER_COMPANY_ID,
    Company,
    OfficeTask,
    Party,
    PartyKind,
    Person,
    Project,
    Tag,
    TaskList,
    Team,
)
from tray_connector.sandbox.office_state import OfficeState
from tray_connector.sandbox.teamwork_order import updated_at
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches

Shape = dict[str, Any]

_PERMISSIONS = {
    "canEdit": True,
    "canComplete": True,
    "canLogTime": True,
    "canViewEstTime": True,
    "canAddSubtasks": True,
}


@lru_cache(maxsize=4096)
def moment(at: int) -> str:
    """Whole seconds in UTC: `2026-09-02T10:00:05Z`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def link(kind: str, thing_id: int) -> Shape:
    """A relationship."""
    return {"id": thing_id, "type": kind}


def task_shape(task: OfficeTask, office: OfficeState, switches: TeamworkSwitches) -> Shape:
    """The v3 task object."""
    changed = moment(updated_at(task, switches))
    shape: Shape = {
        "id": task.id,
        "name": task.name,
        "description": task.description,
        "descriptionContentType": "TEXT",
        "priority": task.priority,
        "hasDeskTickets": False,
        "progress": task.progress,
        "displayOrder": 2000,
        "decimalDisplayOrder": 2000,
        "crmDealIds": None,
        "tagIds": list(task.tag_ids) or None,
        "tags": [link("tags", each) for each in task.tag_ids] or None,
        "updatedAt": changed,
        "updatedBy": task.updated_by,
        "parentTask": link("tasks", task.parent_id) if task.parent_id else None,
        "card": None,
        "isPrivate": task.private,
        "lockdown": None,
        "status": "deleted" if task.deleted_at is not None else task.status,
        "tasklist": link("tasklists", task.tasklist_id),
        "taskgroup": None,
        "startDate": _day(task.start_date, switches),
        "dueDate": _day(task.due_date, switches),
        "startDateOffset": None,
        "dueDateOffset": None,
        "estimateMinutes": task.estimate_minutes,
        "accumulatedEstimatedMinutes": _accumulated(task, office),
        "commentFollowers": [],
        "changeFollowers": [],
        "attachments": [link("files", each) for each in task.attachments],
        "isArchived": False,
        "capacities": None,
        "userPermissions": _PERMISSIONS,
        "workflowStages": [],
        "createdBy": task.created_by,
        "createdAt": moment(task.created_at),
        "sequence": None,
        "dateUpdated": changed,
        "parentTaskId": task.parent_id,
        "tasklistId": task.tasklist_id,
        "createdByUserId": task.created_by,
        "sequenceId": None,
        "originalDueDate": task.original_due_date.isoformat() if task.original_due_date else None,
    }
    shape.update(_assignees(task.assignees, switches))
    if task.completed_at is not None:
        shape |= {"completedAt": moment(task.completed_at), "completedBy": task.completed_by}
    if task.deleted_at is not None:
        shape |= {"deletedAt": moment(task.deleted_at), "deletedBy": task.deleted_by}
    if switches.project_on_task != "none":
        tasklist = office.lists[task.tasklist_id]
        if switches.project_on_task == "task":
            shape["projectId"] = tasklist.project_id
        else:
            meta = {"name": tasklist.name, "projectId": tasklist.project_id}
            shape["tasklist"] = link("tasklists", tasklist.id) | {"meta": meta}
    return shape


def _day(day: date | None, switches: TeamworkSwitches) -> str | None:
    if day is None:
        return None
    return day.isoformat() + ("T00:00:00Z" if switches.dates == "date-time" else "")


def _assignees(parties: tuple[Party, ...], switches: TeamworkSwitches) -> Shape:
    shape: Shape = {"assignees": [link(party.kind, party.id) for party in parties]}
    if not parties and switches.empty_assignees == "null":
        shape["assignees"] = None
    names: dict[PartyKind, tuple[str, str]] = {
        "users": ("assigneeUserIds", "assigneeUsers"),
        "companies": ("assigneeCompanyIds", "assigneeCompanies"),
        "teams": ("assigneeTeamIds", "assigneeTeams"),
    }
    for kind, (ids_name, links_name) in names.items():
        ids = [party.id for party in parties if party.kind == kind]
        shape[ids_name] = ids or None
        shape[links_name] = [link(kind, each) for each in ids]
    return shape


def _accumulated(task: OfficeTask, office: OfficeState) -> int:
    if not office.has_children(task.id):
        return task.estimate_minutes
    live = (child for child in office.children(task.id) if child.deleted_at is None)
    return task.estimate_minutes + sum(_accumulated(child, office) for child in live)


def person_shape(person: Person) -> Shape:
    """A person, side-loaded or in the list."""
    return {
        "id": person.id,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "title": person.title,
        "email": person.email,
        "companyId": person.company_id,
        "company": link("companies", person.company_id),
        "isAdmin": person.admin,
        "isClientUser": person.company_id != OWNER_COMPANY_ID,
        "isServiceAccount": False,
        "type": "account",
        "deleted": person.deleted,
        "avatarUrl": "",
        "lengthOfDay": 8,
        "workingHoursId": None,
        "workingHour": None,
        "userRate": None,
        "userCost": None,
        "createdAt": moment(person.created_at),
        "updatedAt": moment(person.updated_at),
    }


def tag_shape(tag: Tag) -> Shape:
    """A tag."""
    return {
        "id": tag.id,
        "name": tag.name,
        "color": tag.color,
        "projectId": tag.project_id,
        "project": link("projects", tag.project_id) if tag.project_id else None,
        "count": 0,
    }


def company_shape(company: Company) -> Shape:
    """A company."""
    return {
        "id": company.id,
        "name": company.name,
        "isOwner": company.owner,
        "emailOne": "",
        "website": "",
        "logoUrl": "",
    }


def team_shape(team: Team) -> Shape:
    """A team as v3 side-loads it; the v1 list has its id as text."""
    return {
        "id": team.id,
        "name": team.name,
        "handle": team.handle,
        "teamLogo": "",
        "teamLogoIcon": "",
        "teamLogoColor": "",
    }


def tasklist_shape(tasklist: TaskList) -> Shape:
    """A task list."""
    return {
        "id": tasklist.id,
        "name": tasklist.name,
        "description": tasklist.description,
        "status": "deleted" if tasklist.deleted else "completed" if tasklist.completed else "new",
        "projectId": tasklist.project_id,
        "project": link("projects", tasklist.project_id),
        "milestoneId": 0,
        "milestone": None,
        "displayOrder": 1,
        "isPrivate": False,
        "isPinned": False,
        "isBillable": True,
        "createdAt": moment(tasklist.created_at),
        "updatedAt": moment(tasklist.updated_at),
    }


def project_shape(project: Project) -> Shape:
    """A project."""
    return {
        "id": project.id,
        "name": project.name,
        "description": project.description,
        "type": project.type,
        "status": project.status,
        "subStatus": "current",
        "companyId": project.company_id,
        "company": link("companies", project.company_id),
        "categoryId": 0,
        "category": None,
        "tagIds": None,
        "tags": None,
        "startDate": None,
        "endDate": None,
        "startAt": None,
        "endAt": None,
        "ownerId": project.owner_id,
        "ownedBy": project.owner_id,
        "isStarred": False,
        "isBillable": True,
        "logo": "",
        "createdAt": moment(project.created_at),
        "createdBy": project.owner_id,
        "updatedAt": moment(project.updated_at),
        "updatedBy": project.owner_id,
        "lastWorkedOn": None,
        "completedAt": None,
        "completedBy": None,
    }
