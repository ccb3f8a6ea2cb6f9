"""`Figure`: one line of the table, and how the table looks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was measured."""

    name: str
    measured: str
    goal: str = ""
    """Empty: for information only."""
    met: bool | None = None
    """None without a goal, and at sizes for which the goal was not set."""

    @property
    def verdict(self) -> str:
        """The last column."""
        return "" if self.met is None else "yes" if self.met else "NO"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A few figures that are measured together."""

    name: str
    """For `--only`."""
    measure: Callable[[Path, bool], Sequence[Figure]]
    """Called with an empty folder and whether small sizes will do."""


def at_least(name: str, value: float, goal: float, unit: str, note: str = "") -> Figure:
    """A figure that should be as large as the goal."""
    return Figure(name, with_note(f"{value:,.0f} {unit}", note), f"at least {goal:,.0f} {unit}", value >= goal)


def at_most(name: str, value: float, goal: float, unit: str, note: str = "") -> Figure:
    """A figure that should be as small as the goal."""
    return Figure(name, with_note(f"{value:,.4g} {unit}", note), f"at most {goal:,.4g} {unit}", value <= goal)


def with_note(text: str, note: str) -> str:
    """The text, with the note in brackets if there is one."""
    return f"{text} ({note})" if note else text


HEAD = ("name", "measured", "goal", "met")


class Table:
    """Prints rows as they come; the widths are fixed beforehand, a longer cell pushes the others."""

    WIDTHS = (54, 56, 24, 3)

    def begin(self) -> None:
        """The head."""
        self._line(HEAD)
        self._line(tuple("-" * width for width in self.WIDTHS))

    def add(self, figure: Figure) -> None:
        """One row."""
        self._line((figure.name, figure.measured, figure.goal, figure.verdict))

    def _line(self, cells: Sequence[str]) -> None:
        padded = (cell.ljust(width) for cell, width in zip(cells, self.WIDTHS, strict=True))
        sys.stdout.write("  ".join(padded).rstrip() + "\n")
        sys.stdout.flush()
