"""All of something, or some of it: projects and teams with a mark each, and a field that narrows the list."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QLineEdit, QListWidget, QListWidgetItem, QRadioButton, QVBoxLayout, QWidget

from tray_connector.sources.offer import Choice
from tray_connector.ui.form_parts import TARGET, Words
from tray_connector.ui.theme import GAP

ROWS = 6
ROW = 24


class ChoiceList(QWidget):
    """Two radio buttons, and below them the list while only some are wanted."""

    edited = Signal()

    def __init__(self, title: str, everything: str, some: str) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self.all_button, self.some_button = QRadioButton(everything), QRadioButton(some)
        for radio in (self.all_button, self.some_button):
            radio.setMinimumHeight(TARGET)
            self._group.addButton(radio)
        self.all_button.setChecked(True)
        self.some_button.toggled.connect(self._toggled)
        self.search = QLineEdit()
        self.search.setMinimumHeight(TARGET)
        self.search.setPlaceholderText(self.tr("Search …"))
        self.search.setAccessibleName(self.tr("Search in: {what}").format(what=title))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._narrow)
        self.list = QListWidget()
        self.list.setAccessibleName(title)
        self.list.itemChanged.connect(lambda _: self.edited.emit())
        self._missing: tuple[str, ...] = ()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(GAP)
        for widget in (Words(title, "section"), self.all_button, self.some_button, self.search, self.list):
            box.addWidget(widget)
        self.search.hide()
        self.list.hide()

    def offer(self, choices: Sequence[Choice], chosen: Collection[str]) -> None:
        """Show these, and which of them are wanted; none = all. What is wanted and not offered stays wanted."""
        self.list.blockSignals(True)
        self.list.clear()
        for choice in choices:
            item = QListWidgetItem(f"{choice.name}   ·   {choice.detail}" if choice.detail else choice.name)
            item.setData(Qt.ItemDataRole.UserRole, choice.id)
            item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable)
            item.setSizeHint(QSize(0, ROW))
            item.setCheckState(Qt.CheckState.Checked if choice.id in chosen else Qt.CheckState.Unchecked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self._missing = tuple(sorted(set(chosen) - {choice.id for choice in choices}))
        self.list.setFixedHeight(ROW * min(ROWS, max(2, len(choices))) + 2 * self.list.frameWidth())
        (self.some_button if chosen else self.all_button).setChecked(True)
        self._toggled(self.some_button.isChecked())

    def value(self) -> str:
        """The ids as the setting takes them; empty = all."""
        return ",".join(self.chosen()) if self.some_button.isChecked() else ""

    def chosen(self) -> tuple[str, ...]:
        """Those with a mark."""
        items = (self.list.item(row) for row in range(self.list.count()))
        marked = (item for item in items if item.checkState() == Qt.CheckState.Checked)
        return (*(str(item.data(Qt.ItemDataRole.UserRole)) for item in marked), *self._missing)

    def is_answered(self) -> bool:
        """Not so while "only some" is chosen and none is marked."""
        return self.all_button.isChecked() or bool(self.chosen())

    def set_fixed(self, fixed: bool) -> None:
        """Given from outside: only to be read."""
        for widget in (self.all_button, self.some_button, self.list):
            widget.setEnabled(not fixed)

    def _toggled(self, some: bool) -> None:
        self.list.setVisible(some)
        self.search.setVisible(some and self.list.count() > ROWS)
        self.edited.emit()

    def _narrow(self, text: str) -> None:
        wanted = text.strip().casefold()
        for row in range(self.list.count()):
            item = self.list.item(row)
            item.setHidden(bool(wanted) and wanted not in item.text().casefold())
