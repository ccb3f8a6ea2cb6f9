"""Help: the documents that come with the program."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QUrl
from pytestqt.qtbot import QtBot

from tests.ui.conftest import WAIT
from tray_connector.config.documents import folders, read_document
from tray_connector.model.errors import ConfigError
from tray_connector.ui.help_window import HelpWindow
from tray_connector.ui.host import EngineHost

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def window(host: EngineHost, qtbot: QtBot) -> HelpWindow:
    made = HelpWindow(host)
    qtbot.addWidget(made)
    qtbot.waitUntil(lambda: "Setting up" in made.browser.toPlainText(), timeout=WAIT)
    return made


def test_it_begins_with_setting_up_and_follows_links(window: HelpWindow, qtbot: QtBot) -> None:
    window.browser.anchorClicked.emit(QUrl("label-categories.md"))
    qtbot.waitUntil(lambda: "Setting up" not in window.browser.toPlainText(), timeout=WAIT)
    assert "R_*" in window.browser.toPlainText()


def test_a_page_that_is_not_there_is_said(window: HelpWindow, qtbot: QtBot) -> None:
    window.show_page("no-such-page")
    qtbot.waitUntil(lambda: "This page is not installed" in window.browser.toPlainText(), timeout=WAIT)


@pytest.mark.parametrize("name", ["setup", "label-categories"])
def test_each_document_has_its_pictures_in_both_languages(name: str) -> None:
    assert DOCS in folders()
    texts = {read_document(name, language).text for language in ("en", "de")}
    assert len(texts) == 2
    for language in ("en", "de"):
        document = read_document(name, language)
        assert document.text.count("](images/") == len(document.pictures)
    with pytest.raises(ConfigError, match="is in none of"):
        read_document("no-such-page")
