"""Starting with the desktop: the entry of this program, verified and repaired, and never against the user's word.

Linux: a desktop entry in the XDG autostart folder. Windows: the user's Run key, with what its task manager notes beside
it. macOS: a LaunchAgent. Each says whether the entry is ours, and whether the system's own switch turns it off.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from tray_connector.model.errors import ConfigError

NAME = "tray-connector"
TITLE = "Tray Connector"
HIDDEN = "--autostart"
"""Tells the program that nobody is waiting for a window."""

Standing = Literal["absent", "right", "stale", "off"]
"""``stale``: it starts another place than this one. ``off``: the user turned it off in the system."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the system has now."""

    standing: Standing
    command: tuple[str, ...] = ()
    """What it starts, where that is known."""


class Autostart(Protocol):
    """The entry of one user. Each call reads or writes files or the registry: for workers only. ConfigError."""

    def look(self) -> Entry:
        """How the entry stands."""
        ...

    def enable(self) -> None:
        """Write the entry, and undo the system's own off: the user said so."""
        ...

    def disable(self) -> None:
        """Take the entry away; none is fine."""
        ...


def own_command(argv0: str, environ: Mapping[str, str], *, frozen: bool, executable: str) -> tuple[str, ...]:
    """What starts this program: the AppImage's own file rather than its passing mount, the packaged program, or the
    interpreter with the package.
    """
    image = environ.get("APPIMAGE", "")
    if image:
        return (image, HIDDEN)
    if frozen:
        # Windows has a second program for the command line, which would open a console.
        beside = Path(executable).with_name(f"{TITLE}.exe")
        return (str(beside) if beside.exists() else executable, HIDDEN)
    script = Path(argv0)
    if script.name in (NAME, f"{NAME}.exe") and script.is_absolute() and script.exists():
        return (str(script), HIDDEN)
    return (executable, "-m", "tray_connector", HIDDEN)


def autostart_of_this_system(command: Sequence[str], environ: Mapping[str, str]) -> Autostart:
    """The one that fits the operating system."""
    if sys.platform == "win32":
        from tray_connector.desktop.autostart_windows import RunKey, UserRegistry  # noqa: PLC0415 - only there

        return RunKey(command, UserRegistry())
    if sys.platform == "darwin":
        from tray_connector.desktop.autostart_macos import LaunchAgent  # noqa: PLC0415 - only there

        return LaunchAgent(command, Path.home() / "Library" / "LaunchAgents")
    from tray_connector.desktop.autostart_linux import DesktopEntry  # noqa: PLC0415 - only there

    return DesktopEntry(command, autostart_folder(environ))


def autostart_folder(environ: Mapping[str, str]) -> Path:
    """The XDG autostart folder of the user."""
    named = environ.get("XDG_CONFIG_HOME", "")
    base = Path(named) if named and Path(named).is_absolute() else Path.home() / ".config"
    return base / "autostart"


def this_command() -> tuple[str, ...]:
    """`own_command` of this process."""
    return own_command(sys.argv[0], os.environ, frozen=bool(getattr(sys, "frozen", False)), executable=sys.executable)


def this_autostart() -> Autostart:
    """For this process."""
    return autostart_of_this_system(this_command(), os.environ)


def start_program(*words: str) -> None:
    """Start this program once more, with these arguments, as a process that outlives this one. ConfigError."""
    command = [*this_command()[:-1], *words]
    nothing = subprocess.DEVNULL
    try:
        # The command is our own.
        subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True)  # noqa: S603
    except OSError as error:
        raise ConfigError(
            "program-not-started",
            "The program could not be started",
            f"{command[0]}: {error.strerror or error}.",
            "Start it by hand.",
        ) from error


def repair(autostart: Autostart, *, wanted: bool) -> Entry:
    """At each start: an entry of ours that leads elsewhere is written anew, a wanted one that is missing is made.

    What the user turned off in the system stays off, and one that is not wanted is taken away. How it stands then.
    """
    entry = autostart.look()
    if not wanted:
        if entry.standing != "absent":
            autostart.disable()
        return autostart.look()
    if entry.standing in ("absent", "stale"):
        autostart.enable()
        return autostart.look()
    return entry


def unwritable(place: object, error: OSError) -> ConfigError:
    """The entry cannot be read or written."""
    return ConfigError(
        "autostart-unwritable",
        "The autostart entry cannot be changed",
        f"{place}: {error.strerror or error}.",
        "Give yourself the right to write there, or start the program with the system's own settings.",
    )
