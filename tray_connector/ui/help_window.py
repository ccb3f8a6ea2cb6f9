"""`HelpWindow`: the documents that come with the program."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QImage, QTextDocument
from PySide6.QtWidgets import QTextBrowser, QVBoxLayout, QWidget

from tray_connector.config.clock import Stop
from tray_connector.config.documents import Document, read_document
from tray_connector.model.errors import Problem
from tray_connector.ui.host import EngineHost
from tray_connector.ui.links import open_web_address
from tray_connector.ui.texts import problem_text
from tray_connector.ui.theme import MARGIN

FIRST = "setup"


class HelpWindow(QWidget):
    """Shows one document at a time; its links lead to another or to a page in the browser."""

    def __init__(self, host: EngineHost, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self.name = ""
        self.setWindowTitle(self.tr("Help"))
        self.browser = QTextBrowser()
        self.browser.setAccessibleName(self.tr("Help"))
        self.browser.setOpenLinks(False)
        self.browser.anchorClicked.connect(self._follow)
        self.browser.document().setDocumentMargin(MARGIN)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.browser)
        self.show_page(FIRST)

    def sizeHint(self) -> QSize:
        """Called by Qt: room for a picture of a window."""
        return QSize(900, 720)

    def show_page(self, name: str) -> None:
        """Show the document of this name."""
        if name == self.name:
            return
        self.name = name
        language = self.locale().name()[:2]

        def work(_: Stop, __: Callable[[object], None]) -> Document:
            return read_document(name, language)

        self._host.run(work, self._show, self._failed, owner=self)

    def _show(self, document: Document) -> None:
        self.browser.clear()
        page = self.browser.document()
        for name, data in document.pictures:
            page.addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), QImage.fromData(data))
        self.browser.setMarkdown(document.text)
        self.browser.setFocus(Qt.FocusReason.OtherFocusReason)

    def _failed(self, problem: Problem) -> None:
        self.browser.setPlainText(problem_text(problem))

    def _follow(self, address: QUrl) -> None:
        if address.isRelative() and address.path().endswith(".md"):
            self.show_page(address.path().removesuffix(".md"))
        else:
            open_web_address(address.toString())
