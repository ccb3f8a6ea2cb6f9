"""The label categories: edited beside the labels in use, saved, applied, never lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from tests.support.connector import sandbox
from tests.support.log_guard import ExpectLog
from tests.ui.conftest import WAIT, MakeHost
from tray_connector.config.clock import Clock
from tray_connector.config.paths import Paths
from tray_connector.destinations.browse import Question
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.categories_window import OUTSIDE, CategoriesWindow
from tray_connector.ui.data_work import sql_browser
from tray_connector.ui.host import EngineHost
from tray_connector.ui.label_view import CATEGORIES, LABEL, Which

CATEGORIES_BEFORE = {"Räume": "R_*", "Gebäude": ["Building_?", "Haus *"]}
TAGS = ("Building_A", "dringend", "R_101", "R_102")


@pytest.fixture
def office(clock: Clock) -> Iterator[SandboxOffice]:
    """Four tasks: each has one of `TAGS`, and all but the first ``dringend`` too."""
    made = Office.generate(clock=clock, tasks=0, deleted=0)
    made.create_list("Allgemein", made.create_project("Büro").id)
    for tag in TAGS:
        made.create_task(f"Aufgabe {tag}", tags=list(dict.fromkeys((tag, "dringend") if tag != TAGS[0] else (tag,))))
    with sandbox(clock, office=made) as running:
        yield running


@pytest.fixture
def host(make_host: MakeHost, office: SandboxOffice, tmp_path: Path, qtbot: QtBot) -> EngineHost:
    """In step, with `CATEGORIES_BEFORE`."""
    home = tmp_path / "home"
    Paths(home).create()
    write(Paths(home).categories_file, CATEGORIES_BEFORE)
    made = make_host(office.environment(), home=home)
    made.start()
    qtbot.waitUntil(lambda: made.status is not None and made.status.stored.get("tasks") == len(TAGS), timeout=WAIT)
    return made


@pytest.fixture
def window(host: EngineHost, qtbot: QtBot) -> CategoriesWindow:
    made = CategoriesWindow(host)
    qtbot.addWidget(made, before_close_func=lambda _: made._revert())
    made.show()
    qtbot.waitUntil(lambda: bool(made.labels.model.labels and made.model.draft), timeout=WAIT)
    return made


def write(path: Path, categories: object) -> None:
    path.write_text(json.dumps(categories, ensure_ascii=False), encoding="utf-8")


def stored(window: CategoriesWindow) -> dict[str, object]:
    found: dict[str, object] = json.loads(file_of(window).read_text(encoding="utf-8"))
    return found


def file_of(window: CategoriesWindow) -> Path:
    return window._host.environment.paths.categories_file


def shown(window: CategoriesWindow, which: Which) -> list[str]:
    """The labels under a filter."""
    window.labels.which.setCurrentIndex(list(Which).index(which))
    model = window.labels.model
    return [str(model.data(model.index(row, LABEL))) for row in range(model.rowCount())]


def press(window: CategoriesWindow, words: str) -> None:
    """Answer the question that is asked."""
    box = window.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    next(button for button in box.buttons() if button.text().replace("&", "") == words).click()


def save(window: CategoriesWindow, qtbot: QtBot) -> None:
    window.save_button.click()
    qtbot.waitUntil(lambda: not window.unsaved, timeout=WAIT)


def test_labels_in_use_are_matched_while_one_types(window: CategoriesWindow) -> None:
    window.list.choose(1)
    assert shown(window, Which.CHOSEN) == ["Building_A"]
    assert shown(window, Which.NONE) == ["dringend"]
    assert shown(window, Which.SEVERAL) == []
    editor = window.form.patterns
    editor.add(["R_101"])
    assert shown(window, Which.SEVERAL) == ["R_101"]
    model = window.labels.model
    assert model.data(model.index(0, CATEGORIES)) == "Räume, Gebäude"
    assert editor.line_text() == "Matches 1 label(s) in use, 1 of them also in another category"
    editor.add(["R_1*"])
    assert [(use.count, use.covered) for use in editor._uses] == [(1, False), (0, False), (1, True), (2, False)]
    assert shown(window, Which.CHOSEN) == ["Building_A", "R_101", "R_102"]
    assert window.model.data(window.model.index(1, 1)) == "3"
    window.labels.search.setText("r_ 2")
    assert shown(window, Which.ALL) == ["R_102"]


def test_a_wrong_name_is_told_at_once_and_cannot_be_saved(window: CategoriesWindow, qtbot: QtBot) -> None:
    window.list.choose(0)
    window.form.name.selectAll()
    QTest.keyClicks(window.form.name, "Status")
    assert "column of this name" in window.form.problem.text()
    assert not window.save_button.isEnabled()
    QTest.keyClicks(window.form.name, " neu")
    assert window.form.problem.text() == ""
    save(window, qtbot)
    assert list(stored(window)) == ["Status neu", "Gebäude"]


def test_what_is_saved_is_applied_to_stored_records_when_asked(window: CategoriesWindow, qtbot: QtBot) -> None:
    window.list.choose(1)
    window.form.patterns.add(["dringend"])
    assert not window.apply.apply.isEnabled()
    save(window, qtbot)
    qtbot.waitUntil(window.apply.apply.isEnabled, timeout=WAIT)
    assert "4" in window.apply.words.text()
    assert window.apply.mark.state == "attention"
    window.apply.begin()
    window.apply.cancel.click()
    qtbot.waitUntil(lambda: not window.apply.running, timeout=WAIT)
    assert "Cancelled" in window.apply.words.text()
    window.apply.apply.click()
    press(window, "Apply")
    qtbot.waitUntil(lambda: window.apply.words.text().startswith("Applied"), timeout=WAIT)
    counts: list[int] = []
    question = Question("tasks", category="Gebäude")
    window._host.submit(lambda session, stop: sql_browser(session.settings).count(question, stop), counts.append)
    qtbot.waitUntil(lambda: counts == [4], timeout=WAIT)
    qtbot.waitUntil(lambda: window.apply.mark.state == "good", timeout=WAIT)


def test_unsaved_work_is_never_lost_silently(window: CategoriesWindow, qtbot: QtBot) -> None:
    window.list.remove.click()
    assert "stay" in window.notice.words.text()
    assert not window.close()
    assert window.isVisible()
    assert not window.close()
    assert len(window.findChildren(QMessageBox)) == 1
    press(window, "Cancel")
    assert window.unsaved
    window.notice.first.click()
    assert [one.name for one in window.model.draft] == list(stored(window))
    window.form.patterns.add(["Neubau"])
    window.close()
    press(window, "Save")
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)
    assert stored(window)["Räume"] == ["R_*", "Neubau"]


def test_what_others_write_is_noticed_and_not_replaced_unasked(window: CategoriesWindow, qtbot: QtBot) -> None:
    write(file_of(window), {"Räume": "R_*", "Von außen": "X_*"})
    window._look_outside()
    qtbot.waitUntil(lambda: [one.name for one in window.model.draft] == ["Räume", "Von außen"], timeout=WAIT)
    window.form.patterns.add(["Mein Muster"])
    write(file_of(window), {"Anderes": "Y_*"})
    window.save_button.click()
    qtbot.waitUntil(lambda: window.notice.code == OUTSIDE, timeout=WAIT)
    assert list(stored(window)) == ["Anderes"]
    assert window.unsaved
    window.notice.second.click()
    qtbot.waitUntil(lambda: not window.unsaved, timeout=WAIT)
    assert stored(window)["Räume"] == ["R_*", "Mein Muster"]


def test_a_broken_file_is_shown_by_its_place_and_set_aside_by_saving(
    window: CategoriesWindow, qtbot: QtBot, expect_log: ExpectLog
) -> None:
    path = file_of(window)
    path.write_text('{"Räume": ', encoding="utf-8")
    window._look_outside()
    qtbot.waitUntil(lambda: window.notice.code == "broken", timeout=WAIT)
    assert "Line 1" in window.notice.words.text()
    assert [one.name for one in window.model.draft] == ["Räume", "Gebäude"]
    window.save_button.click()
    qtbot.waitUntil(lambda: window.notice.code == "", timeout=WAIT)
    assert list(stored(window)) == ["Räume", "Gebäude"]
    assert [aside.read_text(encoding="utf-8") for aside in path.parent.glob("*.damaged-*")] == ['{"Räume": ']
    expect_log("label categories")


def test_an_older_connectors_file_is_dropped_in_and_a_copy_written(
    window: CategoriesWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    old = tmp_path / "label_categories.json"
    write(old, {"Kunden": ["Kunde1", "Kunde2"], "Räume": "Raum *"})
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(old))])
    no_keys = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    window.dropEvent(QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, *no_keys))
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is not None, timeout=WAIT)
    press(window, "Add to mine")
    assert {one.name: one.patterns for one in window.model.draft} == {
        "Räume": ("R_*", "Raum *"),
        "Gebäude": ("Building_?", "Haus *"),
        "Kunden": ("Kunde1", "Kunde2"),
    }
    assert list(stored(window)) == ["Räume", "Gebäude"]
    copy = tmp_path / "copy.json"
    window.export_file(copy)
    qtbot.waitUntil(lambda: window.notice.code == "exported", timeout=WAIT)
    assert list(json.loads(copy.read_text(encoding="utf-8"))) == ["Räume", "Gebäude", "Kunden"]


def test_the_first_category_is_made_with_the_keyboard_and_a_label(window: CategoriesWindow, qtbot: QtBot) -> None:
    for _ in range(2):
        window.list.remove.click()
    assert window.form.empty.isVisible()
    window.form.first.click()
    assert window.form.problem.text() == "Give the category a name."
    QTest.keyClicks(window.form.name, "Eilig")
    window.labels.table.selectRow(1)
    window.labels.add.click()
    save(window, qtbot)
    assert stored(window) == {"Eilig": ["dringend"]}
