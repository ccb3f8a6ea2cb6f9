"""Force backfill: read again what changed since a day, or everything, with what it will cost said before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from PySide6.QtCore import QDate, QLocale, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QProgressBar,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from tray_connector.config.clock import Stop
from tray_connector.model.errors import Problem
from tray_connector.model.events import SourceName
from tray_connector.model.status import EngineStatus
from tray_connector.sources.base import Since
from tray_connector.sync.estimate import Estimate, estimate
from tray_connector.sync.report import Report
from tray_connector.sync.session import Session
from tray_connector.ui.backfill_words import estimate_text, outcome_text
from tray_connector.ui.form_parts import Mark, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.texts import message_text, number, problem_text, title_text
from tray_connector.ui.theme import GAP, MARGIN
from tray_connector.ui.workers import CANCELLED, Job

DAYS = 30
"""How far back is proposed."""
WIDTH = 480
INDENT = 24
"""What belongs to a box to tick begins below its words."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the dialog asks for."""

    source: SourceName | None
    day: QDate | None
    """None = everything."""
    rewrite: bool

    def since(self, session: Session) -> Since:
        """Where the walk begins: midnight of the day in the office's zone."""
        if self.day is None:
            return Since(None, everything=True)
        day = datetime(self.day.year(), self.day.month(), self.day.day()).date()  # noqa: DTZ001 - a day has no zone
        return Since(datetime.combine(day, time.min, session.settings.timezone).astimezone(UTC))


