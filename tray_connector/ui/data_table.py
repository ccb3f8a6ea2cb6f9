"""The list of records, put in order by a click on a title or from the menu."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu

from tray_connector.destinations.browse import DEFAULT_SORT
from tray_connector.model.records import Table
from tray_connector.ui.data_model import DataModel
from tray_connector.ui.data_words import columns_of
from tray_connector.ui.rows_table import RowsTable
from tray_connector.ui.texts import translate


class DataTable(RowsTable):
    """One record is chosen at a time. The database puts rows in order, not the table."""

    order_wanted = Signal()
    """By `sort` and `descending`."""

    def __init__(self, model: DataModel) -> None:
        super().__init__(model, (), wide=0, name=translate("Data", "Records"))
        self._model = model
        self.sort = ""
        self.descending = True
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.keep_place(model.keys)
        header = self.horizontalHeader()
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.sectionClicked.connect(self._clicked)

    def show_columns(self, table: Table) -> None:
        """Those of this table, empty, the newest first."""
        self._model.show_table(table)
        self.sort, self.descending = DEFAULT_SORT[table], True
        character = self.fontMetrics().averageCharWidth()
        for number, column in enumerate(columns_of(table)):
            if column.width:
                self.horizontalHeader().setSectionResizeMode(number, QHeaderView.ResizeMode.Interactive)
                self.setColumnWidth(number, column.width * character + 16)
        self._show_order()

    def order(self, number: int, *, descending: bool) -> None:
        """Put rows in order by this column."""
        self.sort, self.descending = columns_of(self._model.table)[number].field, descending
        self._show_order()
        self.order_wanted.emit()

    def add_orders(self, menu: QMenu) -> None:
        """The same for whoever has no mouse: a column again turns its order around."""
        group = QActionGroup(menu)
        for number, column in enumerate(columns_of(self._model.table)):
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(column.field == self.sort)
            action.triggered.connect(lambda _, number=number: self._clicked(number))
            group.addAction(action)

    def _clicked(self, number: int) -> None:
        column = columns_of(self._model.table)[number]
        turned = column.field == self.sort
        self.order(number, descending=not self.descending if turned else column.newest_first)

    def _show_order(self) -> None:
        fields = [column.field for column in columns_of(self._model.table)]
        header = self.horizontalHeader()
        order = Qt.SortOrder.DescendingOrder if self.descending else Qt.SortOrder.AscendingOrder
        with QSignalBlocker(header):
            header.setSortIndicator(fields.index(self.sort), order)
        header.viewport().update()
