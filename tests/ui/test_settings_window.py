"""The settings window: what is in force and from where, changed, saved, taken back."""

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
from tests.ui.setup_support import full_office, given, visible_text
from tray_connector.config.clock import Clock
from tray_connector.config.credential_store import CredentialStore
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.preferences import read_preferences
from tray_connector.config.settings import save_settings
from tray_connector.desktop.autostart import this_autostart
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.connection_form import ChoiceField, TextField
from tray_connector.ui.host import EngineHost
from tray_connector.ui.settings_pages.page import SettingsPage
from tray_connector.ui.settings_window import SettingsWindow


@pytest.fixture
def office(clock: Clock) -> Iterator[SandboxOffice]:
    with full_office(clock) as running:
        yield running


@pytest.fixture
def keyring(office: SandboxOffice) -> MemoryCredentials:
    keys = office.environment()
    return MemoryCredentials({name: keys[name] for name in ("TEAMWORK_API_KEY", "MISSIVE_API_TOKEN")})


@pytest.fixture
def host(
    make_host: MakeHost, office: SandboxOffice, keyring: MemoryCredentials, tmp_path: Path, qtbot: QtBot
) -> EngineHost:
    """Set up as the assistant leaves it: address in the file, keys in the keyring."""
    home = tmp_path / "home"
    save_settings(Paths(home), {"TEAMWORK_BASE_URL": office.teamwork_server.url, "MISSIVE_SCOPE": "shared"})
    made = make_host(given(office), home=home, credentials=CredentialStore(keyring))
    with qtbot.waitSignal(made.ready, timeout=WAIT):
        made.start()
    return made


@pytest.fixture
def window(host: EngineHost, qtbot: QtBot) -> SettingsWindow:
    made = SettingsWindow(host)
    qtbot.addWidget(made, before_close_func=lambda _: setattr(made, "_leaving", True))
    made.show()
    qtbot.waitUntil(lambda: made.view is not None, timeout=WAIT)
    return made


def text_field(page: SettingsPage, name: str) -> TextField:
    found = page.form.fields[name]
    assert isinstance(found, TextField)
    return found


def stored(host: EngineHost) -> dict[str, object]:
    values: dict[str, object] = json.loads(host.environment.paths.settings_file.read_text(encoding="utf-8"))
    return values


def answer(window: SettingsWindow, words: str) -> None:
    box = window.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    next(button for button in box.buttons() if button.text().replace("&", "") == words).click()


def test_nothing_is_changed_by_looking(window: SettingsWindow, host: EngineHost) -> None:
    assert not window.unsaved
    assert window.typed() == {}
    assert not window.save_button.isEnabled()
    window.close()
    assert not window.isVisible()


def test_values_from_outside_can_be_read_and_not_changed(window: SettingsWindow) -> None:
    poll = text_field(window.sync, "PERIODIC_BACKFILL_INTERVAL")
    assert poll.value() == "0.3"
    assert poll.edit.isReadOnly()
    assert "environment variable PERIODIC_BACKFILL_INTERVAL" in poll.edit.accessibleDescription()
    assert not window.webhooks.form.fields["DISABLE_WEBHOOKS"].is_changed()
    assert "environment variable DISABLE_WEBHOOKS" in visible_text(window.webhooks)


def test_keys_stay_in_the_keyring_and_are_never_shown(window: SettingsWindow, office: SandboxOffice) -> None:
    key = text_field(window.connections, "TEAMWORK_API_KEY")
    assert key.value() == ""
    assert "Kept in the keyring" in key.edit.accessibleDescription()
    assert office.teamwork.api_key not in visible_text(window)


def test_a_change_is_saved_and_the_engine_begins_anew_with_it(
    window: SettingsWindow, host: EngineHost, qtbot: QtBot
) -> None:
    window.show_page("sync")
    text_field(window.sync, "MISSIVE_BACKFILL_DAYS").set_text("7")
    scope = window.sync.form.fields["MISSIVE_SCOPE"]
    assert isinstance(scope, ChoiceField)
    scope.choose("all")
    assert window.save_button.isEnabled()
    with qtbot.waitSignal(host.ready, timeout=WAIT):
        window.save_button.click()
    assert not window.isVisible()
    values = stored(host)
    assert values["MISSIVE_BACKFILL_DAYS"] == 7
    assert values["MISSIVE_SCOPE"] == "all"
    assert "PERIODIC_BACKFILL_INTERVAL" not in values
    found: list[int] = []
    host.submit(lambda session, _: session.settings.missive_backfill_days, found.append)
    qtbot.waitUntil(lambda: found == [7], timeout=WAIT)


def test_cancelling_asks_and_leaves_everything_as_it_was(window: SettingsWindow, host: EngineHost) -> None:
    before = stored(host)
    text_field(window.sync, "MISSIVE_BACKFILL_DAYS").set_text("7")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert window.isVisible()
    box = window.findChild(QMessageBox)
    assert isinstance(box, QMessageBox)
    box.button(QMessageBox.StandardButton.Discard).click()
    assert not window.isVisible()
    assert stored(host) == before


def test_a_wrong_value_is_shown_in_its_place_and_not_saved(window: SettingsWindow, host: EngineHost) -> None:
    before = stored(host)
    days = text_field(window.sync, "MISSIVE_BACKFILL_DAYS")
    days.set_text("soon")
    window.show_page("general")
    window.save_button.click()
    assert window.list.currentRow() == window.pages.index(window.sync)
    assert "Accepted: a whole number from 0 to 36,500" in days.complaint
    assert not window.saving.running
    assert stored(host) == before


