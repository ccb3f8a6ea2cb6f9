"""The line that says that the office is an invented one."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout

from tray_connector.ui.form_parts import TIGHT, Card, Words, button
from tray_connector.ui.theme import GAP


class DemoBanner(Card):
    """Stands above everything while the demo runs."""

    connect_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(margin=8)
        self.set_marked(True)
        words = QVBoxLayout()
        words.setSpacing(TIGHT)
        words.addWidget(Words(self.tr("This is a demo with an invented office"), "strong"))
        words.addWidget(
            Words(
                self.tr("Its tasks and e-mails come from this computer. Nothing of yours is read or changed."), "small"
            )
        )
        self.connect_button = button(self.tr("Connect &my accounts"))
        self.connect_button.clicked.connect(self.connect_wanted)
        line = QHBoxLayout()
        line.setContentsMargins(4, 0, 0, 0)
        line.setSpacing(GAP)
        line.addLayout(words, 1)
        line.addWidget(self.connect_button)
        self.box.addLayout(line)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
