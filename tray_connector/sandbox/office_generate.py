"""Fills an office: the people, projects and tasks of "Nordlicht Planung", in any number, the same for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from typing import Any

from tray_connector.sandbox.office_records import (
    OWNER_COMPANY_ID,
    Company,
    OfficeTask,
    Party,
    Person,
    Priority,
    Project,
    Tag,
    TaskList,
    Team,
)
from tray_connector.sandbox.office_state import OfficeState

_DAY = 86_400
_SMALL_OFFICE = 150
_ROUNDS_PER_PROJECT = 10
_FIRST_TASK_ID = 21_400_001
_COLORS = ("#2f8de4", "#d84640", "#4ecd97", "#f4bd38", "9e6957", "#a94ecd")
_PRIORITIES: tuple[Priority | None, ...] = (None, None, None, "low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything; None = as in the small office (for `deleted`: about 3 %)."""

    seed: int = 1
    tasks: int | None = None
    people: int | None = None
    tags: int | None = None
    deleted: int | None = None
    days: int = 300


@dataclass(slots=True)
class _Draft:
    """A task to be, before it has an id and times."""

    name: str
    tasklist_id: int
    description: str | None
    tags: list[str]
    attachments: int = 0
    done: float = 0.3
    live: bool = True
    subtasks: list[_Draft] = field(default_factory=list)


