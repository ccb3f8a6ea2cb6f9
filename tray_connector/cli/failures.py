"""A command that failed: one sentence and a hint on standard error, with `--json` also in the command's form."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from tray_connector.cli.console import Console, tell
from tray_connector.config.settings import SettingsError
from tray_connector.model.errors import ConfigError, ConnectorError, InternalError, Problem
from tray_connector.model.status import PARTS

DONE, LATER, USAGE, PERSON = 0, 1, 2, 3
"""Exit codes: done and all stored; time will mend what is left; wrong words; a person must change something."""


def failed(command: str, error: ConnectorError, console: Console) -> int:
    """Tell it; the exit code."""
    problems = error.problems if isinstance(error, SettingsError) else (error.problem,)
    tell_all(console, error, problems)
    if console.json:
        console.data(failure_json(command, problems))
    return PERSON if isinstance(error, ConfigError) else LATER


def tell_all(console: Console, error: ConnectorError, problems: Sequence[Problem] = ()) -> None:
    """The error's problem (or these) as one sentence and a hint each, its trace where that is asked for."""
    for problem in problems or (error.problem,):
        tell(console, problem)
    if console.verbose:
        console.err("".join(traceback.format_exception(error)).rstrip())


def our_mistake(error: Exception) -> InternalError:
    """What is told of an error that nobody foresaw; the log has its trace."""
    told = InternalError(
        "internal",
        "The connector made a mistake",
        type(error).__name__,
        "Nothing is lost. Run it with --verbose for details.",
    )
    told.__cause__ = error
    return told


def problem_json(problem: Problem) -> dict[str, object]:
    """A problem in every JSON answer."""
    return {"code": problem.code, "title": problem.title, "message": problem.message, "hint": problem.hint}


def failure_json(command: str, problems: Sequence[Problem]) -> object:
    """What `--json` prints when the command could not do its work; what is not known is null."""
    listed = [problem_json(problem) for problem in problems]
    match command:
        case "check":
            return [{"name": p.title, "ok": False, "message": p.message, "hint": p.hint} for p in problems]
        case "sync":
            numbers = dict.fromkeys(("read", "written", "unchanged", "flagged", "failed"), 0)
            return {**numbers, "requests": dict.fromkeys(PARTS, 0), "problems": listed}
        case "status":
            first = problems[0]
            return {
                "state": "stopped",
                "headline": f"Stopped: {first.title}",
                "next_step": first.hint,
                "last_verified": dict.fromkeys(PARTS),
                "next_poll": None,
                "paused_until": None,
                "queue": dict.fromkeys(("waiting", "retrying", "unreadable", "oldest")),
                "webhooks": dict.fromkeys(("mode", "healthy", "last_delivery")),
                "calls_month": None,
                "pid": None,
                "problems": listed,
            }
    return {"problems": listed}
