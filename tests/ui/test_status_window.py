"""The status window over a real office: what it says, and what its buttons do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from tests.support.log_guard import ExpectLog
from tests.ui.conftest import WAIT, MakeHost
from tray_connector.model.status import EngineStatus
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.activity_view import CHANGE, SOURCE, TITLE, ActivityView
from tray_connector.ui.host import EngineHost
from tray_connector.ui.queue_questions import Question
from tray_connector.ui.status_window import StatusWindow


def shown(host: EngineHost, qtbot: QtBot) -> StatusWindow:
    window = StatusWindow(host)
    qtbot.addWidget(window)
    window.show()
    return window


def titles(view: ActivityView) -> list[str]:
    model = view.model
    return [str(model.index(row, TITLE).data()) for row in range(model.rowCount())]


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=WAIT)


def test_a_glance_tells_everything(host: EngineHost, office: SandboxOffice, qtbot: QtBot) -> None:
    window = shown(host, qtbot)
    office.office.create_task("Fenster streichen")
    office.office.create_task("<b>Dach</b> & Keller")
    until(qtbot, lambda: len(titles(window.activity)) == 2)
    until(qtbot, lambda: window.headline.text.text().startswith("In step, checked"))
    until(qtbot, lambda: "Next check" in window.headline.more.text())
    cards = window.cards.cards
    until(qtbot, lambda: cards["teamwork"].main.text().startswith("2 task"))
    assert cards["teamwork"].mark.state == "good"
    assert cards["teamwork"].checked.text().startswith("checked")
    assert cards["destination"].title.text() == "SQLite"
    assert cards["webhooks"].main.text() == "off"
    assert "2 task" in cards["teamwork"].accessibleDescription()
    assert sum(bar.total for bar in window.throughput.plot.bars) == 2
    assert not window.demo.isVisible()
    assert not window.notices.isVisible()
    assert sorted(titles(window.activity)) == ["<b>Dach</b> & Keller", "Fenster streichen"]
    assert window.activity.model.index(0, CHANGE).data() == "new"
    assert window.activity.model.index(0, SOURCE).data() == "Teamwork"

    QTest.keyClicks(window.search, "fenster teamwork")
    until(qtbot, lambda: titles(window.activity) == ["Fenster streichen"])
    QTest.keyClicks(window.search, " nowhere")
    until(qtbot, window.activity.nothing.isVisible)
    QTest.keyClick(window.search, Qt.Key.Key_Escape)
    until(qtbot, lambda: len(titles(window.activity)) == 2)
    assert window.isVisible()

    window.show_page("numbers")
    assert not window.search.isVisible()
    assert window.calls.lines[0][1].text().startswith("at least ")
    window.show_page("queue")
    assert window.queue.nothing.isVisible()
    assert window.queue.nothing.text() == "Nothing is waiting."
    assert not window.queue.retry_all.isVisible()
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isVisible()


def test_pause_and_resume_with_one_click(host: EngineHost, qtbot: QtBot) -> None:
    window = shown(host, qtbot)
    until(qtbot, window.headline.sync.isEnabled)
    menu = window.headline.pause.menu()
    assert menu is not None
    menu.actions()[-1].trigger()
    until(qtbot, lambda: window.headline.text.text() == "Paused until you resume")
    assert window.headline.resume.isVisible()
    assert not window.headline.sync.isEnabled()
    QTest.mouseClick(window.headline.resume, Qt.MouseButton.LeftButton)
    until(qtbot, lambda: window.headline.text.text().startswith("In step"))
    assert not window.headline.resume.isVisible()


def test_a_refused_key_stands_on_its_card_with_the_next_step(
    host: EngineHost, office: SandboxOffice, qtbot: QtBot, expect_log: ExpectLog
) -> None:
    window = shown(host, qtbot)
    wanted: list[str] = []
    host.show_requested.connect(wanted.append)
    office.teamwork.api_key = "another"
    card = window.cards.cards["teamwork"]
    until(qtbot, card.step.isVisible)
    assert (card.mark.state, card.problem.text()) == ("stopped", "Teamwork refuses the key")
    assert window.cards.cards["missive"].mark.state == "good"
    assert window.headline.text.text() == "Stopped: Teamwork refuses the key"
    QTest.mouseClick(card.step, Qt.MouseButton.LeftButton)
    assert wanted == ["settings/teamwork"]
    expect_log("Teamwork refuses the key")


def test_what_vanished_at_once_waits_for_the_users_word(
    host: EngineHost, office: SandboxOffice, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    window = shown(host, qtbot)
    tasks = [office.office.create_task(f"Aufgabe {number}") for number in range(30)]
    until(qtbot, lambda: status(host).stored.get("tasks") == 30)
    for task in tasks[:25]:
        office.office.delete_task(task.id)
    host.submit(lambda session, stop: session.engine.reconcile(stop))
    until(qtbot, lambda: "removals" in window.notices.lines)
    line = window.notices.lines["removals"]
    assert line.title.text().startswith("25 record")
    line.step.click()
    question = window.findChild(Question)
    assert question is not None
    assert "Their rows stay in your database" in question.informativeText()
    assert question.defaultButton() is not question.agree
    question.agree.click()
    until(qtbot, lambda: not status(host).held)
    until(qtbot, lambda: "removals" not in window.notices.lines)
    caplog.clear()  # whether a poll had come upon it, and told it, as well


def status(host: EngineHost) -> EngineStatus:
    assert host.status is not None
    return host.status


def test_hidden_it_asks_for_nothing(host: EngineHost, qtbot: QtBot) -> None:
    window = shown(host, qtbot)
    until(qtbot, lambda: window.details is not None)
    window.close()
    until(qtbot, lambda: not host._jobs)
    jobs: list[int] = []
    host.status_changed.connect(lambda _: jobs.append(len(host._jobs)))
    until(qtbot, lambda: len(jobs) == 2)
    assert jobs == [0, 0]


def test_the_demo_says_that_it_is_one(make_host: MakeHost, office: SandboxOffice, qtbot: QtBot) -> None:
    host = make_host(office.environment())
    host.demo = True
    window = shown(host, qtbot)
    assert window.demo.isVisible()
    with qtbot.waitSignal(host.show_requested) as asked:
        QTest.mouseClick(window.demo.connect_button, Qt.MouseButton.LeftButton)
    assert asked.args == ["connect"]


def test_everything_can_be_named_and_reached_with_the_keyboard(host: EngineHost, qtbot: QtBot) -> None:
    window = shown(host, qtbot)
    for name in ("activity", "queue", "log", "numbers"):
        window.show_page(name)
        for button in window.findChildren(QPushButton):
            if button.isVisible():
                assert button.accessibleName() or button.text()
                assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
                assert button.height() >= 28
    for table in (window.activity.table, window.queue.table, window.log.table, window.tabs, window.throughput.plot):
        assert table.accessibleName()
    assert window.childAt(QPoint(20, 20)) is not None
