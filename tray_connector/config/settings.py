"""`Settings`: what the user chose, as typed values that are known to be right, each with its origin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from tray_connector.config.credentials import Credentials
from tray_connector.config.paths import Paths
from tray_connector.config.setting_problems import SettingsError, missing, named_in
from tray_connector.config.setting_table import BY_NAME, SECRETS, SETTINGS
from tray_connector.config.setting_values import Layers, Origin, typed_values
from tray_connector.config.settings_file import JsonValue, StoredSettings, read_settings_file, write_settings_file
from tray_connector.model.errors import ConnectorError, Problem, TransientError

__all__ = ["Backend", "Origin", "Settings", "SettingsError", "load_right_settings", "load_settings", "save_settings"]

SOURCES = ("TEAMWORK_BASE_URL", "TEAMWORK_API_KEY", "MISSIVE_API_TOKEN")
Backend = Literal["sqlite", "airtable", "postgres"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting under its name in lower case. The repr shows no secret.

    What is not set and has no default is None. URLs have no trailing slash, paths are absolute, times are in UTC.
    """

    home: Path
    teamwork_base_url: str | None
    teamwork_api_key: str | None = field(repr=False)
    missive_api_token: str | None = field(repr=False)
    missive_base_url: str
    db_backend: Backend
    sqlite_path: Path
    airtable_api_key: str | None = field(repr=False)
    airtable_base_id: str | None
    airtable_emails_table: str
    airtable_tasks_table: str
    airtable_endpoint_url: str | None
    airtable_plan: Literal["free", "team", "business", "enterprise"]
    airtable_write_every_seconds: float
    pg_dsn: str | None = field(repr=False)
    pg_schema: str
    missive_scope: Literal["all", "shared"]
    missive_teams: frozenset[str]
    """Empty = all."""
    teamwork_projects: frozenset[str]
    """Empty = all."""
    disable_webhooks: bool
    ngrok_authtoken: str | None = field(repr=False)
    public_url: str | None
    teamwork_webhook_secret: str | None = field(repr=False)
    missive_webhook_secret: str | None = field(repr=False)
    app_port: int
    periodic_backfill_interval: float
    backfill_overlap_seconds: float
    walk_interval_minutes: float
    removal_guard_percent: float
    teamwork_process_after: datetime | None
    missive_process_after: datetime | None
    missive_backfill_days: int
    include_completed_tasks_on_initial_sync: bool
    attachments: bool
    attachments_path: Path
    attachment_max_mb: float
    disk_reserve_mb: float
    spool_retry_seconds: float | None
    timezone: ZoneInfo
    log_level: str
    rate_scale: float
    keyring_problem: Problem | None = None
    """Why the keyring gave no secret, when it was asked and could not answer."""
    notices: tuple[Problem, ...] = ()
    """What the user should be told though the settings can be used."""
    read_only: bool = False
    """The settings file is from a newer version: it cannot be saved."""
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False)
    """By name, without those at their default."""

    def origin(self, name: str) -> Origin:
        """Where the value of this setting comes from. KeyError for a name that is no setting."""
        return self.origins.get(BY_NAME[name.upper()].name, "default")

    def secrets(self) -> frozenset[str]:
        """Every secret value, for the log's redaction."""
        values = (getattr(self, BY_NAME[name].attribute) for name in SECRETS)
        return frozenset(value for value in values if value)

    def webhooks_possible(self) -> bool:
        """Whether webhooks are wanted and have a way in."""
        return not self.disable_webhooks and bool(self.ngrok_authtoken or self.public_url)

    @property
    def has_sources(self) -> bool:
        """Whether address and keys of both services are there."""
        return all(getattr(self, name.lower()) is not None for name in SOURCES)

    def require_sources(self) -> None:
        """Raise what `require` raises unless both services can be asked."""
        self.require(*SOURCES)

    def require_destination(self) -> None:
        """Raise what `require` raises unless the destination in use can be reached."""
        needed: dict[Backend, tuple[str, ...]] = {
            "sqlite": (),
            "airtable": ("AIRTABLE_API_KEY", "AIRTABLE_BASE_ID"),
            "postgres": ("PG_DSN",),
        }
        self.require(*needed[self.db_backend])

    def require(self, *names: str) -> None:
        """SettingsError naming every one of these settings that has no value.

        TransientError when they are all secrets that the keyring will give once it is unlocked.
        """
        absent = [BY_NAME[name] for name in names if getattr(self, name.lower()) is None]
        problem = self.keyring_problem
        if not absent:
            return
        if problem is not None and all(setting.secret for setting in absent):
            wanted = ", ".join(setting.name for setting in absent)
            message = " ".join(text for text in (f"{wanted} could not be read.", problem.message) if text)
            raise TransientError(problem.code, problem.title, message, problem.hint)
        raise SettingsError(
            [
                missing(setting.name, setting.help, problem.title + "." if problem and setting.secret else "")
                for setting in absent
            ]
        )


