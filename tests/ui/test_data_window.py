"""The window into what is stored: read, searched, filtered, exported."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QLocale, QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.connector import sandbox
from tests.support.postgres import Database
from tests.ui.conftest import WAIT, MakeHost
from tray_connector.config.clock import Clock
from tray_connector.config.paths import Paths
from tray_connector.destinations.browse import PAGE
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.data_export_bar import delimiter_of
from tray_connector.ui.data_window import DataWindow
from tray_connector.ui.host import EngineHost

PLAIN = 5
"""Tasks of the small office besides the two peculiar ones."""
MARKUP = "<b>Angebot</b> & Prüfung"
FORMULA = '=HYPERLINK("http://example.com")'


@pytest.fixture
def office(clock: Clock) -> Iterator[SandboxOffice]:
    made = Office.generate(clock=clock, tasks=0, deleted=0)
    made.create_list("Allgemein", made.create_project("Büro").id)
    for number in range(PLAIN):
        made.create_task(f"Aufgabe {number}", tags=["R_101"] if number == 3 else [])
    made.create_task(MARKUP, description="<img src='http://example.com/x.png'> Ziegel bestellen", tags=["R_102"])
    made.create_task(FORMULA)
    with sandbox(clock, office=made) as running:
        yield running


@pytest.fixture
def window(make_host: MakeHost, office: SandboxOffice, tmp_path: Path, qtbot: QtBot) -> DataWindow:
    """Over SQLite, with the category ``Räume``."""
    return open_window(make_host(office.environment(), home=with_rooms(tmp_path / "home")), qtbot)


def with_rooms(home: Path) -> Path:
    paths = Paths(home)
    paths.create()
    paths.categories_file.write_text(json.dumps({"Räume": "R_*"}), encoding="utf-8")
    return home


def open_window(host: EngineHost, qtbot: QtBot, tasks: int = PLAIN + 2) -> DataWindow:
    host.start()
    qtbot.waitUntil(lambda: host.status is not None and host.status.stored.get("tasks", 0) >= tasks, timeout=WAIT)
    made = DataWindow(host)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.model.count() > 0 and made.export.button.isEnabled(), timeout=WAIT)
    return made


def open_at_once(host: EngineHost, qtbot: QtBot) -> DataWindow:
    """Whatever there is to be shown."""
    with qtbot.waitSignal(host.ready, timeout=WAIT):
        host.start()
    made = DataWindow(host)
    qtbot.addWidget(made)
    made.show()
    return made


def names(window: DataWindow) -> list[str]:
    """What the first column shows."""
    model = window.model
    return [str(model.data(model.index(row, 0))) for row in range(model.count())]


def search(window: DataWindow, words: str) -> None:
    window.filter.search.setText(words)
    QTest.keyClick(window.filter.search, Qt.Key.Key_Return)


def wait_for_rows(window: DataWindow, count: int, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.model.count() == count, timeout=WAIT)


def choose(window: DataWindow, name: str, qtbot: QtBot) -> None:
    window.table.selectRow(names(window).index(name))
    qtbot.waitUntil(lambda: window.details.toPlainText().startswith(name), timeout=WAIT)


def test_records_are_searched_filtered_and_read_as_plain_text(window: DataWindow, qtbot: QtBot) -> None:
    assert window.status.text() == f"{PLAIN + 2} task(s)"
    search(window, "prufung angebot")
    qtbot.waitUntil(lambda: names(window) == [MARKUP], timeout=WAIT)
    choose(window, MARKUP, qtbot)
    text = window.details.toPlainText()
    assert "R_102" in text
    assert "Räume" in text
    assert "Ziegel bestellen" in text
    window.copy.click()
    assert MARKUP in QGuiApplication.clipboard().text()
    search(window, "ziegel")
    qtbot.waitUntil(window.message.isVisible, timeout=WAIT)
    qtbot.waitUntil(lambda: window.details.toPlainText() == "", timeout=WAIT)
    window.filter.in_texts.click()
    qtbot.waitUntil(lambda: names(window) == [MARKUP] and window.table.isVisible(), timeout=WAIT)
    window.filter.clear()
    window.filter.category.setCurrentText("Räume")
    qtbot.waitUntil(lambda: set(names(window)) == {MARKUP, "Aufgabe 3"}, timeout=WAIT)
    window.filter.label.setCurrentText("R_101")
    qtbot.waitUntil(lambda: names(window) == ["Aufgabe 3"], timeout=WAIT)
    window.filter.category.setCurrentText("In no category")
    qtbot.waitUntil(lambda: window.model.count() == PLAIN, timeout=WAIT)
    window.show_page("emails")
    qtbot.waitUntil(window.message.isVisible, timeout=WAIT)


def test_a_click_on_a_title_puts_rows_in_order(window: DataWindow, qtbot: QtBot) -> None:
    header = window.table.horizontalHeader()
    place = header.rect().center()
    place.setX(header.sectionPosition(0) + 5)
    everything = sorted(names(window), key=str.casefold)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: names(window) == everything, timeout=WAIT)
    QTest.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: names(window) == everything[::-1], timeout=WAIT)
    assert header.sortIndicatorOrder() is Qt.SortOrder.DescendingOrder


def test_what_is_stored_meanwhile_appears_by_itself(window: DataWindow, office: SandboxOffice, qtbot: QtBot) -> None:
    window.rest.setInterval(50)
    choose(window, "Aufgabe 2", qtbot)
    office.office.create_task("Eben erst")
    qtbot.waitUntil(lambda: "Eben erst" in names(window), timeout=WAIT)
    assert names(window)[window.table.selected()[0]] == "Aufgabe 2"
    qtbot.waitUntil(lambda: window.status.text() == f"{PLAIN + 3} task(s)", timeout=WAIT)


def test_an_export_holds_what_is_shown_and_no_formula(window: DataWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.filter.category.setCurrentText("In no category")
    qtbot.waitUntil(lambda: window.status.text() == f"{PLAIN} task(s) found", timeout=WAIT)
    path = tmp_path / "Aufgaben.csv"
    window.export.begin(path)
    qtbot.waitUntil(lambda: window.notice.code == "exported", timeout=WAIT)
    assert f"{PLAIN} task(s) exported" in window.notice.words.text()
    assert "apostrophe" in window.notice.words.text()
    assert path.read_bytes().startswith(b"\xef\xbb\xbftask_id")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=delimiter_of(QLocale())))
    assert [row["name"].removeprefix("'") for row in rows] == names(window)
    assert f"'{FORMULA}" in {row["name"] for row in rows}
    assert rows[0]["Räume"] == ""
    assert delimiter_of(QLocale("de_DE")) == ";"
    assert delimiter_of(QLocale("en_US")) == ","


def test_a_cancelled_or_impossible_export_leaves_no_file(window: DataWindow, qtbot: QtBot, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    window.export.begin(folder / "a.csv")
    window.export.cancel.click()
    qtbot.waitUntil(window.export.button.isVisible, timeout=WAIT)
    assert window.notice.code == ""
    assert list(folder.iterdir()) == []
    window.export.begin(tmp_path / "no folder" / "a.csv")
    qtbot.waitUntil(lambda: window.notice.code == "export", timeout=WAIT)
    assert "The file cannot be written" in window.notice.words.text()


class Browser(QObject):
    """The user's, as far as we can tell."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toString())


