"""What the engine says, in the user's language.

The engine speaks English and knows no Qt. Its sentences are read from its source when the translations are made (see
the folder ``translations``); here a sentence is found again by its template, and what was put in is put in again.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files

from PySide6.QtCore import QCoreApplication

CONTEXT = "Engine"
HOLE = re.compile(r"\{(\w+)\}")
SENTENCE = re.compile(r"(?<=[.:!?]) (?=[A-Z0-9„“\"'])")
MOST = 20_000
"""Longer texts are no words of ours."""


def in_own_words(text: str) -> str:
    """The same in the user's language; what is not known stays as it is, sentence by sentence."""
    if not text or len(text) > MOST:
        return text
    whole = _spoken(text)
    if whole is not None:
        return whole
    sentences = SENTENCE.split(text)
    if len(sentences) == 1:
        return text
    return " ".join(_spoken(sentence) or sentence for sentence in sentences)


def _spoken(text: str) -> str | None:
    """One text by its template; None where there is none, or where the language is the engine's own."""
    fixed, templates = _known()
    if text in fixed:
        return _translated(text)
    for template, pattern in templates:
        found = pattern.fullmatch(text)
        if found is not None:
            words = _translated(template)
            return None if words is None else _filled(words, found.groupdict())
    return None


def _translated(template: str) -> str | None:
    words = QCoreApplication.translate(CONTEXT, template)
    return words if words != template else None


def _filled(words: str, values: dict[str, str]) -> str:
    return HOLE.sub(lambda hole: in_own_words(values.get(f"_{hole[1]}", hole[0])), words)


@cache
def _known() -> tuple[frozenset[str], tuple[tuple[str, re.Pattern[str]], ...]]:
    """Texts without holes, and the templates with their patterns, those with the most fixed letters first."""
    file = files("tray_connector.ui").joinpath("resources", "translations", "engine_texts.json")
    texts: list[str] = json.loads(file.read_text("utf-8"))
    holed = sorted((text for text in texts if HOLE.search(text)), key=lambda text: -len(HOLE.sub("", text)))
    return frozenset(texts) - frozenset(holed), tuple((text, _pattern(text)) for text in holed)


def _pattern(template: str) -> re.Pattern[str]:
    parts, seen, end = [], set[str](), 0
    for hole in HOLE.finditer(template):
        name = f"_{hole[1]}"
        parts.append(re.escape(template[end : hole.start()]))
        parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
        seen.add(name)
        end = hole.end()
    parts.append(re.escape(template[end:]))
    return re.compile("".join(parts), re.DOTALL)
