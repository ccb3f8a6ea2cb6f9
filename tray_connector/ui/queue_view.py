"""The queue: what waits, why, and what can be done about it, for some events or for all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedLayout, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.model.errors import Problem
from tray_connector.model.status import QueueState
from tray_connector.sync.session import Session
from tray_connector.ui.form_parts import Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.links import is_web_address, open_web_address
from tray_connector.ui.queue_feed import QueueActions, QueueFeed
from tray_connector.ui.queue_model import QueueModel
from tray_connector.ui.queue_questions import Question
from tray_connector.ui.queue_rows import Key, QueuePage, QueueRow, read_page
from tray_connector.ui.queue_words import copied, discard_question, queue_summary, short_explanation
from tray_connector.ui.rows_table import RowsTable
from tray_connector.ui.status_details import Details
from tray_connector.ui.status_words import source_name
from tray_connector.ui.texts import problem_text
from tray_connector.ui.theme import GAP
from tray_connector.ui.unreadable_files import UnreadableFiles
from tray_connector.ui.whole_text import WholeText

COPIED = 500
"""Events whose details are copied at most: a text longer than that serves nobody."""


class QueueView(QWidget):
    """Give it each new status; it reads what it shows by itself, in workers, while it is visible."""

    troubled = Signal(object)
    """A `Problem`: an action failed, or the queue cannot be read."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self._clock = host.environment.clock
        self._queue: QueueState | None = None
        self.model = QueueModel(self._clock, self)
        self.feed = QueueFeed(host, self.model, self)
        self.work = QueueActions(host, self)
        self.summary = Words(wrap=False)
        self.retry_all = button(self.tr("Try &all now"))
        self.discard_all = button(self.tr("Discard all…"))
        self.unreadable = UnreadableFiles(host, self.work)
        self.table = RowsTable(self.model, (30, 10, 18, 12, 13, 26), wide=0, name=self.tr("Queue"))
        self.table.keep_place(lambda: self.model.keys)
        self.nothing = Words(self.tr("Nothing is waiting."))
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.explanation = WholeText(
            self.tr("Reason of the chosen event"), self.tr("Choose a row to see the whole reason.")
        )
        self.retry, self.discard = button(self.tr("&Try now")), button(self.tr("&Discard…"))
        self.copy, self.open = button(self.tr("&Copy details")), button(self.tr("&Open"))
        self._actions = (self.retry, self.discard, self.copy, self.open)
        self._place()
        self._connect()
        self._show_chosen()
        self._show_count()

    def _place(self) -> None:
        above = QHBoxLayout()
        above.addWidget(self.summary, 1)
        above.addWidget(self.retry_all)
        above.addWidget(self.discard_all)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.nothing)
        self._stack.addWidget(self.table)
        below = QHBoxLayout()
        for made in self._actions:
            below.addWidget(made)
        below.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        layout.addLayout(above)
        layout.addWidget(self.unreadable)
        layout.addLayout(self._stack, 1)
        layout.addWidget(self.explanation)
        layout.addLayout(below)

    def _connect(self) -> None:
        self.table.chosen.connect(self._show_chosen)
        self.table.opened.connect(self._open_chosen)
        self.model.page_arrived.connect(self._show_chosen)
        self.feed.ordered.connect(self._show_count)
        self.feed.troubled.connect(self.troubled)
        self.work.done.connect(lambda: self.feed.look(now=True))
        self.work.failed.connect(self._failed)
        self.retry.clicked.connect(lambda: self.work.retry(self.chosen_keys()))
        self.retry_all.clicked.connect(lambda: self.work.retry(None))
        self.discard.clicked.connect(self._ask_discard)
        self.discard_all.clicked.connect(self._ask_discard_all)
        self.copy.clicked.connect(self._copy_chosen)
        self.open.clicked.connect(self._open_chosen)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        for keys, made in (
            (QKeySequence(QKeySequence.StandardKey.Delete), self.discard),
            (QKeySequence(QKeySequence.StandardKey.Copy), self.copy),
        ):
            action = QAction(self.table, shortcut=keys, shortcutContext=Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(made.click)
            self.table.addAction(action)

    # What is shown.

    def show_queue(self, queue: QueueState, details: Details | None) -> None:
        """The numbers of the status; the rows follow when they are visible."""
        changed, self._queue = queue != self._queue, queue
        if details is not None:
            self.model.zone = details.zone
            self.unreadable.show_count(queue.unreadable, details.unreadable)
        self._show_count()
        if self.isVisible() and (changed or self.model.keys):
            self.feed.look()

    def tick(self) -> None:
        """Time has gone by: the next tries come nearer."""
        if self.isVisible():
            self.table.viewport().update()
            if self.model.keys:
                self.feed.look()

    def showEvent(self, event: object) -> None:
        """Called by Qt."""
        self.feed.look(now=True)

    def _show_count(self) -> None:
        count = len(self.model.keys)
        waiting = self._queue is not None and self._queue.waiting + self._queue.retrying > 0
        self._stack.setCurrentWidget(self.table if count or waiting else self.nothing)
        self.summary.setText(queue_summary(self._queue or QueueState()) if count or waiting else "")
        for made in (self.summary, self.retry_all, self.discard_all, self.explanation, *self._actions):
            made.setVisible(count > 0 or waiting)
        self._show_chosen()

    def chosen_keys(self) -> Sequence[Key]:
        """Of the selected rows."""
        return [self.model.keys[row] for row in self.table.selected()]

    def _single(self) -> QueueRow | None:
        return self.model.row_at(self.table.selected()[0]) if self.table.count() == 1 else None

    def _show_chosen(self) -> None:
        count, row = self.table.count(), self._single()
        for made in (self.retry, self.discard, self.copy):
            made.setEnabled(count > 0)
        text = "" if row is None else short_explanation(row)
        if count > 1:
            text = self.tr("%n event(s) chosen.", None, count)
        self.explanation.show_text(text)
        self.open.setEnabled(row is not None and is_web_address(row.url))
        name = "" if row is None else source_name(row.source)
        self.open.setText(self.tr("&Open in {source}").format(source=name) if name else self.tr("&Open"))

    # What is done.

    def _ask_discard(self) -> None:
        keys = self.chosen_keys()
        if keys:
            sources = {source for source, _ in keys}
            words = discard_question(len(keys), sources.pop() if len(sources) == 1 else None)
            self._ask(words, lambda: self.work.discard(keys))

    def _ask_discard_all(self) -> None:
        queue = self._queue or QueueState()
        count = max(len(self.model.keys), queue.waiting + queue.retrying)
        self._ask(discard_question(count, None), lambda: self.work.discard(None))

    def _ask(self, words: tuple[str, str], discard: object) -> None:
        question = Question(self, *words, self.tr("Discard"))
        question.agreed.connect(discard)
        question.open()

    def _open_chosen(self) -> None:
        row = self._single()
        if row is not None:
            open_web_address(row.url)

    def _copy_chosen(self) -> None:
        keys = self.chosen_keys()[:COPIED]

        def work(session: Session, stop: Stop) -> QueuePage:
            return read_page(session, stop, keys)

        def done(page: QueuePage) -> None:
            now: datetime = self._clock.now()
            text = "\n\n".join(copied(row, now, self.model.zone) for row in page.rows)
            QGuiApplication.clipboard().setText(text)

        if keys:
            self._host.submit(work, done, self._failed, owner=self)

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for made in self._actions:
            action = menu.addAction(made.text())
            action.setEnabled(made.isEnabled())
            action.triggered.connect(made.click)
        menu.popup(self.table.viewport().mapToGlobal(place))

    def _failed(self, problem: Problem) -> None:
        if problem.code != "stopped":
            self.explanation.setPlainText(problem_text(problem))
        self.troubled.emit(problem)
