"""The status window: is everything all right, since when, and if not, what is there to do."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QSize, Qt, QTimer
from PySide6.QtGui import QAction, QCloseEvent, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from tray_connector.model.errors import Problem
from tray_connector.model.status import EngineStatus
from tray_connector.ui import commands
from tray_connector.ui.activity_view import ActivityView
from tray_connector.ui.calls_view import CallsView
from tray_connector.ui.card_texts import card_texts
from tray_connector.ui.demo_banner import DemoBanner
from tray_connector.ui.form_parts import Words
from tray_connector.ui.headline_bar import HeadlineBar
from tray_connector.ui.host import EngineHost
from tray_connector.ui.log_view import LogView
from tray_connector.ui.notices import Notices, notices_of
from tray_connector.ui.problem_steps import Step
from tray_connector.ui.queue_questions import Question
from tray_connector.ui.queue_view import QueueView
from tray_connector.ui.queue_words import removals_question
from tray_connector.ui.search_field import SearchField, TallTabs
from tray_connector.ui.status_cards import CardRow
from tray_connector.ui.status_details import Details, read_details
from tray_connector.ui.status_words import backend_name
from tray_connector.ui.texts import number, problem_text
from tray_connector.ui.theme import GAP, MARGIN
from tray_connector.ui.throughput_view import ThroughputView

TICK_MS = 1_000
"""Words such as "12 seconds ago" go on by themselves."""
LOOK_MS = 1_000
"""Between two looks at the details, at the least."""


class StatusWindow(QWidget):
    """Opened and closed as often as one likes; while it is hidden it does nothing."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._host = host
        self._clock = host.environment.clock
        self.details: Details | None = None
        self._looking = False
        self._outdated = True
        self._looked = QElapsedTimer()
        self.setWindowTitle(self.tr("Tray Connector: status"))
        self.demo = DemoBanner()
        self.demo.setVisible(host.demo)
        self.headline = HeadlineBar(host)
        self.notices = Notices()
        self.cards = CardRow()
        self.throughput = ThroughputView()
        self.tabs = QTabWidget()
        self.tabs.setTabBar(TallTabs())
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Details"))
        self.activity = ActivityView(self._clock)
        self.queue = QueueView(host)
        self.calls = CallsView()
        self.log = LogView(host)
        self.search = SearchField(self)
        self.trouble = Words(role="small")
        self.trouble.set_meaning("attention")
        self.trouble.hide()
        self._place()
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self._pass_time)
        host.status_changed.connect(self._take)
        host.ready.connect(self._begin_anew)
        self.demo.connect_wanted.connect(lambda: host.show_requested.emit("connect"))
        self.headline.failed.connect(self._tell)
        self.queue.troubled.connect(self._tell)
        self.cards.step_wanted.connect(self._do_step)
        self.notices.step_wanted.connect(self._do_step)
        self.tabs.currentChanged.connect(self._show_search)
        self.search.searched.connect(self._search)
        close = QAction(self, shortcut=QKeySequence(Qt.Key.Key_Escape))
        close.triggered.connect(self.close)
        self.addAction(close)
        if host.status is not None:
            self._show()

    def _place(self) -> None:
        for view, title in (
            (self.activity, self.tr("&Activity")),
            (self.queue, self.tr("&Queue")),
            (self.log, self.tr("&Log")),
            (self.calls, self.tr("&Numbers")),
        ):
            layout = view.layout()
            if layout is not None:
                layout.setContentsMargins(0, 12, 0, 0)
            self.tabs.addTab(view, title)
        self.search.stand_beside(self.tabs)
        # On a small screen at 200 % there is not room for everything.
        whole, scroll = QWidget(), QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(whole)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        for part in (self.demo, self.headline, self.notices, self.cards, self.throughput):
            layout.addWidget(part)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.trouble)

    def sizeHint(self) -> QSize:
        """Room for a dozen rows."""
        return QSize(920, 760)

    def show_page(self, name: str) -> None:
        """``activity``, ``queue``, ``log`` or ``numbers``; another name changes nothing."""
        pages: dict[str, QWidget] = {
            "activity": self.activity,
            "queue": self.queue,
            "log": self.log,
            "numbers": self.calls,
        }
        self.tabs.setCurrentWidget(pages.get(name, self.tabs.currentWidget()))

    # What comes from the engine.

    def _take(self, status: EngineStatus) -> None:
        self._outdated = True
        if self.isVisible():
            self._show()
            self._look()

    def _begin_anew(self) -> None:
        self._outdated = True
        self._looking = False
        if self.isVisible():
            self._look()

    def _look(self) -> None:
        """Read the details, unless that was done a moment ago: then the next tick does it."""
        if self._looking or not self._outdated:
            return
        if self._looked.isValid() and self._looked.elapsed() < LOOK_MS:
            return
        self._looking, self._outdated = True, False
        self._host.submit(read_details, self._take_details, self._no_details, owner=self)

    def _take_details(self, details: Details) -> None:
        self._looking = False
        self._looked.restart()
        self.details = details
        self.cards.cards["destination"].title.setText(backend_name(details.backend))
        self.activity.show_details(details)
        self._show()

    def _no_details(self, problem: Problem) -> None:
        # Why no session stands is told by the status.
        self._looking = False
        self._looked.restart()

    def _show_search(self) -> None:
        """The queue may hold a hundred thousand files, which nobody reads for a search; numbers are few."""
        self.search.setVisible(self.tabs.currentWidget() in (self.activity, self.log))

    def _search(self, text: str) -> None:
        self.activity.search(text)
        self.log.search(text)

    # What is shown.

    def _show(self) -> None:
        status, now = self._host.status, self._clock.now()
        if status is None:
            return
        self.notices.show_notices(notices_of(status))
        self.queue.show_queue(status.queue, self.details)
        waiting = status.queue.waiting + status.queue.retrying + status.queue.unreadable
        title = self.tr("&Queue")
        self.tabs.setTabText(self.tabs.indexOf(self.queue), f"{title} ({number(waiting)})" if waiting else title)
        if self.details is not None:
            self.headline.show_status(status, now, self.details.zone)
            for part, text in card_texts(status, self.details, now).items():
                self.cards.cards[part].show_text(text)
            self.throughput.show_details(self.details, now)
            self.calls.show_calls(status, self.details, now)
        else:
            self.headline.show_status(status, now, self._host.zone)

    def _pass_time(self) -> None:
        self._show()
        self._look()
        self.queue.tick()

    def _tell(self, problem: Problem) -> None:
        self.trouble.setText(problem_text(problem).replace("\n\n", " "))
        self.trouble.setVisible(problem.code != "stopped")

    def _do_step(self, about: str, step: Step) -> None:
        if step.action == "again":
            commands.sync_now(self._host, self._tell)
        elif step.action == "removals":
            self._ask_removals()
        elif step.action == "settings" and about in self.cards.cards:
            self._host.show_requested.emit(f"settings/{about}")
        else:
            self._host.show_requested.emit(step.action)

    def _ask_removals(self) -> None:
        status = self._host.status
        if status is not None and status.held:
            question = Question(self, *removals_question(status.held), self.tr("Flag as deleted"))
            question.agreed.connect(lambda: commands.allow_removals(self._host, self._tell))
            question.open()

    # The window.

    def showEvent(self, event: QShowEvent) -> None:
        """Called by Qt."""
        super().showEvent(event)
        self._outdated = True
        self._tick.start()
        self._show()
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Called by Qt."""
        super().hideEvent(event)
        self._tick.stop()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The program goes on in the tray."""
        self.trouble.hide()
        super().closeEvent(event)
