"""``settings.json``: read with patience, replaced whole, never lost.

The three contents before the present one are kept beside it as ``settings.json.1`` (the newest) to ``.3``.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tray_connector.config.private_files import make_private_folder, replace_file, set_aside
from tray_connector.model.errors import ConfigError, Problem

log = logging.getLogger(__name__)

JsonValue = Any
VERSION = 1
VERSION_KEY = "version"
GENERATIONS = 3


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """What the file holds."""

    values: Mapping[str, JsonValue] = field(default_factory=dict)
    """Without the version; names that we do not know included."""
    newer: bool = False
    """Written by a newer version of the program: may be used, must not be replaced."""
    notices: tuple[Problem, ...] = ()
    """What the user should be told, though work goes on."""


def read_settings_file(path: Path) -> StoredSettings:
    """Read the file; none is the same as an empty one. ConfigError when it is there and may not be read.

    A file that is no JSON object is set aside under another name, and the newest earlier content takes its place.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return StoredSettings()
    except OSError as error:
        raise _unusable(path, error, "Give yourself the right to read it.") from error
    values = _parse(content)
    if values is None:
        return _recover(path)
    return _stored(values)


def write_settings_file(path: Path, values: Mapping[str, JsonValue]) -> None:
    """Set the named values and leave all others as they are; None removes one.

    ConfigError when the file comes from a newer version or cannot be written.
    """
    stored = read_settings_file(path)
    if stored.newer:
        raise ConfigError("settings-newer", *NEWER)
    merged = {**stored.values, **values}
    present = {name: value for name, value in merged.items() if value is not None}
    text = json.dumps({VERSION_KEY: VERSION, **present}, indent=2, ensure_ascii=False) + "\n"
    # Half a character, as in a path of another encoding, becomes JSON's escape for it.
    content = text.encode("utf-8", "backslashreplace")
    try:
        make_private_folder(path.parent)
        if path.exists():
            if path.read_bytes() == content:
                return
            _keep_generation(path)
        replace_file(path, content)
    except OSError as error:
        raise _unusable(path, error, "Make room, or give yourself the right to write there.") from error


NEWER = (
    "The settings are from a newer version",
    "They are used as far as this version knows them, and cannot be changed with it.",
    "Install the newer version of Tray Connector again to change them.",
)


def _parse(content: bytes) -> dict[str, JsonValue] | None:
    try:
        values = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None


def _stored(values: dict[str, JsonValue], notices: tuple[Problem, ...] = ()) -> StoredSettings:
    version = values.pop(VERSION_KEY, VERSION)
    newer = isinstance(version, bool) or not isinstance(version, int) or version > VERSION
    if newer:
        notices = (*notices, Problem("settings-newer", *NEWER))
        log.warning("%s. %s %s", *NEWER)
    return StoredSettings(values, newer, notices)


def _recover(path: Path) -> StoredSettings:
    try:
        aside = set_aside(path)
        for number in range(1, GENERATIONS + 1):
            earlier = _generation(path, number)
            content = earlier.read_bytes() if earlier.exists() else b""
            if (values := _parse(content)) is not None:
                replace_file(path, content)
                return _stored(values, (_damaged(aside, "The settings saved before it are in force."),))
    except OSError as error:
        raise _unusable(path, error, "Give yourself the right to read and rename it.") from error
    return StoredSettings(notices=(_damaged(aside, "Every setting has its default again."),))


def _damaged(aside: Path, consequence: str) -> Problem:
    problem = Problem(
        "settings-damaged",
        "The settings could not be read",
        f"The damaged file is kept as {aside.name}. {consequence}",
        "Look through the settings.",
    )
    log.warning("%s", problem.sentence())
    return problem


def _keep_generation(path: Path) -> None:
    for number in range(GENERATIONS - 1, 0, -1):
        newer = _generation(path, number)
        if newer.exists():
            newer.replace(_generation(path, number + 1))
    newest = _generation(path, 1)
    try:
        os.link(path, newest)  # the present file itself stays where it is until it is replaced
    except OSError:  # a file system without hard links
        replace_file(newest, path.read_bytes())


def _generation(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _unusable(path: Path, error: OSError, hint: str) -> ConfigError:
    return ConfigError("settings-unusable", f"{path.name} cannot be used", f"{path}: {error.strerror or error}.", hint)
