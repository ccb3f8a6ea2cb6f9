"""HTML source to a stream of text and tags, in one pass from left to right.

Broken markup is read as the HTML standard prescribes (and browsers do), as far as it touches visible text.
Every step consumes what it looked at, so the time is linear in the input whatever a stranger sends.
"""

from __future__ import annotations

import html as entities
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

NO_ATTRIBUTES: Final[Mapping[str, str]] = MappingProxyType({})

_WANTED: Final = frozenset(
    {"alt", "class", "hidden", "href", "id", "media", "size", "start", "style", "type", "value", "cite"}
)
"""Attributes that can change the visible text; the others are skipped."""

_RAW: Final = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp")
}
"""Elements whose content is no markup, with what ends them."""

_TAG_NAME: Final = re.compile(r"[a-zA-Z][^\s/>]*")
_ATTRIBUTE: Final = re.compile(
    r"""[\s/]*(?:
        (?P<end>>)
      | (?P<name>[^\s/>][^\s/>=]*)
        (?:\s*=\s*(?:"(?P<double>[^"]*)"?|'(?P<single>[^']*)'?|(?P<bare>[^\s>]*)))?
    )""",
    re.VERBOSE,
)
_COMMENT_END: Final = re.compile(r"--!?>")
_REFERENCE: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_LONG_NUMBER: Final = re.compile(r"&#(?:0*[1-9]\d{7,}|[xX]0*[1-9a-fA-F][0-9a-fA-F]{6,}|[xX]?0{8,}[0-9a-fA-F]*);?")


class Text(NamedTuple):
    """A run of visible or invisible text, character references resolved."""

    value: str


class Tag(NamedTuple):
    """A start tag: lower-case name and those attributes that can matter, values decoded, first one wins."""

    name: str
    attributes: Mapping[str, str]


class EndTag(NamedTuple):
    """An end tag, lower-case name."""

    name: str


class Raw(NamedTuple):
    """An element whose content is no markup (`style`, `script`, `title`, `textarea` …), content untouched."""

    name: str
    attributes: Mapping[str, str]
    content: str


Token = Text | Tag | EndTag | Raw


def unescape(text: str) -> str:
    """Resolves character references of running text, as browsers do (`&amp;lt;` becomes `&lt;`, not `<`)."""
    if "&" not in text:
        return text
    if "&#" in text:
        # html.unescape raises on numbers of more than 4,300 digits.
        text = _LONG_NUMBER.sub("\ufffd", text)
    return entities.unescape(text)


def _unescape_attribute(value: str) -> str:
    """Inside attributes a reference counts only with its semicolon: `?a=1&copy=2` stays as it is."""
    if "&" not in value:
        return value
    return _REFERENCE.sub(lambda found: entities.unescape(found[0]), value)


def _attributes(html: str, position: int) -> tuple[Mapping[str, str], int]:
    """The wanted attributes of the tag whose name ends at `position`, and where the tag ends (-1: never)."""
    if html.startswith(">", position):
        return NO_ATTRIBUTES, position + 1
    wanted: dict[str, str] = {}
    match = _ATTRIBUTE.match
    while (found := match(html, position)) is not None:
        position = found.end()
        kind = found.lastgroup
        if kind == "end":
            return (wanted or NO_ATTRIBUTES), position
        name = found["name"]
        if len(name) <= 6 and (lower := name.lower()) in _WANTED and lower not in wanted:
            value = "" if kind is None or kind == "name" else found[kind]
            wanted[lower] = _unescape_attribute(value)
    return NO_ATTRIBUTES, -1


def _after_declaration(html: str, position: int) -> int:
    """Where the comment, doctype or processing instruction starting at `position` (its `<`) ends."""
    size = len(html)
    if not html.startswith("<!--", position):
        end = html.find(">", position)
        return size if end < 0 else end + 1
    if html.startswith(">", position + 4):
        return position + 5
    if html.startswith("->", position + 4):
        return position + 6
    found = _COMMENT_END.search(html, position + 4)
    return size if found is None else found.end()


def tokens(html: str) -> Iterator[Token]:
    """The tokens of `html` from left to right; neighbouring texts are not joined. Never raises.

    Comments, doctypes and processing instructions leave nothing behind, which also settles Outlook's conditional
    comments: `<!--[if mso]>…<![endif]-->` is a comment, `<!--[if !mso]><!-->…<!--<![endif]-->` is content between
    two comments, and `<![if …]>` is a bogus comment that hides nothing.
    """
    position, size = 0, len(html)
    find = html.find
    name_at = _TAG_NAME.match
    while position < size:
        start = find("<", position)
        if start < 0:
            yield Text(unescape(html[position:]))
            return
        following = html[start + 1 : start + 2]
        closing = following == "/"
        name_match = name_at(html, start + 2 if closing else start + 1)
        if name_match is None and following not in {"!", "?", "/"}:
            # A bare "<" is text; take the run up to the next one with it.
            after = find("<", start + 1)
            after = size if after < 0 else after
            yield Text(unescape(html[position:after]))
            position = after
            continue
        if start > position:
            yield Text(unescape(html[position:start]))
        if name_match is None:
            position = _after_declaration(html, start)
            continue
        name = name_match[0].lower()
        attributes, position = _attributes(html, name_match.end())
        if position < 0:
            return
        if closing:
            yield EndTag(name)
        elif name in _RAW:
            found = _RAW[name].search(html, position)
            end = size if found is None else found.start()
            yield Raw(name, attributes, html[position:end])
            position = end
        else:
            yield Tag(name, attributes)
