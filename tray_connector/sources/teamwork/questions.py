"""The questions put to Teamwork's task list, as query parameters.

An unknown parameter is ignored by Teamwork without a word, a wrong value of an enumeration is refused; so only
parameters that its documentation names are sent, and enumerations only with documented values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

TASKS = "projects/api/v3/tasks.json"
PROJECTS = "projects/api/v3/projects.json"
ME = "projects/api/v3/me.json"

Params = Mapping[str, str]

ALL_TASKS: Params = {
    "includeCompletedTasks": "true",
    "showCompletedLists": "true",
    "includeArchivedProjects": "true",
    "includeTentativeProjects": "true",
}
"""Each is a switch of its own and off by default. `projectType` is left at its default, which means every type."""
WITH_NAMES: Params = {"include": "projects,tasklists,users,tags,companies,teams"}
WITH_DELETED: Params = {"includeTasksFromDeletedLists": "true", "showDeleted": "true"}
IN_DELETED_LISTS: Params = {"includeTasksFromDeletedLists": "true"}

IDS_AT_MOST = 100
FEW_IDS = 25
"""How many ids one question takes is not documented: so few are surely all looked at."""
_URL_AT_MOST = 5000
"""Characters of the ids in one address: the whole stays below 6 kB."""


def task(task_id: str) -> str:
    """The path of a single task."""
    return f"projects/api/v3/tasks/{task_id}.json"


def time(moment: datetime) -> str:
    """A time as Teamwork takes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def of_projects(projects: Collection[str]) -> Params:
    """Only these projects; all when there are none."""
    return {"projectIds": ",".join(sorted(projects))} if projects else {}


def only_deleted(after: datetime) -> Params:
    """What was deleted after the moment. Whether `showDeleted` adds to the live tasks or replaces them is not
    documented, so all switches are set and the rows decide.
    """
    return {**ALL_TASKS, **WITH_DELETED, "deletedOnly": "true", "deletedAfter": time(after)}


def id_chunks(ids: Iterable[str], at_most: int) -> list[list[str]]:
    """Ids in portions that one address can carry."""
    chunks: list[list[str]] = []
    length = 0
    for task_id in ids:
        if not chunks or len(chunks[-1]) == at_most or length + len(task_id) + 1 > _URL_AT_MOST:
            chunks.append([])
            length = 0
        chunks[-1].append(task_id)
        length += len(task_id) + 1
    return chunks
