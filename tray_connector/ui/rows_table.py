"""A table of rows, as the status window shows the queue and the activity: quick however long it is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from PySide6.QtCore import QAbstractTableModel, QItemSelection, QItemSelectionModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from tray_connector.ui.form_parts import TARGET


class RowsTable(QTableView):
    """Whole rows are selected; Enter opens, Tab leaves. Neither sorts nor measures rows: that would read them all."""

    opened = Signal()
    """Enter, or a double click."""
    chosen = Signal()
    """Another selection."""

    def __init__(self, model: QAbstractTableModel, widths: Sequence[int], *, wide: int, name: str) -> None:
        """`widths` in characters; the column `wide` takes what is left."""
        super().__init__()
        self._keys: Callable[[], Sequence[Hashable]] = tuple
        self._place: Place | None = None
        self.setModel(model)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        rows, columns = self.verticalHeader(), self.horizontalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(max(TARGET, self.fontMetrics().height() + 10))
        columns.setHighlightSections(False)
        columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        columns.setMinimumSectionSize(3 * self.fontMetrics().averageCharWidth())
        for column, width in enumerate(widths):
            self.setColumnWidth(column, width * self.fontMetrics().averageCharWidth() + 16)
        columns.setSectionResizeMode(wide, QHeaderView.ResizeMode.Stretch)
        self.activated.connect(lambda _: self.opened.emit())
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens on every system: on macOS Qt would begin to edit."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """No: looking for what was typed would read every row."""

    def keep_place(self, keys: Callable[[], Sequence[Hashable]]) -> None:
        """When the model is reset, what was selected, current and at the top is so again, by these keys of its rows."""
        self._keys = keys
        self._place = Place(self)  # kept here: a connection does not keep it
        self.model().modelAboutToBeReset.connect(self._place.note)
        self.model().modelReset.connect(self._place.restore)

    def selected(self) -> list[int]:
        """The rows, from the top."""
        return sorted(row for first, last in self._ranges() for row in range(first, last + 1))

    def count(self) -> int:
        """How many rows are selected; quick for all of them."""
        return sum(last - first + 1 for first, last in self._ranges())

    def _ranges(self) -> Iterator[tuple[int, int]]:
        selection = self.selectionModel().selection()
        for part in map(selection.at, range(selection.count())):
            if part.left() == 0:
                yield part.top(), part.bottom()

    def keys(self) -> Sequence[Hashable]:
        """Those of all rows."""
        return self._keys()

    def select_rows(self, rows: Iterable[int], current: int | None) -> None:
        """Select just these, ascending, and make one the current one."""
        model, selection = self.model(), QItemSelection()
        last_column = model.columnCount() - 1
        for first, last in runs(rows):
            selection.select(model.index(first, 0), model.index(last, last_column))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if current is not None:
            index = model.index(current, 0)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)


class Place:
    """Where a table was before its model was reset."""

    def __init__(self, table: RowsTable) -> None:
        self._table = table
        self._selected: set[Hashable] = set()
        self._current: Hashable | None = None
        self._top: Hashable | None = None
        self._offset = 0

    def note(self) -> None:
        """Remember it."""
        table, keys = self._table, self._table.keys()
        self._selected = {keys[row] for row in table.selected() if row < len(keys)}
        current, top = table.currentIndex().row(), table.rowAt(0)
        self._current = keys[current] if 0 <= current < len(keys) else None
        # Whoever is at the top wants to stay there, whatever comes first now.
        self._top = keys[top] if 0 < top < len(keys) else None
        self._offset = table.rowViewportPosition(top) if top > 0 else 0

    def restore(self) -> None:
        """Go there, as far as it is still there."""
        wanted = self._selected | {self._current, self._top}
        if wanted == {None}:
            return
        table = self._table
        found = {key: row for row, key in enumerate(table.keys()) if key in wanted}
        rows = [row for key, row in found.items() if key in self._selected]
        table.select_rows(rows, found.get(self._current))
        top = found.get(self._top) if self._top is not None else None
        if top is not None:
            height = table.verticalHeader().defaultSectionSize()
            table.verticalScrollBar().setValue(top * height - self._offset)


def runs(rows: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Ascending numbers as (first, last) of those that follow one another."""
    first = last = None
    for row in rows:
        if last is not None and row == last + 1:
            last = row
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = row
    if first is not None and last is not None:
        yield first, last
