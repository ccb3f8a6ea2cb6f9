"""What the user prefers of the application itself; nothing here bears on what is synced."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

from tray_connector.config.paths import Paths
from tray_connector.config.private_files import make_private_folder, replace_file
from tray_connector.model.errors import ConfigError

log = logging.getLogger(__name__)

Language = Literal["system", "en", "de"]
Theme = Literal["system", "light", "dark"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """The choices of the settings window that are no settings of the connector."""

    language: Language = "system"
    theme: Theme = "system"
    notify_stopped: bool = True
    """Say so when a person must change something."""
    notify_attention: bool = True
    """Say so when records need a look."""
    start_with_system: bool = True
    """Whether the autostart entry is wanted; the system's own switch may still turn it off."""
    assistant_done: bool = False
    """The setup assistant was finished once."""
    told_no_tray: bool = False
    """It was said once that this desktop shows no tray icons."""

    def finished(self, *, start_with_system: bool) -> Preferences:
        """The same after the setup assistant."""
        return replace(self, start_with_system=start_with_system, assistant_done=True)


def preferences_file(paths: Paths) -> Path:
    """``preferences.json`` in the home."""
    return paths.home / "preferences.json"


def read_preferences(paths: Paths) -> Preferences:
    """Those of the file; defaults for what is missing or odd. A file that cannot be read changes nothing of it."""
    try:
        data = json.loads(preferences_file(paths).read_bytes())
    except FileNotFoundError:
        return Preferences()
    except (OSError, ValueError, RecursionError) as error:
        log.info("The preferences could not be read, the defaults hold: %s", error)
        return Preferences()
    return from_values(data if isinstance(data, dict) else {})


def from_values(data: dict[str, Any]) -> Preferences:
    """The known and right ones of these values."""
    hints = get_type_hints(Preferences)
    found = {f.name: data[f.name] for f in fields(Preferences) if _fits(data.get(f.name), hints[f.name])}
    return replace(Preferences(), **found)


def write_preferences(paths: Paths, preferences: Preferences) -> None:
    """Replace the file whole. ConfigError when it cannot be written."""
    path = preferences_file(paths)
    try:
        make_private_folder(path.parent)
        replace_file(path, (json.dumps(asdict(preferences), indent=2) + "\n").encode())
    except OSError as error:
        raise ConfigError(
            "preferences-unwritable",
            f"{path.name} cannot be written",
            f"{path}: {error.strerror or error}.",
            "Make room, or give yourself the right to write there.",
        ) from error


def _fits(value: object, wanted: Any) -> bool:
    return isinstance(value, bool) if wanted is bool else isinstance(value, str) and value in get_args(wanted)
