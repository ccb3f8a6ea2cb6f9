"""The records that answer a question, as a table model: a page at a time, as far as somebody has scrolled."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from tray_connector.destinations.base import StoredRow
from tray_connector.destinations.browse import Page, Position
from tray_connector.model.records import Table, key_of
from tray_connector.ui.data_words import cell, columns_of, title_of
from tray_connector.ui.links import tooltip
from tray_connector.ui.titled_table import NOWHERE, SHOWN_ROLES, Index, TitledModel


class DataModel(TitledModel):
    """Give it pages; it says when it wants the next one. What is deleted is struck out."""

    more_wanted = Signal(object)
    """The `Position` behind which it goes on; to be answered by one `add` or `give_up`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table: Table = "tasks"
        self._columns = columns_of(self.table)
        self.zone = ZoneInfo("UTC")
        self.rows: list[StoredRow] = []
        self._next: Position | None = None
        self._asked = False

    def titles(self) -> Sequence[str]:
        """Of `columns_of`."""
        return [column.title for column in self._columns]

    def count(self) -> int:
        """Rows that have been read."""
        return len(self.rows)

    def value(self, row: int, column: int, role: int) -> object:
        """Plain text."""
        shown, field = self.rows[row], self._columns[column].field
        if role in SHOWN_ROLES:
            return cell(shown, field, self.zone) or (title_of(shown.record) if column == 0 else "")
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(cell(shown, field, self.zone))
        if role == Qt.ItemDataRole.FontRole and shown.record.deleted:
            font = QFont(QApplication.font())
            font.setStrikeOut(True)
            return font
        return None

    def keys(self) -> Sequence[str]:
        """Of the rows."""
        return [key_of(row.record) for row in self.rows]

    def show_table(self, table: Table) -> None:
        """Nothing of it is known yet."""
        self.beginResetModel()
        self.table, self._columns = table, columns_of(table)
        self.rows, self._next, self._asked = [], None, False
        self.endResetModel()

    # Pages.

    def begin(self, page: Page, *, again: bool) -> None:
        """Show the first page of another question, or of the same one `again`: then nothing moves if it is the same."""
        if again and len(page.rows) <= len(self.rows) and list(page.rows) == self.rows[: len(page.rows)]:
            self._asked = False
            return
        self.beginResetModel()
        self.rows, self._next, self._asked = list(page.rows), page.next, False
        self.endResetModel()

    def add(self, page: Page) -> None:
        """What comes behind. A row that has moved there meanwhile is not shown twice."""
        known = set(self.keys())
        fresh = [row for row in page.rows if key_of(row.record) not in known]
        if fresh:
            self.beginInsertRows(NOWHERE, len(self.rows), len(self.rows) + len(fresh) - 1)
            self.rows += fresh
            self.endInsertRows()
        self._next, self._asked = page.next, False

    def give_up(self) -> None:
        """The page does not come; it may be asked for again."""
        self._asked = False

    def canFetchMore(self, parent: Index) -> bool:
        """Called by Qt when the end comes into view."""
        return not parent.isValid() and self._next is not None and not self._asked

    def fetchMore(self, parent: Index) -> None:
        """Called by Qt."""
        if self.canFetchMore(parent):
            self._asked = True
            self.more_wanted.emit(self._next)