@pytest.fixture
def browser() -> Iterator[Browser]:
    made = Browser()
    for scheme in ("http", "https"):
        QDesktopServices.setUrlHandler(scheme, made, cast("bytes", "open"))  # what it says of its types is wrong
    yield made
    for scheme in ("http", "https"):
        QDesktopServices.unsetUrlHandler(scheme)


def test_only_secure_addresses_are_opened(window: DataWindow, qtbot: QtBot, browser: Browser) -> None:
    choose(window, "Aufgabe 1", qtbot)
    row = window.table.selected()[0]
    assert (window.model.rows[row].record.url or "").startswith("http://127.0.0.1")
    assert not window.open.isEnabled()
    QTest.keyClick(window.table, Qt.Key.Key_Return)
    assert browser.opened == []


def test_a_long_list_is_read_as_far_as_one_scrolls(
    make_host: MakeHost, clock: Clock, tmp_path: Path, qtbot: QtBot, browser: Browser
) -> None:
    count = 2 * PAGE + 20
    office = Office.generate(clock=clock, tasks=count, deleted=0)
    with sandbox(clock, office=office, mailbox=Mailbox.office(clock=clock)) as busy:
        host = make_host(busy.environment(), home=tmp_path / "busy")
        window = open_window(host, qtbot, tasks=count)
        assert window.model.count() == PAGE
        qtbot.waitUntil(lambda: window.status.text() == f"{count} task(s)", timeout=WAIT)
        for loaded in (2 * PAGE, count):
            window.table.scrollToBottom()
            wait_for_rows(window, loaded, qtbot)
        assert len(set(window.model.keys())) == count
        window.show_page("emails")
        qtbot.waitUntil(lambda: window.model.table == "emails" and window.model.count() > 0, timeout=WAIT)
        choose(window, names(window)[4], qtbot)
        assert "Received" in window.details.toPlainText()
        window.open.click()
        assert browser.opened == [window.model.rows[window.table.selected()[0]].record.url]
        assert host.shutdown()


