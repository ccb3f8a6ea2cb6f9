"""Which HTML elements do what in running text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

LISTS: Final = ("ul", "ol", "menu", "dir")
CELLS: Final = ("td", "th")
ROW_PARTS: Final = frozenset(["td", "th", "tr", "tbody", "thead", "tfoot"])
TABLE_PARTS: Final = ROW_PARTS | {"table", "caption"}

_HEADINGS: Final = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_SECTIONS: Final = frozenset(["article", "aside", "footer", "header", "hgroup", "main", "nav", "section", "summary"])
_FORM_PARTS: Final = frozenset(["fieldset", "form", "legend", "optgroup", "option"])
_DIVISIONS: Final = frozenset(["address", "body", "center", "details", "dialog", "div", "figcaption", "html"])

SPACED: Final = _HEADINGS | {"blockquote", "dl", "figure", "listing", "ol", "p", "pre", "ul"}
"""Blocks with a blank line before and after them."""

BLOCKS: Final = TABLE_PARTS | SPACED | _SECTIONS | _FORM_PARTS | _DIVISIONS | {"dd", "dir", "dt", "li", "menu"}
"""Elements that stand on lines of their own."""

BLOCK_DISPLAYS: Final = frozenset(["block", "table", "flex", "grid", "list-item", "table-row", "table-cell"])
"""Values of the property `display` that make a block of any element."""

_VOID_TEXT: Final = frozenset(["br", "hr", "img", "input", "wbr", "embed"])
_VOID_HEAD: Final = frozenset(["area", "base", "basefont", "bgsound", "link", "meta"])
VOID: Final = _VOID_TEXT | _VOID_HEAD | {"col", "frame", "param", "source", "track"}
"""Elements without content or end tag."""

FORMATTING: Final = frozenset(["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong"])
"""Inline elements whose end tag works even from inside a block that began after them."""

UNSEEN: Final = frozenset(["audio", "canvas", "datalist", "rp", "template", "video"])
"""Elements whose content browsers do not show."""

_SECTIONS_OF_TABLES: Final = (("tbody", "thead", "tfoot"), ("table",))

CLOSES: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "li": (("li",), LISTS),
    "dd": (("dd", "dt"), ("dl",)),
    "dt": (("dd", "dt"), ("dl",)),
    "option": (("option",), ()),
    "td": (CELLS, ("table",)),
    "th": (CELLS, ("table",)),
    "tr": (("tr",), ("table",)),
    "tbody": _SECTIONS_OF_TABLES,
    "thead": _SECTIONS_OF_TABLES,
    "tfoot": _SECTIONS_OF_TABLES,
    "a": (("a",), ()),
}
"""What a start tag ends that was left open, and inside what it looks for it (always within the current cell)."""
