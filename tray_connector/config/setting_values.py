"""From texts in several places to typed values: which place wins, what is wrong, what depends on what."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from tray_connector.config.dotenv_file import read_dotenv
from tray_connector.config.paths import Paths
from tray_connector.config.setting_problems import SettingProblem
from tray_connector.config.setting_table import BY_NAME, SETTINGS, Setting
from tray_connector.config.setting_types import Refused, is_loopback, midnight
from tray_connector.config.settings_file import JsonValue
from tray_connector.model.errors import Problem

log = logging.getLogger(__name__)

Origin = Literal["environment", ".env", "settings", "keyring", "default"]
_PLACES: dict[Origin, str] = {
    "environment": "the environment",
    ".env": "the .env file",
    "settings": "settings.json",
    "keyring": "the keyring",
    "default": "the defaults",
}
SHOWN = 60
"""Characters of a wrong value that an error repeats."""


@dataclass(slots=True)
class Layers:
    """The texts that are set, each from the first place that has one, and the problems found on the way."""

    texts: dict[str, tuple[str, Origin]] = field(default_factory=dict, repr=False)
    problems: list[Problem] = field(default_factory=list)

    @classmethod
    def read(cls, environ: Mapping[str, str], dotenv: Path | None, stored: Mapping[str, JsonValue]) -> Layers:
        """Gather from environment, ``.env`` and settings file. An empty text counts as not set."""
        layers = cls()
        layers._add_all(environ, "environment")
        if dotenv is not None:
            file = read_dotenv(dotenv)
            layers.problems.extend(file.problems)
            layers._add_all(file.values, ".env")
        layers._add_stored(stored)
        return layers

    def has(self, name: str) -> bool:
        """Whether the setting has a value from anywhere so far."""
        return name in self.texts

    def origins(self) -> dict[str, Origin]:
        """Where each text came from."""
        return {name: origin for name, (_, origin) in self.texts.items()}

    def add_from_keyring(self, name: str, value: str | None) -> None:
        """Take what the keyring holds."""
        self._add(name, value or "", "keyring")

    def in_use(self, name: str) -> bool:
        """Whether this secret matters with the settings read so far, so that the keyring is worth asking."""
        backend = self.texts.get("DB_BACKEND", ("", "default"))[0].lower()
        match name:
            case "AIRTABLE_API_KEY":
                return backend == "airtable" or (not backend and self.has("AIRTABLE_BASE_ID"))
            case "PG_DSN":
                return backend == "postgres"
            case "NGROK_AUTHTOKEN" | "TEAMWORK_WEBHOOK_SECRET" | "MISSIVE_WEBHOOK_SECRET":
                return self.read_quietly("DISABLE_WEBHOOKS") is not True
        return True

    def read_value(self, setting: Setting) -> Any:
        """The typed value, the default's where there is none; None and a problem more where it is wrong."""
        text, origin = self.texts.get(setting.name, (setting.default or "", "default"))
        if not text:
            return None
        try:
            return setting.read(text)
        except Refused as reason:
            self.problems.append(wrong(setting, text, origin, str(reason)))
            return None

    def read_quietly(self, name: str) -> Any:
        """The typed value where there is a right one."""
        text, _ = self.texts.get(name, ("", "default"))
        try:
            return BY_NAME[name].read(text) if text else None
        except Refused:
            return None

    def _add(self, name: str, text: str, origin: Origin) -> None:
        trimmed = text.strip()
        if trimmed and name not in self.texts:
            self.texts[name] = (trimmed, origin)

    def _add_all(self, values: Mapping[str, str], origin: Origin) -> None:
        for name in BY_NAME:
            self._add(name, values.get(name, ""), origin)

    def _add_stored(self, stored: Mapping[str, JsonValue]) -> None:
        unknown = sorted(name for name in stored if name not in BY_NAME)
        if unknown:
            log.info("settings.json holds names that are no settings; they are kept: %s", ", ".join(unknown))
        for name, value in stored.items():
            setting = BY_NAME.get(name)
            if setting is None or value is None:
                continue
            text = text_of(value)
            if setting.secret:
                self.problems.append(_secret_in_file(setting))
            elif text is None:
                self.problems.append(wrong(setting, type(value).__name__, "settings", "is no form for it"))
            else:
                self._add(name, text, "settings")