class BackfillDialog(QDialog):
    """Asks, estimates, runs and reports. Closed while it runs, it is only hidden, and the work goes on."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self._job: Job[Report] | None = None
        self._estimating: Job[Estimate] | None = None
        self.setWindowTitle(self.tr("Force backfill"))
        self._make_choices()
        self._make_outcome()
        self._lay_out()
        self._connect()
        self._estimate()
        self.source.setFocus()

    def _make_choices(self) -> None:
        self.source = QComboBox()
        self.source.addItem(self.tr("Teamwork and Missive"), None)
        self.source.addItem("Teamwork", "teamwork")
        self.source.addItem("Missive", "missive")
        self.source.setAccessibleName(self.tr("Read from"))
        self.since = QRadioButton(self.tr("What changed &since"))
        self.since.setChecked(True)
        self.everything = QRadioButton(self.tr("&Everything there is"))
        today = self._host.environment.clock.now().astimezone(self._host.zone)
        first = today - timedelta(days=DAYS)
        self.day = QDateEdit(QDate(first.year, first.month, first.day))
        self.day.setMaximumDate(QDate(today.year, today.month, today.day))
        self.day.setCalendarPopup(True)
        self.day.setDisplayFormat(QLocale().dateFormat(QLocale.FormatType.ShortFormat))
        self.day.setAccessibleName(self.tr("Changed since this day"))
        self.rewrite = QCheckBox(self.tr("Also &write what seems unchanged"))
        self.rewrite_hint = Words(
            self.tr("Needed only when rows were changed or deleted in the database by hand."), role="small"
        )

    def _make_outcome(self) -> None:
        self.mark = Mark()
        self.message = Words()
        self.message.setMinimumHeight(self.fontMetrics().lineSpacing() * 4)
        self.message.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Progress"))
        policy = self.bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.bar.setSizePolicy(policy)
        self.bar.hide()
        self.begin = button(self.tr("&Begin"))
        self.begin.setDefault(True)
        self.cancel = button(self.tr("&Cancel backfill"))
        self.cancel.hide()
        self.leave = button(self.tr("Close"))

    def _lay_out(self) -> None:
        day = QHBoxLayout()
        day.setSpacing(GAP)
        day.addWidget(self.since)
        day.addWidget(self.day)
        day.addStretch(1)
        choices = QVBoxLayout()
        choices.setSpacing(GAP)
        choices.addLayout(day)
        choices.addWidget(self.everything)
        choices.addSpacing(GAP)
        choices.addWidget(self.rewrite)
        hint = QHBoxLayout()
        hint.addSpacing(INDENT)
        hint.addWidget(self.rewrite_hint)
        choices.addLayout(hint)
        form = QFormLayout()
        form.setSpacing(GAP)
        form.addRow(self.tr("&Read from"), self.source)
        outcome = QHBoxLayout()
        outcome.setSpacing(GAP)
        outcome.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        outcome.addWidget(self.message, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addStretch(1)
        for each in (self.cancel, self.leave, self.begin):
            buttons.addWidget(each)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        intro = self.tr("Reads the services again and brings what differs into the database. Nothing is deleted.")
        layout.addWidget(Words(intro))
        layout.addLayout(form)
        layout.addLayout(choices)
        layout.addSpacing(GAP)
        layout.addLayout(outcome, 1)
        layout.addWidget(self.bar)
        layout.addLayout(buttons)
        self.setMinimumWidth(WIDTH)

    def _connect(self) -> None:
        self.source.currentIndexChanged.connect(self._estimate)
        self.since.toggled.connect(self.day.setEnabled)
        self.since.toggled.connect(self._estimate)
        self.day.dateChanged.connect(self._estimate)
        self.rewrite.toggled.connect(self._estimate)
        self.begin.clicked.connect(self._begin)
        self.cancel.clicked.connect(self._cancel)
        self.leave.clicked.connect(self.close)
        self._host.status_changed.connect(self._progress)

    def wish(self) -> Wish:
        """What is chosen now."""
        day = self.day.date() if self.since.isChecked() else None
        return Wish(self.source.currentData(), day, self.rewrite.isChecked())

    @property
    def is_running(self) -> bool:
        """Whether a backfill is under way."""
        return self._job is not None

    @property
    def unsaved(self) -> bool:
        """Whether it may not be made anew; see `windows.HoldsWork`."""
        return self.is_running

    # Before.

    def _estimate(self) -> None:
        if self._estimating is not None:
            self._estimating.cancel()
        wish = self.wish()

        def work(session: Session, stop: Stop) -> Estimate:
            settings = session.settings
            return estimate(
                session.engine,
                wish.since(session),
                stop,
                source=wish.source,
                rewrite=wish.rewrite,
                scale=settings.rate_scale,
                airtable=settings.db_backend == "airtable",
            )

        def done(found: Estimate) -> None:
            if self.wish() == wish and not self.is_running:
                self._say("none", estimate_text(found))

        def failed(problem: Problem) -> None:
            if problem != CANCELLED and not self.is_running:
                self._say("attention", problem_text(problem))

        self._estimating = self._host.submit(work, done, failed, owner=self)

    # During.

    def _begin(self) -> None:
        wish = self.wish()

        def work(session: Session, stop: Stop) -> Report:
            return session.engine.backfill(wish.since(session), stop, source=wish.source, rewrite=wish.rewrite)

        self._job = self._host.submit(work, self._done, self._failed, owner=self)
        self._show_running()
        self._say("busy", self.tr("Reading …"))
        self.bar.setRange(0, 0)

    def _progress(self, status: EngineStatus) -> None:
        total = max(status.total, status.synced)
        if self.is_running and total and self.cancel.isEnabled():
            self.bar.setRange(0, total)
            self.bar.setValue(status.synced)
            words = self.tr("{done} of {total} records found so far are in step")
            self._say("busy", words.format(done=number(status.synced), total=number(total)))

    def _cancel(self) -> None:
        if self._job is not None:
            self.cancel.setEnabled(False)
            self._say("busy", self.tr("Ending …"))
            self._job.cancel()

    # After.

    def _done(self, report: Report) -> None:
        self._ended()
        errors = report.errors
        words = [outcome_text(report)]
        words += [f"{title_text(error.problem)}\n{message_text(error.problem)}".strip() for error in errors]
        self._say("attention" if errors or report.waiting else "good", "\n".join(words))

    def _failed(self, problem: Problem) -> None:
        self._ended()
        if problem == CANCELLED:
            told = self.tr("Cancelled. What was read is kept; a new backfill skips what is stored already.")
            self._say("none", told)
        else:
            self._say("stopped", problem_text(problem))

    def _ended(self) -> None:
        self._job = None
        self._show_running()
        if not self.isVisible():
            self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.deleteLater()

    def _show_running(self) -> None:
        running = self.is_running
        for each in (self.source, self.since, self.everything, self.rewrite, self.begin):
            each.setEnabled(not running)
        self.day.setEnabled(not running and self.since.isChecked())
        self.bar.setVisible(running)
        self.cancel.setVisible(running)
        self.cancel.setEnabled(running)
        self.leave.setText(self.tr("Hide") if running else self.tr("Close"))

    def _say(self, state: str, text: str) -> None:
        match state:
            case "busy" | "good" | "attention" | "stopped":
                self.mark.set_state(state)
            case _:
                self.mark.set_state("none")
        self.message.setText(text)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Called by Qt. While it runs, the dialog is hidden: it shows again from the menu."""
        if self.is_running:
            event.ignore()
            self.hide()
        else:
            # Not QDialog's own: it asks `reject`, which asks this.
            event.accept()

    def reject(self) -> None:
        """Escape is the same as Close."""
        self.close()
