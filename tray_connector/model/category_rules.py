"""What a label category file may hold, and every violation by line and column."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tray_connector.model.column_names import alike, fixed_names
from tray_connector.model.errors import ConfigError, Problem
from tray_connector.model.json_places import JsonError, Node, Place, parse_with_places
from tray_connector.model.records import Texts

LONGEST_NAME = 63
"""Bytes in UTF-8: what PostgreSQL takes as a column name."""
EXAMPLE = '{"Räume": "R_*", "Gebäude": ["Building_A", "Building_?"]}'


@dataclass(frozen=True, slots=True)
class CategoryProblem(Problem):
    """A problem at one place of the file. Both numbers begin at 1; 0 = no place in particular."""

    line: int = 0
    column: int = 0


class CategoriesError(ConfigError):
    """The text is no valid category file. `problem` is the first of `problems`, which stand in the file's order."""

    def __init__(self, problems: Sequence[CategoryProblem]) -> None:
        first = problems[0]
        super().__init__(first.code, first.title, first.message, first.hint)
        self.problem: CategoryProblem = first
        self.problems: tuple[CategoryProblem, ...] = tuple(problems)

    @property
    def line(self) -> int:
        """The first problem's line."""
        return self.problem.line

    @property
    def column(self) -> int:
        """The first problem's column."""
        return self.problem.column


def problem_at(place: Place, code: str, title: str, reason: str, hint: str) -> CategoryProblem:
    """A problem whose message begins with its place."""
    message = f"Line {place.line}, column {place.column}: {reason}"
    return CategoryProblem(f"categories-{code}", title, message, hint, line=place.line, column=place.column)


def read_patterns(text: str) -> dict[str, Texts]:
    """Category → patterns, in the file's order. `CategoriesError` with every problem there is."""
    try:
        root = parse_with_places(text.removeprefix("\ufeff"))
    except JsonError as error:
        title, hint = "The label categories are not valid JSON", "Correct the file at this place."
        raise CategoriesError([problem_at(error.place, "json", title, error.reason, hint)]) from error
    if root.kind != "object":
        title, reason = "The label categories have the wrong form", "the file must hold one object in braces"
        raise CategoriesError([problem_at(root.place, "form", title, reason, f"An example: {EXAMPLE}")])
    problems = [*_name_problems([name for name, _ in root.members]), *_value_problems(root.members)]
    if problems:
        raise CategoriesError(sorted(problems, key=lambda problem: (problem.line, problem.column)))
    return {name.text: tuple(node.text for node in _patterns(value)) for name, value in root.members}


def _patterns(value: Node) -> tuple[Node, ...]:
    return value.items if value.kind == "array" else (value,)


def _name_problems(names: Sequence[Node]) -> list[CategoryProblem]:
    taken = fixed_names()
    seen: dict[str, Node] = {}
    problems = []
    for name in names:
        problem = _form_problem(name) or _fixed_problem(name, taken) or _repeat_problem(name, seen)
        if problem is not None:
            problems.append(problem)
        seen.setdefault(alike(name.text), name)
    return problems


def _form_problem(name: Node) -> CategoryProblem | None:
    title = "A category has no usable name"
    if not name.text.strip():
        return problem_at(name.place, "name-empty", title, "the name is empty", "Give the category a name.")
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in name.text):
        reason = f"the name {_shown(name.text)} holds a control character or a line break"
        return problem_at(name.place, "name-characters", title, reason, "Remove that character from the name.")
    length = len(name.text.encode("utf-8"))
    if length > LONGEST_NAME:
        reason = f"the name {_shown(name.text)} has {length} bytes, at most {LONGEST_NAME} fit into a column name"
        return problem_at(name.place, "name-long", title, reason, "Shorten the name. An umlaut counts as two bytes.")
    return None


def _fixed_problem(name: Node, taken: Mapping[str, str]) -> CategoryProblem | None:
    fixed = taken.get(alike(name.text))
    if fixed is None:
        return None
    reason = f"the name {_shown(name.text)} is taken by the fixed column {_shown(fixed)}"
    title, hint = "A category has the name of a fixed column", "Choose another name for the category."
    return problem_at(name.place, "name-taken", title, reason, hint)


def _repeat_problem(name: Node, seen: Mapping[str, Node]) -> CategoryProblem | None:
    earlier = seen.get(alike(name.text))
    if earlier is None:
        return None
    if earlier.text == name.text:
        title, reason = "A category stands twice in the file", f"{_shown(name.text)} stands already"
        hint = "Put all its patterns into one list."
        return problem_at(name.place, "name-repeated", title, f"{reason} in line {earlier.place.line}", hint)
    title, hint = "Two category names are too much alike", "Give one of them another name."
    reason = f"{_shown(name.text)} and {_shown(earlier.text)} in line {earlier.place.line} would be one column"
    return problem_at(name.place, "name-case", title, reason, hint)


def _value_problems(members: Sequence[tuple[Node, Node]]) -> list[CategoryProblem]:
    title, hint = "A category has an invalid pattern", f"Write one pattern or a list of them: {EXAMPLE}"
    problems = []
    for name, value in members:
        for node in _patterns(value):
            if node.kind != "string":
                reason = f"a pattern of {_shown(name.text)} is not text in quotation marks"
                problems.append(problem_at(node.place, "pattern-form", title, reason, hint))
            elif not node.text.strip():
                reason = f"a pattern of {_shown(name.text)} is empty"
                problems.append(problem_at(node.place, "pattern-empty", title, reason, "Remove it or fill it in."))
    return problems


def _shown(name: str) -> str:
    printable = "".join(character if character.isprintable() else "\ufffd" for character in name)
    return f"“{printable if len(printable) <= 80 else printable[:79] + '…'}”"
