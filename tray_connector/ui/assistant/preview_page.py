"""Ten real records as they will be stored, before anything is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
)

from tray_connector.config.clock import Stop
from tray_connector.model.errors import Problem
from tray_connector.sync.preview import PreviewRow
from tray_connector.sync.setup import Setup
from tray_connector.ui.assistant.loading import Loading
from tray_connector.ui.assistant.page import AssistantPage
from tray_connector.ui.assistant.state import SetupState
from tray_connector.ui.form_parts import TARGET, Words
from tray_connector.ui.theme import GAP
from tray_connector.ui.workers import Job

translate = QCoreApplication.translate
LONGEST = 400
"""Characters of a value that are shown: it is only a preview."""


class PreviewPage(AssistantPage):
    """A list of records, and beside it the columns of the chosen one."""

    def __init__(self, state: SetupState) -> None:
        super().__init__(
            state,
            translate("PreviewPage", "Preview"),
            translate("PreviewPage", "Records of yours as they will be stored. Nothing has been written yet."),
        )
        self._job: Job[tuple[list[PreviewRow], int]] | None = None
        self._asked: dict[str, str] | None = None
        self.rows: Sequence[PreviewRow] = ()
        self.loading = Loading()
        self.loading.again.connect(self._read)
        self.loading.stopped.connect(self._stop)
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Records"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._show_record)
        self.table = _table(self.tr("Columns of the record"), (self.tr("Column"), self.tr("Value")))
        self.splitter = QSplitter()
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.table)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 3)
        self.splitter.setChildrenCollapsible(False)
        self._note = Words("", "small")
        self.box.addWidget(self.loading)
        self.box.addWidget(self.splitter, 1)
        self.box.addWidget(self._note)
        self.splitter.hide()

    def enter(self) -> None:
        """Read them, unless that was done with the same choices."""
        if self._asked != self.state.typed:
            self._read()

    def leave(self) -> None:
        """Reading ends."""
        self._stop()

    def primary(self) -> tuple[str, bool]:
        """Next, once something can be looked at."""
        return self.tr("Next"), self.splitter.isVisibleTo(self)

    def alternative(self) -> str:
        """The preview is an offer."""
        return "" if self.splitter.isVisibleTo(self) else self.tr("Continue without a preview")

    def _read(self) -> None:
        self._stop()
        self.splitter.hide()
        self._note.setText("")
        self.loading.begin(self.tr("Reading a few of your newest tasks and e-mails…"))
        texts, environment, imported = dict(self.state.typed), self.state.host.environment, self.state.categories

        def work(stop: Stop, _: Callable[[object], None]) -> tuple[list[PreviewRow], int]:
            setup = Setup(environment)
            with setup.trial(texts) as trial:
                return trial.preview(setup.categories(imported), stop), trial.count_tasks(stop)

        self._job = self.state.host.run(work, lambda read: self._show(*read, texts), self._failed, owner=self)
        self.changed.emit()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _failed(self, problem: Problem) -> None:
        self._job = None
        self.loading.fail(problem)
        self.changed.emit()

    def _show(self, rows: Sequence[PreviewRow], tasks: int, asked: dict[str, str]) -> None:
        if self.state.volume is not None:
            self.state.volume = replace(self.state.volume, tasks=tasks)
        self._job, self._asked, self.rows = None, asked, rows
        self.loading.done()
        self.list.clear()
        kinds = {"tasks": self.tr("Task"), "emails": self.tr("E-mail")}
        for row in rows:
            item = QListWidgetItem(f"{kinds[row.table]}   {row.title or self.tr('(no title)')}")
            item.setSizeHint(QSize(0, TARGET))
            self.list.addItem(item)
        self.splitter.show()
        self.list.setCurrentRow(0)
        if rows:
            places = {"sqlite": "SQLite", "airtable": "Airtable", "postgres": "PostgreSQL"}
            note = self.tr("Columns as in {place}. Empty columns are not shown.")
            self._note.setText(note.format(place=places[self.state.backend]))
        else:
            self._note.setText(self.tr("There is nothing to show: no task and no e-mail fits your choices."))
        self.changed.emit()

    def _show_record(self, number: int) -> None:
        cells = self.rows[number].cells if 0 <= number < len(self.rows) else {}
        categories = self.rows[number].categories if cells else ()
        filled = [(name, text) for name, text in cells.items() if text not in ("", "[]") or name in categories]
        self.table.setRowCount(len(filled))
        for row, (name, text) in enumerate(filled):
            short = " ".join(text.split())
            self.table.setItem(row, 0, QTableWidgetItem(name))
            self.table.setItem(row, 1, QTableWidgetItem(short[:LONGEST] + ("…" if len(short) > LONGEST else "")))


def _table(name: str, headers: tuple[str, str]) -> QTableWidget:
    table = QTableWidget(0, len(headers))
    table.setAccessibleName(name)
    table.setHorizontalHeaderLabels(headers)
    table.verticalHeader().hide()
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setTabKeyNavigation(False)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setWordWrap(False)
    table.verticalHeader().setDefaultSectionSize(table.fontMetrics().height() + GAP)
    table.horizontalHeader().setStretchLastSection(True)
    table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return table
