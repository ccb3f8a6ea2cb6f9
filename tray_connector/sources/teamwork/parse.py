"""A row of a Teamwork list made into a `Task`. Pure; tolerates whatever a site sends, member by member."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tray_connector.model.records import Task, Texts
from tray_connector.sources.teamwork.values import (
    day,
    ident,
    mapping,
    moment,
    name_of,
    number,
    sequence,
    text,
)

NameOf = Callable[[str, str], str | None]
"""Gives the name of (kind, id) where it is known. Kinds: users, teams, companies, tags, projects, tasklists."""

ASSIGNABLE = ("users", "teams", "companies")
_LEGACY = {
    "users": ("assigneeUsers", "assigneeUserIds"),
    "teams": ("assigneeTeams", "assigneeTeamIds"),
    "companies": ("assigneeCompanies", "assigneeCompanyIds"),
}


class Included:
    """The side-loaded entities of an answer: maps by id as text; any of them may be missing."""

    def __init__(self, data: object, known: NameOf) -> None:
        self._data = mapping(data)
        self._known = known

    def entity(self, kind: str, key: str | None) -> Mapping[str, Any]:
        """The entity, or an empty object."""
        return mapping(mapping(self._data.get(kind)).get(key)) if key else {}

    def name(self, kind: str, key: str | None) -> str | None:
        """Its name by this answer, else by what is known from elsewhere."""
        if key is None:
            return None
        return name_of(kind, self.entity(kind, key)) or self._known(kind, key)


def parse_task(row: object, included: Included, site_url: str) -> Task | None:
    """The task of one row; None when the row has no id. Never raises.

    `assignees` runs parallel to `assignee_refs` and `tags` to `tag_ids`; an unknown name is ``""`` there.
    """
    data = mapping(row)
    task_id = ident(data.get("id"))
    if task_id is None:
        return None
    tasklist_id = ident(data.get("tasklistId")) or ident(data.get("tasklist"))
    tasklist_meta = mapping(mapping(data.get("tasklist")).get("meta"))
    project_id = _project_id(data, tasklist_id, tasklist_meta, included)
    tag_ids = tuple(dict.fromkeys(_ids(data.get("tags")) or _ids(data.get("tagIds"))))
    refs = _assignees(data)
    created_by = ident(data.get("createdBy")) or ident(data.get("createdByUserId"))
    updated_by = ident(data.get("updatedBy"))
    deleted_at = moment(data.get("deletedAt"))
    created_at = moment(data.get("createdAt"))
    status = text(data.get("status"))
    task = Task(
        task_id=task_id,
        name=text(data.get("name")),
        description=text(data.get("description")),
        status=status,
        priority=_priority(data.get("priority")),
        progress=number(data.get("progress")),
        project_id=project_id,
        project_name=included.name("projects", project_id) or _meta_name(data.get("project")),
        tasklist_id=tasklist_id,
        tasklist_name=included.name("tasklists", tasklist_id) or text(tasklist_meta.get("name")),
        parent_task_id=ident(data.get("parentTaskId")) or ident(data.get("parentTask")),
        tag_ids=tag_ids,
        tags=tuple(included.name("tags", key) or "" for key in tag_ids),
        assignee_user_ids=_of_kind("users", refs),
        assignee_team_ids=_of_kind("teams", refs),
        assignee_company_ids=_of_kind("companies", refs),
        assignees=tuple(included.name(*_split(ref)) or "" for ref in refs),
        start_date=day(data.get("startDate")),
        due_date=day(data.get("dueDate")),
        created_at=created_at,
        created_by_id=created_by,
        created_by=included.name("users", created_by),
        updated_at=moment(data.get("updatedAt")) or moment(data.get("dateUpdated")) or created_at,
        updated_by_id=updated_by,
        updated_by=included.name("users", updated_by),
        completed_at=moment(data.get("completedAt")) or moment(data.get("completedOn")),
        estimate_minutes=_first_number(data, "estimateMinutes", "estimatedMinutes"),
        accumulated_estimated_minutes=number(data.get("accumulatedEstimatedMinutes")),
        url=f"{site_url}/app/tasks/{task_id}",
        assignee_refs=refs,
        attachment_ids=_ids(data.get("attachments")),
    )
    is_deleted = status == "deleted" or deleted_at is not None
    return replace(task, deleted=True, status="deleted", deleted_at=deleted_at) if is_deleted else task


def rename(task: Task, known: NameOf) -> Task:
    """The same task with the names that the ids have now; what is not known keeps the name it has."""
    return replace(
        task,
        tags=_names([("tags", key) for key in task.tag_ids], task.tags, known),
        assignees=_names([_split(ref) for ref in task.assignee_refs], task.assignees, known),
        created_by=_name("users", task.created_by_id, task.created_by, known),
        updated_by=_name("users", task.updated_by_id, task.updated_by, known),
        project_name=_name("projects", task.project_id, task.project_name, known),
        tasklist_name=_name("tasklists", task.tasklist_id, task.tasklist_name, known),
    )


def unnamed(task: Task) -> frozenset[tuple[str, str]]:
    """(kind, id) of the people, teams, companies and tags that the task refers to without a name."""
    pairs = [("tags", key, name) for key, name in zip(task.tag_ids, task.tags, strict=False)]
    pairs += [(*_split(ref), name) for ref, name in zip(task.assignee_refs, task.assignees, strict=False)]
    pairs += [("users", task.created_by_id or "", task.created_by or "")]
    pairs += [("users", task.updated_by_id or "", task.updated_by or "")]
    return frozenset((kind, key) for kind, key, name in pairs if key and not name)


def _names(keys: list[tuple[str, str]], old: Texts, known: NameOf) -> Texts:
    before = old if len(old) == len(keys) else ("",) * len(keys)
    return tuple(known(kind, key) or name for (kind, key), name in zip(keys, before, strict=True))


def _name(kind: str, key: str | None, old: str | None, known: NameOf) -> str | None:
    return (known(kind, key) if key else None) or old


def _project_id(
    data: Mapping[str, Any], tasklist_id: str | None, tasklist_meta: Mapping[str, Any], included: Included
) -> str | None:
    # A v3 task has no project of its own on most sites: the list it is in tells.
    tasklist = included.entity("tasklists", tasklist_id)
    return (
        ident(data.get("projectId"))
        or ident(data.get("project"))
        or ident(tasklist_meta.get("projectId"))
        or ident(tasklist.get("project"))
        or ident(tasklist.get("projectId"))
    )


def _assignees(data: Mapping[str, Any]) -> Texts:
    """``users:501`` and so on, in the source's order. Job roles are no people and are left out."""
    found: list[str] = []
    if isinstance(data.get("assignees"), list):
        for entry in data["assignees"]:
            kind, key = text(mapping(entry).get("type")), ident(entry)
            if key and kind in ASSIGNABLE:
                found.append(f"{kind}:{key}")
    else:
        for kind, (relations, ids) in _LEGACY.items():
            found += [f"{kind}:{key}" for key in _ids(data.get(relations)) or _ids(data.get(ids))]
    return tuple(dict.fromkeys(found))


def _of_kind(kind: str, refs: Texts) -> Texts:
    return tuple(key for ref_kind, key in map(_split, refs) if ref_kind == kind)


def _split(ref: str) -> tuple[str, str]:
    kind, _, key = ref.partition(":")
    return kind, key


def _ids(value: object) -> Texts:
    return tuple(key for key in map(ident, sequence(value)) if key is not None)


def _priority(value: object) -> str | None:
    found = text(value)
    return None if found is None or found.lower() == "none" else found


def _first_number(data: Mapping[str, Any], *names: str) -> int | None:
    return next((found for name in names if (found := number(data.get(name))) is not None), None)


def _meta_name(value: object) -> str | None:
    relation = mapping(value)
    return text(mapping(relation.get("meta")).get("name")) or text(relation.get("name"))
