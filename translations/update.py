"""From the source to what the application loads."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from translations.engine_texts import engine_texts
from translations.files import Message, read_messages, write_messages
from translations.window_texts import window_texts

LANGUAGES = ("de", "en")
ENGINE = "Engine"
"""The context of what the engine says."""
ENGINE_FILE = "engine_texts.json"


def update(root: Path, words: Path, built: Path) -> Mapping[str, list[Message]]:
    """Read the source below `root`, keep the translations of `words`, write both folders. The messages by language."""
    built.mkdir(parents=True, exist_ok=True)
    engine = engine_texts(root / "tray_connector")
    (built / ENGINE_FILE).write_text(json.dumps(engine, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    source = [*window_texts(root / "tray_connector" / "ui"), *(Message(ENGINE, text) for text in engine)]
    done: dict[str, list[Message]] = {}
    for language in LANGUAGES:
        file = words / f"tray_connector_{language}.ts"
        known = read_messages(file)
        wanted = source if language != "en" else [message for message in source if message.counted]
        done[language] = [translated(message, known, language) for message in wanted]
        write_messages(file, language, done[language])
        make_binary(file, built / f"tray_connector_{language}.qm")
    return done


def missing(messages: Mapping[str, Iterable[Message]]) -> list[tuple[str, Message]]:
    """What nobody has translated yet."""
    return [(language, message) for language, found in messages.items() for message in found if not message.complete]


def translated(message: Message, known: Iterable[Message], language: str) -> Message:
    """With the words of the same text, best in the same context; a text that moved keeps its words."""
    same = [each for each in known if each.source == message.source and each.complete]
    same.sort(key=lambda each: each.context != message.context)
    if same:
        return Message(message.context, message.source, same[0].words)
    if language == "en" and "(s)" in message.source:
        return Message(message.context, message.source, plural(message.source))
    return message


def plural(text: str) -> tuple[str, str]:
    """``%n task(s)`` as one and as several; what is not that regular is put right in the file by hand."""
    return text.replace("(s)", ""), re.sub(r"\(s\)", "s", text)


def make_binary(file: Path, binary: Path) -> None:
    """What the application loads, by Qt's lrelease. CalledProcessError."""
    program = Path(sys.executable).with_name("pyside6-lrelease")
    command = [str(program), "-silent", str(file), "-qm", str(binary)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - our own words
