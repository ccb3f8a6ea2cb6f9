"""What is wrong with a configuration, all of it at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tray_connector.model.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class SettingProblem(Problem):
    """A problem of one setting."""

    setting: str = ""
    """The setting's name."""


class SettingsError(ConfigError):
    """The configuration cannot be used. `problems` holds every reason, in the order of the settings."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        if len(self.problems) == 1:
            only = self.problems[0]
            super().__init__(only.code, only.title, only.message, only.hint, only.retry_at)
        else:
            message = " ".join(problem.sentence() for problem in self.problems)
            super().__init__("settings-wrong", f"{len(self.problems)} settings need a look", message)


def named_in(problems: Iterable[Problem]) -> frozenset[str]:
    """The settings that these problems are about."""
    return frozenset(problem.setting for problem in problems if isinstance(problem, SettingProblem))


def missing(name: str, meaning: str, note: str = "") -> SettingProblem:
    """A setting that has no value and needs one; `note` says why the keyring gave none, if that is the reason."""
    return SettingProblem(
        "setting-missing",
        f"{name} is not set",
        " ".join(text for text in (meaning, note) if text),
        f"Set {name} in the environment or in a .env file.",
        setting=name,
    )
