"""Teamwork's projects to choose from, and the number of tasks in them."""

from __future__ import annotations

from collections.abc import Collection

from tray_connector.config.clock import Stop
from tray_connector.sources.http import HttpClient
from tray_connector.sources.offer import Choice
from tray_connector.sources.teamwork import questions
from tray_connector.sources.teamwork.directory import has_more
from tray_connector.sources.teamwork.questions import ALL_TASKS
from tray_connector.sources.teamwork.values import ident, mapping, number, sequence, text

PAGE = 250
PAGES = 20
"""More projects than these pages hold are not offered one by one."""


def projects(client: HttpClient, stop: Stop) -> tuple[Choice, ...]:
    """The projects that the key sees, archived ones too, by name. One request for 250; raises as `HttpClient.get`."""
    found: dict[str, Choice] = {}
    for page in range(1, PAGES + 1):
        params = {"includeArchivedProjects": "true", "include": "companies", "page": str(page), "pageSize": str(PAGE)}
        answer = client.get(questions.PROJECTS, params, stop=stop, urgent=True)
        rows = sequence(answer.data.get("projects"))
        companies = mapping(mapping(answer.data.get("included")).get("companies"))
        for row in map(mapping, rows):
            key = ident(row)
            if key is not None:
                company = mapping(companies.get(ident(row.get("company")) or ident(row.get("companyId")) or ""))
                found[key] = Choice(key, text(row.get("name")) or key, text(company.get("name")) or "")
        if not rows or not has_more(answer.data, len(rows), PAGE):
            break
    return tuple(sorted(found.values(), key=lambda choice: choice.name.casefold()))


def count_tasks(client: HttpClient, chosen: Collection[str], stop: Stop) -> int:
    """The tasks in these projects, completed ones too; in all of them when there are none. One request."""
    scope = questions.of_projects(chosen)
    asked = {**ALL_TASKS, **scope, "page": "1", "pageSize": "1", "skipCounts": "false"}
    answer = client.get(questions.TASKS, asked, stop=stop, urgent=True)
    return number(mapping(mapping(answer.data.get("meta")).get("page")).get("count")) or 0