def test_a_new_key_is_tested_before_it_is_saved(
    window: SettingsWindow, office: SandboxOffice, keyring: MemoryCredentials, qtbot: QtBot
) -> None:
    test = window.connections.teamwork_test
    test.button.click()
    qtbot.waitUntil(lambda: test.outcome == "passed", timeout=WAIT)
    text_field(window.connections, "TEAMWORK_API_KEY").set_text("twp_wrong")
    assert test.outcome == "untested"
    test.button.click()
    qtbot.waitUntil(lambda: test.outcome == "failed", timeout=WAIT)
    assert keyring.get("TEAMWORK_API_KEY") == office.teamwork.api_key


def test_projects_are_chosen_from_those_there_are(window: SettingsWindow, host: EngineHost, qtbot: QtBot) -> None:
    window.show_page("sync")
    projects = window.sync.lists["TEAMWORK_PROJECTS"]
    qtbot.waitUntil(projects.isVisible, timeout=WAIT)
    assert not window.unsaved
    projects.some_button.click()
    projects.list.item(0).setCheckState(Qt.CheckState.Checked)
    with qtbot.waitSignal(host.ready, timeout=WAIT):
        window.save_button.click()
    assert stored(host)["TEAMWORK_PROJECTS"] == list(projects.chosen())


def test_language_colours_and_autostart_are_kept(window: SettingsWindow, host: EngineHost, qtbot: QtBot) -> None:
    window.show_page("general")
    general = window.general
    general.theme.setCurrentIndex(general.theme.findData("dark"))
    general.theme.activated.emit(general.theme.currentIndex())
    window.notifications.attention.click()
    qtbot.waitUntil(lambda: general.autostart_known, timeout=WAIT)
    general.autostart.click()
    assert general.autostart_wish() is True
    with qtbot.waitSignal(host.preferences_changed, timeout=WAIT):
        window.save_button.click()
    kept = read_preferences(host.environment.paths)
    assert (kept.theme, kept.notify_attention, kept.notify_stopped) == ("dark", False, True)
    assert this_autostart().look().standing == "right"


def test_an_export_holds_no_keys_and_can_be_imported(
    window: SettingsWindow, office: SandboxOffice, tmp_path: Path, qtbot: QtBot
) -> None:
    file = tmp_path / "exported.json"
    window.export_to(file)
    qtbot.waitUntil(lambda: "written to exported.json" in visible_text(window), timeout=WAIT)
    text = file.read_text(encoding="utf-8")
    assert office.teamwork.api_key not in text
    data = json.loads(text)
    data["settings"] |= {"MISSIVE_BACKFILL_DAYS": 90, "TEAMWORK_API_KEY": "sneaked-in"}
    file.write_text(json.dumps(data), encoding="utf-8")
    window.import_from(file)
    qtbot.waitUntil(lambda: window.unsaved, timeout=WAIT)
    assert window.typed() == {"MISSIVE_BACKFILL_DAYS": "90"}
    assert text_field(window.sync, "MISSIVE_BACKFILL_DAYS").value() == "90"


def test_an_old_env_is_taken_over_with_its_keys_unseen(
    window: SettingsWindow, host: EngineHost, keyring: MemoryCredentials, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / ".env").write_text("AIRTABLE_API_KEY=patNew.secret\nTIMEZONE=Europe/Vienna\n", encoding="utf-8")
    window.import_from(tmp_path / ".env")
    qtbot.waitUntil(lambda: window.unsaved, timeout=WAIT)
    assert "patNew" not in visible_text(window)
    with qtbot.waitSignal(host.ready, timeout=WAIT):
        window.save_button.click()
    assert keyring.get("AIRTABLE_API_KEY") == "patNew.secret"
    assert stored(host)["TIMEZONE"] == "Europe/Vienna"


def test_keys_are_forgotten_everywhere(
    window: SettingsWindow, host: EngineHost, keyring: MemoryCredentials, qtbot: QtBot
) -> None:
    window.connections.forget_button.click()
    answer(window, "Forget keys")
    qtbot.waitUntil(lambda: keyring.get("MISSIVE_API_TOKEN") is None, timeout=WAIT)
    assert keyring.get("TEAMWORK_API_KEY") is None
    qtbot.waitUntil(lambda: window.view is not None and not window.view.has_sources, timeout=WAIT)
    assert stored(host)["MISSIVE_SCOPE"] == "shared"


def test_another_destination_says_what_happens(window: SettingsWindow) -> None:
    page = window.destination
    assert page.moved.isHidden()
    page.backend.choose("postgres")
    assert not page.moved.isHidden()
    assert window.typed() == {"DB_BACKEND": "postgres"}
    page.backend.choose("sqlite")
    assert page.moved.isHidden()
    assert not window.unsaved


def test_webhooks_show_their_health(window: SettingsWindow, host: EngineHost, qtbot: QtBot) -> None:
    window.show_page("webhooks")
    qtbot.waitUntil(lambda: "Webhooks are not set up" in visible_text(window.webhooks), timeout=WAIT)
    assert "none since the start" in visible_text(window.webhooks)


@pytest.mark.parametrize(("name", "page"), [("teamwork", 0), ("airtable", 1), ("webhooks", 3), ("nonsense", 0)])
def test_a_page_can_be_asked_for(window: SettingsWindow, name: str, page: int) -> None:
    window.show_page(name)
    assert window.list.currentRow() == page
