"""Texts as Airtable takes them: no control characters, no half characters, and not too long."""

from __future__ import annotations

import re

LONGEST = 100_000
"""Airtable takes so many characters in a text; whether it counts characters or UTF-16 units is not documented."""
NOTE = "\n\n[… cut here: Airtable holds 100,000 characters]"
_DROPPED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_HALVES = re.compile("[\ud800-\udfff]")
_BREAKS = re.compile(r"\s*[\r\n\u2028\u2029]+\s*")


def clean(text: str) -> str:
    """Without control characters (tab and line breaks stay); half a surrogate pair is replaced."""
    return _HALVES.sub("\ufffd", _DROPPED.sub("", text))


def one_line(text: str) -> str:
    """Line breaks become spaces."""
    return _BREAKS.sub(" ", text)


def fitted(text: str) -> str:
    """The text, or its beginning with `NOTE` at the end, in at most `LONGEST` UTF-16 units."""
    if len(text) * 2 <= LONGEST or units(text) <= LONGEST:
        return text
    room = (LONGEST - len(NOTE)) * 2
    return text.encode("utf-16-le")[:room].decode("utf-16-le", "ignore") + NOTE


def units(text: str) -> int:
    """The text's length in UTF-16 units: never less than its characters."""
    return len(text.encode("utf-16-le")) // 2


def was_cut(text: str) -> bool:
    """Whether `fitted` took something away."""
    return text.endswith(NOTE)
