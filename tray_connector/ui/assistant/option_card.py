"""A choice as a card: a radio button, a sentence about it, and what belongs to it while it is chosen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from tray_connector.ui.form_parts import Card, Words
from tray_connector.ui.theme import GAP

INDENT = 20
"""Where the words of a radio button begin."""


class OptionCard(Card):
    """One of several; a click anywhere on it chooses it. `inside` is shown while it is chosen."""

    chosen = Signal()

    def __init__(self, title: str, about: str, group: QButtonGroup) -> None:
        super().__init__()
        self.radio = QRadioButton(title)
        self.radio.setAccessibleDescription(about)
        font = self.radio.font()
        font.setWeight(font.Weight.DemiBold)
        self.radio.setFont(font)
        group.addButton(self.radio)
        self.radio.toggled.connect(self._toggled)
        self.inside = QWidget()
        self.inner = QVBoxLayout(self.inside)
        self.inner.setContentsMargins(INDENT, GAP, 0, 0)
        self.inner.setSpacing(12)
        self.inside.hide()
        self._about = Words(about, "small")
        self._about.setIndent(INDENT)
        self.box.addWidget(self.radio)
        self.box.addWidget(self._about)
        self.box.addWidget(self.inside)

    def set_about(self, about: str) -> None:
        """Say something else about it."""
        self._about.setText(about)
        self.radio.setAccessibleDescription(about)

    def add(self, widget: QWidget) -> None:
        """What belongs to the choice."""
        self.inner.addWidget(widget)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Called by Qt."""
        if event.button() == Qt.MouseButton.LeftButton and self.radio.isEnabled():
            self.radio.setChecked(True)

    def changeEvent(self, event: QEvent) -> None:
        """Called by Qt."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.update()

    def _toggled(self, on: bool) -> None:
        self.set_marked(on)
        self.inside.setVisible(on and self.inner.count() > 0)
        if on:
            self.chosen.emit()
