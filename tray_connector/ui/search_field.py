"""The search field above a list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QTabBar, QTabWidget, QWidget

from tray_connector.ui.form_parts import TARGET

PAUSE_MS = 150
"""After the last letter typed: no search for each of them."""
CHARACTERS = 28


class TallTabs(QTabBar):
    """Tabs with room for a search field beside them."""

    def tabSizeHint(self, index: int) -> QSize:
        """Called by Qt."""
        return super().tabSizeHint(index).expandedTo(QSize(0, TARGET + 8))


class SearchField(QLineEdit):
    """Tells what is searched for once the user pauses; Esc empties it. Ctrl+F in `window` leads to it."""

    searched = Signal(str)

    def __init__(self, window: QWidget) -> None:
        super().__init__(clearButtonEnabled=True)
        self.setPlaceholderText(self.tr("Search"))
        self.setAccessibleName(self.tr("Search in the list"))
        self.setMinimumHeight(TARGET)
        self.setFixedWidth(CHARACTERS * self.fontMetrics().averageCharWidth())
        self._pause = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(lambda: self.searched.emit(self.text()))
        self.textChanged.connect(lambda _: self._pause.start())
        lead = QAction(window, shortcut=QKeySequence(QKeySequence.StandardKey.Find))
        lead.triggered.connect(self._lead_here)
        window.addAction(lead)

    def stand_beside(self, tabs: QTabWidget) -> None:
        """Take the corner of tabs that are `TallTabs`."""
        corner = QWidget()
        layout = QHBoxLayout(corner)
        layout.setContentsMargins(0, 0, 2, 6)
        layout.addWidget(self)
        tabs.setCornerWidget(corner, Qt.Corner.TopRightCorner)

    def event(self, event: QEvent) -> bool:
        """Called by Qt. Esc belongs to the field while it holds something, and to the window after that."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and bool(self.text())
        if escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if escape and event.type() == QEvent.Type.KeyPress:
            self.clear()
            return True
        return super().event(event)

    def _lead_here(self) -> None:
        if self.isVisible():
            self.setFocus()
            self.selectAll()
