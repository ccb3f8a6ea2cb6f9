"""Which records are shown: words, a category and one of its labels, deleted ones too."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from tray_connector.destinations.browse import Question
from tray_connector.model.records import Table, Texts
from tray_connector.ui.form_parts import TARGET
from tray_connector.ui.texts import translate
from tray_connector.ui.theme import GAP

WHILE_TYPING = 250
"""Milliseconds of rest before a search begins."""
UNCATEGORISED = ""
"""Where a category's name would stand: no category has an empty one."""
SHOWN = 60
"""Characters of a name or label in the lists."""


class DataFilter(QWidget):
    """Two lines. Says when it was changed; `question` is what it then asks for."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._labels: Mapping[str, Texts] = {}
        self.search = QLineEdit(clearButtonEnabled=True, maxLength=200)
        self.search.setMinimumHeight(TARGET)
        self.category, self.label = _list(), _list()
        self.in_texts, self.deleted = QCheckBox(), QCheckBox(self.tr("Show &deleted ones too"))
        self.category.setAccessibleName(self.tr("Category"))
        self.label.setAccessibleName(self.tr("Label of the category"))
        self._soon = QTimer(self, singleShot=True, interval=WHILE_TYPING)
        self._place()
        self._soon.timeout.connect(self.changed)
        self.search.textChanged.connect(lambda _: self._soon.start())
        self.search.returnPressed.connect(self._now)
        self.category.currentIndexChanged.connect(lambda _: self._another_category())
        self.label.currentIndexChanged.connect(lambda _: self._now())
        for box in (self.in_texts, self.deleted):
            box.toggled.connect(lambda _: self._now())
        self.set_labels({})
        self.set_table("tasks")

    def _place(self) -> None:
        first, second = QHBoxLayout(), QHBoxLayout()
        first.setSpacing(GAP)
        first.addWidget(self.search, 3)
        first.addWidget(self.category, 2)
        first.addWidget(self.label, 2)
        second.setSpacing(2 * GAP)
        second.addWidget(self.in_texts)
        second.addWidget(self.deleted)
        second.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(first)
        layout.addLayout(second)

    def set_table(self, table: Table) -> None:
        """Name things after it."""
        tasks = table == "tasks"
        search = self.tr("Search name, project, people, tags") if tasks else self.tr("Search subject, people, labels")
        self.search.setPlaceholderText(search)
        self.search.setAccessibleName(search)
        self.in_texts.setText(self.tr("Search the de&scriptions too") if tasks else self.tr("Search the te&xts too"))

    def set_labels(self, labels: Mapping[str, Texts]) -> None:
        """The categories and their labels; what was chosen stays chosen where it is still there."""
        chosen = self.category.currentData()
        self._labels = labels
        with QSignalBlocker(self.category):
            self.category.clear()
            self.category.addItem(translate("Data", "All categories"), None)
            for name in labels:
                self.category.addItem(_short(name), name)
            if labels:
                self.category.addItem(translate("Data", "In no category"), UNCATEGORISED)
            self.category.setCurrentIndex(max(0, self.category.findData(chosen)))
        self.category.setEnabled(bool(labels))
        self._name_labels()

    def _name_labels(self) -> None:
        chosen, name = self.label.currentData(), self.category.currentData()
        labels = self._labels.get(name, ()) if name else ()
        with QSignalBlocker(self.label):
            self.label.clear()
            self.label.addItem(translate("Data", "All labels"), None)
            for label in labels:
                self.label.addItem(_short(label), label)
            self.label.setCurrentIndex(max(0, self.label.findData(chosen)))
        self.label.setEnabled(bool(labels))

    def _another_category(self) -> None:
        self._name_labels()
        self._now()

    def _now(self) -> None:
        self._soon.stop()
        self.changed.emit()

    @property
    def narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.search.text().split()) or self.category.currentData() is not None

    def clear(self) -> None:
        """Show all again."""
        with QSignalBlocker(self.search), QSignalBlocker(self.category):
            self.search.clear()
            self.category.setCurrentIndex(0)
        self._another_category()

    def question(self, table: Table, sort: str, *, descending: bool) -> Question:
        """What is asked for, in this order."""
        category = self.category.currentData()
        return Question(
            table,
            search=self.search.text(),
            in_texts=self.in_texts.isChecked(),
            category=category or None,
            label=self.label.currentData() if category else None,
            uncategorised=category == UNCATEGORISED,
            deleted=self.deleted.isChecked(),
            sort=sort,
            descending=descending,
        )


def _list() -> QComboBox:
    made = QComboBox()
    made.setMinimumHeight(TARGET)
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return made


def _short(text: str) -> str:
    return " ".join(text.split())[:SHOWN]
