"""The sandbox's office as Teamwork keeps it, and everything that may happen in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any, Literal, Self

from tray_connector.config.clock import Clock
from tray_connector.sandbox.office_generate import Plan, generate
from tray_connector.sandbox.office_records import (
    OWNER_COMPANY_ID,
    OfficeTask,
    Party,
    Person,
    Priority,
    Project,
    Tag,
    TaskList,
)
from tray_connector.sandbox.office_state import NotInOffice, OfficeState

__all__ = ["NotInOffice", "Office"]


class Office(OfficeState):
    """A Teamwork site. Every change of a task sets its `updated_at` to the clock's time in whole seconds.

    Changes of names, tags, lists and projects leave the tasks' `updated_at` alone, as far as is known of the real site.
    `by` is the id of the person who does it; None = the owner of the API key.
    """

    @classmethod
    def generate(
        cls,
        *,
        clock: Clock,
        seed: int = 1,
        tasks: int | None = None,
        people: int | None = None,
        tags: int | None = None,
        deleted: int | None = None,
        days: int = 300,
    ) -> Self:
        """The office of "Nordlicht Planung", the same for the same arguments and clock.

        `tasks` counts those that are neither deleted nor in a deleted list; `deleted` come on top (None: about 3 %).
        None for the others = the small office as it is. All of it happened within the last `days`.
        """
        office = cls(clock=clock)
        generate(office, Plan(seed=seed, tasks=tasks, people=people, tags=tags, deleted=deleted, days=days))
        return office

    def create_task(
        self,
        name: str,
        *,
        tasklist_id: int | None = None,
        description: str | None = "",
        tags: Iterable[str | int] = (),
        assignees: Iterable[Party] = (),
        parent_id: int = 0,
        priority: Priority | None = None,
        start_date: date | None = None,
        due_date: date | None = None,
        estimate_minutes: int = 0,
        by: int | None = None,
    ) -> OfficeTask:
        """A new task, without a list in the first one that is open; tags by name or id, unknown names are made."""
        with self.lock:
            now = self.now()
            task = OfficeTask(
                id=self.new_id(),
                name=name,
                tasklist_id=self._open_list() if tasklist_id is None else tasklist_id,
                description=description,
                tag_ids=tuple(dict.fromkeys(self._tag_id(tag) for tag in tags)),
                assignees=tuple(assignees),
                parent_id=parent_id,
                priority=priority,
                start_date=start_date,
                due_date=due_date,
                estimate_minutes=estimate_minutes,
                created_at=now,
                created_by=by or self.me_id,
                updated_at=now,
                updated_by=by or self.me_id,
            )
            return self._tell(None, self.put_task(task), by)

    def edit_task(self, task_id: int, *, by: int | None = None, **changes: Any) -> OfficeTask:
        """Change fields of `OfficeTask`, for instance ``description=""``; without one it is merely touched."""
        with self.lock:
            stamp = {"updated_at": self.now(), "updated_by": by or self.me_id}
            before = self.task(task_id)
            return self._tell(before, self.put_task(replace(before, **(stamp | changes))), by)

    def complete(self, task_id: int, *, by: int | None = None) -> OfficeTask:
        """Tick the task off."""
        return self.edit_task(
            task_id, by=by, status="completed", progress=100, completed_at=self.now(), completed_by=by or self.me_id
        )

    def reopen(self, task_id: int, *, by: int | None = None) -> OfficeTask:
        """Take the tick away."""
        return self.edit_task(task_id, by=by, status="reopened", completed_at=None, completed_by=None)

    def tag(self, task_id: int, tag: str | int, *, by: int | None = None) -> OfficeTask:
        """Add a tag, by name or id; an unknown name is made."""
        with self.lock:
            tags = dict.fromkeys((*self.task(task_id).tag_ids, self._tag_id(tag)))
            return self.edit_task(task_id, by=by, tag_ids=tuple(tags))

    def untag(self, task_id: int, tag: str | int | None = None, *, by: int | None = None) -> OfficeTask:
        """Take one tag away; None = all."""
        with self.lock:
            gone = None if tag is None else self._tag_id(tag)
            left = () if gone is None else tuple(each for each in self.task(task_id).tag_ids if each != gone)
            return self.edit_task(task_id, by=by, tag_ids=left)

    def move_task(self, task_id: int, tasklist_id: int, *, by: int | None = None) -> OfficeTask:
        """Put the task into another list."""
        return self.edit_task(task_id, by=by, tasklist_id=tasklist_id)

    def delete_task(self, task_id: int, *, by: int | None = None) -> None:
        """Delete the task and its subtasks, as the site does."""
        with self.lock:
            task = self.task(task_id)
            for child in self.children(task_id):
                self.delete_task(child.id, by=by)
            if task.deleted_at is None:
                gone = self.put_task(replace(task, deleted_at=self.now(), deleted_by=by or self.me_id))
                self._tell(task, gone, by)

    def restore_task(self, task_id: int, *, by: int | None = None) -> OfficeTask:
        """Take the task, not its subtasks, out of the trash."""
        return self.edit_task(task_id, by=by, deleted_at=None, deleted_by=None)

    def create_person(self, first_name: str, last_name: str, *, company_id: int | None = None) -> Person:
        """A new person, of the office itself when no company is named."""
        with self.lock:
            now = self.now()
            person = Person(
                id=self.new_id(),
                first_name=first_name,
                last_name=last_name,
                email=f"{first_name}.{last_name}@example.com".lower().replace(" ", "-"),
                company_id=company_id or OWNER_COMPANY_ID,
                created_at=now,
                updated_at=now,
            )
            self.load(people=[person])
            return person

    def rename_person(self, person_id: int, first_name: str, last_name: str) -> None:
        """Give a person other names."""
        with self.lock:
            changed = replace(self.people[person_id], first_name=first_name, last_name=last_name, updated_at=self.now())
            self._put(self.people, changed)

    def delete_person(self, person_id: int) -> None:
        """The person leaves; the tasks keep the id."""
        with self.lock:
            self._put(self.people, replace(self.people[person_id], deleted=True, updated_at=self.now()))

    def create_tag(self, name: str, *, color: str = "#2f8de4", project_id: int = 0) -> Tag:
        """A new tag."""
        with self.lock:
            made = Tag(id=self.new_id(), name=name, color=color, project_id=project_id, updated_at=self.now())
            self._put(self.tags, made)
            return made

    def rename_tag(self, tag_id: int, name: str) -> None:
        """Give a tag another name, everywhere."""
        with self.lock:
            self._put(self.tags, replace(self.tags[tag_id], name=name, updated_at=self.now()))

    def delete_tag(self, tag_id: int) -> None:
        """The tag disappears from all tasks, which does not count as their change."""
        with self.lock:
            del self.tags[tag_id]
            for task in self.tasks():
                if tag_id in task.tag_ids:
                    self.put_task(replace(task, tag_ids=tuple(each for each in task.tag_ids if each != tag_id)))
            self.revision += 1

    def rename_team(self, team_id: int, name: str) -> None:
        """Give a team another name."""
        with self.lock:
            self._put(self.teams, replace(self.teams[team_id], name=name))

    def rename_company(self, company_id: int, name: str) -> None:
        """Give a company another name."""
        with self.lock:
            self._put(self.companies, replace(self.companies[company_id], name=name))

    def create_list(self, name: str, project_id: int) -> TaskList:
        """A new task list."""
        with self.lock:
            now = self.now()
            made = TaskList(id=self.new_id(), name=name, project_id=project_id, created_at=now, updated_at=now)
            self._put(self.lists, made)
            return made

    def rename_list(self, tasklist_id: int, name: str) -> None:
        """Give a task list another name."""
        self._change_list(tasklist_id, name=name)

    def complete_list(self, tasklist_id: int, *, completed: bool = True) -> None:
        """Tick a whole list off, or take the tick away; its tasks stay as they are."""
        self._change_list(tasklist_id, completed=completed)

    def delete_list(self, tasklist_id: int) -> None:
        """Delete a list with what is in it; the tasks themselves are not marked."""
        self._change_list(tasklist_id, deleted=True)

    def restore_list(self, tasklist_id: int) -> None:
        """Take a list out of the trash."""
        self._change_list(tasklist_id, deleted=False)

    def create_project(self, name: str, *, company_id: int | None = None) -> Project:
        """A new project, for the office itself when no company is named."""
        with self.lock:
            now = self.now()
            made = Project(
                id=self.new_id(), name=name, company_id=company_id or OWNER_COMPANY_ID, created_at=now, updated_at=now
            )
            self._put(self.projects, made)
            return made

    def rename_project(self, project_id: int, name: str) -> None:
        """Give a project another name."""
        self._change_project(project_id, name=name)

    def set_project_status(self, project_id: int, status: Literal["active", "archived", "deleted"]) -> None:
        """Archive a project, delete it, or bring it back."""
        self._change_project(project_id, status=status)

    def delete_project(self, project_id: int) -> None:
        """Delete a project with its lists; the tasks themselves are not marked."""
        self._change_project(project_id, status="deleted")

    def _change_list(self, tasklist_id: int, **changes: Any) -> None:
        with self.lock:
            self._put(self.lists, replace(self.lists[tasklist_id], updated_at=self.now(), **changes))

    def _change_project(self, project_id: int, **changes: Any) -> None:
        with self.lock:
            self._put(self.projects, replace(self.projects[project_id], updated_at=self.now(), **changes))

    def _put(self, table: dict[int, Any], value: Any) -> None:
        table[value.id] = value
        self.revision += 1

    def _tag_id(self, tag: str | int) -> int:
        if isinstance(tag, int):
            return tag
        try:
            return self.tag_named(tag).id
        except NotInOffice:
            return self.create_tag(tag).id

    def _open_list(self) -> int:
        for each in self.lists.values():
            project = self.projects[each.project_id]
            if not each.completed and not each.deleted and project.status == "active" and project.type == "normal":
                return each.id
        raise NotInOffice("an open task list")
