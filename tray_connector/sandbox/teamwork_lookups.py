"""Teamwork's directories: people, tags, task lists, projects and companies (v3), teams and trash cans (v1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tray_connector.sandbox.office_records import Person, Project, TaskList
from tray_connector.sandbox.office_state import OfficeState
from tray_connector.sandbox.server import Response
from tray_connector.sandbox.teamwork_included import page_of, sparse
from tray_connector.sandbox.teamwork_params import Params
from tray_connector.sandbox.teamwork_shapes import (
    Shape,
    company_shape,
    person_shape,
    project_shape,
    tag_shape,
    tasklist_shape,
    team_shape,
)
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches

_V1_PAGE = 250


class Lookups:
    """Answers the directories' requests. Raises `Refused` for bad values."""

    def __init__(self, office: OfficeState) -> None:
        self._office = office

    def people(self, params: Params, switches: TeamworkSwitches) -> Response:
        """`/people.json`, by name; deleted people only with `showDeleted`."""
        ids, deleted = params.ids("ids"), params.flag("showDeleted")
        order = params.choice("orderBy", ("name", "namecaseinsensitive", "company", "id"), "name")
        found = [
            person
            for person in self._rows(self._office.people)
            if (deleted or not person.deleted)
            and (ids is None or person.id in ids)
            and _matches(params, person.name, person.email)
        ]
        keys = {"id": lambda person: person.id, "company": lambda person: (person.company_id, person.id)}
        found.sort(key=keys.get(order, _by_name), reverse=_descending(params))
        shown, meta = page_of(found, params, switches)
        included: dict[str, Any] = {}
        if "companies" in params.words("include"):
            included["companies"] = self._companies_of(person.company_id for person in shown)
        shapes = sparse(map(person_shape, shown), params, "people")
        return Response(200, {"people": shapes, "meta": meta, "included": included})

    def tags(self, params: Params, switches: TeamworkSwitches) -> Response:
        """`/tags.json`, by name, 500 a page unless told otherwise."""
        params.choice("orderBy", ("name", "count", "datelastused", "color"), "name")
        projects, after = params.ids("projectIds"), params.moment("updatedAfter")
        found = [
            tag
            for tag in self._rows(self._office.tags)
            if (projects is None or tag.project_id in projects)
            and (after is None or tag.updated_at > after)
            and _matches(params, tag.name)
        ]
        found.sort(key=lambda tag: (tag.name.lower(), tag.id), reverse=_descending(params))
        shown, meta = page_of(found, params, switches, default_size=500)
        return Response(200, {"tags": sparse(map(tag_shape, shown), params, "tags"), "meta": meta, "included": {}})

    def tasklists(self, params: Params, switches: TeamworkSwitches, project_id: int | None = None) -> Response:
        """`/tasklists.json`, also below a project; completed ones only with `showCompleted`."""
        completed, projects = params.flag("showCompleted"), params.ids("projectIds")
        found = [
            each
            for each in self._rows(self._office.lists)
            if not self._is_deleted(each)
            and (completed or not each.completed)
            and project_id in (None, each.project_id)
            and (projects is None or each.project_id in projects)
            and _matches(params, each.name)
        ]
        shown, meta = page_of(found, params, switches)
        shapes = sparse(map(tasklist_shape, shown), params, "tasklists")
        return Response(200, {"tasklists": shapes, "meta": meta, "included": {}})

    def projects(self, params: Params, switches: TeamworkSwitches) -> Response:
        """`/projects.json`, by name; archived ones only when asked for."""
        only_archived = params.flag("onlyArchivedProjects")
        archived = only_archived or params.flag("includeArchivedProjects")
        ids, after = params.ids("projectIds"), params.moment("updatedAfter")
        found = [
            project
            for project in self._rows(self._office.projects)
            if project.status != "deleted"
            and (archived if project.status == "archived" else not only_archived)
            and (ids is None or project.id in ids)
            and (after is None or project.updated_at > after)
            and _matches(params, project.name)
        ]
        found.sort(key=lambda project: (project.name.lower(), project.id))
        shown, meta = page_of(found, params, switches)
        included: dict[str, Any] = {}
        if "companies" in params.words("include"):
            included["companies"] = self._companies_of(project.company_id for project in shown)
        shapes = sparse(map(project_shape, shown), params, "projects")
        return Response(200, {"projects": shapes, "meta": meta, "included": included})

    def companies(self, params: Params, switches: TeamworkSwitches) -> Response:
        """`/companies.json`."""
        found = [each for each in self._rows(self._office.companies) if _matches(params, each.name)]
        shown, meta = page_of(found, params, switches)
        shapes = sparse(map(company_shape, shown), params, "companies")
        return Response(200, {"companies": shapes, "meta": meta, "included": {}})

    def single(self, kind: str, thing_id: int) -> Response:
        """One person, tag, task list, project or company; 404 without a body when there is none."""
        office = self._office
        shape: Shape | None = None
        if kind == "people" and thing_id in office.people:
            shape = {"person": person_shape(office.people[thing_id])}
        elif kind == "tags" and thing_id in office.tags:
            shape = {"tag": tag_shape(office.tags[thing_id])}
        elif kind == "tasklists" and thing_id in office.lists and not self._is_deleted(office.lists[thing_id]):
            shape = {"tasklist": tasklist_shape(office.lists[thing_id])}
        elif kind == "projects" and thing_id in office.projects and office.projects[thing_id].status != "deleted":
            shape = {"project": project_shape(office.projects[thing_id])}
        elif kind == "companies" and thing_id in office.companies:
            shape = {"company": company_shape(office.companies[thing_id])}
        return Response(404) if shape is None else Response(200, shape | {"included": {}})

    def me(self) -> Response:
        """`/me.json`: whose key it is."""
        return Response(200, {"person": person_shape(self._office.people[self._office.me_id])})

    def teams(self, params: Params) -> Response:
        """`/teams.json` (v1): ids are text; teams of companies and projects and sub-teams only when asked for."""
        kinds = {"site"}
        for kind, name in (
            ("company", "includeCompanyTeams"),
            ("project", "includeProjectTeams"),
            ("sub", "includeSubteams"),
        ):
            if params.flag(name):
                kinds.add(kind)
        found = [team for team in self._rows(self._office.teams) if team.kind in kinds and _matches(params, team.name)]
        page, size = params.number("page", 1), params.number("pageSize", _V1_PAGE)
        shown = found[(page - 1) * size : page * size]
        teams = [team_shape(team) | {"id": str(team.id), "memberCount": str(len(team.members))} for team in shown]
        headers = {"X-Page": str(page), "X-Pages": str(-(-len(found) // size)), "X-Records": str(len(found))}
        return Response(200, {"STATUS": "OK", "teams": teams}, headers)

    def deleted_people(self) -> Response:
        """`/people/deleted.json` (v1)."""
        gone = [person for person in self._rows(self._office.people) if person.deleted]
        people = [{"id": str(each.id), "first-name": each.first_name, "last-name": each.last_name} for each in gone]
        return Response(200, {"STATUS": "OK", "people": people})

    def trashcan(self, project_id: int) -> Response:
        """`/trashcan/projects/{id}.json` (v1)."""
        office = self._office
        lists = [each for each in self._rows(office.lists) if each.project_id == project_id]
        known = {each.id for each in lists}
        tasks = [task for task in office.deleted_tasks() if task.tasklist_id in known]
        shape = {
            "STATUS": "OK",
            "tasks": [{"id": str(task.id), "name": task.name} for task in tasks],
            "tasklists": [{"id": str(each.id), "name": each.name} for each in lists if each.deleted],
        }
        return Response(200, shape)

    def _rows(self, table: Mapping[int, Any]) -> Sequence[Any]:
        with self._office.lock:
            return [table[each] for each in sorted(table)]

    def _is_deleted(self, tasklist: TaskList) -> bool:
        project: Project = self._office.projects[tasklist.project_id]
        return tasklist.deleted or project.status == "deleted"

    def _companies_of(self, ids: Iterable[int]) -> Mapping[str, Shape]:
        companies = self._office.companies
        return {str(each): company_shape(companies[each]) for each in dict.fromkeys(ids) if each in companies}


def _by_name(person: Person) -> tuple[str, int]:
    return person.name.lower(), person.id


def _descending(params: Params) -> bool:
    return params.choice("orderMode", ("asc", "desc"), "asc") == "desc"


def _matches(params: Params, *texts: str) -> bool:
    term = (params.text("searchTerm") or "").lower()
    return not term or any(term in text.lower() for text in texts)
