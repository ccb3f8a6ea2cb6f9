"""What an element of a mail passes on to its content, from its name, attributes and style."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from tray_connector.model.html_names import TABLE_PARTS, UNSEEN
from tray_connector.model.html_style import DEFAULT_FONT, UNREADABLE_FONT, font_size, vanishes

_LIST_LEVEL: Final = re.compile(r"level(\d)")


class State(NamedTuple):
    """What holds for the text inside an element.

    `gone` and `unseen` hide it (for all descendants, or until one is visible again), `font` is its size in pixels,
    `space` says which white space counts, `quote` and `indent` how deep it stands, `bullets` whether list items
    have any, `word_bullet` whether it is the bullet that Word writes as text.
    """

    gone: bool = False
    unseen: bool = False
    font: float = DEFAULT_FONT
    space: Literal["normal", "lines", "verbatim"] = "normal"
    quote: int = 0
    indent: int = 0
    bullets: bool = True
    word_bullet: bool = False

    @property
    def shown(self) -> bool:
        """Whether a person can see the text."""
        return not (self.gone or self.unseen) and self.font > UNREADABLE_FONT


def inherit(state: State, name: str, attributes: Mapping[str, str], style: Mapping[str, str], *, block: bool) -> State:
    """The state inside an element that stands in `state`; the very same object when nothing changes."""
    if state.gone:
        return state
    if ("hidden" in attributes and "display" not in style) or name in UNSEEN:
        return state._replace(gone=True)
    boxed = (block and name not in TABLE_PARTS) or style.get("display") == "inline-block"
    if style and vanishes(style, block=boxed):
        return state._replace(gone=True)
    match name:
        case "table":
            if state.font <= UNREADABLE_FONT or state.space != "normal":
                state = state._replace(font=DEFAULT_FONT, space="normal")
        case "pre" | "listing":
            state = state._replace(space="verbatim")
        case "ul" | "ol" | "menu" | "dir" if not state.bullets:
            state = state._replace(bullets=True)
        case "font" if state.font <= UNREADABLE_FONT and attributes.get("size"):
            state = state._replace(font=DEFAULT_FONT)
    if style:
        state = _styled(state, name, style)
    if name == "dd" or (name == "li" and state.bullets):
        state = state._replace(indent=state.indent + 1)
    if is_quote(name, attributes, style):
        state = state._replace(quote=state.quote + 1)
    return state


def _styled(state: State, name: str, style: Mapping[str, str]) -> State:
    """The state after the inherited properties of an element's own style."""
    if "visibility" in style:
        unseen = style["visibility"] in {"hidden", "collapse"}
        state = state if unseen == state.unseen else state._replace(unseen=unseen)
    if "font-size" in style or "font" in style:
        font = font_size(style, state.font)
        state = state if font == state.font else state._replace(font=font)
    space = style.get("white-space")
    if space in {"pre", "pre-wrap", "break-spaces"}:
        state = state._replace(space="verbatim")
    elif space == "pre-line":
        state = state._replace(space="lines")
    elif space in {"normal", "nowrap"} and state.space != "normal":
        state = state._replace(space="normal")
    kind = style.get("list-style-type") or style.get("list-style")
    if kind is not None:
        state = state._replace(bullets="none" not in kind.split())
    word = style.get("mso-list")
    if word == "ignore":
        state = state._replace(word_bullet=True)
    elif word and name != "li" and (level := _LIST_LEVEL.search(word)) and level[1] > "1":
        state = state._replace(indent=state.indent + int(level[1]) - 1)
    return state


def _borderless(style: Mapping[str, str]) -> bool:
    border = style.get("border", "")
    return border.startswith(("none", "medium none")) or border in {"0", "0px"}


def is_quote(name: str, attributes: Mapping[str, str], style: Mapping[str, str]) -> bool:
    """Whether an element holds a quoted mail: a block quote that is no mere indent, or Outlook's bar at the left."""
    if name == "blockquote":
        return not _borderless(style) or "border-left" in style or attributes.get("type") == "cite"
    return name == "div" and "solid" in style.get("border-left", "") and _borderless(style)


def has_rule(name: str, style: Mapping[str, str]) -> bool:
    """Whether an element begins with the rule that Outlook draws above the mail that is answered."""
    return name == "div" and "solid" in style.get("border-top", "") and _borderless(style)
