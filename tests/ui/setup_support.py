"""A full office, a home in which nothing is set up, and the way through the assistant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtWidgets import QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from tests.support.connector import sandbox
from tests.ui.conftest import WAIT
from tray_connector.config.clock import Clock
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.assistant.page import ConnectionPage
from tray_connector.ui.assistant.preview_page import PreviewPage
from tray_connector.ui.assistant.scope_page import ScopePage
from tray_connector.ui.assistant.window import SetupAssistant
from tray_connector.ui.connection_form import TextField

GIVEN = ("RATE_SCALE", "MISSIVE_BASE_URL", "AIRTABLE_ENDPOINT_URL")
"""What no user types: where the sandbox is."""
KEYS = ("TEAMWORK_BASE_URL", "TEAMWORK_API_KEY", "MISSIVE_API_TOKEN")


@contextmanager
def full_office(clock: Clock) -> Iterator[SandboxOffice]:
    """With tasks and mail."""
    office = Office.generate(clock=clock, tasks=30, deleted=0)
    with sandbox(clock, office=office, mailbox=Mailbox.office(clock=clock)) as running:
        yield running


def given(office: SandboxOffice) -> dict[str, str]:
    """The environment of a process whose user has set nothing up."""
    return {name: value for name, value in office.airtable_environment().items() if name in GIVEN}


def field(page: ConnectionPage, name: str) -> TextField:
    found = page.form.fields[name]
    assert isinstance(found, TextField)
    return found


def press(window: SetupAssistant) -> None:
    assert window.main_button.isEnabled(), f"{window.page.title}: {window.main_button.text()}"
    window.main_button.click()


def pass_test(window: SetupAssistant, qtbot: QtBot) -> None:
    """Test what is typed on the page in front, see it pass, go on."""
    page = window.page
    assert isinstance(page, ConnectionPage)
    press(window)
    qtbot.waitUntil(lambda: page.test.outcome not in ("running", "untested"), timeout=WAIT)
    assert page.test.outcome == "passed", page.test.result.lines
    press(window)


def begin(window: SetupAssistant, qtbot: QtBot) -> None:
    """To the page of Teamwork."""
    window.show()
    qtbot.waitUntil(lambda: window.state.view is not None, timeout=WAIT)
    press(window)


def connect(window: SetupAssistant, office: SandboxOffice, qtbot: QtBot) -> None:
    """Through Teamwork and Missive, to the page of the destination."""
    begin(window, qtbot)
    keys = office.environment()
    for names in (KEYS[:2], KEYS[2:]):
        page = window.page
        assert isinstance(page, ConnectionPage)
        for name in names:
            field(page, name).set_text(keys[name])
        pass_test(window, qtbot)


def answer_scope(window: SetupAssistant, qtbot: QtBot) -> ScopePage:
    """Wait for what there is, and leave private conversations out."""
    page = window.page
    assert isinstance(page, ScopePage)
    qtbot.waitUntil(page.projects.isVisible, timeout=WAIT)
    page.without.radio.click()
    return page


def see_preview(window: SetupAssistant, qtbot: QtBot) -> PreviewPage:
    page = window.page
    assert isinstance(page, PreviewPage)
    qtbot.waitUntil(page.splitter.isVisible, timeout=WAIT)
    return page


def to_the_end(window: SetupAssistant, office: SandboxOffice, qtbot: QtBot) -> None:
    """SQLite, polling, everything but private conversations: to the last page."""
    connect(window, office, qtbot)
    pass_test(window, qtbot)
    press(window)
    answer_scope(window, qtbot)
    press(window)
    see_preview(window, qtbot)
    press(window)
    assert window.page is window.finish_page


def visible_text(window: QWidget) -> str:
    """Everything that can be read in the window, tool tips and hidden pages included."""
    texts = [label.text() for label in window.findChildren(QLabel)]
    texts += [edit.text() + edit.placeholderText() for edit in window.findChildren(QLineEdit)]
    texts += [child.toolTip() + child.accessibleName() for child in window.findChildren(QWidget)]
    return "\n".join(texts)
