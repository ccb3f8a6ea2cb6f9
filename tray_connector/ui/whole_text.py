"""The text below a table that says all there is about the chosen row."""

from __future__ import annotations

from PySide6.QtWidgets import QPlainTextEdit


class WholeText(QPlainTextEdit):
    """Plain text to be read and copied. Its height never changes, so that nothing jumps."""

    def __init__(self, name: str, hint: str, *, lines: int = 3) -> None:
        super().__init__(readOnly=True, tabChangesFocus=True)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setFixedHeight(lines * self.fontMetrics().lineSpacing() + 16)

    def show_text(self, text: str) -> None:
        """Say this now; what is shown already keeps its selection."""
        if text != self.toPlainText():
            self.setPlainText(text)
