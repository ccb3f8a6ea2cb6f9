"""German and English: whole windows, numbers, and what the engine says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from PySide6.QtCore import QLocale
from pytestqt.qtbot import QtBot

from tray_connector.model.errors import Problem
from tray_connector.ui.assistant.window import SetupAssistant
from tray_connector.ui.engine_words import in_own_words
from tray_connector.ui.host import EngineHost
from tray_connector.ui.language import Speech
from tray_connector.ui.texts import ago_text, number, problem_text


@pytest.fixture
def speech(qtbot: QtBot) -> Iterator[Speech]:
    before = QLocale()
    made = Speech()
    yield made
    made.speak("en")
    made.silence()
    QLocale.setDefault(before)


def test_one_and_several_are_told_apart(speech: Speech) -> None:
    speech.speak("de")
    assert [ago_text(timedelta(minutes=count)) for count in (1, 5)] == ["vor 1 Minute", "vor 5 Minuten"]
    assert number(1204) == "1.204"
    speech.speak("en", QLocale("en_GB"))
    assert [ago_text(timedelta(hours=count)) for count in (1, 5)] == ["1 hour ago", "5 hours ago"]
    assert number(1204) == "1,204"


def test_what_the_engine_says_is_said_in_german(speech: Speech) -> None:
    speech.speak("de")
    problem = Problem(
        "postgres-refused",
        "No database server answers there",
        "Connection refused",
        "Start the server at db.local:5432, or correct host and port in PG_DSN. We try again.",
    )
    assert problem_text(problem).split("\n\n") == [
        "Dort antwortet kein Datenbankserver",
        "Connection refused",
        "Starten Sie den Server auf db.local:5432, oder berichtigen Sie Rechner und Port in PG_DSN. "
        "Wir versuchen es wieder.",
    ]
    assert in_own_words("You see 1204 tasks in 17 projects") == "Sie sehen 1204 Aufgaben in 17 Projekten"
    assert in_own_words("quota exceeded for user 17") == "quota exceeded for user 17"
    speech.speak("en")
    assert in_own_words("Key is accepted: Ida Brandt") == "Key is accepted: Ida Brandt"


def test_a_window_made_in_german_speaks_it(speech: Speech, host: EngineHost, qtbot: QtBot) -> None:
    speech.speak("de")
    window = SetupAssistant(host)
    qtbot.addWidget(window)
    assert window.windowTitle() == "Tray Connector einrichten"
    assert window.main_button.text() == "Weiter"
    assert window.later_button.text() == "Später fertigstellen"
