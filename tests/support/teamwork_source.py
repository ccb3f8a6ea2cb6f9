"""A `TeamworkSource` over the sandbox, and what it should read by the sandbox's own books."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Protocol

from tests.support.clock import FakeClock
from tray_connector.config.budget import teamwork_budget
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Stop
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Email, Record, Task
from tray_connector.sandbox.limits import RateLimiter, Window
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.office_records import OfficeTask
from tray_connector.sandbox.server import Request, Response, SandboxServer, Service
from tray_connector.sandbox.teamwork import SANDBOX_KEY, TeamworkService, TeamworkSwitches
from tray_connector.sources.base import Page, Reading, Since
from tray_connector.sources.http import HttpClient
from tray_connector.sources.teamwork import TeamworkSource

FIRST_RUN = Since(None)
EVERYTHING = Since(None, everything=True)
TASKS = "/projects/api/v3/tasks.json"
SHORT = Limits(connect=2.0, silence=0.3, total=2.0)


class Named(Protocol):
    """A person, team or company of the office."""

    @property
    def name(self) -> str: ...


class Altered:
    """A service that sees other queries than were sent, as a site with other rules would."""

    name = "teamwork"

    def __init__(self, inner: Service, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        self._inner = inner
        self._change = change

    def answer(self, request: Request) -> Response:
        return self._inner.answer(replace(request, query=self._change(dict(request.query))))


class NothingKnown:
    """A ledger that has never seen anything."""

    def conversation(self, conversation_id: str) -> Conversation | None:
        return None

    def emails(self, ids: Collection[str]) -> Mapping[str, Email]:
        return {}

    def stored_in(self, conversation_id: str) -> Mapping[str, Email]:
        return {}


def basic(key: str) -> str:
    """The header for a Teamwork key."""
    return "Basic " + base64.b64encode(f"{key}:x".encode()).decode()


def task_of(record: Record | None) -> Task:
    """The record, which must be a task."""
    assert isinstance(record, Task)
    return record


@dataclass
class Reader:
    """The sandbox, the source that reads it, and shorthands."""

    office: Office
    service: TeamworkService
    server: SandboxServer
    clock: FakeClock
    client: HttpClient
    source: TeamworkSource
    folder: Path
    stop: Stop = field(default_factory=Stop)

    def pages(self, stream: str = "tasks", since: Since = FIRST_RUN) -> list[Page]:
        """All pages of a stream."""
        return list(self.source.changes(stream, since, self.stop))

    def changed(self, stream: str = "tasks", since: Since = FIRST_RUN) -> dict[str, Task]:
        """The tasks of a stream by id, the last reading of each."""
        return by_id(self.pages(stream, since))

    def walked(self) -> dict[str, Task]:
        """The tasks of a full walk by id."""
        return by_id(list(self.source.walk(self.stop)))

    def readings(self, *events: Event) -> dict[str, Reading]:
        """The completed events by id."""
        return {reading.event.id: reading for reading in self.source.complete(events, NothingKnown(), self.stop)}

    def since(self, seconds_ago: float) -> Since:
        """A poll with a checkpoint so long ago."""
        return Since(datetime.fromtimestamp(self.clock.now().timestamp() - seconds_ago, UTC))

    def requests(self, prefix: str = "/") -> int:
        """How many requests arrived."""
        return self.server.requests.count(prefix)

    def event(self, task_id: int | str, payload: Task | None = None) -> Event:
        """An event for a task, by default one that asks for a fresh read."""
        return Event(source="teamwork", kind="task", id=str(task_id), payload=payload, since=self.clock.now())


@contextmanager
def reading_teamwork(
    folder: Path,
    *,
    office: Office | None = None,
    tasks: int | None = None,
    people: int | None = None,
    switches: TeamworkSwitches | None = None,
    projects: frozenset[str] = frozenset(),
    process_after: datetime | None = None,
    include_completed: bool = True,
    limit: int = 150,
    key: str = SANDBOX_KEY,
    ceiling: int = 50_000,
    limits: Limits = SHORT,
) -> Iterator[Reader]:
    """A running site with a source that reads it; both end with the block."""
    office = office or Office.generate(clock=FakeClock(), tasks=tasks, people=people)
    clock = office.clock
    assert isinstance(clock, FakeClock)
    limiter = RateLimiter([Window(limit, 60)], clock=clock, style="fixed")
    service = TeamworkService(office, switches=switches, limiter=limiter, clock=clock)
    with SandboxServer(service, clock=clock) as server:
        client = HttpClient(
            service="teamwork",
            base_url=server.url,
            authorization=basic(key),
            budget=teamwork_budget(clock),
            clock=clock,
            user_agent="tests",
            rate_statuses=frozenset({429, 400}),
            limits=limits,
        )
        reads = count(1)
        source = TeamworkSource(
            client=client,
            site_url=server.url + "/",
            people_file=folder / "teamwork_people.json",
            tags_file=folder / "teamwork_tags.json",
            projects=projects,
            process_after=process_after,
            include_completed_on_first_sync=include_completed,
            clock=clock,
            read_number=lambda: next(reads),
            ceiling=ceiling,
        )
        try:
            yield Reader(office, service, server, clock, client, source, folder)
        finally:
            client.close()


def by_id(pages: list[Page]) -> dict[str, Task]:
    """The tasks of pages by id."""
    return {event.id: task_of(event.payload) for page in pages for event in page.events}


def expected(site: Reader, task: OfficeTask) -> Task:
    """The task as it should arrive, by the office's own books."""
    office = site.office
    tasklist = office.lists[task.tasklist_id]
    names: dict[str, Mapping[int, Named]] = {
        "users": office.people,
        "teams": office.teams,
        "companies": office.companies,
    }
    deleted = task.deleted_at is not None
    return Task(
        task_id=str(task.id),
        name=task.name,
        description=task.description or None,
        status="deleted" if deleted else task.status,
        priority=task.priority,
        progress=task.progress,
        project_id=str(tasklist.project_id),
        project_name=office.projects[tasklist.project_id].name,
        tasklist_id=str(tasklist.id),
        tasklist_name=tasklist.name,
        parent_task_id=str(task.parent_id) if task.parent_id else None,
        tag_ids=tuple(str(tag) for tag in task.tag_ids),
        tags=tuple(office.tags[tag].name for tag in task.tag_ids),
        assignee_user_ids=tuple(str(party.id) for party in task.assignees if party.kind == "users"),
        assignee_team_ids=tuple(str(party.id) for party in task.assignees if party.kind == "teams"),
        assignee_company_ids=tuple(str(party.id) for party in task.assignees if party.kind == "companies"),
        assignees=tuple(names[party.kind][party.id].name for party in task.assignees),
        start_date=task.start_date,
        due_date=task.due_date,
        created_at=moment(task.created_at),
        created_by_id=str(task.created_by),
        created_by=office.people[task.created_by].name,
        updated_at=moment(task.updated_at),
        updated_by_id=str(task.updated_by) if task.updated_by else None,
        updated_by=office.people[task.updated_by].name if task.updated_by else None,
        completed_at=moment(task.completed_at) if task.completed_at else None,
        estimate_minutes=task.estimate_minutes,
        accumulated_estimated_minutes=task.estimate_minutes
        + sum(child.estimate_minutes for child in office.children(task.id) if child.deleted_at is None),
        deleted=deleted,
        deleted_at=moment(task.deleted_at) if task.deleted_at else None,
        url=f"{site.server.url}/app/tasks/{task.id}",
        assignee_refs=tuple(f"{party.kind}:{party.id}" for party in task.assignees),
        attachment_ids=tuple(str(file) for file in task.attachments),
    )


def all_expected(site: Reader) -> dict[str, Task]:
    """Every live task of the office."""
    return {str(task.id): expected(site, task) for task in site.office.live_tasks()}


def moment(seconds: int) -> datetime:
    """Unix seconds as a time."""
    return datetime.fromtimestamp(seconds, UTC)
