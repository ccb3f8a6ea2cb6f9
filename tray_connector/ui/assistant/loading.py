"""What is shown while a page asks the services, and when they do not answer."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tray_connector.model.errors import Problem
from tray_connector.ui.form_parts import Mark, Words, button
from tray_connector.ui.live_test import CheckLines, problem_line
from tray_connector.ui.theme import GAP


class Loading(QWidget):
    """A mark that turns and a way to stop; after a failure its reason and a way to try again."""

    again = Signal()
    stopped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._mark, self._said = Mark("busy"), Words("", wrap=False)
        self._stop, self._again = button(self.tr("Stop")), button(self.tr("Try again"))
        self._stop.clicked.connect(self.stopped)
        self._again.clicked.connect(self.again)
        self._lines = CheckLines()
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for widget in (self._mark, self._said, self._stop, self._again):
            row.addWidget(widget)
        row.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self._lines)
        box.addLayout(row)
        self.done()

    def begin(self, words: str) -> None:
        """Something is being read."""
        self._lines.show_lines(())
        self._show(words, running=True)
        self.show()

    def done(self) -> None:
        """It was read."""
        self._lines.show_lines(())
        self._show("", running=False)
        self.hide()

    def fail(self, problem: Problem) -> None:
        """It was not."""
        stopped = problem.code == "stopped"
        self._lines.show_lines([] if stopped else [problem_line("", problem)])
        self._show(self.tr("Not read.") if stopped else "", running=False)
        self._again.show()
        self.show()

    def _show(self, words: str, *, running: bool) -> None:
        self._mark.set_state("busy" if running else "none")
        self._mark.setVisible(running)
        self._said.setText(words)
        self._said.setVisible(bool(words))
        self._stop.setVisible(running)
        self._again.hide()
