"""How many stored records still have the old categories, and bringing them into step: asked, seen, cancelled."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMessageBox, QProgressBar, QWidget

from tray_connector.model.errors import Problem
from tray_connector.model.status import EngineStatus
from tray_connector.sync.report import RefreshReport
from tray_connector.ui import categories_work
from tray_connector.ui.form_parts import Mark, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.texts import number
from tray_connector.ui.theme import GAP
from tray_connector.ui.workers import Job


class ApplyBar(QWidget):
    """One line. It applies what is saved: what is only typed is not in force."""

    failed = Signal(object)
    """A `Problem`."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self._job: Job[RefreshReport] | None = None
        self._stored = self._stale = 0
        self._some = self._unsaved = self._airtable = False
        self._result = ""
        self.mark = Mark()
        self.words = Words()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of applying the categories"))
        self.apply = button("")
        self.cancel = button(self.tr("Cancel"), accessible=self.tr("Cancel applying the categories"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(self.mark)
        layout.addWidget(self.words, 1)
        layout.addWidget(self.progress, 1)
        layout.addWidget(self.apply)
        layout.addWidget(self.cancel)
        self.apply.clicked.connect(self.ask)
        self.cancel.clicked.connect(self._cancel)
        host.status_changed.connect(self._take_status)
        if host.status is not None:
            self._take_status(host.status)
        self._show()

    def set_saved(self, some: bool, *, unsaved: bool) -> None:
        """Whether there are categories in force, and whether something is typed that is not."""
        if (some, unsaved) != (self._some, self._unsaved):
            self._some, self._unsaved = some, unsaved
            self._show()

    def set_airtable(self, airtable: bool) -> None:
        """Whether writing costs calls."""
        self._airtable = airtable

    @property
    def running(self) -> bool:
        """Records are being written."""
        return self._job is not None

    def ask(self) -> None:
        """Say what will happen, and do it when that is wanted."""
        box = QMessageBox(self.window())
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setIcon(QMessageBox.Icon.Question)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setWindowTitle(self.tr("Apply to stored records"))
        box.setText(self.tr("Write the saved categories into %Ln stored record(s)?", None, self._stored))
        lines = [self.tr("Only the columns of the categories change. Columns of removed categories stay as they are.")]
        if self._airtable:
            calls = number(categories_work.calls_at_most(self._stale or self._stored))
            lines.append(self.tr("Airtable counts at most {calls} calls for it.").format(calls=calls))
        box.setInformativeText("\n".join(lines))
        go = box.addButton(self.tr("Apply"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(go)
        box.buttonClicked.connect(lambda clicked: self.begin() if clicked is go else None)
        box.open()

    def begin(self) -> None:
        """Write, in a worker."""
        if self._job is None:
            self._result = ""
            self.progress.setRange(0, max(1, self._stored))
            self.progress.setValue(0)
            self._job = self._host.submit(
                categories_work.apply, self._done, self._broke_off, progress=self._advance, owner=self
            )
            self._show()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self.cancel.setEnabled(False)

    def _advance(self, report: RefreshReport) -> None:
        self.progress.setMaximum(max(self._stored, report.looked_at, 1))
        self.progress.setValue(report.looked_at)
        text = self.tr("{done} of {total} records").format(
            done=number(report.looked_at), total=number(max(self._stored, report.looked_at))
        )
        self.words.setText(text)

    def _done(self, report: RefreshReport) -> None:
        self._job = None
        parts = [self.tr("Applied: %Ln record(s) changed", None, report.written)]
        if report.failed:
            parts.append(self.tr("%Ln refused, the log has the reasons", None, report.failed))
        if report.reread:
            parts.append(self.tr("%Ln missing, stored again with the next sync", None, report.reread))
        self._result = ". ".join(parts)
        self._show()

    def _broke_off(self, problem: Problem) -> None:
        self._job = None
        if problem.code == "stopped":
            self._result = self.tr("Cancelled. What is written stays; apply again to go on")
        else:
            self.failed.emit(problem)
        self._show()

    def _take_status(self, status: EngineStatus) -> None:
        self._stored = sum(status.stored.values())
        if status.stale_categories != self._stale:
            self._stale = status.stale_categories
            self._result = self._result if not self._stale else ""
        if self._job is None:
            self._show()

    def _show(self) -> None:
        working = self._job is not None
        self.progress.setVisible(working)
        self.cancel.setVisible(working)
        self.cancel.setEnabled(working)
        self.apply.setVisible(not working)
        self.apply.setText(self.tr("&Apply to %Ln stored record(s)…", None, self._stored))
        self.apply.setEnabled(self._stale > 0 and not self._unsaved)
        self.apply.setToolTip(self.tr("Save the changes first") if self._unsaved and self._stale else "")
        if working:
            self.mark.set_state("none")
            return
        if self._stale:
            self.mark.set_state("attention")
            stale = self.tr("%Ln stored record(s) still have the old categories", None, self._stale)
            self.words.setText(". ".join(part for part in (stale, self._result) if part))
        else:
            known = self._stored > 0 and self._some
            self.mark.set_state("good" if known else "none")
            told = self.tr("All stored records have the saved categories") if known else ""
            self.words.setText(self._result or told)
