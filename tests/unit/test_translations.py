"""The words of the application: complete in each language, and what is loaded is made of what was written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from translations.files import COUNTED, FORMS, Message, read_messages, write_messages
from translations.update import LANGUAGES, make_binary, missing, update

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "translations"
BUILT = ROOT / "tray_connector" / "ui" / "resources" / "translations"
HOLE = re.compile(r"\{\w+\}|%L?n")


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[tuple[str, Message]]]:
    """What `python -m translations` would make now: the words, what is loaded, and what is not translated."""
    words, built = tmp_path_factory.mktemp("words"), tmp_path_factory.mktemp("built")
    for language in LANGUAGES:
        name = f"tray_connector_{language}.ts"
        (words / name).write_bytes((WORDS / name).read_bytes())
    return words, built, missing(update(ROOT, words, built))


def test_everything_is_translated(updated: tuple[Path, Path, list[tuple[str, Message]]]) -> None:
    assert updated[2] == []


def test_the_files_belong_to_this_source(updated: tuple[Path, Path, list[tuple[str, Message]]]) -> None:
    words, built, _ = updated
    for made, kept in ((words, WORDS), (built, BUILT)):
        for file in sorted(made.iterdir()):
            assert file.read_bytes() == (kept / file.name).read_bytes(), f"run python -m translations: {file.name}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_takes_in_what_its_source_takes_in(language: str) -> None:
    for message in read_messages(WORDS / f"tray_connector_{language}.ts"):
        for form in message.words:
            assert sorted(set(HOLE.findall(form))) == sorted(set(HOLE.findall(message.source))), message
            assert form.count("…") == message.source.count("…"), message


def test_german_keeps_to_the_tone() -> None:
    for message in read_messages(WORDS / "tray_connector_de.ts"):
        text = " ".join(message.words)
        assert "!" not in text, message
        assert "rfolgreich" not in text, message
        assert "(s)" not in text, message
        if "&" in message.source.replace("&&", "").replace(" & ", " "):
            assert "&" in text, f"no letter for the keyboard: {message}"


def test_a_counted_text_has_a_form_for_one_and_one_for_several(tmp_path: Path) -> None:
    message = Message("Status", "%n task(s)", ("%n Aufgabe", "%n Aufgaben"))
    write_messages(tmp_path / "words.ts", "de", [message, Message("Status", "open <b>", ("offen & zu",))])
    assert read_messages(tmp_path / "words.ts") == [message, Message("Status", "open <b>", ("offen & zu",))]
    make_binary(tmp_path / "words.ts", tmp_path / "words.qm")
    assert (tmp_path / "words.qm").stat().st_size > 0
    assert len(message.words) == FORMS
    assert all(mark in ("%n", "%Ln") for mark in COUNTED)
