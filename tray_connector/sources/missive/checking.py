"""The live test of address, key and rights."""

from __future__ import annotations

from tray_connector.config.clock import Stop
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.sources.missive.api import MissiveApi
from tray_connector.sources.missive.directory import Directory, read_directory
from tray_connector.sources.missive.scope import Scope

_ANSWERED = ("missive-key-refused", "missive-right-missing", "missive-limit", "missive-in-trouble")


def check_lines(api: MissiveApi, scope: Scope, stop: Stop) -> list[CheckLine]:
    """A line per step, up to the first that fails. Raises `Stopped` only."""
    try:
        organisations = len(api.directory("organizations", stop))
    except ConnectorError as error:
        answered = error.problem.code in _ANSWERED
        return [_address(), _failed("Missive key", error)] if answered else [_failed("Missive address", error)]
    try:
        directory = read_directory(api, stop)
    except ConnectorError as error:
        return [_address(), _failed("Missive key", error)]
    owner = f"Key is accepted: {directory.owner}" if directory.owner else "Key is accepted"
    return [_address(), CheckLine("Missive key", True, owner), *_teams(directory, organisations, scope)]


def _address() -> CheckLine:
    return CheckLine("Missive address", True, "Address answers")


def _failed(name: str, error: ConnectorError) -> CheckLine:
    problem = error.problem
    said = f"{problem.title}: {problem.message}" if problem.message else problem.title
    return CheckLine(name, False, said, problem.hint, passing=isinstance(error, TransientError))


def _teams(directory: Directory, organisations: int, scope: Scope) -> list[CheckLine]:
    seen = f"You see {_count(len(directory.teams), 'team')} in {_count(organisations, 'organisation')}"
    missing = [
        CheckLine(
            "Missive teams",
            False,
            f"The team {team} of MISSIVE_TEAMS is not among them",
            "Check the id, or whether the key's owner is a member of this team.",
        )
        for team in sorted(scope.teams - directory.teams.keys())
    ]
    return [CheckLine("Missive teams", True, seen), *missing]


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
