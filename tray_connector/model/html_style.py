"""The few style properties that decide whether and how text of a mail is seen, from attributes and style sheets.

Only simple selectors (`p`, `.note`, `p.note`, `#id`) outside `@media` are followed: a rule that is not understood
must not hide anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from tray_connector.model.html_tokens import Raw, tokens

_PROPERTIES: Final = frozenset(
    {
        "border",
        "border-left",
        "border-top",
        "display",
        "font",
        "font-size",
        "height",
        "list-style",
        "list-style-type",
        "margin",
        "margin-bottom",
        "margin-top",
        "max-height",
        "mso-list",
        "opacity",
        "overflow",
        "overflow-y",
        "visibility",
        "white-space",
    }
)
_NUMBER: Final = re.compile(r"[+-]?(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})\s*(px|pt|em|ex|rem|%|in|cm|mm|pc|vw|vh)?(?![\w.])")
_SELECTOR: Final = re.compile(r"(?:[a-zA-Z][\w-]*)?(?:[.#][\w-]+)?\Z")
_LAST_STYLE: Final = re.compile(r"<style", re.IGNORECASE)
_STYLE_CLOSE: Final = re.compile(r"</style\b[^>]*>?", re.IGNORECASE)
_BRACES: Final = re.compile(r"[{}]")
_SHORT: Final = 400

DEFAULT_FONT: Final = 16.0
UNREADABLE_FONT: Final = 1.0
"""Text of this size (pixels) or less cannot be read by a person."""

_PIXELS: Final = {"px": 1.0, "pt": 4 / 3, "in": 96.0, "cm": 37.8, "mm": 3.78, "pc": 16.0, "rem": DEFAULT_FONT}


class Declared(NamedTuple):
    """A property's value in lower case, and whether it insists (`!important`)."""

    value: str
    important: bool


Declarations = Mapping[str, Declared]


def _without_comments(css: str) -> str:
    if "/*" not in css:
        return css
    kept: list[str] = []
    position = 0
    while (start := css.find("/*", position)) >= 0:
        kept.append(css[position:start])
        end = css.find("*/", start + 2)
        if end < 0:
            return "".join(kept)
        position = end + 2
    kept.append(css[position:])
    return "".join(kept)


def declarations(style: str) -> Declarations:
    """The properties of interest in a `style` attribute or a rule's body; a later one wins over an earlier one."""
    found: dict[str, Declared] = {}
    for part in _without_comments(style).split(";"):
        name, colon, value = part.partition(":")
        name = name.strip().lower()
        if not colon or name not in _PROPERTIES:
            continue
        value = value.strip().lower()
        important = value.endswith("important") and "!" in value
        if important:
            value = value.rpartition("!")[0].rstrip()
        if not (name in found and found[name].important and not important):
            found[name] = Declared(value, important)
    return found


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Selector lists and bodies of the rules outside any at-rule."""
    css = _without_comments(css).replace("<!--", " ").replace("-->", " ")
    depth, position, prelude, plain = 0, 0, "", True
    for brace in _BRACES.finditer(css):
        if brace[0] == "{":
            depth += 1
            if depth == 1:
                prelude = css[position : brace.start()].rpartition(";")[2].strip()
                plain = not prelude.startswith("@")
        elif depth:
            depth -= 1
            if depth == 0 and plain:
                yield prelude, css[position : brace.start()]
        position = brace.end()


class Sheet:
    """The rules of a mail's `style` elements; answers what applies to one element."""

    def __init__(self) -> None:
        self._rules: dict[str, dict[str, Declared]] = {}
        self._inline: dict[str, Declarations] = {}

    def add(self, css: str) -> None:
        """Takes in the content of a `style` element."""
        for selectors, body in _rules(css):
            found = declarations(body)
            if not found:
                continue
            for selector in selectors.split(","):
                name = selector.strip()
                if not name or not _SELECTOR.match(name):
                    continue
                tag, mark, rest = name.partition("#" if "#" in name else ".")
                known = self._rules.setdefault(tag.lower() + mark + rest, {})
                for key, value in found.items():
                    if value.important or key not in known or not known[key].important:
                        known[key] = value

    def inline(self, style: str) -> Declarations:
        """What a `style` attribute declares; mails repeat the same ones thousands of times."""
        known = self._inline.get(style)
        if known is None:
            known = declarations(style)
            if len(style) <= _SHORT and len(self._inline) < _SHORT:
                self._inline[style] = known
        return known

    def names(self, tag: str) -> bool:
        """Whether a rule speaks of all elements of this name."""
        return tag in self._rules

    def applied(self, tag: str, attributes: Mapping[str, str]) -> Mapping[str, str]:
        """The values that hold for an element: by weight of its selector, then its own `style`, `!important` first."""
        style = attributes.get("style")
        own: Declarations = self.inline(style) if style else {}
        matching: list[Declarations] = []
        if self._rules:
            selectors = [tag]
            names = attributes.get("class", "").split()
            selectors += [f".{name}" for name in names]
            selectors += [f"{tag}.{name}" for name in names]
            if identity := attributes.get("id"):
                selectors += [f"#{identity}", f"{tag}#{identity}"]
            matching = [self._rules[selector] for selector in selectors if selector in self._rules]
        if not matching:
            return {name: declared.value for name, declared in own.items()}
        result: dict[str, Declared] = {}
        for found in (*matching, own):
            for name, declared in found.items():
                if declared.important or name not in result or not result[name].important:
                    result[name] = declared
        return {name: declared.value for name, declared in result.items()}


