"""The state behind the sandbox's Teamwork: everything by id, indexed for quick lists, safe to use from many threads."""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from tray_connector.config.clock import Clock
from tray_connector.sandbox.office_records import Company, OfficeTask, Person, Project, Tag, TaskChange, TaskList, Team


class NotInOffice(LookupError):  # noqa: N818 - says what it means
    """Something was asked for or changed that is not there."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


class OfficeState:
    """People, teams, companies, tags, projects, task lists and tasks.

    `lock` may be held by a reader who wants several things as of one moment; it is reentrant. `revision` grows with
    every change. `me_id` is the person to whom the API key belongs. `watchers` are told, while the lock is held, what
    people do to tasks; what `load`, `put_task` and `purge_task` do goes unnoticed.
    """

    def __init__(self, *, clock: Clock) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.revision = 0
        self.me_id = 0
        self.watchers: list[Callable[[TaskChange], None]] = []
        self.people: dict[int, Person] = {}
        self.teams: dict[int, Team] = {}
        self.companies: dict[int, Company] = {}
        self.tags: dict[int, Tag] = {}
        self.projects: dict[int, Project] = {}
        self.lists: dict[int, TaskList] = {}
        self._tasks: dict[int, OfficeTask] = {}
        self._children: dict[int, list[int]] = {}
        self._deleted: set[int] = set()
        self._by_updated: list[tuple[int, int]] = []
        self._last_id = 0

    def now(self) -> int:
        """The clock's time in whole Unix seconds."""
        return int(self.clock.now().timestamp())

    def new_id(self) -> int:
        """An id above all that were ever given."""
        with self.lock:
            self._last_id += 1
            return self._last_id

    def task(self, task_id: int) -> OfficeTask:
        """The task, deleted or not. Raises `NotInOffice`."""
        with self.lock:
            try:
                return self._tasks[task_id]
            except KeyError:
                raise NotInOffice(f"task {task_id}") from None

    def tasks(self) -> list[OfficeTask]:
        """All tasks, deleted ones too, in the order of their making."""
        with self.lock:
            return list(self._tasks.values())

    def live_tasks(self) -> list[OfficeTask]:
        """The tasks that are neither deleted nor in a deleted list or project."""
        with self.lock:
            return [task for task in self._tasks.values() if not self.is_deleted(task)]

    def is_deleted(self, task: OfficeTask) -> bool:
        """Whether the task itself, its list or its project is deleted."""
        return task.deleted_at is not None or self.in_deleted_list(task)

    def in_deleted_list(self, task: OfficeTask) -> bool:
        """Whether the task's list or project is deleted."""
        tasklist = self.lists[task.tasklist_id]
        return tasklist.deleted or self.projects[tasklist.project_id].status == "deleted"

    def deleted_tasks(self) -> list[OfficeTask]:
        """The tasks that were deleted themselves."""
        with self.lock:
            return [self._tasks[task_id] for task_id in self._deleted]

    def tasks_updated_after(self, moment: int) -> list[OfficeTask]:
        """The tasks with `updated_at` strictly after the moment, longest unchanged first."""
        with self.lock:
            start = bisect_left(self._by_updated, (moment + 1, 0))
            return [self._tasks[task_id] for _, task_id in self._by_updated[start:]]

    def tasks_of_ids(self, ids: Iterable[int]) -> list[OfficeTask]:
        """Those of the ids that exist."""
        with self.lock:
            return [self._tasks[task_id] for task_id in ids if task_id in self._tasks]

    def children(self, task_id: int) -> list[OfficeTask]:
        """The direct subtasks."""
        with self.lock:
            return [self._tasks[child] for child in self._children.get(task_id, ())]

    def has_children(self, task_id: int) -> bool:
        """Whether there are subtasks."""
        return task_id in self._children

    def person_named(self, name: str) -> Person:
        """The first person of that full name. Raises `NotInOffice`."""
        return self._first(self.people, name)

    def tag_named(self, name: str) -> Tag:
        """The first tag of that name. Raises `NotInOffice`."""
        return self._first(self.tags, name)

    def team_named(self, name: str) -> Team:
        """The first team of that name. Raises `NotInOffice`."""
        return self._first(self.teams, name)

    def company_named(self, name: str) -> Company:
        """The first company of that name. Raises `NotInOffice`."""
        return self._first(self.companies, name)

    def project_named(self, name: str) -> Project:
        """The first project of that name. Raises `NotInOffice`."""
        return self._first(self.projects, name)

    def list_named(self, name: str) -> TaskList:
        """The first task list of that name. Raises `NotInOffice`."""
        return self._first(self.lists, name)

    def load(
        self,
        *,
        people: Iterable[Person] = (),
        teams: Iterable[Team] = (),
        companies: Iterable[Company] = (),
        tags: Iterable[Tag] = (),
        projects: Iterable[Project] = (),
        lists: Iterable[TaskList] = (),
        tasks: Iterable[OfficeTask] = (),
    ) -> None:
        """Take over many things at once, as they are; those of a known id are replaced."""
        with self.lock:
            self.people.update({each.id: each for each in people})
            self.teams.update({each.id: each for each in teams})
            self.companies.update({each.id: each for each in companies})
            self.tags.update({each.id: each for each in tags})
            self.projects.update({each.id: each for each in projects})
            self.lists.update({each.id: each for each in lists})
            for task in tasks:
                if task.parent_id and task.id not in self._tasks:
                    self._children.setdefault(task.parent_id, []).append(task.id)
                self._tasks[task.id] = task
            self._deleted = {task.id for task in self._tasks.values() if task.deleted_at is not None}
            self._by_updated = sorted((task.updated_at, task.id) for task in self._tasks.values())
            known = (self.people, self.teams, self.companies, self.tags, self.projects, self.lists, self._tasks)
            self._last_id = max(self._last_id, *(max(table, default=0) for table in known))
            self.revision += 1

    def put_task(self, task: OfficeTask) -> OfficeTask:
        """Store a new or changed task as it is."""
        with self.lock:
            old = self._tasks.get(task.id)
            if old is not None:
                self._forget(old)
            self._tasks[task.id] = task
            insort(self._by_updated, (task.updated_at, task.id))
            if task.parent_id:
                self._children.setdefault(task.parent_id, []).append(task.id)
            if task.deleted_at is not None:
                self._deleted.add(task.id)
            self.revision += 1
            return task

    def purge_task(self, task_id: int) -> None:
        """Make a task vanish without a trace: no list shows it, a GET gives 404."""
        with self.lock:
            self._forget(self.task(task_id))
            del self._tasks[task_id]
            self.revision += 1

    def _tell(self, before: OfficeTask | None, after: OfficeTask, by: int | None) -> OfficeTask:
        for watcher in self.watchers:
            watcher(TaskChange(before, after, by or self.me_id))
        return after

    def _forget(self, task: OfficeTask) -> None:
        place = bisect_left(self._by_updated, (task.updated_at, task.id))
        del self._by_updated[place]
        self._deleted.discard(task.id)
        if task.parent_id:
            siblings = self._children[task.parent_id]
            siblings.remove(task.id)
            if not siblings:
                del self._children[task.parent_id]

    def _first(self, table: dict[int, _N], name: str) -> _N:
        with self.lock:
            for each in table.values():
                if each.name == name:
                    return each
        raise NotInOffice(name)
