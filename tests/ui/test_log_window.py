"""The log window: the newest lines, those that come, by level and words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.ui.conftest import WAIT, MakeHost
from tray_connector.ui.log_model import MESSAGE
from tray_connector.ui.log_window import LogWindow


def write(file: Path, level: str, *messages: str, error: str = "") -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        for message in messages:
            line = {"time": "2026-09-02T08:00:01.250Z", "level": level, "logger": "tray_connector.sync.poller"}
            stream.write(json.dumps({**line, "message": message, "error": error}) + "\n")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "home" / "logs" / "app.log"
    write(file, "DEBUG", "a detail")
    write(file, "INFO", "it began", "<b>not bold</b>")
    write(file, "ERROR", "it broke", error="Traceback: KeyError")
    return file


@pytest.fixture
def window(file: Path, make_host: MakeHost, qtbot: QtBot) -> LogWindow:
    """Without a running engine: then it is needed most."""
    window = LogWindow(make_host({}))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: len(messages(window)) == 3, timeout=WAIT)
    return window


def messages(window: LogWindow) -> list[str]:
    model = window.view.model
    return [str(model.index(row, MESSAGE).data()) for row in range(model.rowCount())]


def test_level_and_words_choose_lines(window: LogWindow, qtbot: QtBot) -> None:
    assert messages(window) == ["it began", "<b>not bold</b>", "it broke"]
    window.view.level.setCurrentIndex(0)
    assert len(messages(window)) == 4
    window.view.level.setCurrentIndex(2)
    assert messages(window) == ["it broke"]
    window.view.level.setCurrentIndex(0)
    QTest.keyClicks(window.search, "KEYerror poller")
    qtbot.waitUntil(lambda: messages(window) == ["it broke"], timeout=WAIT)
    QTest.keyClicks(window.search, "x")
    qtbot.waitUntil(window.view.nothing.isVisible, timeout=WAIT)


def test_the_chosen_line_shows_whole_and_can_be_copied(window: LogWindow) -> None:
    window.view.table.selectRow(2)
    whole = window.view.whole.toPlainText()
    assert whole == "2026-09-02T08:00:01Z ERROR tray_connector.sync.poller\nit broke\nTraceback: KeyError"
    QTest.keyClick(window.view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == whole


def test_new_lines_are_followed_until_somebody_reads_an_older_one(window: LogWindow, file: Path, qtbot: QtBot) -> None:
    view = window.view
    write(file, "INFO", *(f"line {number}" for number in range(100)))
    view.look()
    qtbot.waitUntil(lambda: len(messages(window)) == 103, timeout=WAIT)
    bar = view.table.verticalScrollBar()
    assert bar.value() == bar.maximum() > 0
    view.table.selectRow(50)
    assert not view.follow.isChecked()
    place = bar.value()
    write(file, "WARNING", "and one more")
    view.look()
    qtbot.waitUntil(lambda: len(messages(window)) == 104, timeout=WAIT)
    assert (bar.value(), view.table.selected()) == (place, [50])
    view.follow.click()
    assert bar.value() == bar.maximum()


def test_the_way_to_the_diagnostics(window: LogWindow, qtbot: QtBot) -> None:
    host = window.view._host
    with qtbot.waitSignal(host.show_requested) as asked:
        window.diagnostics.click()
    assert asked.args == ["diagnostics"]
