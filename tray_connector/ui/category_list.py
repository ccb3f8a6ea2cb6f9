"""The categories as a list: what they are called, how many labels they match, in the order of the columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from PySide6.QtCore import QMimeData, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QAction, QIcon, QKeySequence, QPainter, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from tray_connector.model.category_draft import Draft, DraftCategory, name_problems
from tray_connector.model.category_rules import CategoryProblem
from tray_connector.model.records import Texts
from tray_connector.ui.category_words import name_trouble
from tray_connector.ui.form_parts import TARGET, TIGHT, MarkState, draw_mark
from tray_connector.ui.links import tooltip
from tray_connector.ui.rows_table import RowsTable
from tray_connector.ui.texts import number, translate
from tray_connector.ui.theme import GAP
from tray_connector.ui.titled_table import NOWHERE, SHOWN_ROLES, Index, TitledModel

NAME, COUNT = range(2)
ROW_FORMAT = "application/x-tray-connector-category"


class CategoryModel(TitledModel):
    """The draft that is being edited."""

    numbers = frozenset({COUNT})
    edited = Signal()
    """The draft is another one now."""

    def __init__(self) -> None:
        super().__init__()
        self.draft: Draft = ()
        self.problems: Mapping[int, CategoryProblem] = {}
        """What is wrong with which name."""
        self._counts: Sequence[int] = ()

    # What is shown.

    def count(self) -> int:
        """Categories."""
        return len(self.draft)

    def titles(self) -> Sequence[str]:
        """Of `NAME` and `COUNT`."""
        return translate("Categories", "Category"), translate("Categories", "Labels")

    def value(self, row: int, column: int, role: int) -> object:
        """Plain text; a name that is wrong and a category that matches nothing have a mark."""
        if role == Qt.ItemDataRole.DecorationRole and column == NAME:
            return mark_icon("stopped" if row in self.problems else "attention" if self._idle(row) else "none")
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(self._trouble(row) or self.draft[row].name)
        if role not in SHOWN_ROLES:
            return None
        if column == COUNT:
            return number(self._labels(row))
        return self._spoken(row) if role == Qt.ItemDataRole.AccessibleTextRole else self._shown(row)

    def _shown(self, row: int) -> str:
        return " ".join(self.draft[row].name.split()) or translate("Categories", "(no name)")

    def _spoken(self, row: int) -> str:
        labels = translate("Categories", "%Ln label(s)", None, self._labels(row))
        return ", ".join(part for part in (self._shown(row), labels, self._trouble(row)) if part)

    def _trouble(self, row: int) -> str:
        if row in self.problems:
            return name_trouble(self.problems[row])
        return translate("Categories", "Matches no label in use") if self._idle(row) else ""

    def _idle(self, row: int) -> bool:
        return bool(self.draft[row].patterns) and row < len(self._counts) and not self._counts[row]

    def _labels(self, row: int) -> int:
        return self._counts[row] if row < len(self._counts) else 0

    def set_counts(self, counts: Sequence[int]) -> None:
        """How many labels each matches."""
        self._counts = counts
        self.all_changed()

    # Editing.

    def reset(self, draft: Draft) -> None:
        """Begin with another draft."""
        self.beginResetModel()
        self.draft, self._counts = draft, ()
        self.endResetModel()
        self._edited()

    def rename(self, row: int, name: str) -> None:
        """Give it another name, right or wrong."""
        self._replace(row, replace(self.draft[row], name=name))

    def set_patterns(self, row: int, patterns: Texts) -> None:
        """Give it other patterns."""
        self._replace(row, replace(self.draft[row], patterns=patterns))

    def insert(self, row: int, category: DraftCategory) -> None:
        """Put one in."""
        self.beginInsertRows(NOWHERE, row, row)
        self.draft = (*self.draft[:row], category, *self.draft[row:])
        self._counts = [*self._counts[:row], 0, *self._counts[row:]]
        self.endInsertRows()
        self._edited()

    def remove(self, row: int) -> DraftCategory:
        """Take one out."""
        self.beginRemoveRows(NOWHERE, row, row)
        category = self.draft[row]
        self.draft = (*self.draft[:row], *self.draft[row + 1 :])
        self._counts = [*self._counts[:row], *self._counts[row + 1 :]]
        self.endRemoveRows()
        self._edited()
        return category

    def move(self, row: int, before: int) -> bool:
        """Put one before another, or with the number of rows at the end. False where that changes nothing."""
        if before in (row, row + 1) or not self.beginMoveRows(NOWHERE, row, row, NOWHERE, before):
            return False
        order = [*range(len(self.draft))]
        order.insert(before, row)
        del order[row if before > row else row + 1]
        self.draft = tuple(self.draft[each] for each in order)
        self._counts = [self._labels(each) for each in order]
        self.endMoveRows()
        self._edited()
        return True

    def _replace(self, row: int, category: DraftCategory) -> None:
        if category != self.draft[row]:
            self.draft = (*self.draft[:row], category, *self.draft[row + 1 :])
            self._edited()

    def _edited(self) -> None:
        self.problems = name_problems(category.name for category in self.draft)
        self.all_changed()
        self.edited.emit()

    # Reordering with the mouse.

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Rows can be dragged between rows."""
        flags = super().flags(index)
        return flags | (Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.ItemIsDropEnabled)

    def supportedDropActions(self) -> Qt.DropAction:
        """Moving."""
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        """A row of ours."""
        return [ROW_FORMAT]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Which row is dragged."""
        data = QMimeData()
        data.setData(ROW_FORMAT, str(indexes[0].row()).encode())
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Move it here. False: otherwise the view would remove the row that it believes was copied."""
        if data.hasFormat(ROW_FORMAT):
            target = row if row >= 0 else (parent.row() if parent.isValid() else len(self.draft))
            self.move(int(data.data(ROW_FORMAT).toStdString()), target)
        return False


