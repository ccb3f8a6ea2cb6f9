"""What a developer needs, to be looked at before it is saved: nothing leaves this machine unseen."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, QStandardPaths, Qt
from PySide6.QtGui import QCloseEvent, QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from tray_connector.config.clock import Stop
from tray_connector.model.errors import Problem
from tray_connector.sync.diagnostics import ABOUT, Bundle, gather, save
from tray_connector.ui.form_parts import TARGET, Mark, MarkState, Words, button
from tray_connector.ui.host import EngineHost, Report
from tray_connector.ui.links import open_folder
from tray_connector.ui.texts import number, problem_text
from tray_connector.ui.theme import GAP, MARGIN
from tray_connector.ui.workers import Job

SHOWN = 200_000
"""Characters of a file that are shown, from its end: the newest lines of the log."""


class DiagnosticsDialog(QDialog):
    """Gathers as soon as it is made, also while no engine runs; shows every file; saves where the user says."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self._job: Job[Bundle] | None = None
        self._saved: Path | None = None
        self.bundle: Bundle | None = None
        self.setWindowTitle(self.tr("Export diagnostics"))
        self.mark = Mark("busy")
        self.message = Words()
        self.message.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.files = QListWidget()
        self.files.setAccessibleName(self.tr("Files"))
        self.text = QPlainTextEdit(readOnly=True, tabChangesFocus=True)
        self.text.setAccessibleName(self.tr("What is in the file"))
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.again = button(self.tr("Gather &again"))
        self.folder = button(self.tr("Open &folder"))
        self.save = button(self.tr("&Save…"))
        self.save.setDefault(True)
        self.leave = button(self.tr("Close"))
        self._place()
        self.files.currentRowChanged.connect(self._show_file)
        self.again.clicked.connect(self._gather)
        self.folder.clicked.connect(self._open_folder)
        self.save.clicked.connect(self._ask_where)
        self.leave.clicked.connect(self.close)
        self._gather()

    def _place(self) -> None:
        intro = Words(
            self.tr(
                "This is all that a developer gets to see. Keys, e-mail addresses and titles were taken out; "
                "contents are not in it. Nothing is sent: save it and pass it on yourself."
            )
        )
        splitter = QSplitter()
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self.files)
        splitter.addWidget(self.text)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([190, 640])
        outcome = QHBoxLayout()
        outcome.setSpacing(GAP)
        outcome.addWidget(self.mark, 0, Qt.AlignmentFlag.AlignTop)
        outcome.addWidget(self.message, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.again)
        buttons.addStretch(1)
        for each in (self.folder, self.leave, self.save):
            buttons.addWidget(each)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(intro)
        layout.addWidget(splitter, 1)
        layout.addLayout(outcome)
        layout.addLayout(buttons)

    def sizeHint(self) -> QSize:
        """Room for lines of the log."""
        return QSize(880, 600)

    # Gathering.

    def _gather(self) -> None:
        self._say("busy", self.tr("Gathering …"))
        self.save.setEnabled(False)
        self.again.setEnabled(False)
        self.folder.hide()
        environment, status = self._host.environment, self._host.status

        def work(stop: Stop, _: Report) -> Bundle:
            return gather(environment, stop, status)

        self._job = self._host.run(work, self._show, self._failed, owner=self)

    def _show(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.again.setEnabled(True)
        self.save.setEnabled(True)
        chosen = self.files.currentItem()
        name = ABOUT if chosen is None else chosen.text()
        names = [part.name for part in bundle.parts]
        self.files.clear()
        for each in names:
            item = QListWidgetItem(each, self.files)
            item.setSizeHint(QSize(0, TARGET))
        self.files.setCurrentRow(names.index(name) if name in names else 0)
        if bundle.troubles:
            self._say("attention", "\n".join(bundle.troubles[:3]))
        else:
            self._say("none", self.tr("%n file(s), looked through and ready to be saved.", None, len(names)))

    def _show_file(self, row: int) -> None:
        if self.bundle is None or not 0 <= row < len(self.bundle.parts):
            self.text.clear()
            return
        text = self.bundle.parts[row].text
        if len(text) > SHOWN:
            left = self.tr("{count} characters before this are in the file as well.").format(
                count=number(len(text) - SHOWN)
            )
            text = f"{left}\n\n{text[-SHOWN:].partition(chr(10))[2]}"
        self.text.setPlainText(text)

    # Saving.

    def _ask_where(self) -> None:
        if self.bundle is None:
            return
        start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        dialog = QFileDialog(self, self.tr("Save diagnostics"), start, self.tr("Zip files") + " (*.zip)")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.selectFile(self.bundle.file_name)
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name)))
        dialog.open()

    def save_to(self, path: Path) -> None:
        """Write what is shown to this file."""
        bundle = self.bundle
        if bundle is None:
            return
        self._say("busy", self.tr("Saving …"))
        self.save.setEnabled(False)

        def work(_: Stop, __: Report) -> Path:
            save(bundle, path)
            return path

        self._host.run(work, self._tell_saved, self._failed, owner=self)

    def _tell_saved(self, path: Path) -> None:
        self._saved = path
        self.save.setEnabled(True)
        self.folder.show()
        self.folder.setFocus()
        self._say("good", self.tr("Saved as {path}").format(path=path))

    def _failed(self, problem: Problem) -> None:
        self.again.setEnabled(True)
        self.save.setEnabled(self.bundle is not None)
        if problem.code != "stopped":
            self._say("stopped", problem_text(problem))

    def _open_folder(self) -> None:
        if self._saved is not None:
            open_folder(self._saved.parent)

    def _say(self, state: MarkState, text: str) -> None:
        self.mark.set_state(state)
        self.mark.setVisible(state != "none")
        self.message.setText(text)

    # The window.

    def closeEvent(self, event: QCloseEvent) -> None:
        """Called by Qt."""
        if self._job is not None:
            self._job.cancel()
        super().closeEvent(event)

    def reject(self) -> None:
        """Escape is the same as Close."""
        self.close()
