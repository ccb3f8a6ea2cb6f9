"""The first line of the status window: the state, its next step, and what one does with one click."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSizePolicy, QVBoxLayout, QWidget

from tray_connector.model.errors import Problem
from tray_connector.model.status import EngineStatus, State
from tray_connector.ui import commands
from tray_connector.ui.form_parts import TIGHT, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.icons import state_pixmap
from tray_connector.ui.texts import headline, in_text, next_step, state_word
from tray_connector.ui.theme import GAP, is_dark

ICON = 40


class HeadlineBar(QWidget):
    """Give it each status and, in between, the time."""

    failed = Signal(object)
    """A `Problem`: what was clicked could not be done."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self._drawn: tuple[State, bool, float] | None = None
        self._state: State = "starting"
        self.icon = QLabel()
        self.icon.setFixedSize(ICON, ICON)
        self.text = Words(role="headline")
        self.more = Words(role="small")
        self.sync = button(self.tr("&Sync now"))
        self.pause = button(self.tr("&Pause"))
        self.resume = button(self.tr("&Resume"))
        self._make_menu()
        words = QVBoxLayout()
        words.setSpacing(TIGHT)
        words.addWidget(self.text)
        words.addWidget(self.more)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(words, 1)
        for made in (self.sync, self.pause, self.resume):
            layout.addWidget(made, 0, Qt.AlignmentFlag.AlignTop)
        self.resume.hide()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.sync.clicked.connect(lambda: commands.sync_now(host, self._tell))
        self.resume.clicked.connect(lambda: commands.resume(host, self._tell))

    def _make_menu(self) -> None:
        menu = QMenu(self.pause)
        names = (self.tr("30 minutes"), self.tr("1 hour"), self.tr("Until tomorrow"), self.tr("Until I resume"))
        for name, length in zip(names, commands.PAUSES, strict=True):
            action = QAction(name, menu)
            action.triggered.connect(lambda _=False, length=length: commands.pause(self._host, length, self._tell))
            menu.addAction(action)
        self.pause.setMenu(menu)

    def _tell(self, problem: Problem) -> None:
        self.failed.emit(problem)

    def show_status(self, status: EngineStatus, now: datetime, zone: ZoneInfo) -> None:
        """Say how things stand as of `now`."""
        self._state = status.state
        self._draw()
        self.text.setText(headline(status, now, zone))
        self.more.setText(self._beside(status, now))
        paused = status.state == "paused" or status.pause_open_ended or status.paused_until is not None
        self.pause.setVisible(not paused)
        self.resume.setVisible(paused)
        self.sync.setEnabled(not paused and status.pid is not None)

    def _beside(self, status: EngineStatus, now: datetime) -> str:
        step = next_step(status)
        if step:
            return step
        words = []
        if status.next_poll is not None and status.next_poll > now and status.state in {"in step", "attention"}:
            words.append(self.tr("Next check {when}").format(when=in_text(status.next_poll - now)))
        if status.webhooks.mode == "webhooks":
            words.append(self.tr("webhooks are working"))
        if self._host.metered:
            words.append(self.tr("this network is paid for by volume"))
        return " · ".join(words)

    def _draw(self) -> None:
        wanted = (self._state, is_dark(self.palette()), self.devicePixelRatioF())
        if wanted != self._drawn:
            self._drawn = wanted
            self.icon.setPixmap(state_pixmap(self._state, ICON, wanted[2], dark=wanted[1]))
            self.icon.setAccessibleName(state_word(self._state))

    def changeEvent(self, event: QEvent) -> None:
        """Another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._drawn is not None:
            self._draw()
