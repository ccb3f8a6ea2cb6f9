"""Autostart on macOS: a LaunchAgent of the user."""

from __future__ import annotations

import plistlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tray_connector.config.private_files import make_private_folder, replace_file
from tray_connector.desktop.autostart import Entry, unwritable

LABEL = "net.tray-connector.agent"


class LaunchAgent:
    """See `desktop.autostart.Autostart`. launchd reads the file at the next login."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = tuple(command)
        self._path = folder / f"{LABEL}.plist"

    def look(self) -> Entry:
        """How the file stands."""
        data = self._data()
        if data is None:
            return Entry("absent")
        command = tuple(str(part) for part in data.get("ProgramArguments") or ())
        if data.get("Disabled") is True or data.get("RunAtLoad") is False:
            return Entry("off", command)
        return Entry("right" if command == self._command else "stale", command)

    def enable(self) -> None:
        """Write the file whole."""
        data = {
            "Label": LABEL,
            "ProgramArguments": list(self._command),
            "RunAtLoad": True,
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
        }
        try:
            make_private_folder(self._path.parent)
            replace_file(self._path, plistlib.dumps(data))
        except OSError as error:
            raise unwritable(self._path, error) from error

    def disable(self) -> None:
        """Remove the file."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def _data(self) -> dict[str, Any] | None:
        try:
            data = plistlib.loads(self._path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unwritable(self._path, error) from error
        except (plistlib.InvalidFileException, ValueError):
            return {}
        return data if isinstance(data, dict) else {}
