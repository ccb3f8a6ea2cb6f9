"""The icon in the tray: made when there is a tray, true, and calm."""

from __future__ import annotations

import sys
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QSystemTrayIcon

from tray_connector.model.status import EngineStatus, State
from tray_connector.ui.host import EngineHost
from tray_connector.ui.icons import tray_icon
from tray_connector.ui.menu import TrayMenu
from tray_connector.ui.texts import headline_for_tray
from tray_connector.ui.theme import tray_is_dark

LOOK_MS = 1000
LOOK_LATER_MS = 10_000
PATIENCE_MS = 60_000
"""How long a desktop may take to bring up its tray."""
HOLD_MS = 500
"""A state must have held so long before the icon changes."""
WORDS_EVERY_MS = 3000
"""Between two changes of the words while the state stays the same."""
LONGEST_TOOLTIP = 120
"""Windows shows no more than 127 characters."""
NAME = "Tray Connector"


class Tray(QObject):
    """Shows the host's status as an icon with a menu.

    An icon that was shown before a Linux desktop brought up its tray never appears in it: one is made whenever a tray
    becomes available.
    """

    missing = Signal()
    """There was no tray for a minute. One that comes later is used all the same."""
    appeared = Signal()
    clicked_message = Signal()
    """The user clicked the notification shown last."""

    def __init__(
        self,
        host: EngineHost,
        menu: TrayMenu,
        *,
        available: Callable[[], bool] = QSystemTrayIcon.isSystemTrayAvailable,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._host = host
        self._menu = menu
        self._available = available
        self._was_available = False
        self._waited = 0
        self._state: State = "starting"
        self._words = ""
        self.icon: QSystemTrayIcon | None = None
        self.changes = 0
        """Calls to the desktop's tray so far: each costs the desktop work."""
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._look_for_tray)
        self._held = QTimer(self, interval=HOLD_MS, singleShot=True)
        self._held.timeout.connect(self._show_state)
        self._words_later = QTimer(self, interval=WORDS_EVERY_MS, singleShot=True)
        self._words_later.timeout.connect(self._show_words)
        host.status_changed.connect(self._take)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self.redraw)

    def start(self) -> None:
        """Look for a tray, now and from now on."""
        self._look_for_tray()
        self._look.start()

    @property
    def is_there(self) -> bool:
        """Whether this desktop shows the icon."""
        return self.icon is not None and self._was_available

    def use_menu(self, menu: TrayMenu) -> None:
        """Another menu from now on, in another language; the one before is let go of."""
        before, self._menu = self._menu, menu
        menu.show_paused(self._state == "paused")
        if self._words:
            menu.show_headline(self._words)
        if self.icon is not None:
            self.icon.setContextMenu(menu)
        before.deleteLater()
        self._words = ""
        self._show_words()

    def hide(self) -> None:
        """Take the icon away: the program ends."""
        self._look.stop()
        if self.icon is not None:
            self.icon.hide()

    def redraw(self) -> None:
        """Light has become dark, or the other way round."""
        if self.icon is not None:
            self._set_icon(self.icon)

    def show_message(self, title: str, text: str) -> bool:
        """Show a notification beside the icon; False when there is no tray to show it."""
        if self.icon is None or not self._was_available:
            return False
        self.icon.showMessage(title, text, tray_icon(self._state, dark=False))
        return True

    # Where the tray is.

    def _look_for_tray(self) -> None:
        there = self._available()
        if there and not self._was_available:
            self._make()
            self.appeared.emit()
        self._was_available = there
        if there or self._waited > PATIENCE_MS:
            self._look.setInterval(LOOK_LATER_MS)
            return
        if self._waited == PATIENCE_MS:
            self.missing.emit()
        self._waited += LOOK_MS

    def _make(self) -> None:
        if self.icon is not None:
            self.icon.hide()
            self.icon.deleteLater()
        icon = QSystemTrayIcon(self)
        icon.setContextMenu(self._menu)
        icon.activated.connect(self._activated)
        icon.messageClicked.connect(self.clicked_message)
        self.icon = icon
        self._set_icon(icon)
        self._set_tooltip(icon)
        icon.show()

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        clicks = (QSystemTrayIcon.ActivationReason.Trigger, QSystemTrayIcon.ActivationReason.DoubleClick)
        if reason in clicks and sys.platform != "darwin":  # a click opens the menu there
            self._host.show_requested.emit(self._host.instead_of("status"))

    # What it shows.

    def _take(self, status: EngineStatus) -> None:
        self._menu.show_paused(status.state == "paused")
        if status.state == self._state:
            self._held.stop()
            if not self._words_later.isActive():
                self._show_words()
                self._words_later.start()
        elif not self._held.isActive():
            self._held.start()

    def _show_state(self) -> None:
        status = self._host.status
        if status is None or status.state == self._state:
            return
        self._state = status.state
        if self.icon is not None:
            self._set_icon(self.icon)
        self._show_words()

    def _show_words(self) -> None:
        status = self._host.status
        if status is None or status.state != self._state:
            return
        words = headline_for_tray(status, self._host.environment.clock.now(), self._host.zone)
        if words == self._words:
            return
        self._words = words
        self._menu.show_headline(words)
        if self.icon is not None:
            self._set_tooltip(self.icon)

    def _set_icon(self, icon: QSystemTrayIcon) -> None:
        self.changes += 1
        icon.setIcon(tray_icon(self._state, dark=tray_is_dark(self._host.preferences.theme)))

    def _set_tooltip(self, icon: QSystemTrayIcon) -> None:
        self.changes += 1
        icon.setToolTip(plain_tooltip(f"{NAME}: {self._words}" if self._words else NAME))


def plain_tooltip(text: str) -> str:
    """Short, and without anything that a desktop could take for markup; some do, whatever Qt is told."""
    plain = text.replace("<", "‹").replace(">", "›")
    return plain if len(plain) <= LONGEST_TOOLTIP else plain[: LONGEST_TOOLTIP - 1] + "…"
