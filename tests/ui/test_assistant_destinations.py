"""The assistant's page of the destination, and the keyring at its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from keyring.errors import InitError, KeyringLocked
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.support.keyrings import ForgetfulKeyring, LockedKeyring
from tests.support.postgres import Database
from tests.ui.conftest import WAIT, MakeHost
from tests.ui.setup_support import connect, field, full_office, given, pass_test, press, to_the_end
from tray_connector.config.clock import Clock
from tray_connector.config.credential_store import CredentialStore
from tray_connector.config.credentials import Credentials, KeyringCredentials, MemoryCredentials
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.assistant.destination_page import DestinationPage
from tray_connector.ui.assistant.window import SetupAssistant

HOME = Path("/home/of/a/test")


@pytest.fixture
def office(clock: Clock) -> Iterator[SandboxOffice]:
    with full_office(clock) as running:
        yield running


def assistant(
    make_host: MakeHost, office: SandboxOffice, qtbot: QtBot, credentials: Credentials | None = None, **more: str
) -> SetupAssistant:
    store = CredentialStore(credentials or MemoryCredentials())
    host = make_host({**given(office), **more}, credentials=store)
    made = SetupAssistant(host)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made, before_close_func=lambda _: made.state.typed.clear())
    return made


def destination_page(window: SetupAssistant) -> DestinationPage:
    page = window.page
    assert isinstance(page, DestinationPage)
    return page


def test_airtable_is_tested_with_the_volume_against_its_plan(
    make_host: MakeHost, office: SandboxOffice, qtbot: QtBot
) -> None:
    window = assistant(make_host, office, qtbot)
    connect(window, office, qtbot)
    page = destination_page(window)
    page.cards["airtable"].radio.click()
    assert not window.main_button.isEnabled()
    keys = office.airtable_environment()
    field(page, "AIRTABLE_API_KEY").set_text(keys["AIRTABLE_API_KEY"])
    field(page, "AIRTABLE_BASE_ID").set_text(keys["AIRTABLE_BASE_ID"])
    assert page.collect.isChecked()
    press(window)
    qtbot.waitUntil(lambda: page.test.outcome == "passed", timeout=WAIT)
    assert "A first sync brings 30 task" in page.test.result.lines[-1].message
    assert window.state.text("AIRTABLE_WRITE_EVERY_SECONDS") == "3600"
    page.cards["sqlite"].radio.click()
    assert page.test.outcome == "untested"
    assert not {"AIRTABLE_API_KEY", "AIRTABLE_BASE_ID"} & window.state.final_texts().keys()


def test_a_token_that_airtable_refuses_is_said(make_host: MakeHost, office: SandboxOffice, qtbot: QtBot) -> None:
    window = assistant(make_host, office, qtbot)
    connect(window, office, qtbot)
    page = destination_page(window)
    page.cards["airtable"].radio.click()
    field(page, "AIRTABLE_API_KEY").set_text("patWrong.secret")
    field(page, "AIRTABLE_BASE_ID").set_text("appWrong")
    press(window)
    qtbot.waitUntil(lambda: page.test.outcome == "failed", timeout=WAIT)
    assert "patWrong" not in " ".join(line.message for line in page.test.result.lines)


def test_postgresql_is_tested_live(
    make_host: MakeHost, office: SandboxOffice, database: Database, qtbot: QtBot
) -> None:
    window = assistant(make_host, office, qtbot)
    connect(window, office, qtbot)
    page = destination_page(window)
    page.cards["postgres"].radio.click()
    field(page, "PG_DSN").set_text(database.dsn(password="wrong"))
    press(window)
    qtbot.waitUntil(lambda: page.test.outcome == "failed", timeout=WAIT)
    field(page, "PG_DSN").set_text(database.dsn())
    pass_test(window, qtbot)
    assert database.query("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]


def test_a_destination_from_the_environment_cannot_be_changed(
    make_host: MakeHost, office: SandboxOffice, qtbot: QtBot
) -> None:
    window = assistant(make_host, office, qtbot, DB_BACKEND="sqlite", SQLITE_PATH="/nowhere/at/all.db")
    connect(window, office, qtbot)
    page = destination_page(window)
    assert not page.cards["airtable"].radio.isEnabled()
    path = field(page, "SQLITE_PATH")
    assert path.edit.isReadOnly()
    assert "environment variable SQLITE_PATH" in path.edit.accessibleDescription()


def test_a_locked_keyring_is_tried_again_by_itself(make_host: MakeHost, office: SandboxOffice, qtbot: QtBot) -> None:
    errors: list[KeyringLocked | InitError] = []
    backend = LockedKeyring(errors)
    credentials = KeyringCredentials(HOME, backend=backend)
    window = assistant(make_host, office, qtbot, credentials)
    to_the_end(window, office, qtbot)
    errors.append(KeyringLocked("The collection is locked"))
    press(window)
    saving = window.finish_page.saving
    qtbot.waitUntil(lambda: saving.problem is not None, timeout=WAIT)
    assert saving.problem is not None
    assert saving.problem.code == "keyring-locked"
    assert saving.tries_again
    assert not window.host.environment.paths.settings_file.exists()
    assert window.alternative_button.text() == "Keep the keys only until I quit"
    with qtbot.waitSignal(window.finished_setup, timeout=WAIT):
        pass
    assert backend.entries


def test_without_a_keyring_keys_are_kept_for_the_session_only_when_the_user_says_so(
    make_host: MakeHost, office: SandboxOffice, qtbot: QtBot
) -> None:
    credentials = KeyringCredentials(HOME, backend=ForgetfulKeyring())
    window = assistant(make_host, office, qtbot, credentials)
    host = window.host
    with qtbot.waitSignal(host.setup_needed, timeout=WAIT):
        host.start()
    to_the_end(window, office, qtbot)
    press(window)
    saving = window.finish_page.saving
    qtbot.waitUntil(lambda: saving.problem is not None, timeout=WAIT)
    assert saving.problem is not None
    assert saving.problem.code == "keyring-none"
    assert not saving.tries_again
    with qtbot.waitSignal(window.finished_setup, timeout=WAIT):
        window.alternative_button.click()
    store = host.environment.credentials
    assert isinstance(store, CredentialStore)
    assert store.is_session_only("TEAMWORK_API_KEY")
    qtbot.waitUntil(lambda: host.status is not None and host.status.stored["tasks"] == 30, timeout=WAIT)
