"""The labels really in use beside the categories: which fall into which, into none, into several."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication, QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from tray_connector.destinations.browse_query import fold
from tray_connector.model.category_draft import Draft
from tray_connector.ui.category_list import mark_icon
from tray_connector.ui.category_matching import LabelUse, Matches
from tray_connector.ui.form_parts import TARGET, Words, button
from tray_connector.ui.links import tooltip
from tray_connector.ui.rows_table import RowsTable
from tray_connector.ui.texts import number, translate
from tray_connector.ui.theme import GAP
from tray_connector.ui.titled_table import SHOWN_ROLES, TitledModel

LABEL, CATEGORIES, RECORDS = range(3)
SHOWN = 200
"""Characters of a label."""


class Which(Enum):
    """The labels that are shown."""

    ALL = "all"
    CHOSEN = "chosen"
    """Those in the chosen category."""
    NONE = "none"
    SEVERAL = "several"


class LabelModel(TitledModel):
    """Labels with what the draft does with them."""

    numbers = frozenset({RECORDS})

    def __init__(self) -> None:
        super().__init__()
        self.labels: Sequence[LabelUse] = ()
        self.matches = Matches()
        self.rows: list[int] = []
        """The positions of the labels that are shown."""
        self._folded: list[str] = []
        self._names: Sequence[str] = ()
        self._chosen: int | None = None
        self._which = Which.ALL
        self._words: tuple[str, ...] = ()

    def count(self) -> int:
        """Labels that are shown."""
        return len(self.rows)

    def titles(self) -> Sequence[str]:
        """Of `LABEL` to `RECORDS`."""
        label, falls_into = translate("Categories", "Label"), translate("Categories", "Falls into")
        return label, falls_into, translate("Categories", "Records")

    def value(self, row: int, column: int, role: int) -> object:
        """Plain text; what falls into the chosen category is strong and has a tick."""
        label = self.rows[row]
        if role in SHOWN_ROLES:
            return self._text(label, column)
        if role == Qt.ItemDataRole.FontRole and column == LABEL and self._is_chosen(label):
            font = QFont(QApplication.font())
            font.setWeight(QFont.Weight.DemiBold)
            return font
        if role == Qt.ItemDataRole.DecorationRole:
            return self._mark(label, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(self._tip(label, column))
        return None

    def _text(self, label: int, column: int) -> str:
        use = self.labels[label]
        if column == LABEL:
            return " ".join(use.text.split())[:SHOWN]
        return number(use.records) if column == RECORDS else self._falls_into(label)

    def _falls_into(self, label: int) -> str:
        names = [self._names[each] for each in self.matches.categories.get(label, ()) if each < len(self._names)]
        return ", ".join(name or translate("Categories", "(no name)") for name in names)

    def _tip(self, label: int, column: int) -> str:
        use = self.labels[label]
        if column == RECORDS:
            tasks = translate("Categories", "%Ln task(s)", None, use.tasks)
            return f"{tasks}, {translate('Categories', '%Ln e-mail(s)', None, use.emails)}"
        return use.text if column == LABEL else self._falls_into(label)

    def _mark(self, label: int, column: int) -> object:
        if column == LABEL:
            return mark_icon("good") if self._is_chosen(label) else mark_icon("none")
        return mark_icon("attention") if column == CATEGORIES and label in self.matches.several else None

    def _is_chosen(self, label: int) -> bool:
        chosen = self._chosen
        return chosen is not None and chosen < len(self.matches.members) and label in self.matches.members[chosen]

    # What is known and asked.

    def set_labels(self, labels: Sequence[LabelUse]) -> None:
        """Other labels are in use."""
        self.beginResetModel()
        self.labels, self.matches = labels, Matches()
        self._folded = [fold(label.text) for label in labels]
        self.rows = self._wanted()
        self.endResetModel()

    def show(self, matches: Matches, draft: Draft, chosen: int | None) -> None:
        """Matches have changed, or another category was chosen."""
        self.matches, self._chosen = matches, chosen
        self._names = [category.name for category in draft]
        self._refresh()

    def ask(self, which: Which, search: str) -> None:
        """Show these."""
        self._which, self._words = which, tuple(fold(search).split())
        self._refresh()

    def _refresh(self) -> None:
        rows = self._wanted()
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()
        else:
            self.all_changed()

    def _wanted(self) -> list[int]:
        every = range(len(self.labels))
        if self._which is Which.CHOSEN:
            rows = [label for label in every if self._is_chosen(label)]
        elif self._which is Which.NONE:
            rows = [label for label in every if label not in self.matches.categories]
        elif self._which is Which.SEVERAL:
            rows = sorted(self.matches.several)
        else:
            rows = list(every)
        if self._words:
            rows = [label for label in rows if all(word in self._folded[label] for word in self._words)]
        return rows

    def chosen_rows(self) -> list[int]:
        """The rows of labels in the chosen category."""
        return [row for row, label in enumerate(self.rows) if self._is_chosen(label)]

    def key_of(self, row: int) -> str:
        """What a row stays the same by."""
        return self.labels[self.rows[row]].text


class LabelView(QWidget):
    """The table with its filter."""

    add_wanted = Signal(object)
    """These labels, a tuple of texts, shall be patterns of the chosen category."""

    def __init__(self) -> None:
        super().__init__()
        self.model = LabelModel()
        self.table = RowsTable(self.model, (22, 24, 9), wide=LABEL, name=self.tr("Labels in use"))
        self.table.keep_place(lambda: [self.model.key_of(row) for row in range(len(self.model.rows))])
        self.table.setIconSize(QSize(16, 16))
        heading = QLabel(self.tr("&Labels in use"))
        self.search = QLineEdit(clearButtonEnabled=True, placeholderText=self.tr("Search"))
        self.search.setAccessibleName(self.tr("Search the labels"))
        heading.setBuddy(self.search)
        self.which = QComboBox()
        self.which.setAccessibleName(self.tr("Which labels are shown"))
        self.which.setMinimumHeight(TARGET)
        self.which.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.search.setMinimumHeight(TARGET)
        for which in Which:
            self.which.addItem("", which)
        self.nothing = Words(role="small")
        self.add = button(self.tr("Add as &pattern"))
        above = QHBoxLayout()
        above.setSpacing(GAP)
        above.addWidget(self.search, 1)
        above.addWidget(self.which, 1)
        below = QHBoxLayout()
        below.addWidget(self.nothing, 1)
        below.addWidget(self.add)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(heading)
        layout.addLayout(above)
        layout.addWidget(self.table, 1)
        layout.addLayout(below)
        self.search.textChanged.connect(lambda _: self._ask())
        self.which.currentIndexChanged.connect(lambda _: self._ask())
        self.table.chosen.connect(self._show_possible)
        self.table.opened.connect(self._add)
        self.add.clicked.connect(self._add)
        self.model.modelReset.connect(self._show_count)
        self._has_category = False
        self.show_matches(Matches(), (), None)

    def set_labels(self, labels: Sequence[LabelUse]) -> None:
        """Other labels are in use."""
        self.model.set_labels(labels)

    def show_matches(self, matches: Matches, draft: Draft, chosen: int | None) -> None:
        """What the draft does with the labels; one of its categories is chosen."""
        self.model.show(matches, draft, chosen)
        self._has_category = chosen is not None
        self._name_filters(matches, draft, chosen)
        self._show_count()
        self._show_possible()

    def show_first(self) -> None:
        """Bring a label of the chosen category into view, unless one is there."""
        rows = self.model.chosen_rows()
        first, last = self.table.rowAt(0), self.table.rowAt(self.table.viewport().height() - 1)
        last = last if last >= 0 else len(self.model.rows)
        if rows and not any(first <= row <= last for row in rows):
            top = self.table.model().index(rows[0], LABEL)
            self.table.scrollTo(top, RowsTable.ScrollHint.PositionAtTop)

    def chosen(self) -> tuple[str, ...]:
        """The selected labels."""
        return tuple(self.model.key_of(row) for row in self.table.selected())

    def _name_filters(self, matches: Matches, draft: Draft, chosen: int | None) -> None:
        total = len(self.model.labels)
        members = len(matches.members[chosen]) if chosen is not None and chosen < len(matches.members) else 0
        name = draft[chosen].name if chosen is not None else ""
        words = {
            Which.ALL: (self.tr("All labels"), total),
            Which.CHOSEN: (self.tr("In “{name}”").format(name=name[:40]), members),
            Which.NONE: (self.tr("In no category"), total - len(matches.categories)),
            Which.SEVERAL: (self.tr("In several categories"), len(matches.several)),
        }
        for position, which in enumerate(Which):
            text, count = words[which]
            self.which.setItemText(position, f"{text} ({number(count)})")

    def _ask(self) -> None:
        self.model.ask(self.which.currentData(), self.search.text())
        self._show_count()

    def _add(self) -> None:
        if self._has_category and self.table.count():
            self.add_wanted.emit(self.chosen())

    def _show_possible(self) -> None:
        self.add.setEnabled(self._has_category and self.table.count() > 0)

    def _show_count(self) -> None:
        if not self.model.labels:
            self.nothing.setText(self.tr("No labels are stored yet. They appear with the first sync."))
        elif not self.model.rows:
            self.nothing.setText(self.tr("No label answers to this."))
        else:
            several = len(self.model.matches.several)
            none = len(self.model.labels) - len(self.model.matches.categories)
            text = self.tr("In no category: {none} · in several: {several}")
            self.nothing.setText(text.format(none=number(none), several=number(several)))