def collect_styles(html: str) -> Sheet:
    """The style sheets of a mail for screens, wherever they stand in it."""
    sheet = Sheet()
    last = -1
    for found in _LAST_STYLE.finditer(html):
        last = found.start()
    if last < 0:
        return sheet
    close = _STYLE_CLOSE.search(html, last)
    for token in tokens(html if close is None else html[: close.end()]):
        if not isinstance(token, Raw) or token.name != "style":
            continue
        if token.attributes.get("media", "").strip().lower() in {"", "all", "screen"}:
            sheet.add(token.content)
    return sheet


def is_zero(value: str | None) -> bool:
    """Whether a length or number is given and zero, whatever its unit."""
    found = _NUMBER.match(value) if value else None
    return found is not None and float(found[1]) == 0


def is_slight(value: str | None) -> bool:
    """Whether a length is given and below a pixel (Outlook writes `margin-bottom:.0001pt` for none)."""
    found = _NUMBER.match(value) if value else None
    return found is not None and float(found[1]) * _PIXELS.get(found[2] or "px", DEFAULT_FONT) < 1


def without_margin(style: Mapping[str, str]) -> bool:
    """Whether an element is declared to have no space above and below it."""
    sides = (style.get("margin") or "").split()
    top = style.get("margin-top") or (sides[0] if sides else None)
    bottom = style.get("margin-bottom") or (sides[2 if len(sides) > 2 else 0] if sides else None)
    return is_slight(top) and is_slight(bottom)


def font_size(style: Mapping[str, str], inherited: float) -> float:
    """The size of an element's text in pixels where it is unreadable, else `DEFAULT_FONT`."""
    size = _pixels(style, inherited)
    return size if size <= UNREADABLE_FONT else DEFAULT_FONT


def _pixels(style: Mapping[str, str], inherited: float) -> float:
    value = style.get("font-size")
    if value is None:
        shorthand = style.get("font")
        if shorthand is None:
            return inherited
        value = next((part for part in shorthand.split()[:8] if part[:1].isdigit() or part[:1] == "."), "")
        value = value.partition("/")[0]
    if value == "inherit":
        return inherited
    found = _NUMBER.match(value)
    if found is None:
        return DEFAULT_FONT
    number, unit = float(found[1]), found[2]
    if unit == "em":
        return number * inherited
    if unit == "ex":
        return number * inherited / 2
    if unit == "%":
        return number * inherited / 100
    if unit is None:
        return DEFAULT_FONT if number else 0.0
    return number * _PIXELS.get(unit, DEFAULT_FONT)


def vanishes(style: Mapping[str, str], *, block: bool) -> bool:
    """Whether an element is not there at all for a person, together with everything inside it.

    `block` says whether its height can be limited: browsers ignore heights on inline elements, and `overflow` on
    the parts of a table.
    """
    if style.get("display") == "none" or is_zero(style.get("opacity")):
        return True
    if not block or not (is_zero(style.get("max-height")) or is_zero(style.get("height"))):
        return False
    overflow = style.get("overflow-y") or style.get("overflow") or ""
    return "hidden" in overflow or "clip" in overflow
