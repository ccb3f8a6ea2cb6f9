"""The question before something is thrown away."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMessageBox, QWidget


class Question(QMessageBox):
    """Belongs to a window and does not block it; Enter and Esc leave everything as it is."""

    agreed = Signal()

    def __init__(self, parent: QWidget, text: str, stays: str, action: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setIcon(QMessageBox.Icon.Question)
        self.setText(text)
        self.setInformativeText(stays)
        self.agree = self.addButton(action, QMessageBox.ButtonRole.DestructiveRole)
        leave = self.addButton(QMessageBox.StandardButton.Cancel)
        self.setDefaultButton(leave)
        self.setEscapeButton(leave)
        self.agree.clicked.connect(self.agreed)
