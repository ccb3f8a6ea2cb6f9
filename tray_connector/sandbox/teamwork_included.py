"""Side-loading, sparse fields and paging: what all lists of Teamwork v3 share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from tray_connector.sandbox.office_records import OfficeTask, PartyKind
from tray_connector.sandbox.office_state import OfficeState
from tray_connector.sandbox.teamwork_params import Params, Refused
from tray_connector.sandbox.teamwork_shapes import (
    Shape,
    company_shape,
    person_shape,
    project_shape,
    tag_shape,
    task_shape,
    tasklist_shape,
    team_shape,
)
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches

_LARGEST_PAGE = 500
_TASK_INCLUDES = frozenset(
    {"projects", "projects.companies", "projects.categories", "projects.permissions", "projects.integrations"}
    | {"tasklists", "parentTasks", "companies", "teams", "users", "milestones", "comments", "comments.users", "tags"}
    | {"cards", "cards.columns", "timeTotals", "accumulatedTimeTotals", "taskSequences", "commentFollowers"}
    | {"changeFollowers", "completeFollowers", "lockdowns", "attachments", "attachments.users", "subtaskStats"}
    | {"timers", "predecessors", "permissions", "jobRoles", "customfields", "customfieldtasks"}
)

_T = TypeVar("_T")


def page_of(
    rows: Sequence[_T],
    params: Params,
    switches: TeamworkSwitches,
    *,
    default_size: int = 50,
    ceiling: int | None = None,
) -> tuple[Sequence[_T], Shape]:
    """The rows of the page that is asked for, and `meta`. Raises `Refused`."""
    page, size = params.number("page", 1), params.number("pageSize", default_size)
    if size > _LARGEST_PAGE:
        if switches.page_size_over_500 == "400":
            raise Refused(f"pageSize: must be at most {_LARGEST_PAGE}")
        size = _LARGEST_PAGE
    start = (page - 1) * size
    end = len(rows)
    if ceiling is not None and end > ceiling:
        if switches.past_ceiling == "empty":
            end = ceiling
        elif start >= ceiling:
            raise Refused(f"page: only {ceiling} records can be read")
    shown = rows[start : min(start + size, end)]
    more = start + size < end
    count = len(rows)
    if params.flag("skipCounts"):
        count = page * size + 1 if more else start + len(shown)
    return shown, {"page": {"pageOffset": page - 1, "pageSize": size, "count": count, "hasMore": more}}


def sparse(shapes: Iterable[Shape], params: Params, entity: str) -> list[Shape]:
    """The shapes with the members that `fields[entity]` selects; unselected ones are absent."""
    wanted = params.fields(entity)
    if wanted is None:
        return list(shapes)
    return [{name: value for name, value in shape.items() if name in wanted} for shape in shapes]


def side_loads(
    tasks: Iterable[OfficeTask], office: OfficeState, params: Params, switches: TeamworkSwitches
) -> Mapping[str, Any]:
    """The `included` object for tasks: maps keyed by the id as text. Raises `Refused` for an unknown word."""
    wanted = frozenset(params.words("include"))
    if not wanted <= _TASK_INCLUDES:
        raise Refused("include: unknown value")
    if not wanted:
        return {}
    tasks = list(tasks)
    lists = [office.lists[each] for each in {task.tasklist_id: None for task in tasks}]
    projects = [office.projects[each] for each in {tasklist.project_id: None for tasklist in lists}]
    companies = dict.fromkeys(_assigned(tasks, "companies"))
    if wanted & {"projects.companies", "companies"}:
        companies |= dict.fromkeys(project.company_id for project in projects)
    parents = office.tasks_of_ids({task.parent_id: None for task in tasks if task.parent_id})
    found: dict[str, Mapping[str, Shape]] = {}
    if wanted & {"projects", "projects.companies"}:
        found["projects"] = {str(each.id): project_shape(each) for each in projects}
    if "tasklists" in wanted:
        found["tasklists"] = {str(each.id): tasklist_shape(each) for each in lists}
    if "users" in wanted:
        found["users"] = _map(_people(tasks), office.people, person_shape)
    if "tags" in wanted:
        found["tags"] = _map((tag for task in tasks for tag in task.tag_ids), office.tags, tag_shape)
    if wanted & {"projects.companies", "companies"}:
        found["companies"] = _map(companies, office.companies, company_shape)
    if "teams" in wanted:
        found["teams"] = _map(_assigned(tasks, "teams"), office.teams, team_shape)
    if "parentTasks" in wanted:
        found["tasks"] = {str(each.id): task_shape(each, office, switches) for each in parents}
    return _trimmed(found, params, switches)


def _trimmed(
    found: Mapping[str, Mapping[str, Shape]], params: Params, switches: TeamworkSwitches
) -> Mapping[str, Mapping[str, Shape]]:
    kept = {}
    for kind, shapes in found.items():
        if shapes or switches.empty_included == "empty":
            kept[kind] = dict(zip(shapes, sparse(shapes.values(), params, kind), strict=True))
    return kept


def _map(ids: Iterable[int], table: Mapping[int, _T], shape: Callable[[_T], Shape]) -> Mapping[str, Shape]:
    return {str(each): shape(table[each]) for each in dict.fromkeys(ids) if each in table}


def _assigned(tasks: Iterable[OfficeTask], kind: PartyKind) -> Iterable[int]:
    return (party.id for task in tasks for party in task.assignees if party.kind == kind)


def _people(tasks: Sequence[OfficeTask]) -> Iterable[int]:
    yield from _assigned(tasks, "users")
    for task in tasks:
        yield from (each for each in (task.created_by, task.updated_by, task.completed_by) if each is not None)
