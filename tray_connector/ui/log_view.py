"""The log: its newest lines and those that come, by level and search."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QGuiApplication, QHideEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.config.log_lines import LogLook, LogPlace, read_log
from tray_connector.model.errors import ConfigError, Problem
from tray_connector.ui.form_parts import TARGET, Words, button
from tray_connector.ui.host import EngineHost, Report
from tray_connector.ui.links import open_folder
from tray_connector.ui.log_model import MESSAGE, LogModel, whole_line
from tray_connector.ui.rows_table import RowsTable
from tray_connector.ui.texts import problem_text
from tray_connector.ui.theme import GAP
from tray_connector.ui.whole_text import WholeText

LOOK_MS = 1_000
COPIED = 1_000
"""Lines that are copied at most."""


class LogView(QWidget):
    """Reads in workers, once a second while it is visible; hidden it does nothing."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self._place: LogPlace | None = None
        self._looking = False
        self._searched = False
        self.model = LogModel(host.environment.clock, self)
        self.table = RowsTable(self.model, (14, 12, 22, 60), wide=MESSAGE, name=self.tr("Log"))
        self.table.keep_place(lambda: [number for number, _ in self.model.shown])
        self.level = QComboBox()
        self.level.setMinimumHeight(TARGET)
        self.level.setAccessibleName(self.tr("Which lines"))
        for level, name in (
            ("DEBUG", self.tr("Everything")),
            ("INFO", self.tr("Without details")),
            ("WARNING", self.tr("Warnings and errors")),
            ("ERROR", self.tr("Errors only")),
        ):
            self.level.addItem(name, level)
        self.level.setCurrentIndex(1)
        self.follow = QCheckBox(self.tr("&Follow new lines"))
        self.follow.setChecked(True)
        self.folder = button(self.tr("Open &folder"))
        self.nothing = Words()
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.whole = WholeText(self.tr("Chosen line"), self.tr("Choose a line to see all of it."), lines=4)
        self._place_parts()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._connect()

    def _place_parts(self) -> None:
        self.above = QHBoxLayout()
        self.above.setSpacing(GAP)
        self.above.addWidget(self.level)
        self.above.addWidget(self.follow)
        self.above.addStretch(1)
        self.above.addWidget(self.folder)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.nothing)
        self._stack.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        layout.addLayout(self.above)
        layout.addLayout(self._stack, 1)
        layout.addWidget(self.whole)

    def _connect(self) -> None:
        self.level.currentIndexChanged.connect(self._choose_level)
        self.follow.toggled.connect(self._to_the_end)
        self.folder.clicked.connect(lambda: open_folder(self._host.environment.paths.logs))
        self.table.chosen.connect(self._show_chosen)
        # Where the user scrolls to it stays; at the end, new lines are followed again.
        self.table.verticalScrollBar().actionTriggered.connect(lambda _: QTimer.singleShot(0, self._scrolled))
        copy = QAction(self.table, shortcut=QKeySequence(QKeySequence.StandardKey.Copy))
        copy.triggered.connect(self._copy)
        self.table.addAction(copy)

    def search(self, text: str) -> None:
        """Show only lines with every one of these words."""
        self.model.search(text)
        self._searched = bool(text.strip())
        self._show_found()
        self._to_the_end()

    # Reading.

    def look(self) -> None:
        """Read what came, unless that is being done."""
        if self._looking:
            return
        self._looking = True
        file, place = self._host.environment.paths.log_file, self._place

        def work(stop: Stop, _: Report) -> LogLook:
            try:
                return read_log(file, place, stop)
            except OSError as error:
                raise ConfigError("log-unreadable", "The log cannot be read", f"{file}: {error.strerror}.") from error

        self._host.run(work, self._take, self._failed, owner=self)

    def _take(self, look: LogLook) -> None:
        self._looking = False
        self._place = look.place
        self.model.zone = self._host.zone
        self.model.take(look)
        self._show_found()
        self._to_the_end()

    def _failed(self, problem: Problem) -> None:
        self._looking = False
        if problem.code != "stopped":
            self.nothing.setText(problem_text(problem))
            self._stack.setCurrentWidget(self.nothing)

    # What is shown.

    def _show_found(self) -> None:
        self._stack.setCurrentWidget(self.table if self.model.shown else self.nothing)
        self.nothing.setText(
            self.tr("No line has that in it.") if self._searched else self.tr("Nothing of this kind was logged.")
        )

    def _choose_level(self) -> None:
        self.model.show_from(self.level.currentData())
        self._show_found()
        self._to_the_end()

    def _to_the_end(self) -> None:
        if self.follow.isChecked():
            self.table.scrollToBottom()

    def _scrolled(self) -> None:
        bar = self.table.verticalScrollBar()
        self.follow.setChecked(bar.value() >= bar.maximum())

    def _show_chosen(self) -> None:
        rows = self.table.selected()
        one = rows[0] if len(rows) == 1 and rows[0] < self.model.count() else None
        if rows and rows[-1] < self.model.count() - 1:
            self.follow.setChecked(False)
        self.whole.show_text("" if one is None else whole_line(self.model.shown[one][1]))

    def _copy(self) -> None:
        rows = self.table.selected()[:COPIED]
        if rows:
            QGuiApplication.clipboard().setText("\n".join(whole_line(self.model.shown[row][1]) for row in rows))

    def showEvent(self, event: QShowEvent) -> None:
        """Called by Qt."""
        super().showEvent(event)
        self._timer.start()
        self.look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Called by Qt."""
        super().hideEvent(event)
        self._timer.stop()
