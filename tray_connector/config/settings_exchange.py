"""Settings from and to files of other places: an older connector's ``.env``, an export without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tray_connector.config.dotenv_file import read_dotenv
from tray_connector.config.private_files import export_file
from tray_connector.config.setting_problems import SettingProblem
from tray_connector.config.setting_table import BY_NAME
from tray_connector.config.setting_types import Refused
from tray_connector.config.setting_values import text_of, wrong
from tray_connector.config.settings_file import VERSION, VERSION_KEY, read_settings_file
from tray_connector.model.categories import CategoriesError, parse_categories
from tray_connector.model.errors import ConfigError, Problem

FORMAT = "tray-connector-settings"
CATEGORIES_NAME = "label_categories.json"
OLD_CATEGORIES = (Path("data", CATEGORIES_NAME), Path(CATEGORIES_NAME))
"""Where the categories lie beside an older connector's ``.env``."""
LONGEST = 1_000_000
"""Bytes: a larger file is none of ours."""
_HOME = "TRAY_CONNECTOR_HOME"


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a file brought. The values of secrets are for the keyring, never for a screen: they are not in the repr."""

    kind: Literal["env", "settings", "categories"]
    name: str
    """The file's own."""
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Setting → text; right ones only, secrets among them."""
    problems: tuple[Problem, ...] = ()
    unknown: tuple[str, ...] = ()
    """Names in the file that are no settings of ours."""
    categories: str | None = None
    """The text of a `label_categories.json` that is right."""

    @property
    def secret_names(self) -> tuple[str, ...]:
        """The secrets that were found."""
        return tuple(name for name in self.texts if BY_NAME[name].secret)


def recognise(path: Path) -> Recognised:
    """Read a file that the user dropped: a ``.env``, a `label_categories.json` or an export of ours.

    Beside a ``.env`` the categories of the older connector are looked for. ConfigError for anything else.
    """
    content = _content(path)
    if path.suffix.lower() != ".json":
        return _from_dotenv(path)
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict) and data.get("format") == FORMAT:
        values = data.get("settings")
        texts = {name: text_of(value) or "" for name, value in values.items()} if isinstance(values, dict) else {}
        return _checked("settings", path, {name: text for name, text in texts.items() if not _is_secret(name)})
    try:
        text = content.decode("utf-8-sig")
        parse_categories(text)
    except UnicodeDecodeError:
        raise _foreign(path) from None
    except CategoriesError as error:
        problem = error.problem
        raise ConfigError(problem.code, problem.title, problem.message, problem.hint) from error
    return Recognised("categories", path.name, categories=text)


def export_settings(source: Path, target: Path) -> int:
    """Write the settings that are saved in `source` to a file that can be given away: no secret is in it.

    Answers how many settings it holds. ConfigError when it cannot be written.
    """
    stored = read_settings_file(source).values
    values = {name: value for name, value in stored.items() if name in BY_NAME and not BY_NAME[name].secret}
    content = json.dumps({"format": FORMAT, VERSION_KEY: VERSION, "settings": values}, indent=2, ensure_ascii=False)
    export_file(target, (content + "\n").encode("utf-8", "backslashreplace"))
    return len(values)


def _from_dotenv(path: Path) -> Recognised:
    file = read_dotenv(path)
    found = _checked("env", path, file.values, file.problems)
    if not found.texts and not file.values:
        raise _foreign(path)
    for place in OLD_CATEGORIES:
        try:
            text = (path.parent / place).read_text(encoding="utf-8-sig")
            parse_categories(text)
        except (OSError, UnicodeDecodeError, CategoriesError):
            continue
        return Recognised(found.kind, found.name, found.texts, found.problems, found.unknown, text)
    return found


def _checked(
    kind: Literal["env", "settings"], path: Path, values: Mapping[str, str], problems: tuple[Problem, ...] = ()
) -> Recognised:
    texts: dict[str, str] = {}
    found: list[Problem] = list(problems)
    for name, text in ((name, value.strip()) for name, value in values.items()):
        setting = BY_NAME.get(name)
        if setting is None or not text:
            continue
        try:
            setting.read(text)
        except Refused as reason:
            problem = wrong(setting, text, ".env", str(reason))
            message = problem.message.replace("the .env file", path.name)
            found.append(SettingProblem(problem.code, problem.title, message, problem.hint, setting=name))
        else:
            texts[name] = text
    unknown = tuple(sorted(name for name in values if name not in BY_NAME and name != _HOME))
    return Recognised(kind, path.name, texts, tuple(found), unknown)


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LONGEST:
            raise _foreign(path)
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(
            "import-unreadable",
            f"{path.name} cannot be read",
            f"{error.strerror or error}.",
            "Give yourself the right to read it.",
        ) from error


def _foreign(path: Path) -> ConfigError:
    return ConfigError(
        "import-foreign",
        f"{path.name} is not one of ours",
        "It holds no settings.",
        f"Accepted: the .env file of the older connector, {CATEGORIES_NAME}, or settings exported here.",
    )


def _is_secret(name: str) -> bool:
    return name in BY_NAME and BY_NAME[name].secret
