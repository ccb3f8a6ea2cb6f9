"""`TitledModel`: what all our table models have in common, titles above columns and numbers on the right."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
SHOWN_ROLES = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)


class TitledModel(QAbstractTableModel):
    """A flat table. Those who derive from it say `titles`, `count` and `value`; `numbers` are columns of numbers."""

    numbers: frozenset[int] = frozenset()

    @abstractmethod
    def titles(self) -> Sequence[str]:
        """One for each column, in the user's language as it is now."""
        ...

    @abstractmethod
    def count(self) -> int:
        """Rows."""
        ...

    @abstractmethod
    def value(self, row: int, column: int, role: int) -> object:
        """What a cell shows; see `Qt.ItemDataRole`."""
        ...

    def rowCount(self, parent: Index = NOWHERE) -> int:
        """Called by Qt."""
        return 0 if parent.isValid() else self.count()

    def columnCount(self, parent: Index = NOWHERE) -> int:
        """Called by Qt."""
        return 0 if parent.isValid() else len(self.titles())

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Called by Qt."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole and section in self.numbers:
            return RIGHT
        return self.titles()[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Called by Qt."""
        row, column = index.row(), index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return RIGHT if column in self.numbers else None
        return self.value(row, column, role)

    def all_changed(self) -> None:
        """Have every visible cell drawn anew."""
        if self.count():
            self.dataChanged.emit(self.index(0, 0), self.index(self.count() - 1, self.columnCount() - 1))
