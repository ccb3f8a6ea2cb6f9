"""The queue as a table model: as long as the queue, with only those rows in memory that somebody looks at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from PySide6.QtCore import QObject, QTimer, Signal

from tray_connector.config.clock import Clock
from tray_connector.ui.queue_rows import Key, QueuePage, QueueRow
from tray_connector.ui.status_words import source_name, translate
from tray_connector.ui.texts import in_text, moment_text, number, title_text
from tray_connector.ui.titled_table import SHOWN_ROLES, TitledModel

PAGE = 100
"""Rows that are read together."""
WANTED = 4
"""Pages that wait to be read; what was scrolled past is not worth it."""
KEPT = 5_000
"""Rows in memory."""
WHAT, SOURCE, SINCE, ATTEMPTS, NEXT, REASON = range(6)


class QueueModel(TitledModel):
    """Rows are asked for with `page_wanted` when they are shown, one page at a time, and given with `take_page`."""

    numbers = frozenset({ATTEMPTS})
    page_wanted = Signal(object)
    """A sequence of keys, to be answered by one `take_page` or `give_up`."""
    page_arrived = Signal()

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.zone = ZoneInfo("UTC")
        self.keys: Sequence[Key] = ()
        self._clock = clock
        self._rows: dict[Key, tuple[int, QueueRow | None]] = {}
        """With the age at which each was read; None: there is no such event any more."""
        self._age = 0
        self._wanted: list[int] = []
        self._asked = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)

    # What is shown.

    def titles(self) -> Sequence[str]:
        """`WHAT` to `REASON`."""
        return (
            translate("Status", "What"),
            translate("Status", "Source"),
            translate("Status", "Waiting since"),
            translate("Status", "Attempts"),
            translate("Status", "Next try"),
            translate("Status", "Reason"),
        )

    def count(self) -> int:
        """All events, in memory or not."""
        return len(self.keys)

    def value(self, row: int, column: int, role: int) -> object:
        """Plain text on one line; of a row that is not in memory what its key tells."""
        if role not in SHOWN_ROLES:
            return None
        key = self.keys[row]
        known = self._rows.get(key)
        if known is None or known[0] != self._age:
            self._want(row // PAGE)
        found = None if known is None else known[1]
        if found is None:
            return {WHAT: key[1], SOURCE: source_name(key[0])}.get(column, "…" if known is None else "")
        return self._text(found, column, self._clock.now())

    def _text(self, row: QueueRow, column: int, now: datetime) -> str:
        match column:
            case 0:
                return " ".join((row.title or row.id).split())
            case 1:
                return source_name(row.source)
            case 2:
                return moment_text(row.since, now, self.zone)
            case 3:
                return number(row.attempts) if row.attempts else ""
            case 4:
                return next_try_text(row, now)
            case _:
                return "" if row.problem is None else " ".join(title_text(row.problem).split())

    def row_at(self, number: int) -> QueueRow | None:
        """The row, if it is in memory."""
        known = self._rows.get(self.keys[number]) if 0 <= number < len(self.keys) else None
        return None if known is None else known[1]

    # What is known.

    def set_order(self, keys: Sequence[Key]) -> None:
        """These events wait now, in this order. Rows in memory stay until they are read anew."""
        self.beginResetModel()
        self.keys = keys
        self._age += 1
        self._wanted.clear()
        self.endResetModel()

    def outdate(self) -> None:
        """What is in memory may have changed: rows that are shown are read anew."""
        self._age += 1
        self.all_changed()  # a view paints only what is visible

    def take_page(self, page: QueuePage) -> None:
        """The rows that were asked for."""
        if len(self._rows) > KEPT:
            self._rows.clear()
        found: dict[Key, QueueRow] = {row.key: row for row in page.rows}
        self._rows.update((key, (self._age, found.get(key))) for key in page.asked)
        self.all_changed()  # a view paints only what is visible
        self.page_arrived.emit()
        self.give_up()

    def give_up(self) -> None:
        """The page that was asked for does not come; the next one may."""
        self._asked = False
        if self._wanted:
            self._soon.start()

    def _want(self, page: int) -> None:
        if page not in self._wanted:
            self._wanted.append(page)
            del self._wanted[:-WANTED]
            self._soon.start()

    def _ask(self) -> None:
        if self._asked or not self._wanted:
            return
        page = self._wanted.pop()
        keys = self.keys[page * PAGE : (page + 1) * PAGE]
        if keys:
            self._asked = True
            self.page_wanted.emit(keys)


def next_try_text(row: QueueRow, now: datetime) -> str:
    """When the event is tried next: one that was never tried is next in line."""
    return translate("Status", "now") if row.next_try is None else in_text(row.next_try - now)
