"""The menu of the tray icon."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from tray_connector.model.errors import Problem
from tray_connector.ui import commands
from tray_connector.ui.host import EngineHost


class TrayMenu(QMenu):
    """Headline, what one does with one click, the windows, help, and the end."""

    def __init__(self, host: EngineHost, failed: Callable[[Problem], None], quit_now: Callable[[], None]) -> None:
        super().__init__()
        self._host = host
        self._failed = failed
        self.headline = self._add(self, self.tr("Starting"), "status")
        self.addSeparator()
        self.sync_now = self._do(self, self.tr("&Sync now"), lambda: commands.sync_now(host, failed))
        self.pause = self.addMenu(self.tr("&Pause"))
        names = (self.tr("30 minutes"), self.tr("1 hour"), self.tr("Until tomorrow"), self.tr("Until I resume"))
        for name, length in zip(names, commands.PAUSES, strict=True):
            self._do(self.pause, name, partial(commands.pause, host, length, failed))
        self.resume = self._do(self, self.tr("&Resume"), lambda: commands.resume(host, failed))
        self.resume.setEnabled(False)
        self._add(self, self.tr("Force &backfill…"), "backfill")
        self.addSeparator()
        self._add(self, self.tr("S&tatus…"), "status")
        self._add(self, self.tr("&Label categories…"), "categories")
        self._add(self, self.tr("S&ettings…"), "settings")
        self._add(self, self.tr("&Open the data"), "data")
        self.addSeparator()
        self.help = self.addMenu(self.tr("&Help"))
        self._add(self.help, self.tr("&User guide"), "help")
        self._add(self.help, self.tr("&Log…"), "log")
        self._add(self.help, self.tr("Log &folder"), "logs")
        self._add(self.help, self.tr("Export &diagnostics…"), "diagnostics")
        self._add(self.help, self.tr("&About Tray Connector"), "about")
        self.addSeparator()
        self.quit = self._do(self, self.tr("&Quit"), quit_now)

    def show_headline(self, text: str) -> None:
        """Set it, if it is another."""
        escaped = text.replace("&", "&&")
        if self.headline.text() != escaped:
            self.headline.setText(escaped)

    def show_paused(self, paused: bool) -> None:
        """Whether there is a pause to end."""
        if self.resume.isEnabled() != paused:
            self.resume.setEnabled(paused)

    def _add(self, menu: QMenu, text: str, window: str) -> QAction:
        return self._do(menu, text, lambda: self._host.show_requested.emit(window))

    @staticmethod
    def _do(menu: QMenu, text: str, call: Callable[[], None]) -> QAction:
        action = menu.addAction(text)
        action.triggered.connect(lambda _=False: call())
        return action
