"""Follows the tags of a mail with a stack of its own and hands visible text on to the lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from tray_connector.model.html_lines import Lines
from tray_connector.model.html_links import MOST_SHOWN, shown_address
from tray_connector.model.html_names import (
    BLOCK_DISPLAYS,
    BLOCKS,
    CELLS,
    CLOSES,
    FORMATTING,
    LISTS,
    ROW_PARTS,
    SPACED,
    TABLE_PARTS,
    VOID,
)
from tray_connector.model.html_state import State, has_rule, inherit
from tray_connector.model.html_style import Sheet, vanishes, without_margin
from tray_connector.model.html_tokens import EndTag, Raw, Tag, Text, Token, unescape

_WORD_BULLETS: Final = frozenset("·•§¨ØoüvàqŸ\uf0b7\uf0a7\uf0d8\uf0fc-–")
"""What Word writes for a bullet, in the fonts Symbol and Wingdings."""


@dataclass(slots=True)
class _Frame:
    """An open element: what to do when it ends, and the state to return to."""

    name: str
    before: State
    block: bool = False
    spaced: bool = False
    role: Literal["", "row", "cell", "list", "link"] = ""
    start: int = 0


@dataclass(slots=True)
class _List:
    ordered: str
    number: int


@dataclass(slots=True)
class _Link:
    href: str
    lines: int
    texts: list[str]


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 7 else None


class Renderer:
    """Takes tokens, fills `lines`. Its stack is a list: depth costs memory, not recursion."""

    def __init__(self, sheet: Sheet) -> None:
        self.lines = Lines()
        self._sheet = sheet
        self._state = State()
        self._stack: list[_Frame] = []
        self._open: dict[str, list[int]] = {}
        self._barriers: list[int] = []
        self._blocks: list[int] = []
        self._lists: list[_List] = []
        self._link: _Link | None = None
        self._addresses: set[str] = set()

    def take(self, token: Token) -> None:
        """Takes the next token."""
        if isinstance(token, Text):
            self._text(token.value)
        elif isinstance(token, Tag):
            self._start(token.name, token.attributes)
        elif isinstance(token, EndTag):
            self._end(token.name)
        elif token.name in {"textarea", "xmp"}:
            self._verbatim(token)

    def _verbatim(self, raw: Raw) -> None:
        self._start("pre", raw.attributes)
        self._text(raw.content if raw.name == "xmp" else unescape(raw.content))
        self._end("pre")

    def _text(self, value: str) -> None:
        state = self._state
        if not state.shown:
            return
        if self._link is not None:
            self._link.texts.append(value)
        if state.word_bullet and value.strip() in _WORD_BULLETS:
            value = "-"
        if state.space == "normal":
            self.lines.add(value)
        else:
            self.lines.add_verbatim(value, spaces=state.space == "verbatim")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name in VOID:
            self._void(name, attributes)
            return
        if name in {"html", "body"} and name in self._open:
            return
        self._close_before(name)
        style: Mapping[str, str] = {}
        if attributes or self._sheet.names(name):
            style = self._sheet.applied(name, attributes)
        display = style.get("display", "")
        block = (name in BLOCKS and display not in {"inline", "contents"}) or name in TABLE_PARTS
        block = block or display in BLOCK_DISPLAYS
        before = self._state
        state = inherit(before, name, attributes, style, block=block)
        if state is before and name != "a" and not block and name not in BLOCKS and not self._open.get(name):
            return  # A plain inline element changes nothing, and neither does its end.
        frame = _Frame(name, before)
        if not state.gone:
            self._enter(frame, attributes, style, block=block)
        self._state = state
        self.lines.quote, self.lines.indent = state.quote, state.indent
        if name == "li" and not state.gone:
            self._bullet(attributes)
        depth = len(self._stack)
        self._open.setdefault(name, []).append(depth)
        if name in {"table", "td", "th", "caption"}:
            self._barriers.append(depth)
        if block:
            self._blocks.append(depth)
        self._stack.append(frame)

    def _enter(self, frame: _Frame, attributes: Mapping[str, str], style: Mapping[str, str], *, block: bool) -> None:
        """Does what a visible element does at its beginning, and notes what it will have to do at its end."""
        name = frame.name
        if block:
            frame.block = True
            self.lines.end_line()
            frame.spaced = self._spaced(name, attributes, style)
            if frame.spaced:
                self.lines.gap()
            if has_rule(name, style):
                self.lines.rule()
        elif name == "a" and style.get("display") == "inline-block":
            frame.spaced = True
            self.lines.add(" ")
        if name == "tr":
            frame.role = "row"
            self.lines.begin_row()
        elif name in CELLS:
            frame.role, frame.start = "cell", len(self.lines)
        elif name in LISTS:
            frame.role = "list"
            ordered = (attributes.get("type") or "1") if name == "ol" else ""
            self._lists.append(_List(ordered, _number(attributes.get("start", "")) or 1))
        elif name == "a" and "href" in attributes:
            frame.role = "link"
            self._link = _Link(attributes["href"], len(self.lines), [])

    def _spaced(self, name: str, attributes: Mapping[str, str], style: Mapping[str, str]) -> bool:
        """Whether a blank line sets a block off; Word's paragraphs have no margins, whatever their style says."""
        if name not in SPACED or (self._lists and name in LISTS):
            return False
        return name == "blockquote" or not (attributes.get("class", "").startswith("Mso") or without_margin(style))

    def _bullet(self, attributes: Mapping[str, str]) -> None:
        self.lines.bullet = "- " if self._state.bullets else ""
        current = self._lists[-1] if self._lists else None
        if current is None or not current.ordered:
            return
        given = _number(attributes.get("value", ""))
        number = current.number if given is None else given
        current.number = number + 1
        if self._state.bullets:
            letters = current.ordered in {"a", "A"} and 1 <= number <= 26
            self.lines.bullet = f"{chr(ord(current.ordered) + number - 1) if letters else number}. "

    def _void(self, name: str, attributes: Mapping[str, str]) -> None:
        if self._state.gone:
            return
        if name == "br":
            self.lines.break_line()
        elif name == "hr":
            self._close_before(name)
            if self._state.shown and not vanishes(self._sheet.applied(name, attributes), block=False):
                self.lines.end_line()
                self.lines.rule()
        elif name == "img":
            alternative = attributes.get("alt", "").strip()
            # A short text without letters or digits is an emoji that is sent as a picture.
            if len(alternative) <= 8 and not alternative.isascii() and not any(map(str.isalnum, alternative)):
                self._text(alternative)
        elif name == "input" and attributes.get("type", "").lower() in {"submit", "button", "reset"}:
            self._text(f" {attributes.get('value', '')} ")

    def _innermost(self, names: tuple[str, ...]) -> int:
        """How deep the innermost open element of these names stands; -1 when none is open."""
        return max((self._open[name][-1] for name in names if self._open.get(name)), default=-1)

    def _close_before(self, name: str) -> None:
        """Ends the elements that `name` ends by beginning (an open paragraph, list item, cell …)."""
        if name in CLOSES:
            ended, inside = CLOSES[name]
            border = self._innermost(inside)
            if name not in ROW_PARTS and self._barriers:
                border = max(border, self._barriers[-1])
            depth = self._innermost(ended)
            if depth > border:
                self._pop_to(depth)
            if name in CELLS and self._innermost(("tr",)) <= border:
                self._start("tr", {})
        if name in BLOCKS or name == "hr":
            depth = self._innermost(("p",))
            if depth > (self._barriers[-1] if self._barriers else -1):
                self._pop_to(depth)

    def _end(self, name: str) -> None:
        if name == "br":
            self._void("br", {})
            return
        depths = self._open.get(name)
        if name in {"html", "body"}:
            return
        if not depths:
            if name in BLOCKS and not self._state.gone:
                self.lines.end_line()
            return
        depth = depths[-1]
        if name in ROW_PARTS:
            if depth < self._innermost(("table",)):
                return
        elif name not in TABLE_PARTS and self._barriers and depth < self._barriers[-1]:
            return
        if name not in BLOCKS and self._blocks and self._blocks[-1] > depth:
            if name not in FORMATTING:
                return
            if self._state.shown:
                # The block inside goes on, as in browsers; the element itself has nothing left to do.
                depths.pop()
                self._finish_link(self._stack[depth])
                return
        self._pop_to(depth)

    def _finish_link(self, frame: _Frame) -> None:
        if frame.role != "link" or self._link is None:
            return
        frame.role = ""
        link, self._link = self._link, None
        if len(self._addresses) <= MOST_SHOWN:
            address = shown_address(link.href, "".join(link.texts))
            if address and address not in self._addresses and self.lines.add_address(address, link.lines):
                self._addresses.add(address)

    def _pop_to(self, depth: int) -> None:
        while len(self._stack) > depth:
            self._leave(self._stack.pop())

    def _leave(self, frame: _Frame) -> None:
        lines = self.lines
        if frame.block:
            lines.end_line()
            if frame.spaced:
                lines.gap()
        elif frame.spaced:
            lines.add(" ")
        if frame.role == "cell":
            lines.end_cell(frame.start)
        elif frame.role == "list":
            self._lists.pop()
        elif frame.role == "link":
            self._finish_link(frame)
        self._state = frame.before
        lines.quote, lines.indent = frame.before.quote, frame.before.indent
        if frame.name == "li":
            lines.bullet = ""
        elif frame.role == "row":
            lines.end_row()
        depth = len(self._stack)
        for depths in (self._open[frame.name], self._barriers, self._blocks):
            if depths and depths[-1] == depth:
                depths.pop()

    def text(self) -> str:
        """The text of all that was taken."""
        self._pop_to(0)
        return self.lines.text(addresses=len(self._addresses) <= MOST_SHOWN)
