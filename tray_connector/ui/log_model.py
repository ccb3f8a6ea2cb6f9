"""The lines of the log as a table model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from PySide6.QtCore import QModelIndex, QObject, Qt, QTime
from PySide6.QtGui import QGuiApplication

from tray_connector.config.clock import Clock
from tray_connector.config.log_lines import MOST_LINES, LogLine, LogLook
from tray_connector.ui.status_words import translate
from tray_connector.ui.texts import date_text
from tray_connector.ui.theme import meaning_color
from tray_connector.ui.titled_table import SHOWN_ROLES, TitledModel

TIME, LEVEL, FROM, MESSAGE = range(4)
RANKS = {"": 0, "DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
"""A line without a level belongs to those before it, and is never hidden."""
PACKAGE = "tray_connector."
Numbered = tuple[int, LogLine]


def level_word(level: str) -> str:
    """The level in the user's language."""
    words = {
        "DEBUG": translate("Log", "Detail"),
        "INFO": translate("Log", "Information"),
        "WARNING": translate("Log", "Warning"),
        "ERROR": translate("Log", "Error"),
        "CRITICAL": translate("Log", "Error"),
    }
    return words.get(level, level)


def second_text(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """The time of day to the second, with the date unless it is today's."""
    local = moment.astimezone(zone)
    time = QTime(local.hour, local.minute, local.second).toString("HH:mm:ss")
    return time if local.date() == now.astimezone(zone).date() else f"{date_text(moment, zone)} {time}"


def whole_line(line: LogLine) -> str:
    """All of it, for reading and for the clipboard."""
    when = "" if line.at is None else f"{line.at:%Y-%m-%dT%H:%M:%SZ}"
    head = " ".join(part for part in (when, line.level, line.logger) if part)
    return "\n".join(part for part in (head, line.message, line.error) if part)


class LogModel(TitledModel):
    """The newest lines, the oldest first; those among them that level and search let pass are shown."""

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.zone = ZoneInfo("UTC")
        self.shown: list[Numbered] = []
        self._all: list[Numbered] = []
        self._next = 0
        self._clock = clock
        self._least = RANKS["INFO"]
        self._words: list[str] = []

    def take(self, look: LogLook) -> None:
        """What a look at the file found."""
        if not look.lines and not look.whole:
            return
        come = list(enumerate(look.lines, self._next))
        self._next += len(come)
        known = [] if look.whole else self._all
        if look.whole or len(known) + len(come) > MOST_LINES:
            self._all = [*known, *come][-MOST_LINES:]
            self._filter()
            return
        self._all.extend(come)
        passed = [one for one in come if self._passes(one[1])]
        if passed:
            first = len(self.shown)
            self.beginInsertRows(QModelIndex(), first, first + len(passed) - 1)
            self.shown.extend(passed)
            self.endInsertRows()

    def show_from(self, level: str) -> None:
        """Only lines of this level and above."""
        self._least = RANKS[level]
        self._filter()

    def search(self, text: str) -> None:
        """Only lines with every one of these words."""
        self._words = text.casefold().split()
        self._filter()

    def _filter(self) -> None:
        self.beginResetModel()
        self.shown = [one for one in self._all if self._passes(one[1])]
        self.endResetModel()

    def _passes(self, line: LogLine) -> bool:
        loud = not line.level or RANKS.get(line.level, self._least) >= self._least
        return loud and all(word in line.searched for word in self._words)

    # What Qt asks for.

    def titles(self) -> Sequence[str]:
        """`TIME` to `MESSAGE`."""
        return (
            translate("Log", "Time"),
            translate("Log", "Level"),
            translate("Log", "From"),
            translate("Log", "Message"),
        )

    def count(self) -> int:
        """Those that are shown."""
        return len(self.shown)

    def value(self, row: int, column: int, role: int) -> object:
        """One line of plain text; what needs a look is in its colour, and its level says the same."""
        line = self.shown[row][1]
        if role == Qt.ItemDataRole.ForegroundRole and column == LEVEL:
            rank = RANKS.get(line.level, 0)
            if rank >= RANKS["WARNING"]:
                return meaning_color("stopped" if rank >= RANKS["ERROR"] else "attention", QGuiApplication.palette())
        if role not in SHOWN_ROLES:
            return None
        match column:
            case 0:
                return "" if line.at is None else second_text(line.at, self._clock.now(), self.zone)
            case 1:
                return level_word(line.level)
            case 2:
                return line.logger.removeprefix(PACKAGE)
            case _:
                return " ".join(line.message[:500].split())