def load_settings(
    *,
    environ: Mapping[str, str],
    paths: Paths,
    dotenv: Path | None,
    credentials: Credentials,
    every_secret: bool = False,
) -> Settings:
    """Read all settings: environment, then the ``.env``, then the settings file and the keyring, then the defaults.

    The keyring is asked for secrets that nothing before it gives and that are in use; for all of them with
    `every_secret`. SettingsError lists all wrong values at once; ConfigError when the file may not be read.
    """
    stored = read_settings_file(paths.settings_file)
    layers = Layers.read(environ, dotenv, stored.values)
    keyring_problem = _ask_keyring(layers, credentials, every_secret=every_secret)
    values = typed_values(layers, paths)
    if layers.problems:
        raise SettingsError(layers.problems)
    return _settings(paths, stored, layers, values, keyring_problem)


def load_right_settings(
    *,
    environ: Mapping[str, str],
    paths: Paths,
    dotenv: Path | None,
    credentials: Credentials,
    typed: Mapping[str, str] | None = None,
) -> tuple[Settings, tuple[Problem, ...]]:
    """For a live test: what `load_settings` would give if nothing that is wrong were set, and what is wrong.

    `typed` counts as if it were saved already. An empty text there means: not set; for a secret: as it is now.
    """
    stored = read_settings_file(paths.settings_file)
    texts = {name: text.strip() for name, text in (typed or {}).items()}
    changed = {name: text or None for name, text in texts.items() if not BY_NAME[name].secret}
    layers = Layers.read(environ, dotenv, {**stored.values, **changed})
    for name in texts.keys() - changed.keys():
        layers.add_from_keyring(name, texts[name])
    typed_values(layers, paths)
    problems = tuple(dict.fromkeys(layers.problems))
    right = Layers({name: text for name, text in layers.texts.items() if name not in named_in(problems)})
    keyring_problem = _ask_keyring(right, credentials, every_secret=False)
    values = typed_values(right, paths)
    if right.problems:  # the keyring held it
        raise SettingsError((*problems, *right.problems))
    return _settings(paths, stored, right, values, keyring_problem), problems


def _settings(
    paths: Paths, stored: StoredSettings, layers: Layers, values: Mapping[str, Any], keyring_problem: Problem | None
) -> Settings:
    return Settings(
        home=paths.home,
        **values,
        keyring_problem=keyring_problem,
        notices=stored.notices,
        read_only=stored.newer,
        origins=layers.origins(),
    )


def _ask_keyring(layers: Layers, credentials: Credentials, *, every_secret: bool) -> Problem | None:
    for name in SECRETS:
        if layers.has(name) or not (every_secret or layers.in_use(name)):
            continue
        try:
            value = credentials.get(name)
        except ConnectorError as error:
            # It would not answer for the others either, and each asking may take its full time.
            return error.problem
        layers.add_from_keyring(name, value)
    return None


def save_settings(paths: Paths, values: Mapping[str, JsonValue]) -> None:
    """Store these settings; None takes one out, those not named stay. Atomic; earlier contents are kept beside it.

    SettingsError when a value is wrong, ConfigError when the file cannot be written or is from a newer version.
    ValueError for a secret or a name that is no setting: a mistake in the program.
    """
    foreign = sorted(name for name in values if name not in BY_NAME or BY_NAME[name].secret)
    if foreign:
        raise ValueError(f"not for the settings file: {', '.join(foreign)}")
    checked = Layers.read({}, None, {name: value for name, value in values.items() if value is not None})
    for setting in SETTINGS:
        checked.read_value(setting)
    if checked.problems:
        raise SettingsError(checked.problems)
    write_settings_file(paths.settings_file, values)
