"""Files of Qt Linguist (``.ts``) as tables of messages."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n'
COUNTED = ("%n", "%Ln")
"""A text with one of these has a form for each number that the language tells apart."""
FORMS = 2
"""English and German: one, and everything else."""


@dataclass(frozen=True, slots=True)
class Message:
    """A text of the source and what it is in a language; no words while nobody has translated it."""

    context: str
    source: str
    words: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether it has a form for each number. lupdate sees that only for texts of `tr`."""
        return any(mark in self.source for mark in COUNTED)

    @property
    def complete(self) -> bool:
        """Whether all its forms are there."""
        return len(self.words) == (FORMS if self.counted else 1) and all(self.words)


def read_messages(file: Path) -> list[Message]:
    """All of a file, in its order; none of a file that is not there."""
    if not file.exists():
        return []
    found = []
    for context in ET.parse(file).getroot().iter("context"):  # noqa: S314 - our own file
        name = context.findtext("name") or ""
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is None or translation.get("type") in ("vanished", "obsolete"):
                continue
            forms = [form.text or "" for form in translation.iter("numerusform")] or [translation.text or ""]
            words = tuple(forms) if any(forms) else ()
            found.append(Message(name, message.findtext("source") or "", words))
    return found


def write_messages(file: Path, language: str, messages: Iterable[Message]) -> None:
    """The whole file, sorted, without places in the source: a change shows what changed."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    contexts: dict[str, ET.Element] = {}
    for message in sorted(messages, key=lambda each: (each.context, each.source)):
        context = contexts.get(message.context)
        if context is None:
            context = contexts[message.context] = ET.SubElement(root, "context")
            ET.SubElement(context, "name").text = message.context
        node = ET.SubElement(context, "message", {"numerus": "yes"} if message.counted else {})
        ET.SubElement(node, "source").text = message.source
        translation = ET.SubElement(node, "translation", {} if message.complete else {"type": "unfinished"})
        if message.counted:
            for form in message.words or ("",) * FORMS:
                ET.SubElement(translation, "numerusform").text = form
        else:
            translation.text = "".join(message.words)
    ET.indent(root, "    ")
    file.write_text(HEAD + ET.tostring(root, encoding="unicode") + "\n", encoding="utf-8")
