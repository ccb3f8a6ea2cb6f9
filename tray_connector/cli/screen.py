"""Whether there is a tray application here, and a screen to show it on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Protocol

from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConfigError
from tray_connector.sync.session import Environment

SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
"""One of these is set where windows can be shown; without a screen Qt would end the process."""


WindowParts = Callable[[bool], Sequence[tuple[str, Callable[[], str]]]]
"""What `self-test` tests of Qt, with the tray or without: names, and tests that give what they found and raise what is
wrong. ImportError where Qt is not installed."""


class Tray(Protocol):
    """Shows the tray of a home until the user quits; the exit code."""

    def __call__(self, environment: Environment, stop: Stop, *, autostart: bool = False, demo: bool = False) -> int:
        """With `autostart` no window opens by itself; with `demo` they say that the office is an invented one."""
        ...


def usable(tray: Tray | None) -> Tray | None:
    """The tray, where it can be shown."""
    return tray if has_qt() and has_screen(os.environ) else None


def required(tray: Tray | None) -> Tray:
    """The tray. ConfigError that says what is missing for it."""
    if tray is None or not has_qt():
        raise ConfigError(
            "no-tray",
            "This installation has no tray application",
            "PySide6 is not installed.",
            "Install it with: pip install 'tray-connector[tray]'. Without it: tray-connector run",
        )
    if not has_screen(os.environ):
        raise ConfigError(
            "no-screen",
            "There is no screen for the tray",
            "Neither DISPLAY nor WAYLAND_DISPLAY is set.",
            "Start it in a desktop session, or without a screen: tray-connector run",
        )
    return tray


def has_qt() -> bool:
    """Whether the tray extra is installed."""
    return find_spec("PySide6") is not None


def has_screen(environ: Mapping[str, str]) -> bool:
    """Whether windows can be shown. Windows and macOS always have somewhere to."""
    return sys.platform in ("win32", "darwin") or any(environ.get(name) for name in SCREENS)
