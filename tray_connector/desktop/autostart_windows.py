"""Autostart on Windows: a value of the user's Run key, and what the task manager notes about it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Protocol

from tray_connector.desktop.autostart import TITLE, Entry, unwritable

RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"
APPROVED = r"Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run"
_ON = bytes((2,)) + bytes(11)


class Registry(Protocol):
    """Values below the current user. OSError."""

    def read(self, key: str, name: str) -> str | bytes | None:
        """The value; None when there is none."""
        ...

    def write(self, key: str, name: str, value: str | bytes) -> None:
        """Set it; a text as REG_SZ, bytes as REG_BINARY."""
        ...

    def delete(self, key: str, name: str) -> None:
        """Take it out; none is fine."""
        ...


class RunKey:
    """See `desktop.autostart.Autostart`. An odd first byte in StartupApproved means that the user turned it off."""

    def __init__(self, command: Sequence[str], registry: Registry) -> None:
        self._line = subprocess.list2cmdline(command)
        self._registry = registry

    def look(self) -> Entry:
        """How the value stands."""
        try:
            line = self._registry.read(RUN, TITLE)
            approved = self._registry.read(APPROVED, TITLE)
        except OSError as error:
            raise unwritable(RUN, error) from error
        if not isinstance(line, str):
            return Entry("absent")
        if isinstance(approved, bytes) and approved and approved[0] & 1:
            return Entry("off", (line,))
        return Entry("right" if line == self._line else "stale", (line,))

    def enable(self) -> None:
        """Write the value, approved."""
        try:
            self._registry.write(RUN, TITLE, self._line)
            if self._registry.read(APPROVED, TITLE) is not None:
                self._registry.write(APPROVED, TITLE, _ON)
        except OSError as error:
            raise unwritable(RUN, error) from error

    def disable(self) -> None:
        """Take both values out."""
        try:
            self._registry.delete(RUN, TITLE)
            self._registry.delete(APPROVED, TITLE)
        except OSError as error:
            raise unwritable(RUN, error) from error


if sys.platform == "win32":
    import winreg

    class UserRegistry:
        """The real one."""

        def read(self, key: str, name: str) -> str | bytes | None:
            """See `Registry`."""
            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key) as opened:
                    value, _ = winreg.QueryValueEx(opened, name)
            except FileNotFoundError:
                return None
            return value if isinstance(value, str | bytes) else None

        def write(self, key: str, name: str, value: str | bytes) -> None:
            """See `Registry`."""
            kind = winreg.REG_SZ if isinstance(value, str) else winreg.REG_BINARY
            with winreg.CreateKey(winreg.HKEY_CURRENT_USER, key) as opened:
                winreg.SetValueEx(opened, name, 0, kind, value)

        def delete(self, key: str, name: str) -> None:
            """See `Registry`."""
            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key, 0, winreg.KEY_SET_VALUE) as opened:
                    winreg.DeleteValue(opened, name)
            except FileNotFoundError:
                return
