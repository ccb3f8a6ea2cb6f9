"""`check`: every setting and every connection, live."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tray_connector.cli.console import Console
from tray_connector.cli.failures import DONE, LATER, PERSON
from tray_connector.cli.volume_line import volume_line
from tray_connector.cli.webhook_lines import webhook_lines
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.setting_problems import SettingProblem
from tray_connector.config.setting_table import SETTINGS, Setting
from tray_connector.config.settings import Settings, SettingsError
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, Problem, TransientError
from tray_connector.sync.session import Environment, Session

FROM = {
    "environment": "the environment",
    ".env": "the .env file",
    "settings": "settings.json",
    "keyring": "the keyring",
}


def check(session: Session, _: argparse.Namespace, console: Console) -> int:
    """0 when all is right, 3 when a person must change something, 1 when time mends it."""
    lines = [CheckLine("Data folder", True, str(session.paths.home)), *setting_lines(session.settings, session.wrong)]
    lines.append(categories_line(session.categories))
    tested = {lane.name for lane in session.engine.lanes}
    missing = [name for name in ("teamwork", "missive") if name not in tested]
    lines += [CheckLine(name.capitalize(), False, "Not tested: its settings are missing or wrong") for name in missing]
    lines += session.engine.check(session.stop)
    lines += volume_line(session, lines)
    lines += webhook_lines(session)
    return say_checks(lines, console)


def check_without_engine(
    environment: Environment, settings: Settings, problems: Sequence[Problem], console: Console
) -> int:
    """What can be said when not even the engine can be built."""
    home = CheckLine("Data folder", True, str(environment.paths.home))
    return say_checks([home, *setting_lines(settings, problems)], console)


def setting_lines(settings: Settings, wrong: Sequence[Problem]) -> list[CheckLine]:
    """A line per setting that is set, wrong or missing; the others in one."""
    problems = list(wrong)
    about = {problem.setting for problem in problems if isinstance(problem, SettingProblem)}
    passing = False
    try:
        settings.require_sources()
        settings.require_destination()
    except SettingsError as error:
        # What is set wrongly is not missing as well.
        problems += [p for p in error.problems if not isinstance(p, SettingProblem) or p.setting not in about]
    except ConnectorError as error:
        problems.append(error.problem)
        passing = isinstance(error, TransientError)
    by_setting = {problem.setting: problem for problem in problems if isinstance(problem, SettingProblem)}
    lines = []
    untouched = 0
    for setting in SETTINGS:
        problem = by_setting.get(setting.name)
        origin = settings.origin(setting.name)
        if problem is not None:
            lines.append(CheckLine(setting.name, False, words_of(problem, setting.name), problem.hint))
        elif origin != "default":
            value = "set" if setting.secret else shown(setting, settings)
            lines.append(CheckLine(setting.name, True, f"{value} (from {FROM[origin]})"))
        else:
            untouched += 1
    others = [problem for problem in problems if problem not in by_setting.values()]
    lines += [CheckLine(p.title, False, p.message, p.hint, passing=passing) for p in others]
    lines += [CheckLine(notice.title, True, notice.message, notice.hint) for notice in settings.notices]
    return [*lines, CheckLine("Other settings", True, f"{untouched} at their defaults")]


def words_of(problem: Problem, name: str) -> str:
    """Title and message, without the name that stands before them."""
    title = problem.title.removeprefix(name).strip().removeprefix("is ")
    return " ".join(part if part.endswith(".") else f"{part}." for part in (title, problem.message) if part)


def shown(setting: Setting, settings: Settings) -> str:
    """A setting's value as one would type it."""
    value: Any = getattr(settings, setting.attribute)
    match value:
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:g}"
        case frozenset():
            return ", ".join(sorted(value))
        case datetime():
            return value.astimezone(settings.timezone).strftime("%Y-%m-%d")
        case ZoneInfo():
            return value.key
    return str(value)


def categories_line(categories: CategoriesFile) -> CheckLine:
    """The label categories."""
    problem = categories.problem
    if problem is not None:
        return CheckLine("Label categories", False, f"{problem.title}: {problem.message}", problem.hint)
    names = categories.current.names
    return CheckLine("Label categories", True, f"{len(names)} in force: {', '.join(names)}" if names else "none")


def say_checks(lines: Sequence[CheckLine], console: Console) -> int:
    """Print them; the exit code."""
    if console.json:
        console.data([{"name": x.name, "ok": x.ok, "message": x.message, "hint": x.hint} for x in lines])
    else:
        for line in lines:
            say_line(line, console)
        wrong = sum(not line.ok for line in lines)
        console.out()
        console.out("All is right." if not wrong else f"{wrong} {'line needs' if wrong == 1 else 'lines need'} a look.")
    if any(not line.ok and not line.passing for line in lines):
        return PERSON
    return DONE if all(line.ok for line in lines) else LATER


def say_line(line: CheckLine, console: Console) -> None:
    """A mark, the name, what is right or wrong; below it what to do."""
    console.out(f"{'ok' if line.ok else '!!'}  {': '.join(text for text in (line.name, line.message) if text)}")
    if line.hint:
        console.out(f"      {line.hint}")
