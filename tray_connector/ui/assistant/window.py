"""`SetupAssistant`: the window around the pages."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.config.preferences import Preferences
from tray_connector.config.settings_view import SettingsView
from tray_connector.model.errors import Problem
from tray_connector.sync.setup import Setup
from tray_connector.ui.assistant.destination_page import DestinationPage
from tray_connector.ui.assistant.finish_page import FinishPage
from tray_connector.ui.assistant.missive_page import MissivePage
from tray_connector.ui.assistant.page import AssistantPage, ConnectionPage
from tray_connector.ui.assistant.preview_page import PreviewPage
from tray_connector.ui.assistant.scope_page import ScopePage
from tray_connector.ui.assistant.state import SetupState
from tray_connector.ui.assistant.teamwork_page import TeamworkPage
from tray_connector.ui.assistant.webhooks_page import WebhooksPage
from tray_connector.ui.assistant.welcome_page import WelcomePage
from tray_connector.ui.form_parts import Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.live_test import CheckLines, problem_line
from tray_connector.ui.setup_questions import ask_leave
from tray_connector.ui.theme import GAP, GROUP, MARGIN, line_color


class SetupAssistant(QDialog):
    """One question a page. Closing asks first when something was typed. The demo is asked for as a window: ``demo``."""

    finished_setup = Signal()
    """Everything is saved, and the engine begins anew with it."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.host = host
        self.state = SetupState(host, self)
        self.setWindowTitle(self.tr("Set up Tray Connector"))
        self.setSizeGripEnabled(True)
        self.finish_page = FinishPage(self.state)
        self.welcome_page = WelcomePage(self.state)
        self.pages: tuple[AssistantPage, ...] = (
            self.welcome_page,
            TeamworkPage(self.state),
            MissivePage(self.state),
            DestinationPage(self.state),
            WebhooksPage(self.state),
            ScopePage(self.state),
            PreviewPage(self.state),
            self.finish_page,
        )
        self._title = Words("", "headline")
        self._dots = Dots(len(self.pages))
        self._trouble = CheckLines()
        self._stack = QStackedWidget()
        for page in self.pages:
            self._stack.addWidget(_scrolled(page))
            page.changed.connect(self._refresh)
            page.forward.connect(self.go_on)
        self.welcome_page.demo.connect(lambda: host.show_requested.emit("demo"))
        self.finish_page.finished.connect(self._finished)
        self._build_buttons()
        box = QVBoxLayout(self)
        box.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        box.setSpacing(GROUP)
        top = QHBoxLayout()
        top.addWidget(self._title, 1)
        top.addWidget(self._dots)
        box.addLayout(top)
        box.addWidget(self._trouble)
        box.addWidget(self._stack, 1)
        box.addWidget(_line())
        box.addLayout(self._buttons)
        self._reading = self._leaving = False
        self._show_page(0)

    def sizeHint(self) -> QSize:
        """Called by Qt: wide enough for German."""
        unit = self.fontMetrics().averageCharWidth()
        return QSize(max(680, 92 * unit), max(600, 36 * self.fontMetrics().height()))

    @property
    def number(self) -> int:
        """Which page is in front, from 0."""
        return self._stack.currentIndex()

    @property
    def page(self) -> AssistantPage:
        """The page in front."""
        return self.pages[self.number]

    def showEvent(self, event: QShowEvent) -> None:
        """Called by Qt: what is set already is read."""
        super().showEvent(event)
        self._read()

    def reject(self) -> None:
        """Esc and "Finish later": as closing."""
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """What is typed is never lost silently."""
        if self._leaving or not self.unsaved:
            self.page.leave()
            event.accept()
            return
        event.ignore()
        ask_leave(self, self._leave)

    @property
    def unsaved(self) -> bool:
        """Whether something was typed, chosen or imported."""
        return bool(self.state.typed) or self.state.categories is not None

    def _leave(self) -> None:
        self._leaving = True
        self.close()

    def go_on(self) -> None:
        """The next page."""
        if self.number + 1 < len(self.pages):
            self._show_page(self.number + 1)

    def go_back(self) -> None:
        """The page before."""
        if self.number > 0:
            self._show_page(self.number - 1)

    def _press(self) -> None:
        self.page.press()

    def _press_alternative(self) -> None:
        self.page.press_alternative()

    def _build_buttons(self) -> None:
        self.later_button = button(self.tr("Finish later"))
        self.later_button.clicked.connect(self.reject)
        self.alternative_button = button("")
        self.alternative_button.clicked.connect(self._press_alternative)
        self.back_button = button(self.tr("Back"))
        self.back_button.clicked.connect(self.go_back)
        self.main_button = button("")
        self.main_button.setDefault(True)
        self.main_button.clicked.connect(self._press)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(GAP)
        self._buttons.addWidget(self.later_button)
        self._buttons.addStretch(1)
        for each in (self.alternative_button, self.back_button, self.main_button):
            self._buttons.addWidget(each)

    def _show_page(self, number: int) -> None:
        if number != self.number:
            self.page.leave()
        self._stack.setCurrentIndex(number)
        page = self.pages[number]
        self._title.setText(page.title)
        self._dots.show_step(number, page.title)
        self.main_button.setDefault(True)
        page.enter()
        self._refresh()

    def _refresh(self) -> None:
        words, enabled = self.page.primary()
        self.main_button.setText(words)
        self.main_button.setEnabled(enabled)
        other = self.page.alternative()
        self.alternative_button.setText(other)
        self.alternative_button.setVisible(bool(other))
        self.back_button.setVisible(self.number > 0)
        if isinstance(self.page, ConnectionPage) and self.page.test.outcome != "untested":
            # Once the lines have their place.
            QTimer.singleShot(0, self._show_result)

    def _show_result(self) -> None:
        page, area = self.page, self._stack.currentWidget()
        if isinstance(page, ConnectionPage) and isinstance(area, QScrollArea):
            area.ensureWidgetVisible(page.test)

    def _read(self) -> None:
        if self._reading or self.state.view is not None:
            return
        self._reading = True
        environment = self.host.environment

        def work(_: Stop, __: Callable[[object], None]) -> tuple[SettingsView, Preferences]:
            setup = Setup(environment)
            return setup.view(), setup.preferences()

        self.host.run(work, self._take, self._failed, owner=self)

    def _take(self, read: tuple[SettingsView, Preferences]) -> None:
        self._reading = False
        self.state.view, self.state.preferences = read
        problem = self.state.view.keyring_problem
        self._trouble.show_lines([] if problem is None else [problem_line("", problem)])
        if self.number:
            self.page.enter()
        self._refresh()

    def _failed(self, problem: Problem) -> None:
        self._reading = False
        self._trouble.show_lines([problem_line("", problem)])

    def _finished(self) -> None:
        self.host.restart()
        self.finished_setup.emit()
        self._leave()


class Dots(QWidget):
    """How far one is: a dot a page, the present one filled and wide."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count, self._at = count, 0
        self.setFixedSize(count * 14 + 12, 16)

    def show_step(self, at: int, title: str) -> None:
        """The page that is in front."""
        self._at = at
        words = self.tr("Step {number} of {count}: {title}").format(number=at + 1, count=self._count, title=title)
        self.setAccessibleName(words)
        self.setToolTip(words.replace("&", "&amp;").replace("<", "&lt;"))
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Called by Qt."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        left = 2.0
        for number in range(self._count):
            done = number <= self._at
            palette = self.palette()
            painter.setBrush(palette.color(QPalette.ColorRole.Highlight) if done else line_color(palette))
            if number == self._at:
                painter.drawRoundedRect(int(left), 5, 20, 6, 3, 3)
                left += 26
            else:
                painter.drawEllipse(QPointF(left + 3, 8), 3, 3)
                left += 14

    def changeEvent(self, event: QEvent) -> None:
        """Called by Qt."""
        super().changeEvent(event)
        self.update()


def _scrolled(page: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(page)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def _line() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.HLine)
    line.setFrameShadow(QFrame.Shadow.Sunken)
    return line
