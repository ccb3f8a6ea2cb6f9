"""Autostart on Linux: a desktop entry below ``$XDG_CONFIG_HOME/autostart``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from tray_connector.config.private_files import make_private_folder, replace_file
from tray_connector.desktop.autostart import NAME, TITLE, Entry, unwritable

_RESERVED = frozenset(" \t\n\"'\\><~|&;$*?#()`")
_ESCAPED = ('"', "`", "$", "\\")


class DesktopEntry:
    """See `desktop.autostart.Autostart`. GNOME turns an entry off with a key of its own, other desktops by Hidden."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._command = tuple(command)
        self._path = folder / f"{NAME}.desktop"

    def look(self) -> Entry:
        """How the file stands."""
        keys = self._keys()
        if keys is None:
            return Entry("absent")
        command = parse_exec(keys.get("Exec", ""))
        if keys.get("Hidden", "").lower() == "true" or keys.get("X-GNOME-Autostart-enabled", "").lower() == "false":
            return Entry("off", command)
        return Entry("right" if command == self._command else "stale", command)

    def enable(self) -> None:
        """Write the file whole."""
        program = self._command[0].replace("\\", "\\\\")
        lines = (
            "[Desktop Entry]",
            "Type=Application",
            f"Name={TITLE}",
            "Comment=Keeps Teamwork and Missive in step with your own database",
            "Comment[de]=Hält Teamwork und Missive mit Ihrer eigenen Datenbank im Gleichstand",
            f"Exec={exec_line(self._command)}",
            # Once the program was removed, the entry does nothing.
            *((f"TryExec={program}",) if os.path.isabs(program) and program.isprintable() else ()),
            f"Icon={NAME}",
            "Terminal=false",
            "X-GNOME-Autostart-enabled=true",
            "X-GNOME-Autostart-Delay=5",
            "X-KDE-autostart-after=panel",
        )
        try:
            make_private_folder(self._path.parent)
            replace_file(self._path, ("\n".join(lines) + "\n").encode())
        except OSError as error:
            raise unwritable(self._path, error) from error

    def disable(self) -> None:
        """Remove the file."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(self._path, error) from error

    def _keys(self) -> dict[str, str] | None:
        try:
            text = self._path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unwritable(self._path, error) from error
        pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
        return {name.strip(): value.strip() for name, _, value in pairs}


def exec_line(command: Sequence[str]) -> str:
    """The command as the key Exec takes it: quoted as the Desktop Entry Specification says, % doubled."""
    return " ".join(_quoted(part) for part in command)


def parse_exec(line: str) -> tuple[str, ...]:
    """What such a line starts."""
    parts: list[str] = []
    current: list[str] = []
    inside = begun = False
    # A value of the file is unescaped once as a string, then as an argument.
    characters = iter(line.replace("\\\\", "\\"))
    for character in characters:
        if inside and character == "\\":
            current.append(next(characters, ""))
        elif character == '"':
            inside, begun = not inside, True
        elif character == " " and not inside:
            if begun or current:
                parts.append("".join(current))
            current, begun = [], False
        else:
            current.append(character)
    if begun or current:
        parts.append("".join(current))
    return tuple(part.replace("%%", "%") for part in parts)


def _quoted(part: str) -> str:
    escaped = part.replace("%", "%%")
    if part and not _RESERVED & set(part):
        return escaped
    for character in ("\\", *(c for c in _ESCAPED if c != "\\")):
        escaped = escaped.replace(character, f"\\{character}")
    return '"' + escaped.replace("\\", "\\\\") + '"'
