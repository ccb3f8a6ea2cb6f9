"""Force backfill: what it costs before, how far it is, what it did, and that it can be cancelled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QDate, Qt
from pytestqt.qtbot import QtBot

from tests.ui.conftest import WAIT
from tests.ui.setup_support import full_office
from tests.ui.shell_support import state_is
from tray_connector.config.clock import Clock
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.backfill_dialog import BackfillDialog
from tray_connector.ui.host import EngineHost

TASKS = "/projects/api/v3/tasks.json"


@pytest.fixture
def office(clock: Clock) -> Iterator[SandboxOffice]:
    with full_office(clock) as running:
        yield running


@pytest.fixture
def dialog(host: EngineHost, qtbot: QtBot) -> BackfillDialog:
    """Over an office that is in step."""
    qtbot.waitUntil(state_is(host, "in step"), timeout=WAIT)
    dialog = BackfillDialog(host)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def test_it_says_what_it_costs_for_each_choice(dialog: BackfillDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "Calls, at least: Teamwork" in dialog.message.text(), timeout=WAIT)
    dialog.everything.click()
    dialog.source.setCurrentIndex(dialog.source.findData("teamwork"))
    qtbot.waitUntil(lambda: dialog.message.text().startswith("Known so far: 30 task"), timeout=WAIT)
    assert "Missive" not in dialog.message.text()
    assert not dialog.day.isEnabled()
    assert dialog.wish().day is None
    dialog.since.click()
    dialog.day.setDate(QDate.currentDate())
    assert dialog.wish().day == QDate.currentDate()


def test_it_reports_what_was_done(dialog: BackfillDialog, qtbot: QtBot) -> None:
    dialog.everything.click()
    dialog.begin.click()
    assert dialog.is_running
    assert not dialog.source.isEnabled()
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=WAIT)
    assert dialog.message.text().splitlines()[0] == "Teamwork: 30 read, 0 written, 30 unchanged"
    assert dialog.mark.state == "good"


def test_everything_is_written_again_when_asked(dialog: BackfillDialog, qtbot: QtBot) -> None:
    dialog.everything.click()
    dialog.rewrite.click()
    dialog.source.setCurrentIndex(dialog.source.findData("teamwork"))
    dialog.begin.click()
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=WAIT)
    assert "30 written" in dialog.message.text()


def test_it_can_be_cancelled_and_begun_again(dialog: BackfillDialog, office: SandboxOffice, qtbot: QtBot) -> None:
    faults = office.teamwork_server.faults
    rule = faults.silence(When(TASKS, times=None))
    dialog.begin.click()
    qtbot.waitUntil(lambda: rule.struck > 0, timeout=WAIT)
    dialog.cancel.click()
    assert not dialog.cancel.isEnabled()
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=WAIT)
    assert dialog.message.text().startswith("Cancelled.")
    assert dialog.begin.isEnabled()
    faults.clear()


def test_closed_while_it_runs_it_is_only_hidden(dialog: BackfillDialog, office: SandboxOffice, qtbot: QtBot) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    faults = office.teamwork_server.faults
    rule = faults.silence(When(TASKS, times=None))
    dialog.begin.click()
    qtbot.waitUntil(lambda: rule.struck > 0, timeout=WAIT)
    dialog.close()
    assert not dialog.isVisible()
    assert dialog.is_running
    dialog.show()
    dialog.cancel.click()
    qtbot.waitUntil(lambda: not dialog.is_running, timeout=WAIT)
    faults.clear()
