"""The queue: what waits and why, what can be done about it, and that it stays quick."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.support.clock import START, FakeClock
from tests.support.events import REFUSED, task_event
from tests.ui.conftest import WAIT, MakeHost
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.config.paths import Paths
from tray_connector.model.status import QueueState
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.pause import Pause, write_pause
from tray_connector.sync.session import Session
from tray_connector.ui import commands
from tray_connector.ui.host import EngineHost
from tray_connector.ui.queue_model import PAGE, QueueModel
from tray_connector.ui.queue_questions import Question
from tray_connector.ui.queue_rows import Key, QueuePage, QueueRow
from tray_connector.ui.queue_view import QueueView
from tray_connector.ui.rows_table import RowsTable

TITLES = {"8": "Angebot <b>Dach</b>", "9": "Statik"}


@pytest.fixture
def waiting(make_host: MakeHost, office: SandboxOffice, qtbot: QtBot, tmp_path: Path) -> EngineHost:
    """Two tasks that were refused wait for an hour, while everything is paused; a third file is no event."""
    paths = Paths(tmp_path / "home")
    paths.create()
    ledger = Ledger(paths.ledger, SystemClock())
    write_pause(ledger, Pause(open_ended=True))
    ledger.close()
    host = make_host(office.environment())
    host.start()

    def work(session: Session, _: Stop) -> bool:
        spool, now = session.engine.spool, session.clock.now()
        spool.put([task_event(key, title) for key, title in TITLES.items()])
        for lease in spool.take("teamwork", 9, now):
            spool.fail(lease, REFUSED, now + timedelta(hours=1))
        (paths.spool / "unreadable" / "nonsense.evt").write_text("?")
        return True

    done: list[bool] = []
    host.submit(work, done.append)
    qtbot.waitUntil(lambda: done == [True], timeout=WAIT)
    return host


@pytest.fixture
def view(waiting: EngineHost, qtbot: QtBot) -> QueueView:
    view = QueueView(waiting)
    qtbot.addWidget(view)
    view.resize(900, 400)
    waiting.status_changed.connect(lambda status: view.show_queue(status.queue, None))
    view.show()
    qtbot.waitUntil(lambda: titles(view) == sorted(TITLES.values()), timeout=WAIT)
    return view


def titles(view: QueueView) -> list[str]:
    return sorted(str(view.model.index(row, 0).data()) for row in range(view.model.rowCount()))


def next_try(view: QueueView, row: int) -> str:
    return str(view.model.index(row, 4).data())


def choose(view: QueueView, title: str) -> None:
    rows = [row for row in range(view.model.rowCount()) if view.model.index(row, 0).data() == title]
    view.table.selectRow(rows[0])


def test_the_reason_stands_below_and_a_retry_ends_it(view: QueueView, waiting: EngineHost, qtbot: QtBot) -> None:
    choose(view, "Statik")
    told = view.explanation.toPlainText()
    assert told.splitlines() == [
        "Statik (Teamwork, task 9)",
        "The destination refuses the record. too long.",
        "Shorten it.",
    ]
    assert view.model.index(0, 3).data() == "1"
    assert next_try(view, 0).startswith("in ")
    assert not view.open.isEnabled()  # the sandbox is no https site
    QTest.mouseClick(view.retry, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [next_try(view, row) for row in range(2)].count("now") == 1, timeout=WAIT)
    QTest.mouseClick(view.retry_all, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [next_try(view, row) for row in range(2)].count("now") == 2, timeout=WAIT)
    commands.resume(waiting)
    qtbot.waitUntil(view.nothing.isVisible, timeout=WAIT)
    assert waiting.status is not None
    assert waiting.status.stored["tasks"] == 2


def test_discarding_asks_and_says_what_stays(view: QueueView, qtbot: QtBot) -> None:
    choose(view, "Statik")
    view.activateWindow()
    view.table.setFocus()
    QTest.keyClick(view.table, Qt.Key.Key_Delete)
    question = view.findChild(Question)
    assert question is not None
    assert question.text().startswith("Discard 1 event")
    assert question.informativeText() == "The task stays in Teamwork and comes again when it changes."
    QTest.keyClick(question, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: view.findChild(Question) is None, timeout=WAIT)
    assert len(titles(view)) == 2
    view.discard.click()
    again = view.findChild(Question)
    assert again is not None
    again.agree.click()
    qtbot.waitUntil(lambda: titles(view) == [TITLES["8"]], timeout=WAIT)


def test_details_can_be_copied(view: QueueView, qtbot: QtBot) -> None:
    QGuiApplication.clipboard().clear()
    view.table.selectAll()
    assert view.explanation.toPlainText().startswith("2 event")
    view.copy.click()
    qtbot.waitUntil(lambda: "too long" in QGuiApplication.clipboard().text(), timeout=WAIT)
    copied = QGuiApplication.clipboard().text()
    assert all(title in copied for title in TITLES.values())
    assert "[refused] The destination refuses the record" in copied


def test_files_that_nobody_can_read_are_told_and_deleted_when_asked(
    view: QueueView, waiting: EngineHost, qtbot: QtBot
) -> None:
    folder = waiting.environment.paths.spool / "unreadable"
    view.unreadable.show_count(1, folder)
    assert view.unreadable.isVisible()
    view.unreadable.delete.click()
    qtbot.waitUntil(lambda: view.findChild(Question) is not None, timeout=WAIT)
    question = view.findChild(Question)
    assert question is not None
    assert "nonsense.evt" in question.informativeText()
    question.agree.click()
    qtbot.waitUntil(lambda: not list(folder.iterdir()), timeout=WAIT)


class Reader:
    """Answers the model as workers do, and counts what it asks for."""

    def __init__(self, model: QueueModel) -> None:
        self.asked = 0
        self._model = model
        model.page_wanted.connect(self.read)

    def read(self, keys: Sequence[Key]) -> None:
        self.asked += len(keys)
        rows = [QueueRow(source, "task", key, f"Task {key}", START, 1, None, REFUSED, None) for source, key in keys]
        self._model.take_page(QueuePage(keys, rows))


def test_of_100_000_events_only_those_are_read_that_are_seen(qtbot: QtBot) -> None:
    model = QueueModel(FakeClock())
    reader = Reader(model)
    table = RowsTable(model, (30, 10, 18, 12, 13, 26), wide=0, name="Queue")
    qtbot.addWidget(table)
    table.keep_place(lambda: model.keys)
    table.resize(900, 400)
    table.show()
    keys: list[Key] = [("teamwork", str(number)) for number in range(100_000)]
    model.set_order(keys)
    qtbot.waitUntil(lambda: model.row_at(0) is not None, timeout=WAIT)
    assert reader.asked <= 2 * PAGE

    table.scrollToBottom()
    qtbot.waitUntil(lambda: model.row_at(99_999) is not None, timeout=WAIT)
    assert reader.asked <= 4 * PAGE
    assert model.index(99_999, 0).data() == "Task 99999"

    before = reader.asked
    table.selectAll()
    assert table.count() == 100_000
    table.selectRow(99_990)
    model.set_order(keys[1:])
    qtbot.waitUntil(lambda: reader.asked > before, timeout=WAIT)
    qtbot.wait(50)
    assert reader.asked <= before + 2 * PAGE
    assert table.selected() == [99_989]
    assert model.row_at(50_000) is None


def test_a_number_of_the_status_shows_before_the_rows_do(make_host: MakeHost, qtbot: QtBot) -> None:
    view = QueueView(make_host({}))
    qtbot.addWidget(view)
    view.show_queue(QueueState(waiting=3, retrying=2), None)
    assert view.summary.text().startswith("5 record")
    assert view.retry_all.isVisibleTo(view)
