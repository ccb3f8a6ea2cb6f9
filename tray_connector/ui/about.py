"""About: version, data folder, licences."""

from __future__ import annotations

import platform

from PySide6.QtCore import QSize, Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from tray_connector import __version__
from tray_connector.ui.form_parts import TIGHT, Words, button
from tray_connector.ui.host import EngineHost
from tray_connector.ui.icons import app_icon
from tray_connector.ui.links import open_folder
from tray_connector.ui.theme import GAP, MARGIN

ICON = 64
WIDTH = 440


class AboutDialog(QDialog):
    """What one is asked for when one asks for help; "Copy" takes it along."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About Tray Connector"))
        home = host.environment.paths.home
        self.facts = "\n".join(
            (
                self.tr("Version {version}").format(version=__version__),
                f"Python {platform.python_version()}, Qt {qVersion()}, {platform.platform(terse=True)}",
                self.tr("Data folder: {folder}").format(folder=home),
            )
        )
        icon = QLabel()
        icon.setPixmap(app_icon().pixmap(QSize(ICON, ICON), self.devicePixelRatio()))
        words = QVBoxLayout()
        words.setSpacing(TIGHT)
        words.addWidget(Words("Tray Connector", role="headline"))
        words.addWidget(Words(self.tr("Keeps Teamwork and Missive in step with your own database.")))
        words.addSpacing(GAP)
        shown = Words(self.facts, role="small")
        shown.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        words.addWidget(shown)
        words.addWidget(Words(self.tr("MIT licence. Uses Qt under the LGPL, version 3."), role="small"))
        top = QHBoxLayout()
        top.setSpacing(GAP)
        top.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(words, 1)
        self.copy = button(self.tr("&Copy"))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.facts))
        self.folder = button(self.tr("Open data &folder"))
        self.folder.clicked.connect(lambda: open_folder(home))
        self.leave = button(self.tr("Close"))
        self.leave.setDefault(True)
        self.leave.clicked.connect(self.close)
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        buttons.addWidget(self.copy)
        buttons.addWidget(self.folder)
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addLayout(top)
        layout.addLayout(buttons)
        self.setMinimumWidth(WIDTH)