def generate(office: OfficeState, plan: Plan) -> None:
    """Fill an empty office. The owner of the API key is the first person."""
    data = json.loads(resources.files(__package__).joinpath("office_data.json").read_text("utf-8"))
    rng = random.Random(plan.seed)
    start = office.now() - plan.days * _DAY
    _fill_directory(office, plan, data, start)
    count = _SMALL_OFFICE if plan.tasks is None else plan.tasks
    _Writer(office, rng, start).write(_Drafting(office, data, start).drafts(count))
    deleted = max(4, count * 3 // 100) if plan.deleted is None else plan.deleted
    _add_deleted(office, rng, deleted)


def _fill_directory(office: OfficeState, plan: Plan, data: Any, start: int) -> None:
    companies = [Company(id=OWNER_COMPANY_ID + n, name=name, owner=n == 0) for n, name in enumerate(data["companies"])]
    people = [
        Person(
            id=501 + number,
            first_name=first,
            last_name=last,
            title=title,
            company_id=OWNER_COMPANY_ID + company,
            email=email,
            admin=number == 0,
            created_at=start,
            updated_at=start,
        )
        for number, (first, last, title, company, email) in _people(data, plan.people)
    ]
    known = {person.id for person in people}
    teams = [
        Team(
            id=61 + number,
            name=name,
            handle=name.lower().replace(" ", "-"),
            kind=kind,
            members=tuple(501 + member for member in members if 501 + member in known),
        )
        for number, (name, kind, members) in enumerate(data["teams"])
    ]
    tags = [
        Tag(id=10_001 + number, name=name, color=_COLORS[number % len(_COLORS)], updated_at=start)
        for number, name in enumerate(_tag_names(data, plan.tags))
    ]
    office.load(people=people, teams=teams, companies=companies, tags=tags)
    office.me_id = 501


def _people(data: Any, count: int | None) -> Iterator[tuple[int, Any]]:
    known = data["people"]
    wanted = len(known) if count is None else max(1, count)
    yield from enumerate(known[:wanted])
    firsts, lasts = data["first_names"], data["last_names"]
    for number in range(len(known), wanted):
        first = firsts[number % len(firsts)]
        last = lasts[number // len(firsts) % len(lasts)]
        company = number % len(data["companies"])
        yield number, (first, last, "", company, f"mitarbeiter{number}@example.com")


def _tag_names(data: Any, count: int | None) -> list[str]:
    known: list[str] = data["tags"]
    wanted = len(known) if count is None else max(1, count)
    return known[:wanted] + [f"R_{1000 + number}" for number in range(len(known), wanted)]


class _Drafting:
    """Turns the written projects into drafts, turn by turn, until there are enough; makes projects and lists."""

    def __init__(self, office: OfficeState, data: Any, start: int) -> None:
        self._office = office
        self._projects = data["projects"]
        self._start = start

    def drafts(self, count: int) -> list[_Draft]:
        """So many live tasks (subtasks counted), and those of deleted lists on top."""
        drafts: list[_Draft] = []
        missing, turn = count, 0
        while missing > 0:
            for place, project in enumerate(self._projects):
                for number, spec in enumerate(project["lists"]):
                    dead = spec.get("deleted", False) or project.get("status") == "deleted"
                    if dead and turn == 0:
                        drafts += self._in_list(place, number, turn, len(spec["tasks"]), live=False)
                    if not dead and missing > 0:
                        more = self._in_list(place, number, turn, missing, live=True)
                        missing -= sum(1 + len(draft.subtasks) for draft in more)
                        drafts += more
            turn += 1
        return drafts

    def _in_list(self, place: int, number: int, turn: int, most: int, *, live: bool) -> list[_Draft]:
        project = self._projects[place]
        tasklist_id = self._tasklist(place, number, turn // _ROUNDS_PER_PROJECT)
        drafts = []
        for spec in project["lists"][number]["tasks"]:
            if most <= 0:
                break
            draft = _draft(spec, project, project["lists"][number], tasklist_id, turn)
            draft.live = live
            draft.subtasks = draft.subtasks[: most - 1]
            most -= 1 + len(draft.subtasks)
            drafts.append(draft)
        return drafts

    def _tasklist(self, place: int, number: int, section: int) -> int:
        """The id of the project's list in this section; list and project are made where they are missing."""
        office, project = self._office, self._projects[place]
        running = section * len(self._projects) + place
        project_id, tasklist_id = 70_001 + running, 300_001 + running * 10 + number
        if project_id not in office.projects:
            office.projects[project_id] = Project(
                id=project_id,
                name=project["name"] + (f" – Bauabschnitt {section + 1}" if section else ""),
                company_id=OWNER_COMPANY_ID + project["company"],
                type=project.get("type", "normal"),
                status=project.get("status", "active"),
                owner_id=501 + running % len(office.people),
                created_at=self._start,
                updated_at=self._start,
            )
        if tasklist_id not in office.lists:
            spec = project["lists"][number]
            office.lists[tasklist_id] = TaskList(
                id=tasklist_id,
                name=spec["name"],
                project_id=project_id,
                completed=spec.get("completed", False),
                deleted=spec.get("deleted", False),
                created_at=self._start,
                updated_at=self._start,
            )
        return tasklist_id


def _draft(spec: Any, project: Any, tasklist: Any, tasklist_id: int, turn: int) -> _Draft:
    task: Any = {"name": spec} if isinstance(spec, str) else spec
    suffix = f", Haus {turn + 1}" if turn else ""
    done = 0.92 if tasklist.get("completed") or project.get("status") == "archived" else 0.3
    return _Draft(
        name=task["name"] + suffix,
        tasklist_id=tasklist_id,
        description=task.get("description"),
        tags=[*project.get("tags", ()), *task["tags"]] if "tags" in task else [],
        attachments=task.get("attachments", 0),
        done=done,
        subtasks=[_Draft(name + suffix, tasklist_id, "", [], done=done) for name in task.get("subtasks", ())],
    )


class _Writer:
    """Turns drafts into tasks, oldest first, their making spread over the days."""

    def __init__(self, office: OfficeState, rng: random.Random, start: int) -> None:
        self._office = office
        self._rng = rng
        self._start = start
        self._end = office.now() - 120
        self._import = start + (self._end - start) // 2
        self._people = list(office.people)
        self._own = self._people[:6]
        self._teams = [team.id for team in office.teams.values()]
        self._companies = list(office.companies)
        self._tags = {tag.name: tag.id for tag in office.tags.values()}
        self._more_tags = list(office.tags)[40:]
        self._tasks: list[OfficeTask] = []
        self._span = max(1, self._end - start) / 1.02

    def write(self, drafts: list[_Draft]) -> None:
        """All drafts, with their subtasks."""
        for number, draft in enumerate(drafts):
            created = self._start + int(self._span * number / len(drafts))
            parent = self._add(draft, created, 0)
            for child in draft.subtasks:
                self._add(child, created + 60, parent)
        self._office.load(tasks=self._tasks)

    def _add(self, draft: _Draft, created: int, parent: int) -> int:
        rng = self._rng
        updated = created + int((self._end - created) * rng.random() ** 3)
        if rng.random() < 0.06 and created < self._import:
            updated = self._import
        done = rng.random() < draft.done
        start, due, original = self._dates(created)
        task = OfficeTask(
            id=_FIRST_TASK_ID + len(self._tasks),
            name=draft.name,
            tasklist_id=draft.tasklist_id,
            description=draft.description,
            status="completed" if done else "reopened" if rng.random() < 0.05 else "new",
            priority=rng.choice(_PRIORITIES),
            progress=100 if done else rng.choice((0, 0, 0, 10, 25, 50, 80)),
            tag_ids=self._tag_ids(draft),
            assignees=self._assignees(),
            parent_id=parent,
            start_date=start,
            due_date=due,
            original_due_date=original,
            estimate_minutes=rng.choice((0, 0, 30, 60, 90, 120, 240, 480)),
            attachments=tuple(900_000 + len(self._tasks) * 10 + n for n in range(draft.attachments)),
            private=1 if rng.random() < 0.02 else 0,
            created_at=created,
            created_by=rng.choice(self._own),
            updated_at=updated,
            updated_by=rng.choice(self._own),
            completed_at=updated if done else None,
            completed_by=rng.choice(self._own) if done else None,
        )
        self._tasks.append(task)
        return task.id

    def _tag_ids(self, draft: _Draft) -> tuple[int, ...]:
        ids = [self._tags[name] for name in draft.tags if name in self._tags]
        if self._more_tags and draft.live and self._rng.random() < 0.5:
            ids.append(self._rng.choice(self._more_tags))
        return tuple(dict.fromkeys(ids))

    def _assignees(self) -> tuple[Party, ...]:
        rng, draw = self._rng, self._rng.random()
        if draw < 0.15:
            return ()
        chosen = [Party("users", rng.choice(self._own if draw < 0.5 else self._people))]
        if draw >= 0.7:
            chosen.append(Party("users", rng.choice(self._people)))
        if draw >= 0.82:
            chosen.append(Party("teams", rng.choice(self._teams)))
        if draw >= 0.94:
            chosen.append(Party("companies", rng.choice(self._companies)))
        rng.shuffle(chosen)
        return tuple(dict.fromkeys(chosen))

    def _dates(self, created: int) -> tuple[date | None, date | None, date | None]:
        rng = self._rng
        day = datetime.fromtimestamp(created, UTC).date()
        due = day + timedelta(days=rng.randrange(3, 90)) if rng.random() < 0.65 else None
        start = day + timedelta(days=rng.randrange(3)) if rng.random() < 0.3 else None
        original = due - timedelta(days=5) if due and rng.random() < 0.2 else None
        return start, due, original


def _add_deleted(office: OfficeState, rng: random.Random, count: int) -> None:
    """So many more tasks that were deleted some time after they were made."""
    live = office.live_tasks()
    if not live:
        return
    end = office.now() - 60
    made: list[OfficeTask] = []
    for _ in range(count):
        model = rng.choice(live)
        made.append(
            replace(
                model,
                id=_FIRST_TASK_ID + len(office.tasks()) + len(made),
                name=f"{model.name} (doppelt)",
                parent_id=0,
                attachments=(),
                deleted_at=model.updated_at + int((end - model.updated_at) * rng.random()),
                deleted_by=office.me_id,
            )
        )
    office.load(tasks=made)
