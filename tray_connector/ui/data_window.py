"""What is stored in SQLite or PostgreSQL, to be read, searched and exported. Nothing can be changed here."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QSplitter, QStackedLayout, QTabBar, QVBoxLayout, QWidget

from tray_connector.destinations.browse import DEFAULT_SORT, Page, Question, Whole
from tray_connector.model.errors import Problem
from tray_connector.model.records import Table, key_of
from tray_connector.ui.data_details import DataDetails
from tray_connector.ui.data_export_bar import ExportBar
from tray_connector.ui.data_feed import DataFeed
from tray_connector.ui.data_filter import DataFilter
from tray_connector.ui.data_message import DataMessage
from tray_connector.ui.data_model import DataModel
from tray_connector.ui.data_table import DataTable
from tray_connector.ui.data_words import count_text, source_of
from tray_connector.ui.data_work import Loaded
from tray_connector.ui.form_parts import Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.links import is_web_address, open_web_address
from tray_connector.ui.notice_bar import NoticeBar, problem_line
from tray_connector.ui.theme import GAP, MARGIN

ROOMY = QSize(1200, 760)
TABS: tuple[Table, ...] = ("tasks", "emails")
REFRESH_EVERY = 5000
"""Milliseconds between two looks by itself, at the least."""
AFTER_MOVING = 120
"""Milliseconds of rest before a row is read whole: who holds an arrow key passes many."""


class DataWindow(QWidget):
    """While it is open at the top of its list, what is stored meanwhile appears by itself."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self._host = host
        self._again = False
        self._address = ""
        self.model = DataModel(self)
        self.feed = DataFeed(host, self)
        self.tabs = QTabBar(documentMode=True, drawBase=False, expanding=False)
        self.filter = DataFilter()
        self.notice = NoticeBar()
        self.table = DataTable(self.model)
        self.message = DataMessage()
        self.details = DataDetails()
        self.open = button("")
        self.copy = button(self.tr("&Copy"))
        self.status = Words(wrap=False)
        self.export = ExportBar(host)
        self.refresh = button(self.tr("Re&fresh"))
        self.rest = QTimer(self, singleShot=True, interval=REFRESH_EVERY)
        self._moved = QTimer(self, singleShot=True, interval=AFTER_MOVING)
        self.setWindowTitle(self.tr("Stored records"))
        self._place()
        self._connect()
        self._take_tab()

    def _place(self) -> None:
        for name in (self.tr("&Tasks"), self.tr("&E-mails")):
            self.tabs.addTab(name)
        self.tabs.setAccessibleName(self.tr("What is shown"))
        right, actions = QWidget(), QHBoxLayout()
        actions.setSpacing(GAP)
        for made in (self.open, self.copy):
            actions.addWidget(made)
        actions.addStretch(1)
        beside = QVBoxLayout(right)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.setSpacing(GAP)
        beside.addWidget(self.details, 1)
        beside.addLayout(actions)
        left = QWidget()
        self._stack = QStackedLayout(left)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.message)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False, handleWidth=GAP)
        for part, stretch in ((left, 3), (right, 2)):
            self.splitter.addWidget(part)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        self.splitter.setSizes([760, 420])
        below = QHBoxLayout()
        below.setSpacing(GAP)
        below.addWidget(self.status)
        below.addWidget(self.export, 1)
        below.addWidget(self.refresh)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        layout.setSpacing(12)
        layout.addWidget(self.tabs)
        layout.addWidget(self.filter)
        layout.addWidget(self.notice)
        layout.addWidget(self.splitter, 1)
        layout.addLayout(below)
        self.resize(ROOMY.boundedTo(self.screen().availableSize() * 0.95))

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(lambda _: self._take_tab())
        self.filter.changed.connect(self._ask)
        self.table.order_wanted.connect(self._ask)
        self.table.chosen.connect(self._choose)
        self.table.opened.connect(self._open)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.model.more_wanted.connect(self.feed.go_on)
        self._moved.timeout.connect(self._look_into)
        self.feed.loaded.connect(self._take_loaded)
        self.feed.began.connect(self._take_page)
        self.feed.went_on.connect(self.model.add)
        self.feed.gave_up.connect(self.model.give_up)
        self.feed.counted.connect(self._take_count)
        self.feed.found.connect(self._take_whole)
        self.feed.failed.connect(self._failed)
        self.message.step_wanted.connect(self._do_step)
        self.export.done.connect(lambda text, step: self.notice.tell("exported", "good", text, step))
        self.export.failed.connect(lambda problem: self.notice.tell("export", "stopped", problem_line(problem)))
        self.open.clicked.connect(self._open)
        self.copy.clicked.connect(self._copy)
        self.refresh.clicked.connect(self._begin)
        self._host.ready.connect(self._begin)
        self._host.status_changed.connect(self._something_changed)
        self.rest.timeout.connect(self._look_again)
        for keys, action in (
            (QKeySequence.StandardKey.Find, self.filter.search.setFocus),
            (QKeySequence.StandardKey.Refresh, self._begin),
            (QKeySequence.StandardKey.Cancel, self.close),
            (QKeySequence.StandardKey.Save, self.export.button.click),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(action)

    @property
    def shown(self) -> Table:
        """Tasks or e-mails."""
        return TABS[self.tabs.currentIndex()]

    @property
    def unsaved(self) -> bool:
        """A file is being written."""
        return self.export.running

    def show_page(self, name: str) -> None:
        """``tasks`` or ``emails``; another name changes nothing."""
        if name in TABS:
            self.tabs.setCurrentIndex(TABS.index(name))

    # Asking.

    def showEvent(self, event: QShowEvent) -> None:
        """Called by Qt."""
        super().showEvent(event)
        self._begin()
        self.table.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Called by Qt."""
        self.feed.close()
        super().closeEvent(event)

    def _begin(self) -> None:
        if self.isVisible():
            self.model.zone = self._host.zone
            self.notice.clear()
            self.feed.load()

    def _take_loaded(self, loaded: Loaded) -> None:
        self._address = loaded.address or ""
        elsewhere = loaded.address is not None
        for part in (self.filter, self.tabs, self.refresh, self.export.button):
            part.setEnabled(not elsewhere)
        if elsewhere:
            self.message.say_elsewhere()
            self._stack.setCurrentWidget(self.message)
            return
        self.filter.set_labels(loaded.labels)
        self._ask(again=self.model.count() > 0)

    def _take_tab(self) -> None:
        self.filter.set_table(self.shown)
        self.details.show_whole(None, self._host.zone)
        self.feed.let_be()
        self.table.show_columns(self.shown)
        self._show_chosen()
        if self.isVisible():
            self._ask()

    def _question(self) -> Question:
        return self.filter.question(self.shown, self.table.sort, descending=self.table.descending)

    def _ask(self, *, again: bool = False) -> None:
        self._again = again
        if not again:
            self.notice.clear("exported")
            self.status.setText("…")
            self.export.set_count(None)
        self.feed.ask(self._question())

    def _something_changed(self, _: object) -> None:
        if not self.rest.isActive():
            self.rest.start()

    def _look_again(self) -> None:
        """Unless that would cost much or move rows under somebody's eyes."""
        question = self.feed.question
        cheap = not question.words and question.order == DEFAULT_SORT[question.table]
        at_rest = self.table.verticalScrollBar().value() == 0 and not self.feed.busy and not self._address
        if self.isVisible() and not self.isMinimized() and cheap and at_rest:
            self._ask(again=True)

    # Answers.

    def _take_page(self, page: Page) -> None:
        self.notice.clear("data")
        self.model.begin(page, again=self._again)
        if page.rows:
            self._stack.setCurrentWidget(self.table)
        else:
            self.message.say_nothing(self.shown, narrow=self.filter.narrow)
            self._stack.setCurrentWidget(self.message)
        self._choose()

    def _take_count(self, count: int) -> None:
        text = count_text(self.shown, count)
        self.status.setText(self.tr("{count} found").format(count=text) if self.filter.narrow else text)
        self.export.set_count(count, self.feed.question)

    def _take_whole(self, whole: Whole | None) -> None:
        self.details.show_whole(whole, self.model.zone)
        self._show_chosen()

    def _failed(self, problem: Problem) -> None:
        if problem.code == "data-none-yet":
            self.model.begin(Page([], None), again=False)
            self._take_page(Page([], None))
            self._take_count(0)
        else:
            self.status.setText("")
            self.notice.tell("data", "stopped", problem_line(problem), (self.tr("Try again"), self._begin))

    def _do_step(self) -> None:
        if self._address:
            open_web_address(self._address)
        else:
            self.filter.clear()

    # The chosen record.

    def _row(self) -> int | None:
        rows = self.table.selected()
        return rows[0] if len(rows) == 1 and rows[0] < self.model.count() else None

    def _choose(self) -> None:
        self._show_chosen()
        self._moved.start()

    def _look_into(self) -> None:
        row = self._row()
        if row is None:
            self.feed.let_be()
            self.details.show_whole(None, self.model.zone)
        else:
            self.feed.look_into(self.shown, key_of(self.model.rows[row].record))

    def _show_chosen(self) -> None:
        row = self._row()
        self.open.setText(self.tr("&Open in {source}").format(source=source_of(self.shown)))
        self.open.setEnabled(row is not None and is_web_address(self.model.rows[row].record.url))
        self.copy.setEnabled(row is not None)

    def _open(self) -> None:
        row = self._row()
        if row is not None:
            open_web_address(self.model.rows[row].record.url)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.toPlainText())

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for made in (self.open, self.copy):
            action = menu.addAction(made.text())
            action.setEnabled(made.isEnabled())
            action.triggered.connect(made.click)
        self.table.add_orders(menu.addMenu(self.tr("&Sort by")))
        menu.popup(self.table.viewport().mapToGlobal(place))
