"""The log in a window of its own: it opens also while no engine can be built."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QVBoxLayout, QWidget

from tray_connector.ui.form_parts import button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.log_view import LogView
from tray_connector.ui.search_field import SearchField
from tray_connector.ui.theme import MARGIN


class LogWindow(QWidget):
    """The view, a search field, and the way to the diagnostics."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(self.tr("Tray Connector: log"))
        self.view = LogView(host)
        self.search = SearchField(self)
        self.diagnostics = button(self.tr("Export &diagnostics…"))
        self.view.above.insertWidget(self.view.above.indexOf(self.view.folder), self.search)
        self.view.above.addWidget(self.diagnostics)
        inner = self.view.layout()
        if inner is not None:
            inner.setContentsMargins(0, 0, 0, 0)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.addWidget(self.view)
        self.search.searched.connect(self.view.search)
        self.diagnostics.clicked.connect(lambda: host.show_requested.emit("diagnostics"))
        close = QAction(self, shortcut=QKeySequence(Qt.Key.Key_Escape))
        close.triggered.connect(self.close)
        self.addAction(close)
        self.view.table.setFocus()

    def sizeHint(self) -> QSize:
        """Room for some twenty lines."""
        return QSize(920, 640)
