"""Calls sent to each service this month, against the plan where there is one; and the rows stored, likewise."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QDate, QLocale, Qt
from PySide6.QtWidgets import QGridLayout, QProgressBar, QVBoxLayout, QWidget

from tray_connector.model.status import EngineStatus
from tray_connector.ui.form_parts import Words
from tray_connector.ui.status_details import Details
from tray_connector.ui.status_words import backend_name, source_name, translate
from tray_connector.ui.texts import number
from tray_connector.ui.theme import GAP

NEARLY = 0.8
"""Share of what the plan allows from which on it is worth a look."""


def at_least(count: int) -> str:
    """Others may use the same key: what was counted here is the least."""
    return translate("Calls", "at least {count}").format(count=number(count))


class Measure(QProgressBar):
    """So much of what the plan allows; the words beside it say the same."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextVisible(False)
        self.setFixedHeight(8)
        self.setMinimumWidth(120)

    def measure(self, count: int, limit: int | None) -> None:
        """Hidden without a limit."""
        self.setVisible(limit is not None)
        if limit is not None:
            self.setRange(0, limit)
            self.setValue(min(count, limit))


class CallsView(QWidget):
    """A line for each service, one for the rows in the destination, and what the numbers mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = Words(role="section")
        self.lines: list[tuple[Words, Words, Measure, Words]] = []
        self.note = Words(
            self.tr(
                "Counted here, by this program. Other programs that use the same keys, "
                "or the same Airtable workspace, come on top."
            ),
            "small",
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GAP)
        grid.setVerticalSpacing(GAP)
        for row in range(6):
            line = (Words(wrap=False), Words(wrap=False), Measure(), Words(role="small"))
            line[1].setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            for column, widget in enumerate(line):
                grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignVCenter)
            self.lines.append(line)
        grid.setColumnStretch(3, 1)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        layout.addWidget(self.heading)
        layout.addLayout(grid)
        layout.addWidget(self.note)
        layout.addStretch(1)

    def show_calls(self, status: EngineStatus, details: Details, now: datetime) -> None:
        """The numbers of the month that `now` lies in."""
        self.heading.setText(self.tr("Calls in {month}").format(month=month_text(now)))
        self._line(0, source_name("teamwork"), at_least(status.calls_month["teamwork"]))
        self._line(1, source_name("missive"), at_least(status.calls_month["missive"]))
        name, calls, limit = backend_name(details.backend), status.calls_month["destination"], details.plan_calls
        self._line(2, name, at_least(calls))
        self._measure(2, calls, limit, details.plan)
        rows = sum(status.stored.values())
        self._line(3, self.tr("Records in {destination}").format(destination=name), number(rows))
        self._measure(3, rows, details.plan_records, details.plan)
        for row, source in ((4, "teamwork"), (5, "missive")):
            count = status.left_out.get(source, 0)
            self._line(row, self.tr("Left out of {source}").format(source=source_name(source)), number(count))
            self.lines[row][3].setText(self.tr("outside what is set to be synced"))
            for widget in self.lines[row]:
                widget.setVisible(count > 0 and widget is not self.lines[row][2])
        # A database of one's own counts no calls.
        for widget in self.lines[2]:
            widget.setVisible(details.plan is not None and (widget is not self.lines[2][2] or limit is not None))

    def _line(self, row: int, name: str, value: str) -> None:
        title, number_text, measure, _ = self.lines[row]
        title.setText(name)
        number_text.setText(value)
        measure.hide()

    def _measure(self, row: int, count: int, limit: int | None, plan: str | None) -> None:
        title, number_text, measure, remark = self.lines[row]
        remark.setText(self._of_plan(count, limit, plan))
        remark.set_meaning("attention" if limit is not None and count >= NEARLY * limit else None)
        measure.measure(count, limit)
        measure.setAccessibleName(f"{title.text()}: {number_text.text()} {remark.text()}")

    def _of_plan(self, count: int, limit: int | None, plan: str | None) -> str:
        if plan is None:
            return ""
        if limit is None:
            return self.tr("the plan {plan} sets no limit").format(plan=plan)
        words = self.tr("of {limit} in the plan {plan}").format(limit=number(limit), plan=plan)
        if count >= NEARLY * limit:
            left = self.tr("{count} left").format(count=number(max(0, limit - count)))
            return f"{words}, {left}"
        return words


def month_text(now: datetime) -> str:
    """September 2026: the month that the engine counts in."""
    return QLocale().toString(QDate(now.year, now.month, 1), "MMMM yyyy")
