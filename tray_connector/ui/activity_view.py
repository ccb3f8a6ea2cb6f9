"""The recent activity: which records were stored, changed or flagged, newest first, and the way to their sources."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from PySide6.QtCore import QModelIndex, QObject, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QStackedLayout, QVBoxLayout, QWidget

from tray_connector.config.clock import Clock
from tray_connector.model.status import Activity
from tray_connector.ui.form_parts import Words
from tray_connector.ui.links import is_web_address, open_web_address
from tray_connector.ui.rows_table import RowsTable
from tray_connector.ui.status_details import Details
from tray_connector.ui.status_words import kind_word, source_name, translate
from tray_connector.ui.texts import moment_text
from tray_connector.ui.titled_table import SHOWN_ROLES, TitledModel

TIME, KIND, TITLE, CHANGE, SOURCE = range(5)


def change_word(kind: str) -> str:
    """What happened to the record."""
    words = {
        "new": translate("Activity", "new"),
        "changed": translate("Activity", "changed"),
        "removed": translate("Activity", "removed"),
        "restored": translate("Activity", "restored"),
        "failed": translate("Activity", "failed"),
    }
    return words.get(kind, kind)


class ActivityModel(TitledModel):
    """Those of the activities that a search finds."""

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.shown: Sequence[Activity] = ()
        self._all: Sequence[Activity] = ()
        self._search = ""
        self._clock = clock
        self._zone = ZoneInfo("UTC")

    def show_activities(self, activities: Sequence[Activity], zone: ZoneInfo) -> None:
        """All of them, newest first."""
        if activities != self._all or zone != self._zone:
            self._all, self._zone = activities, zone
            self._find()

    def search(self, text: str) -> None:
        """Keep those with every one of these words in what is shown of them."""
        self._search = text
        self._find()

    def _find(self) -> None:
        words = self._search.casefold().split()
        found = [one for one in self._all if all(word in self._words(one) for word in words)] if words else self._all
        if found != self.shown:
            self.beginResetModel()
            self.shown = found
            self.endResetModel()

    def _words(self, one: Activity) -> str:
        return " ".join(
            (one.title, one.id, source_name(one.source), kind_word(one.source), change_word(one.kind))
        ).casefold()

    # What Qt asks for.

    def titles(self) -> Sequence[str]:
        """`TIME` to `SOURCE`."""
        return (
            translate("Activity", "Time"),
            translate("Activity", "Kind"),
            translate("Activity", "Title"),
            translate("Activity", "Change"),
            translate("Activity", "Source"),
        )

    def count(self) -> int:
        """What was found."""
        return len(self.shown)

    def value(self, row: int, column: int, role: int) -> object:
        """Plain text on one line; an arrow where a click leads to the source."""
        one = self.shown[row]
        if role == Qt.ItemDataRole.ForegroundRole and column == SOURCE and is_web_address(one.url):
            return QGuiApplication.palette().link().color()
        if role not in SHOWN_ROLES:
            return None
        match column:
            case 0:
                return moment_text(one.at, self._clock.now(), self._zone)
            case 1:
                return kind_word(one.source)
            case 2:
                return " ".join(one.title.split())
            case 3:
                return change_word(one.kind)
            case _:
                arrow = "↗ " if role == Qt.ItemDataRole.DisplayRole and is_web_address(one.url) else ""
                return f"{arrow}{source_name(one.source)}"


class ActivityView(QWidget):
    """A table; Enter, a double click, or a click on the source opens a record there."""

    def __init__(self, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = ActivityModel(clock, self)
        self.table = RowsTable(self.model, (14, 9, 40, 12, 14), wide=TITLE, name=self.tr("Recent activity"))
        self.table.keep_place(lambda: self.model.shown)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._show_menu)
        self.table.clicked.connect(self._clicked)
        self.table.opened.connect(self._open_chosen)
        self.nothing = Words()
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._searched = False
        self._stack = QStackedLayout()
        self._stack.addWidget(self.nothing)
        self._stack.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.addLayout(self._stack, 1)
        self._show_found()

    def show_details(self, details: Details) -> None:
        """The newest ones."""
        self.model.show_activities(details.activities, details.zone)
        self._show_found()

    def search(self, text: str) -> None:
        """Show only what has every one of these words."""
        self._searched = bool(text.strip())
        self.model.search(text)
        self._show_found()

    def _show_found(self) -> None:
        self._stack.setCurrentWidget(self.table if self.model.shown else self.nothing)
        self.nothing.setText(
            self.tr("Nothing has that in it.")
            if self._searched
            else self.tr("Nothing has changed since the program started.")
        )

    def _chosen(self) -> Activity | None:
        rows = self.table.selected()
        return self.model.shown[rows[0]] if len(rows) == 1 and rows[0] < len(self.model.shown) else None

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == SOURCE:
            open_web_address(self.model.shown[index.row()].url)

    def _open_chosen(self) -> None:
        one = self._chosen()
        if one is not None:
            open_web_address(one.url)

    def _show_menu(self, place: QPoint) -> None:
        one = self._chosen()
        if one is None:
            return
        menu = QMenu(self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        leads = menu.addAction(self.tr("&Open in {source}").format(source=source_name(one.source)))
        leads.setEnabled(is_web_address(one.url))
        leads.triggered.connect(self._open_chosen)
        copies = menu.addAction(self.tr("&Copy title"))
        copies.triggered.connect(lambda: QGuiApplication.clipboard().setText(one.title))
        menu.popup(self.table.viewport().mapToGlobal(place))
