"""The order of Teamwork's task list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tray_connector.sandbox.office_records import OfficeTask
from tray_connector.sandbox.office_state import OfficeState
from tray_connector.sandbox.teamwork_params import Params, Refused
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches

_PRIORITY_RANK = {None: 3, "low": 2, "medium": 1, "high": 0}
_ORDERS = frozenset(
    {"id", "startdate", "createdat", "priority", "project", "flattenedtasklist", "company", "manual", "active"}
    | {"completedat", "duestartdate", "alldates", "tasklistname", "tasklistdisplayorder", "tasklistid", "duedate"}
    | {"updatedat", "taskname", "createdby", "completedby", "assignedto", "taskstatus", "taskduedate", "customfield"}
    | {"estimatedtime", "boardcolumn", "taskgroupid", "taskgroupname", "taskgroup", "displayorder", "projectmanual"}
    | {"stagedisplayorder", "stage", "parenttask"}
)


def updated_at(task: OfficeTask, switches: TeamworkSwitches) -> int:
    """What the site shows as the task's change time."""
    if task.deleted_at is not None and switches.delete_bumps_updated_at:
        return max(task.updated_at, task.deleted_at)
    return task.updated_at


def ordered(
    tasks: list[OfficeTask], office: OfficeState, params: Params, switches: TeamworkSwitches
) -> list[OfficeTask]:
    """The tasks in the order that the query asks for; words without a rule of their own order by id."""
    allowed = _ORDERS if switches.order_by_id_supported else _ORDERS - {"id"}
    mode = params.choice("orderMode", ("asc", "desc"), "asc")
    order = params.choice("orderBy", allowed, "duedate")
    levels = [(order, mode == "desc")]
    if params.words("sort"):
        levels = [(word.lstrip("-"), word.startswith("-")) for word in params.words("sort")]
    if switches.ties == "scrambled":
        tasks.sort(key=lambda task: task.id * 2_654_435_761 & 0xFFFFFFFF)
    else:
        tasks.sort(key=lambda task: task.id)
    for word, descending in reversed(levels):
        if word not in allowed:
            raise Refused("sort: unknown value")
        tasks.sort(key=_order_key(word, office, switches), reverse=descending)
    return tasks


def _order_key(word: str, office: OfficeState, switches: TeamworkSwitches) -> Callable[[OfficeTask], Any]:
    keys: dict[str, Callable[[OfficeTask], Any]] = {
        "updatedat": lambda task: updated_at(task, switches),
        "createdat": lambda task: task.created_at,
        "completedat": lambda task: task.completed_at or 0,
        "startdate": lambda task: (task.start_date is None, task.start_date or 0),
        "duedate": lambda task: (task.due_date is None, task.due_date or 0),
        "taskduedate": lambda task: (task.due_date is None, task.due_date or 0),
        "taskname": lambda task: task.name.lower(),
        "taskstatus": lambda task: task.status,
        "priority": lambda task: _PRIORITY_RANK[task.priority],
        "tasklistid": lambda task: task.tasklist_id,
        "tasklistname": lambda task: office.lists[task.tasklist_id].name.lower(),
        "project": lambda task: office.projects[office.lists[task.tasklist_id].project_id].name.lower(),
        "estimatedtime": lambda task: task.estimate_minutes,
    }
    return keys.get(word, lambda task: task.id)
