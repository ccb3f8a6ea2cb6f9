"""What stands in place of the list where there is none: why, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tray_connector.model.records import Table
from tray_connector.ui.form_parts import Words, button
from tray_connector.ui.theme import GAP


class DataMessage(QWidget):
    """A heading, a sentence, perhaps a button."""

    step_wanted = Signal()
    """The button."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.text = Words(role="section"), Words()
        self.step = button("")
        for words in (self.title, self.text):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.step)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        layout.addStretch(2)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addLayout(row)
        layout.addStretch(3)
        self.step.clicked.connect(self.step_wanted)

    def say_nothing(self, table: Table, *, narrow: bool) -> None:
        """No row answers; `narrow` when something is searched for."""
        tasks = table == "tasks"
        if narrow:
            self._say(
                self.tr("No task answers to this") if tasks else self.tr("No e-mail answers to this"),
                self.tr("Every word must occur; whether letters are capital or accented does not matter."),
                self.tr("Show all"),
            )
        else:
            self._say(
                self.tr("No tasks are stored yet") if tasks else self.tr("No e-mails are stored yet"),
                self.tr("They appear here with the first sync."),
            )

    def say_elsewhere(self) -> None:
        """Airtable has a better window of its own."""
        self._say(
            self.tr("The records are in Airtable"),
            self.tr("Open the base in your browser."),
            self.tr("Open Airtable"),
        )

    def _say(self, title: str, text: str, step: str = "") -> None:
        self.title.setText(title)
        self.text.setText(text)
        self.step.setText(step)
        self.step.setVisible(bool(step))
