"""Tables for a terminal: as wide as it is, plain text without escapes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, chop_cells

GAP = "  "
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    least: int
    """Cells that it keeps however narrow the terminal is; it gets what its texts need where there is room."""


def table_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The titles and the rows. Texts that are too long end with an ellipsis; nothing is wider than `width` unless
    the columns' least widths are.
    """
    cells = [[" ".join(text.split()) for text in row] for row in rows]
    wanted = [
        max([cell_len(column.title), *(cell_len(row[number]) for row in cells)])
        for number, column in enumerate(columns)
    ]
    widths = _share(wanted, [column.least for column in columns], width - len(GAP) * (len(columns) - 1))
    titles = [column.title for column in columns]
    return [
        GAP.join(fit(text, size) for text, size in zip(line, widths, strict=True)).rstrip() for line in [titles, *cells]
    ]


def _share(wanted: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Each gets its least (or what it wants, if that is less); the rest goes evenly to those who want more."""
    widths = [min(want, low) for want, low in zip(wanted, least, strict=True)]
    left = room - sum(widths)
    while left > 0 and (needy := [number for number, want in enumerate(wanted) if widths[number] < want]):
        for number in needy[:left]:
            widths[number] += 1
        left -= len(needy[:left])
    return widths


def fit(text: str, width: int) -> str:
    """The text in exactly so many cells of a terminal."""
    if cell_len(text) > width:
        text = (chop_cells(text, width - 1)[0] if width > 1 else "") + ELLIPSIS
    return text + " " * (width - cell_len(text))
