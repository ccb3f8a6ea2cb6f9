"""Gathers runs of text into lines: white space, blank lines, quoting, indents, bullets and rows of tables.

Everything is appended once to one list; a row of a table only looks back at its own few lines, so the work stays
linear however deep tables are nested.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

LINK_BEGIN: Final = "\x01"
LINK_END: Final = "\x02"
"""Stand around the addresses of links until it is known whether they are shown; no text contains them."""

SHORT_CELL: Final = 40
LONG_CELL: Final = 200
MOST_LINES: Final = 3
"""A cell of up to `SHORT_CELL` characters is data; one beyond the other two bounds is layout."""

DEEPEST: Final = 10
"""Quotes and lists nested deeper look like this depth, lest a hostile mail becomes all prefix."""

_LINK: Final = re.compile(f" ?{LINK_BEGIN}[^{LINK_END}]*{LINK_END}")
_INVISIBLE: Final = re.compile("[\u00ad\u034f\u180e\u200b\u2060\ufeff]+")
_JOINERS: Final = "\u200c\u200d"
_UNSEEN: Final = _JOINERS + "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069 "
_COLLAPSIBLE: Final = re.compile(r"[ \t\n\r\f]+")


class Line(NamedTuple):
    """A finished line: how often quoted, what it is indented by, its text ("" for a blank line)."""

    quote: int
    indent: str
    text: str


@dataclass(slots=True)
class _Row:
    start: int
    gap: bool
    cells: list[tuple[int, int]] = field(default_factory=list)


def visible(raw: str) -> str:
    """Text as it is seen on one line: white space of any kind single, padding that shows nothing removed."""
    text = _INVISIBLE.sub("", raw)
    words = text.split()
    if "\u200c" in text or "\u200d" in text:
        # Joiners beside spaces are padding of preheaders; inside words they shape letters and emoji.
        words = [word for word in (word.strip(_JOINERS) for word in words) if word]
    text = " ".join(words)
    return text if text.strip(_UNSEEN) else ""


def _with_addresses(text: str, *, shown: bool) -> str:
    if LINK_BEGIN not in text:
        return text
    return text.replace(LINK_BEGIN, "<").replace(LINK_END, ">") if shown else _LINK.sub("", text)


def _mark(quote: int) -> str:
    return "> " * min(quote, DEEPEST)


class Lines:
    """The text so far. `quote` and `indent` are those of the text added next, kept by the caller."""

    def __init__(self) -> None:
        self.quote = 0
        self.indent = 0
        self.bullet = ""
        self._lines: list[Line] = []
        self._parts: list[str] = []
        self._verbatim = False
        self._gap = False
        self._rows: list[_Row] = []

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, text: str) -> None:
        """Adds text in which any run of white space is one space."""
        self._parts.append(_COLLAPSIBLE.sub(" ", text) if self._verbatim else text)

    def add_verbatim(self, text: str, *, spaces: bool) -> None:
        """Adds text whose line ends count, and whose `spaces` do too where asked."""
        for number, piece in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
            if number:
                self.break_line()
            if spaces and not self._verbatim:
                self._parts = [_COLLAPSIBLE.sub(" ", "".join(self._parts)).lstrip()]
                self._verbatim = True
            self._parts.append(piece)

    def add_address(self, address: str, lines_before: int) -> bool:
        """Puts the address of a link behind its text, which began when there were `lines_before` finished lines.

        False when there is no such text.
        """
        shown = f" {LINK_BEGIN}{address}{LINK_END}"
        tail = len(self._parts)
        while tail and not self._parts[tail - 1].strip():
            tail -= 1
        if tail:
            last = self._parts[tail - 1]
            kept = last.rstrip()
            self._parts[tail - 1 :] = [kept, shown, " " if kept != last or tail < len(self._parts) else ""]
        elif len(self._lines) > lines_before and self._lines[-1].text:
            last_line = self._lines[-1]
            self._lines[-1] = last_line._replace(text=last_line.text + shown)
        else:
            return False
        return True

    def break_line(self) -> None:
        """Ends the line where `<br>` stands: an empty one becomes a blank line."""
        if not self.end_line():
            self._put(Line(self.quote, "", ""))

    def end_line(self) -> bool:
        """Ends the line at the border of a block; False when there was nothing on it."""
        if not self._parts:
            self._verbatim = False
            return False
        raw = "".join(self._parts)
        self._parts.clear()
        if self._verbatim:
            text = _INVISIBLE.sub("", raw).replace("\xa0", " ").rstrip()
            text = text if text.strip(_UNSEEN) else ""
            self._verbatim = False
        else:
            text = visible(raw)
        if text:
            self._put(Line(self.quote, self._prefix(), text))
            return True
        if "\xa0" in raw:
            self._put(Line(self.quote, "", ""))
            return True
        return False

    def gap(self) -> None:
        """Wants a blank line between what was and what comes."""
        self._gap = True

    def rule(self) -> None:
        """Puts a rule between what was and what comes, unless nothing was."""
        if self._lines:
            self._put(Line(self.quote, "  " * min(self.indent, DEEPEST), "---"))

    def begin_row(self) -> None:
        """Begins a row of a table."""
        self._rows.append(_Row(len(self._lines), self._gap))

    def end_cell(self, start: int) -> None:
        """Ends a cell of the current row that began when there were `start` lines."""
        if self._rows and start < len(self._lines):
            self._rows[-1].cells.append((start, len(self._lines)))

    def end_row(self) -> None:
        """Ends a row: puts it on one line when it holds data, leaves its cells on lines of their own when layout."""
        row = self._rows.pop()
        if len(row.cells) < 2 or len(self._lines) - row.start > MOST_LINES * 2 * len(row.cells):
            return
        prefix = "  " * min(self.indent, DEEPEST)
        texts: list[str] = []
        short = covered = 0
        for start, end in row.cells:
            cell = [line for line in self._lines[start:end] if line.text]
            text = " ".join(line.text for line in cell)
            length = len(_LINK.sub("", text))
            if len(cell) > MOST_LINES or length > LONG_CELL:
                return
            if any(line.quote != self.quote or line.indent != prefix for line in cell):
                return
            covered += len(cell)
            if cell:
                texts.append(text)
                short += len(cell) == 1 and length <= SHORT_CELL
        if short < 2 or covered != sum(1 for line in self._lines[row.start :] if line.text):
            return
        blank = [Line(self.quote, "", "")] if row.gap else []
        self._lines[row.start :] = [*blank, Line(self.quote, prefix, " | ".join(texts))]
        self._gap = False

    def text(self, *, addresses: bool) -> str:
        """All lines as one text: blank lines single, none at the ends, quotes marked, `addresses` of links or not."""
        self.end_line()
        result: list[str] = []
        blank: int | None = None
        for quote, indent, text in self._lines:
            if not text:
                blank = quote if blank is None else min(blank, quote)
                continue
            if blank is not None and result:
                result.append(_mark(blank).rstrip())
            blank = None
            result.append(_mark(quote) + indent + _with_addresses(text, shown=addresses))
        return "\n".join(result)

    def _prefix(self) -> str:
        depth = min(self.indent, DEEPEST)
        if not self.bullet:
            return "  " * depth
        bullet, self.bullet = self.bullet, ""
        return "  " * (depth - 1) + bullet

    def _put(self, line: Line) -> None:
        if self._gap and self._lines:
            self._lines.append(Line(min(self._lines[-1].quote, line.quote), "", ""))
        self._gap = False
        self._lines.append(line)