def test_before_the_first_sync_and_after_a_mishap_it_says_what_is_the_matter(
    make_host: MakeHost, office: SandboxOffice, tmp_path: Path, qtbot: QtBot
) -> None:
    host = make_host({"SQLITE_PATH": str(tmp_path / "other.db")})
    window = open_at_once(host, qtbot)
    qtbot.waitUntil(lambda: window.message.title.text() == "No tasks are stored yet", timeout=WAIT)
    assert not window.export.button.isEnabled()
    (tmp_path / "other.db").write_bytes(b"This is a letter, not a database. " * 100)
    window.refresh.click()
    qtbot.waitUntil(lambda: window.notice.code == "data", timeout=WAIT)
    assert window.notice.first.text() == "Try again"
    assert "other.db" in window.notice.words.text()


def test_airtable_is_looked_at_in_the_browser(
    make_host: MakeHost, office: SandboxOffice, qtbot: QtBot, browser: Browser
) -> None:
    host = make_host(office.airtable_environment())
    window = open_at_once(host, qtbot)
    qtbot.waitUntil(lambda: window.message.step.text() == "Open Airtable", timeout=WAIT)
    assert window.message.isVisible()
    assert not window.filter.isEnabled()
    window.message.step.click()
    assert [address.partition("/app")[0] for address in browser.opened] == ["https://airtable.com"]
    assert host.shutdown()


def test_postgres_is_read_the_same_way(
    make_host: MakeHost, office: SandboxOffice, database: Database, tmp_path: Path, qtbot: QtBot
) -> None:
    settings = {**office.environment(), "DB_BACKEND": "postgres", "PG_DSN": database.dsn()}
    host = make_host(settings, home=with_rooms(tmp_path / "home"))
    window = open_window(host, qtbot)
    choose(window, MARKUP, qtbot)
    assert "Ziegel bestellen" in window.details.toPlainText()
    window.filter.category.setCurrentText("Räume")
    search(window, "PRÜFUNG")
    qtbot.waitUntil(lambda: names(window) == [MARKUP] and window.export.button.isEnabled(), timeout=WAIT)
    window.export.begin(tmp_path / "tasks.csv")
    qtbot.waitUntil(lambda: window.notice.code == "exported", timeout=WAIT)
    with (tmp_path / "tasks.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file, delimiter=delimiter_of(QLocale()))
    assert (row["name"], row["Räume"], row["tags"]) == (MARKUP, "R_102", "R_102")
    assert "Ziegel bestellen" in row["description"]
    assert host.shutdown()