class CategoryList(QWidget):
    """The list with its buttons. What to do is for others: adding needs a place to type the name."""

    add_wanted = Signal()
    remove_wanted = Signal()
    rename_wanted = Signal()
    chosen = Signal()

    def __init__(self, model: CategoryModel) -> None:
        super().__init__()
        self.model = model
        self.table = RowsTable(model, (14, 7), wide=NAME, name=self.tr("Categories"))
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.table.setDragDropOverwriteMode(False)
        self.table.setIconSize(QSize(16, 16))
        heading = QLabel(self.tr("&Categories"))
        heading.setBuddy(self.table)
        self.add = tool("+", self.tr("Add a category"))
        self.remove = tool("−", self.tr("Remove the category"))
        self.up = tool("↑", self.tr("Move the category up"))
        self.down = tool("↓", self.tr("Move the category down"))
        buttons = QHBoxLayout()
        buttons.setSpacing(TIGHT)
        for made in (self.add, self.remove, self.up, self.down):
            buttons.addWidget(made)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(heading)
        layout.addWidget(self.table, 1)
        layout.addLayout(buttons)
        self._connect()
        self._show_possible()

    def _connect(self) -> None:
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._chosen())
        self.model.edited.connect(self._show_possible)
        self.table.opened.connect(self.rename_wanted)
        self.add.clicked.connect(self.add_wanted)
        self.remove.clicked.connect(self.remove_wanted)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(2))
        for keys, button in (
            ("Ins", self.add),
            ("Del", self.remove),
            ("Alt+Up", self.up),
            ("Alt+Down", self.down),
        ):
            action = QAction(self.table, shortcut=QKeySequence(keys), shortcutContext=Qt.ShortcutContext.WidgetShortcut)
            action.triggered.connect(button.click)
            self.table.addAction(action)
            button.setToolTip(f"{button.accessibleName()} ({action.shortcut().toString(NATIVE)})")
        rename = QAction(self.table, shortcut=QKeySequence("F2"), shortcutContext=Qt.ShortcutContext.WidgetShortcut)
        rename.triggered.connect(self.rename_wanted)
        self.table.addAction(rename)

    @property
    def row(self) -> int | None:
        """The chosen one."""
        index = self.table.selectionModel().currentIndex()
        return index.row() if index.isValid() and index.row() < len(self.model.draft) else None

    def choose(self, row: int) -> None:
        """Select a row, or the one nearest to it."""
        last = len(self.model.draft) - 1
        if last >= 0:
            self.table.selectRow(min(row, last))
        self._chosen()

    def _move(self, by: int) -> None:
        row = self.row
        if row is not None and 0 <= row + by <= len(self.model.draft):
            self.model.move(row, row + by)
            self._show_possible()

    def _chosen(self) -> None:
        self._show_possible()
        self.chosen.emit()

    def _show_possible(self) -> None:
        row = self.row
        self.remove.setEnabled(row is not None)
        self.up.setEnabled(row is not None and row > 0)
        self.down.setEnabled(row is not None and row < len(self.model.draft) - 1)


NATIVE = QKeySequence.SequenceFormat.NativeText


def tool(sign: str, name: str) -> QToolButton:
    """A small button with a sign on it."""
    made = QToolButton()
    made.setText(sign)
    made.setAccessibleName(name)
    made.setToolTip(name)
    made.setMinimumSize(TARGET + 4, TARGET)
    return made


def mark_icon(state: MarkState, size: int = 16) -> QIcon:
    """A state's mark as an icon, sharp at twice the size too."""
    return _mark_icon(state, size, QApplication.palette().cacheKey())


@lru_cache(maxsize=16)
def _mark_icon(state: MarkState, size: int, _palette: int) -> QIcon:
    ratio = 2.0
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.scale(size / 16, size / 16)
    draw_mark(painter, state, QApplication.palette())
    painter.end()
    icon = QIcon(pixmap)
    # In a selected row the shape alone must tell.
    chosen = QPixmap(pixmap)
    painter = QPainter(chosen)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
    painter.fillRect(0, 0, size, size, QApplication.palette().highlightedText())
    painter.end()
    icon.addPixmap(chosen, QIcon.Mode.Selected)
    return icon
