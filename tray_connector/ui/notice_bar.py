"""A line across a window for what the user should know now, with at most two next steps."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from tray_connector.model.errors import Problem
from tray_connector.ui.form_parts import CORNER, Mark, Words, button
from tray_connector.ui.texts import hint_text, message_text, title_text
from tray_connector.ui.theme import GAP, Meaning, meaning_color

Step = tuple[str, Callable[[], None]]
"""What the button says, and what it does."""


def problem_line(problem: Problem) -> str:
    """All of a problem in the user's language, as sentences one after the other."""
    parts = (title_text(problem), message_text(problem), hint_text(problem))
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)


class NoticeBar(QFrame):
    """Hidden while there is nothing to say. Its text is plain."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._meaning: Meaning = "busy"
        self.code = ""
        """What the notice is about; empty while there is none."""
        self.mark = Mark()
        self.words = Words()
        self.words.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.first, self.second = button(""), button("")
        self._steps: list[Callable[[], None]] = []
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.mark)
        layout.addWidget(self.words, 1)
        for number, made in enumerate((self.first, self.second)):
            layout.addWidget(made)
            made.clicked.connect(lambda _=False, number=number: self._do(number))
        self.hide()

    def tell(self, code: str, meaning: Meaning, text: str, *steps: Step) -> None:
        """Show it, in place of what was shown before. Each step also takes the notice away."""
        self.code, self._meaning = code, meaning
        self.mark.set_state("good" if meaning == "busy" else meaning)
        self.words.setText(text)
        self.setAccessibleName(text)
        self._steps = [step for _, step in steps]
        for made, number in ((self.first, 0), (self.second, 1)):
            made.setVisible(number < len(steps))
            made.setText(steps[number][0] if number < len(steps) else "")
        self.show()
        self.update()

    def clear(self, code: str | None = None) -> None:
        """Take it away; with a `code`, only that one."""
        if code in (None, self.code):
            self.code = ""
            self.hide()

    def _do(self, number: int) -> None:
        step = self._steps[number]
        self.clear()
        step()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Called by Qt."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = meaning_color(self._meaning, self.palette())
        painter.setPen(colour)
        colour.setAlphaF(0.08)
        painter.setBrush(colour)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), CORNER, CORNER)
