"""Takes the files of an older connector, dropped or chosen, and says what was recognised: never the secrets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.config.settings_exchange import Recognised, recognise
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import Problem
from tray_connector.ui.form_parts import CORNER, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.links import dropped_files
from tray_connector.ui.live_test import CheckLines, problem_line
from tray_connector.ui.setting_words import label_of
from tray_connector.ui.texts import hint_text, message_text, title_text
from tray_connector.ui.theme import GAP, line_color

translate = QCoreApplication.translate
FILES = "*.env .env *.env.* label_categories.json *.json"


class ImportPanel(QWidget):
    """A field to drop files on, with a button for those who do not drag."""

    recognised = Signal(object)
    """A `Recognised`, once it was read."""

    def __init__(self, host: EngineHost) -> None:
        super().__init__()
        self._host = host
        self.setAcceptDrops(True)
        self._open = button(self.tr("Choose a file…"), accessible=self.tr("Choose a file of the older connector"))
        self._open.clicked.connect(self._choose)
        self.result = CheckLines()
        across = QHBoxLayout()
        across.setSpacing(GAP)
        across.addWidget(
            Words(self.tr("Did you use the older connector? Drop its .env or label_categories.json here."), "small"), 1
        )
        across.addWidget(self._open)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 12, 12, 12)
        box.setSpacing(GAP)
        box.addLayout(across)
        box.addWidget(self.result)

    def read(self, path: Path) -> None:
        """Read the file in the background and say what was in it."""

        def work(_: Stop, __: Callable[[object], None]) -> Recognised:
            return recognise(path)

        self._host.run(work, self._done, self._failed, owner=self)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Called by Qt."""
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Called by Qt."""
        for file in dropped_files(event.mimeData()):
            self.read(file)
        event.acceptProposedAction()

    def paintEvent(self, _: QPaintEvent) -> None:
        """Called by Qt."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(line_color(self.palette()), 1.0, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), CORNER, CORNER)

    def _choose(self) -> None:
        title = self.tr("Files of the older connector")
        path, _ = QFileDialog.getOpenFileName(self, title, "", f"{title} ({FILES});;{self.tr('All files')} (*)")
        if path:
            self.read(Path(path))

    def _done(self, found: Recognised) -> None:
        self.result.show_lines(recognised_lines(found))
        self.recognised.emit(found)

    def _failed(self, problem: Problem) -> None:
        self.result.show_lines([problem_line("", problem)])


def recognised_lines(found: Recognised) -> list[CheckLine]:
    """What the file brought, by the settings' labels; keys are counted among them, and not shown."""
    lines = []
    if found.texts:
        named = ", ".join(dict.fromkeys(_described(name) for name in found.texts))
        template = translate("ImportPanel", "Recognised in {file}: {settings}.")
        hint = (
            translate("ImportPanel", "The keys go into the keyring at the end; then you can delete the file.")
            if found.secret_names
            else ""
        )
        lines.append(CheckLine(found.name, True, template.format(file=found.name, settings=named), hint))
    if found.categories is not None:
        lines.append(CheckLine(found.name, True, translate("ImportPanel", "Label categories recognised.")))
    lines += [CheckLine(p.title, False, f"{title_text(p)}. {message_text(p)}", hint_text(p)) for p in found.problems]
    if found.unknown:
        template = translate("ImportPanel", "Not needed here: {names}.")
        lines.append(CheckLine(found.name, True, template.format(names=", ".join(found.unknown))))
    return lines


def _described(name: str) -> str:
    service = name.split("_", maxsplit=1)[0].capitalize()
    known = {"Teamwork": "Teamwork", "Missive": "Missive", "Airtable": "Airtable", "Pg": "PostgreSQL"}
    label = label_of(name)
    return f"{known[service]}: {label}" if service in known and known[service] not in label else label
