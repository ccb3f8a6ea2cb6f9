"""The live test of Teamwork's address and key."""

from __future__ import annotations

from urllib.parse import urlsplit

from tray_connector.config.clock import Stop
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.sources.http import HttpClient
from tray_connector.sources.teamwork import questions
from tray_connector.sources.teamwork.questions import ALL_TASKS, Params
from tray_connector.sources.teamwork.values import mapping, number, person_name

_ADDRESS, _KEY, _TASKS = "Teamwork address", "Teamwork key", "Teamwork tasks"
_ABOUT_THE_KEY = ("teamwork-key-refused", "teamwork-right-missing")


def live_test(client: HttpClient, scope: Params, stop: Stop) -> list[CheckLine]:
    """What works and what does not, line by line; ends at the first that does not. Raises `Stopped` only."""
    answers = CheckLine(_ADDRESS, True, f"Address answers: {urlsplit(client.base_url).netloc}")
    try:
        answer = client.get(questions.ME, stop=stop, urgent=True)
    except ConnectorError as error:
        if error.problem.code in _ABOUT_THE_KEY:
            return [answers, _failed(_KEY, error)]
        return [_failed(_ADDRESS, error)]
    owner = person_name(mapping(answer.data.get("person"))) or "owner not named"
    lines = [answers, CheckLine(_KEY, True, f"Key is accepted: {owner}")]
    try:
        tasks = _count(client, questions.TASKS, {**ALL_TASKS, **scope}, stop)
        projects = _count(client, questions.PROJECTS, {"includeArchivedProjects": "true", **scope}, stop)
    except ConnectorError as error:
        return [*lines, _failed(_TASKS, error)]
    hint = "" if tasks else "Use the key of a person who may see the projects in Teamwork, best an administrator's."
    return [*lines, CheckLine(_TASKS, True, f"You see {tasks:,} tasks in {projects:,} projects", hint, count=tasks)]


def _count(client: HttpClient, path: str, params: Params, stop: Stop) -> int:
    asked = {**params, "page": "1", "pageSize": "1", "skipCounts": "false"}
    answer = client.get(path, asked, stop=stop, urgent=True)
    return number(mapping(mapping(answer.data.get("meta")).get("page")).get("count")) or 0


def _failed(name: str, error: ConnectorError) -> CheckLine:
    problem = error.problem
    message = ": ".join(part for part in (problem.title, problem.message) if part)
    return CheckLine(name, False, message, problem.hint, passing=isinstance(error, TransientError))
