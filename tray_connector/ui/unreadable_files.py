"""A line that says which files of the queue nobody can read, and what can be done with them."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QWidget

from tray_connector.ui.form_parts import Mark, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.links import open_folder
from tray_connector.ui.queue_feed import QueueActions
from tray_connector.ui.queue_questions import Question
from tray_connector.ui.queue_rows import unreadable_names
from tray_connector.ui.theme import GAP


class UnreadableFiles(QWidget):
    """Hidden while there are none."""

    def __init__(self, host: EngineHost, work: QueueActions) -> None:
        super().__init__()
        self._host = host
        self._work = work
        self._count = 0
        self._folder: Path | None = None
        self.text = Words()
        self.show_folder = button(self.tr("Show &folder"))
        self.delete = button(self.tr("De&lete…"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addWidget(Mark("attention"))
        layout.addWidget(self.text, 1)
        layout.addWidget(self.show_folder)
        layout.addWidget(self.delete)
        self.show_folder.clicked.connect(self._show_folder)
        self.delete.clicked.connect(self._ask)
        self.hide()

    def show_count(self, count: int, folder: Path) -> None:
        """So many lie in this folder."""
        self._folder = folder
        if count == self._count:
            return
        self._count = count
        self.text.setText(self.tr("%n file(s) in the queue cannot be read and were set aside.", None, count))
        self.setVisible(count > 0)

    def _show_folder(self) -> None:
        if self._folder is not None:
            open_folder(self._folder)

    def _ask(self) -> None:
        self._host.submit(unreadable_names, self._ask_about, owner=self)

    def _ask_about(self, names: tuple[str, ...]) -> None:
        more = self._count - len(names)
        lines = [*names, self.tr("and %n more", None, more)] if more > 0 else list(names)
        question = Question(
            self.window(),
            self.tr("Delete %n unreadable file(s)?", None, self._count),
            self.tr("What they stood for is read again at the next full comparison.") + "\n\n" + "\n".join(lines),
            self.tr("Delete"),
        )
        question.agreed.connect(self._work.discard_unreadable)
        question.open()
