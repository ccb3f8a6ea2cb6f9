"""Writing what is shown into a CSV file: asked where, seen how far, cancelled."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QDir, QLocale, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar, QWidget

from tray_connector.config.clock import Stop
from tray_connector.destinations.browse import Question
from tray_connector.model.errors import Problem
from tray_connector.sync.session import Session
from tray_connector.ui.data_export import Wish, export
from tray_connector.ui.data_words import count_text
from tray_connector.ui.form_parts import button
from tray_connector.ui.host import EngineHost, Report
from tray_connector.ui.links import open_folder
from tray_connector.ui.theme import GAP
from tray_connector.ui.workers import Job


def delimiter_of(locale: QLocale) -> str:
    """Where decimals are written with a comma, spreadsheets expect semicolons between columns."""
    return ";" if locale.decimalPoint() == "," else ","


class ExportBar(QWidget):
    """A button; while a file is written, how far it is."""

    done = Signal(str, object)
    """What was done, and a `notice_bar.Step` that shows it."""
    failed = Signal(object)
    """A `Problem`."""

    def __init__(self, host: EngineHost) -> None:
        super().__init__()
        self._host = host
        self._job: Job[int] | None = None
        self._count: int | None = None
        self._question = Question("tasks")
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(self.tr("Progress of the export"))
        self.cancel = button(self.tr("Cancel"), accessible=self.tr("Cancel the export"))
        self.button = button(self.tr("E&xport as CSV…"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addStretch(1)
        layout.addWidget(self.progress, 1)
        layout.addWidget(self.cancel)
        layout.addWidget(self.button)
        self.button.clicked.connect(self.ask)
        self.cancel.clicked.connect(self._cancel)
        self._show()

    @property
    def running(self) -> bool:
        """A file is being written."""
        return self._job is not None

    def set_count(self, count: int | None, question: Question | None = None) -> None:
        """How many rows answer the question; None: that is being found out."""
        self._count, self._question = count, question or self._question
        self._show()

    def ask(self) -> None:
        """Where to write."""
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        names = {"tasks": self.tr("Tasks"), "emails": self.tr("E-mails")}
        dialog = QFileDialog(self, self.tr("Export as CSV"), folder or QDir.homePath(), "CSV (*.csv)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.selectFile(f"{names[self._question.table]}.csv")
        dialog.fileSelected.connect(lambda name: self.begin(Path(name)))
        dialog.open()

    def begin(self, path: Path) -> None:
        """Write what is shown now, in a worker."""
        if self._job is not None:
            return
        wish = Wish(self._question, path, delimiter_of(QLocale()))

        def work(session: Session, stop: Stop, report: Report) -> int:
            return export(session, stop, report, wish)

        self.progress.setRange(0, self._count or 0)
        self.progress.setValue(0)
        self._job = self._host.submit(
            work, partial(self._written, wish), self._broke_off, progress=self._advance, owner=self
        )
        self._show()

    def _advance(self, rows: int) -> None:
        self.progress.setMaximum(max(rows, self._count or 0, 1))
        self.progress.setValue(rows)

    def _written(self, wish: Wish, rows: int) -> None:
        self._job = None
        text = self.tr(
            "{count} exported to {path}. Cells that begin with = + - or @ have an apostrophe in front: "
            "no spreadsheet takes them for formulas."
        )
        text = text.format(count=count_text(wish.question.table, rows), path=QDir.toNativeSeparators(str(wish.path)))
        self.done.emit(text, (self.tr("Show the folder"), partial(open_folder, wish.path.parent)))
        self._show()

    def _broke_off(self, problem: Problem) -> None:
        self._job = None
        if problem.code != "stopped":
            self.failed.emit(problem)
        self._show()

    def _cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self.cancel.setEnabled(False)

    def _show(self) -> None:
        working = self._job is not None
        self.progress.setVisible(working)
        self.cancel.setVisible(working)
        self.cancel.setEnabled(working)
        self.button.setVisible(not working)
        self.button.setEnabled(bool(self._count))
