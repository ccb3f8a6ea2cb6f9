"""The setup assistant from the first page to the first sync, over real servers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from tests.ui.conftest import WAIT, MakeHost
from tests.ui.setup_support import (
    answer_scope,
    begin,
    connect,
    field,
    full_office,
    given,
    pass_test,
    press,
    see_preview,
    to_the_end,
    visible_text,
)
from tray_connector.config.clock import Clock
from tray_connector.config.credential_store import CredentialStore
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.preferences import read_preferences
from tray_connector.desktop.autostart import this_autostart
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.assistant.page import ConnectionPage
from tray_connector.ui.assistant.window import SetupAssistant
from tray_connector.ui.host import EngineHost


@pytest.fixture
def office(clock: Clock) -> Iterator[SandboxOffice]:
    with full_office(clock) as running:
        yield running


@pytest.fixture
def keyring() -> MemoryCredentials:
    return MemoryCredentials()


@pytest.fixture
def bare_host(make_host: MakeHost, office: SandboxOffice, keyring: MemoryCredentials, qtbot: QtBot) -> EngineHost:
    """A host in whose home nothing is set up."""
    host = make_host(given(office), credentials=CredentialStore(keyring))
    with qtbot.waitSignal(host.setup_needed, timeout=WAIT):
        host.start()
    return host


@pytest.fixture
def window(bare_host: EngineHost, qtbot: QtBot) -> SetupAssistant:
    made = SetupAssistant(bare_host)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made, before_close_func=lambda _: made.state.typed.clear())
    return made


def outcome(page: ConnectionPage) -> str:
    return page.test.outcome


def test_from_the_first_page_to_the_first_sync(
    window: SetupAssistant, office: SandboxOffice, keyring: MemoryCredentials, qtbot: QtBot
) -> None:
    host = window.host
    to_the_end(window, office, qtbot)
    paths = host.environment.paths
    assert not paths.settings_file.exists()
    assert not paths.database.exists()
    assert keyring.get("TEAMWORK_API_KEY") is None
    with qtbot.waitSignal(window.finished_setup, timeout=WAIT):
        press(window)
    assert not window.isVisible()
    stored = json.loads(paths.settings_file.read_text(encoding="utf-8"))
    assert stored["TEAMWORK_BASE_URL"] == office.teamwork_server.url
    assert stored["MISSIVE_SCOPE"] == "shared"
    assert stored["DB_BACKEND"] == "sqlite"
    assert not {"TEAMWORK_API_KEY", "MISSIVE_API_TOKEN"} & stored.keys()
    assert keyring.get("TEAMWORK_API_KEY") == office.teamwork.api_key
    assert keyring.get("MISSIVE_API_TOKEN") == office.missive.token
    assert read_preferences(paths).assistant_done
    assert this_autostart().look().standing == "right"
    qtbot.waitUntil(lambda: host.status is not None and host.status.stored["tasks"] == 30, timeout=WAIT)
    qtbot.waitUntil(lambda: host.status is not None and host.status.stored["emails"] > 0, timeout=WAIT)


def test_a_refused_key_is_said_with_the_next_step(window: SetupAssistant, office: SandboxOffice, qtbot: QtBot) -> None:
    begin(window, qtbot)
    page = window.page
    assert isinstance(page, ConnectionPage)
    field(page, "TEAMWORK_BASE_URL").set_text(office.teamwork_server.url)
    field(page, "TEAMWORK_API_KEY").set_text("twp_wrong")
    press(window)
    qtbot.waitUntil(lambda: page.test.outcome == "failed", timeout=WAIT)
    address, key = page.test.result.lines
    assert address.ok
    assert not key.ok
    assert "refuses the key" in key.message
    assert "API & Mobile" in key.hint
    assert window.alternative_button.isHidden()
    assert window.main_button.text() == "Test again"
    field(page, "TEAMWORK_API_KEY").set_text(office.teamwork.api_key)
    assert page.test.outcome == "untested"
    pass_test(window, qtbot)
    assert window.page.title == "Missive"


def test_a_wrong_address_is_named_beside_its_field(window: SetupAssistant, qtbot: QtBot) -> None:
    begin(window, qtbot)
    page = window.page
    assert isinstance(page, ConnectionPage)
    address = field(page, "TEAMWORK_BASE_URL")
    QTest.keyClicks(address.edit, "http://office.teamwork.com")
    qtbot.waitUntil(lambda: "is not encrypted" in address.complaint, timeout=WAIT)
    assert "Accepted: an https:// address" in address.complaint
    field(page, "TEAMWORK_API_KEY").set_text("twp_key")
    press(window)
    assert page.test.outcome == "untested"
    address.edit.clear()
    QTest.keyClicks(address.edit, " office.teamwork.com")
    field(page, "TEAMWORK_API_KEY").setFocus()
    address.edit.editingFinished.emit()
    assert address.value() == "https://office.teamwork.com"
    assert not address.complaint


def test_a_test_can_be_stopped(window: SetupAssistant, office: SandboxOffice, qtbot: QtBot) -> None:
    begin(window, qtbot)
    page = window.page
    assert isinstance(page, ConnectionPage)
    office.teamwork_server.faults.silence(When())
    field(page, "TEAMWORK_BASE_URL").set_text(office.teamwork_server.url)
    field(page, "TEAMWORK_API_KEY").set_text(office.teamwork.api_key)
    press(window)
    assert outcome(page) == "running"
    assert not window.main_button.isEnabled()
    page.test.cancel_button.click()
    assert outcome(page) == "untested"
    assert window.main_button.isEnabled()
    office.teamwork_server.faults.clear()
    pass_test(window, qtbot)


def test_being_offline_holds_nobody_up(window: SetupAssistant, office: SandboxOffice, qtbot: QtBot) -> None:
    begin(window, qtbot)
    page = window.page
    assert isinstance(page, ConnectionPage)
    address = office.teamwork_server.url
    office.teamwork_server.stop()
    field(page, "TEAMWORK_BASE_URL").set_text(address)
    field(page, "TEAMWORK_API_KEY").set_text("twp_key")
    press(window)
    qtbot.waitUntil(lambda: page.test.outcome == "passing", timeout=WAIT)
    assert window.alternative_button.text() == "Continue without the test"
    window.alternative_button.click()
    assert window.page.title == "Missive"


def test_private_conversations_are_asked_with_their_number(
    window: SetupAssistant, office: SandboxOffice, qtbot: QtBot
) -> None:
    connect(window, office, qtbot)
    pass_test(window, qtbot)
    press(window)
    page = window.page
    qtbot.waitUntil(lambda: window.state.volume is not None, timeout=WAIT)
    assert not window.main_button.isEnabled()
    volume = window.state.volume
    assert volume is not None
    assert volume.tasks == 30
    assert 0 < volume.mail.private < volume.mail.conversations
    assert f"{volume.mail.private} private" in visible_text(page)
    scope = answer_scope(window, qtbot)
    scope.projects.some_button.click()
    assert not window.main_button.isEnabled()
    scope.projects.list.item(1).setCheckState(Qt.CheckState.Checked)
    press(window)
    chosen = window.state.text("TEAMWORK_PROJECTS")
    assert chosen == scope.projects.chosen()[0]
    see_preview(window, qtbot)
    counted = window.state.volume
    assert counted is not None
    assert counted.tasks < 30


def test_the_preview_shows_rows_as_they_will_be_stored(
    window: SetupAssistant, office: SandboxOffice, qtbot: QtBot
) -> None:
    connect(window, office, qtbot)
    pass_test(window, qtbot)
    press(window)
    answer_scope(window, qtbot)
    press(window)
    page = see_preview(window, qtbot)
    assert {row.table for row in page.rows} == {"tasks", "emails"}
    assert 8 <= len(page.rows) <= 10
    columns = [item.text() for row in range(page.table.rowCount()) if (item := page.table.item(row, 0))]
    assert columns[:2] == ["task_id", "name"]
    assert not window.host.environment.paths.database.exists()


def test_what_was_typed_is_there_after_going_back(window: SetupAssistant, office: SandboxOffice, qtbot: QtBot) -> None:
    connect(window, office, qtbot)
    window.back_button.click()
    window.back_button.click()
    page = window.page
    assert isinstance(page, ConnectionPage)
    assert field(page, "TEAMWORK_API_KEY").value() == office.teamwork.api_key
    assert page.test.outcome == "passed"


def test_closing_asks_before_anything_typed_is_lost(window: SetupAssistant, qtbot: QtBot) -> None:
    window.show()
    qtbot.waitUntil(lambda: window.state.view is not None, timeout=WAIT)
    press(window)
    page = window.page
    assert isinstance(page, ConnectionPage)
    field(page, "TEAMWORK_BASE_URL").set_text("https://office.teamwork.com")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.isVisible()
    box = window.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    box.buttons()[[button.text() for button in box.buttons()].index("Leave")].click()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)


def test_the_demo_is_one_click_away(window: SetupAssistant, qtbot: QtBot) -> None:
    window.show()
    window.welcome_page.demo_card.radio.click()
    with qtbot.waitSignal(window.host.show_requested, timeout=WAIT) as wish:
        press(window)
    assert wish.args == ["demo"]
    assert window.isVisible()


def test_old_files_are_recognised_and_no_secret_is_shown(
    window: SetupAssistant, office: SandboxOffice, keyring: MemoryCredentials, tmp_path: Path, qtbot: QtBot
) -> None:
    old = tmp_path / "old"
    (old / "data").mkdir(parents=True)
    (old / "data" / "label_categories.json").write_text('{"Räume": "R_*"}', encoding="utf-8")
    keys = office.environment()
    lines = [f"{name}={keys[name]}" for name in ("TEAMWORK_BASE_URL", "TEAMWORK_API_KEY", "MISSIVE_API_TOKEN")]
    (old / ".env").write_text("\n".join([*lines, "FLASK_DEBUG=1", "APP_PORT=99999", ""]), encoding="utf-8")
    window.show()
    qtbot.waitUntil(lambda: window.state.view is not None, timeout=WAIT)
    panel = window.welcome_page.panel
    panel.read(old / ".env")
    qtbot.waitUntil(lambda: bool(panel.result.lines), timeout=WAIT)
    said = visible_text(window)
    assert "API key" in said
    assert "FLASK_DEBUG" in said
    assert "APP_PORT is wrong" in said
    press(window)
    for _ in range(3):
        assert keys["TEAMWORK_API_KEY"] not in visible_text(window)
        assert keys["MISSIVE_API_TOKEN"] not in visible_text(window)
        pass_test(window, qtbot)
    press(window)
    answer_scope(window, qtbot)
    press(window)
    page = see_preview(window, qtbot)
    assert "Räume" in page.rows[0].cells
    press(window)
    with qtbot.waitSignal(window.finished_setup, timeout=WAIT):
        press(window)
    assert keyring.get("MISSIVE_API_TOKEN") == keys["MISSIVE_API_TOKEN"]
    categories = window.host.environment.paths.categories_file
    assert json.loads(categories.read_text(encoding="utf-8")) == {"Räume": "R_*"}
