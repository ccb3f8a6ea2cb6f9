"""What the sandbox's Teamwork office is made of: frozen values, times in whole Unix seconds, ids as integers.

`Office` holds the newest version of each; a change puts a new value in the old one's place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

PartyKind = Literal["users", "teams", "companies"]
Priority = Literal["low", "medium", "high"]
OWNER_COMPANY_ID = 11
"""The office itself among the companies."""

TeamKind = Literal["site", "company", "project", "sub"]


class Party(NamedTuple):
    """Somebody a task is assigned to."""

    kind: PartyKind
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user or contact of the site."""

    id: int
    first_name: str
    last_name: str
    email: str
    company_id: int
    title: str = ""
    admin: bool = False
    deleted: bool = False
    created_at: int
    updated_at: int

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A customer or partner; the office itself is one too."""

    id: int
    name: str
    owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A team; those of a company or project and sub-teams are listed only when asked for."""

    id: int
    name: str
    handle: str
    kind: TeamKind = "site"
    members: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag; `project_id` 0 = of the whole site."""

    id: int
    name: str
    color: str = "#2f8de4"
    project_id: int = 0
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project."""

    id: int
    name: str
    description: str = ""
    company_id: int
    type: Literal["normal", "tentative"] = "normal"
    status: Literal["active", "archived", "deleted"] = "active"
    owner_id: int | None = None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """A task list of a project."""

    id: int
    name: str
    project_id: int
    description: str = ""
    completed: bool = False
    deleted: bool = False
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeTask:
    """A task. A deletion leaves `updated_at` alone: a switch of the service says whether it counts as a change."""

    id: int
    name: str
    tasklist_id: int
    description: str | None = ""
    status: Literal["new", "reopened", "completed"] = "new"
    priority: Priority | None = None
    progress: int = 0
    tag_ids: tuple[int, ...] = ()
    assignees: tuple[Party, ...] = ()
    parent_id: int = 0
    start_date: date | None = None
    due_date: date | None = None
    original_due_date: date | None = None
    estimate_minutes: int = 0
    attachments: tuple[int, ...] = ()
    private: int = 0
    created_at: int
    created_by: int
    updated_at: int
    updated_by: int | None = None
    completed_at: int | None = None
    completed_by: int | None = None
    deleted_at: int | None = None
    deleted_by: int | None = None


@dataclass(frozen=True, slots=True)
class TaskChange:
    """Something that a person did to a task."""

    before: OfficeTask | None
    """None for a new task."""
    after: OfficeTask
    by: int
