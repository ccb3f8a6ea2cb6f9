"""A tray application over a host, and a clock that can be set forward while threads run in real time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from tray_connector.config.clock import SystemClock
from tray_connector.ui.host import EngineHost
from tray_connector.ui.language import Speech
from tray_connector.ui.notifications import Notice
from tray_connector.ui.shell import Shell

WAIT = 10_000
"""Milliseconds until a condition must hold, on a machine that is busy with other tests."""


class ShiftedClock(SystemClock):
    """The machine's own, and as much later as was asked for."""

    def __init__(self) -> None:
        self.shift = timedelta()

    def now(self) -> datetime:
        return super().now() + self.shift

    def monotonic(self) -> float:
        return super().monotonic() + self.shift.total_seconds()


class Desk:
    """Whether a tray is there, and the shell that looks for it."""

    def __init__(self, host: EngineHost, *, autostart: bool = False, tray: bool = True) -> None:
        self.tray_is_there = tray
        self._locale, self._speech = QLocale(), Speech()
        self._speech.speak("en")
        self.host = host
        self.shell = Shell(host, self._speech, autostart=autostart, available=lambda: self.tray_is_there)

    def end(self) -> None:
        """The next test hears nothing of this one's language."""
        self.shell.end_now()
        self.shell.deleteLater()
        for translator in self._speech._translators:
            QCoreApplication.removeTranslator(translator)
        QLocale.setDefault(self._locale)

    def notices(self) -> list[Notice]:
        """What was told last, if anything was."""
        return [self.shell._notice] if self.shell._notice is not None else []

    @property
    def icon(self) -> QSystemTrayIcon | None:
        return self.shell.tray.icon

    def window(self, name: str, qtbot: QtBot) -> QWidget:
        """As soon as it is open."""
        qtbot.waitUntil(lambda: self.is_open(name), timeout=WAIT)
        found = self.shell.windows.get(name)
        assert found is not None
        return found

    def is_open(self, name: str) -> bool:
        found = self.shell.windows.get(name)
        return found is not None and found.isVisible()

    def look(self, seconds: int) -> None:
        """What the tray's timer does in so many seconds."""
        for _ in range(seconds):
            self.shell.tray._look_for_tray()


def state_is(host: EngineHost, state: str) -> Callable[[], bool]:
    return lambda: host.status is not None and host.status.state == state