def text_of(value: JsonValue) -> str | None:
    """A value of the settings file as the text that an environment variable would hold; None for other forms."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return str(value)
        case list() if all(isinstance(item, str) for item in value):
            return ",".join(value)
    return None


def wrong(setting: Setting, text: str, origin: Origin, reason: str) -> SettingProblem:
    """The problem of a value that was refused. A secret's value is not repeated, nor a password within an address."""
    masked = re.sub(r"//[^/]*@", "//…@", text)
    shown = "The value" if setting.secret else f'"{masked[:SHOWN]}{"…" if len(masked) > SHOWN else ""}"'
    return SettingProblem(
        "setting-wrong",
        f"{setting.name} is wrong",
        f"{shown} from {_PLACES[origin]} {reason}.",
        f"Accepted: {setting.kind.accepts}.",
        setting=setting.name,
    )


def _secret_in_file(setting: Setting) -> SettingProblem:
    return SettingProblem(
        "setting-secret-in-file",
        f"{setting.name} stands in settings.json",
        "Secrets are kept in the keyring or the environment, where others cannot read them.",
        f"Take {setting.name} out of settings.json and set it in the environment or in a .env file.",
        setting=setting.name,
    )


def typed_values(layers: Layers, paths: Paths) -> dict[str, Any]:
    """Every setting's value by attribute name. Complete and right only when no problem came up."""
    values = {setting.attribute: layers.read_value(setting) for setting in SETTINGS}
    values["sqlite_path"] = _absolute(values["sqlite_path"] or paths.database, layers, "SQLITE_PATH", paths)
    values["attachments_path"] = _absolute(
        values["attachments_path"] or paths.attachments, layers, "ATTACHMENTS_PATH", paths
    )
    for name in ("missive_teams", "teamwork_projects"):
        values[name] = values[name] or frozenset()
    zone = values["timezone"] or ZoneInfo("Europe/Berlin")
    for name in ("teamwork_process_after", "missive_process_after"):
        values[name] = values[name] and midnight(values[name], zone)
    if not layers.has("DB_BACKEND"):
        airtable = values["airtable_api_key"] and values["airtable_base_id"]
        values["db_backend"] = "airtable" if airtable else "sqlite"
    if not layers.has("PERIODIC_BACKFILL_INTERVAL"):
        webhooks = not values["disable_webhooks"] and (values["ngrok_authtoken"] or values["public_url"])
        values["periodic_backfill_interval"] = 60.0 if webhooks else 5.0
    _check_rate_scale(layers, values)
    return values


def _absolute(path: Path, layers: Layers, name: str, paths: Paths) -> Path:
    # Typed in a shell, a path counts from where one is; in our own file, from where that file lies.
    stored = layers.texts.get(name, ("", "default"))[1] == "settings"
    return paths.home / path if stored else path.absolute()


def _check_rate_scale(layers: Layers, values: Mapping[str, Any]) -> None:
    """Limits may be changed for servers of one's own only."""
    if values["rate_scale"] in (None, 1.0):
        return
    in_use = {"TEAMWORK_BASE_URL": values["teamwork_base_url"]}
    if values["missive_api_token"] or layers.has("MISSIVE_BASE_URL"):
        in_use["MISSIVE_BASE_URL"] = values["missive_base_url"]
    if values["db_backend"] == "airtable":
        in_use["AIRTABLE_ENDPOINT_URL"] = values["airtable_endpoint_url"] or "https://api.airtable.com"
    outside = sorted(name for name, url in in_use.items() if url and not is_loopback(url))
    if outside:
        text, origin = layers.texts["RATE_SCALE"]
        reason = f"is for test servers on this machine only, and {' and '.join(outside)} points elsewhere"
        layers.problems.append(wrong(BY_NAME["RATE_SCALE"], text, origin, reason))
