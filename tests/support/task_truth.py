"""What the table of tasks must hold, told from the sandbox's office alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tray_connector.sandbox.office import Office
from tray_connector.sandbox.office_records import OfficeTask, Party

Row = dict[str, Any]


class TaskTruth:
    """The rows by id, kept up look by look: what was deleted keeps what the last look before saw.

    A look belongs after a sync that was to bring everything into step.
    """

    def __init__(self, office: Office, site_url: str) -> None:
        self._office = office
        self._site = site_url.rstrip("/")
        self.rows: dict[str, Row] = {}

    def look(self, stored: dict[str, Row], began: datetime, ended: datetime) -> None:
        """Take in what the office holds now. A deletion without a time of its own may be noted at any moment from
        `began` to `ended`; the stored row says which.
        """
        office = self._office
        there = {str(task.id): task for task in office.tasks()}
        for key, task in there.items():
            if not office.is_deleted(task):
                self.rows[key] = live_row(office, task, self._site)
        for key, row in self.rows.items():
            found = there.get(key)
            if row["deleted"] or not (found is None or office.is_deleted(found)):
                continue
            row |= {"status": "deleted", "deleted": 1}
            if found is not None and found.deleted_at is not None:
                row["deleted_at"] = stamp(found.deleted_at)
            else:
                row["deleted_at"] = noted_between(stored.get(key), began, ended)


def live_row(office: Office, task: OfficeTask, site: str) -> Row:
    """The row of a task that is there, column for column."""
    tasklist = office.lists[task.tasklist_id]
    project = office.projects[tasklist.project_id]
    return {
        "task_id": str(task.id),
        "name": task.name or None,
        "description": task.description or None,
        "status": task.status,
        "priority": task.priority,
        "progress": task.progress,
        "project_id": str(project.id),
        "project_name": project.name,
        "tasklist_id": str(tasklist.id),
        "tasklist_name": tasklist.name,
        "parent_task_id": str(task.parent_id) if task.parent_id else None,
        "tag_ids": [str(tag) for tag in task.tag_ids],
        "tags": [office.tags[tag].name for tag in task.tag_ids],
        "assignee_user_ids": [str(party.id) for party in task.assignees if party.kind == "users"],
        "assignee_team_ids": [str(party.id) for party in task.assignees if party.kind == "teams"],
        "assignee_company_ids": [str(party.id) for party in task.assignees if party.kind == "companies"],
        "assignees": [party_name(office, party) for party in task.assignees],
        "start_date": str(task.start_date) if task.start_date else None,
        "due_date": str(task.due_date) if task.due_date else None,
        "created_at": stamp(task.created_at),
        "created_by_id": str(task.created_by),
        "created_by": office.people[task.created_by].name,
        "updated_at": stamp(task.updated_at),
        "updated_by_id": str(task.updated_by) if task.updated_by else None,
        "updated_by": office.people[task.updated_by].name if task.updated_by else None,
        "completed_at": stamp(task.completed_at) if task.completed_at else None,
        "estimate_minutes": task.estimate_minutes,
        "accumulated_estimated_minutes": accumulated(office, task),
        "deleted": 0,
        "deleted_at": None,
        "url": f"{site}/app/tasks/{task.id}",
    }


def party_name(office: Office, party: Party) -> str:
    """Of somebody a task is assigned to."""
    match party.kind:
        case "users":
            return office.people[party.id].name
        case "teams":
            return office.teams[party.id].name
        case "companies":
            return office.companies[party.id].name


def accumulated(office: Office, task: OfficeTask) -> int:
    """The minutes of the task and of all below it that is not deleted."""
    below = [child for child in office.tasks() if child.parent_id == task.id and child.deleted_at is None]
    return task.estimate_minutes + sum(accumulated(office, child) for child in below)


def stamp(seconds: float) -> str:
    """Unix seconds as the destination writes them."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def noted_between(stored: Row | None, began: datetime, ended: datetime) -> str | None:
    """The stored row's time of deletion, if it lies within; else None, which is no time of a deleted row."""
    noted = None if stored is None else stored["deleted_at"]
    if noted is None:
        return None
    moment = datetime.fromisoformat(noted)
    return str(noted) if began.replace(microsecond=0) <= moment <= ended else None
