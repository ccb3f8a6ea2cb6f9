"""The settings as a person is shown them: each with its text, where it comes from and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tray_connector.config.credentials import Credentials
from tray_connector.config.paths import Paths
from tray_connector.config.setting_problems import SettingProblem
from tray_connector.config.setting_table import BY_NAME, SECRETS, SETTINGS, Setting
from tray_connector.config.setting_values import Layers, Origin
from tray_connector.config.settings_file import read_settings_file
from tray_connector.model.errors import ConnectorError, Problem

FIXED_ORIGINS: tuple[Origin, ...] = ("environment", ".env")


@dataclass(frozen=True, slots=True)
class SettingView:
    """One setting. A secret's text is never here: `is_set` tells whether there is one."""

    setting: Setting
    text: str = ""
    """As one would type it; empty where nothing is set."""
    origin: Origin = "default"
    is_set: bool = False
    session_only: bool = False
    """A secret that ends with the process."""
    problem: Problem | None = None

    @property
    def is_fixed(self) -> bool:
        """Given from outside: it can be read here, not changed."""
        return self.origin in FIXED_ORIGINS


@dataclass(frozen=True, slots=True)
class SettingsView:
    """All settings, also while some of them are wrong."""

    by_name: Mapping[str, SettingView]
    keyring_problem: Problem | None = None
    """Why the keyring could not say which secrets it has."""
    problems: tuple[Problem, ...] = ()
    """What is wrong besides single settings."""
    read_only: bool = False
    notices: tuple[Problem, ...] = field(default=())

    def __getitem__(self, name: str) -> SettingView:
        return self.by_name[name]

    @property
    def backend(self) -> str:
        """The destination in use, by the rule where none is set."""
        chosen = self["DB_BACKEND"].text.lower()
        airtable = self["AIRTABLE_API_KEY"].is_set and self["AIRTABLE_BASE_ID"].is_set
        return chosen or ("airtable" if airtable else "sqlite")

    @property
    def has_sources(self) -> bool:
        """Whether address and keys of both services are there."""
        return all(self[name].is_set for name in ("TEAMWORK_BASE_URL", "TEAMWORK_API_KEY", "MISSIVE_API_TOKEN"))


def view_settings(
    *,
    environ: Mapping[str, str],
    paths: Paths,
    dotenv: Path | None,
    credentials: Credentials,
    session_only: Callable[[str], bool] = lambda _: False,
) -> SettingsView:
    """Read everything that is set. The keyring is asked for every secret, and no more after its first failure.

    ConfigError when the settings file may not be read.
    """
    stored = read_settings_file(paths.settings_file)
    layers = Layers.read(environ, dotenv, stored.values)
    keyring_problem = _ask(layers, credentials)
    general = tuple(dict.fromkeys(layers.problems))
    for setting in SETTINGS:
        layers.read_value(setting)
    wrong = {p.setting: p for p in layers.problems if isinstance(p, SettingProblem)}
    views = {}
    for name, setting in BY_NAME.items():
        text, origin = layers.texts.get(name, ("", "default"))
        views[name] = SettingView(
            setting,
            "" if setting.secret else text,
            origin,
            bool(text),
            setting.secret and bool(text) and origin == "keyring" and session_only(name),
            wrong.get(name),
        )
    others = tuple(problem for problem in general if not isinstance(problem, SettingProblem))
    return SettingsView(views, keyring_problem, others, stored.newer, stored.notices)


def _ask(layers: Layers, credentials: Credentials) -> Problem | None:
    for name in SECRETS:
        if not layers.has(name):
            try:
                layers.add_from_keyring(name, credentials.get(name))
            except ConnectorError as error:
                return error.problem
    return None
