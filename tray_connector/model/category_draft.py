"""Label categories while a person edits them: names may be wrong, patterns are lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tray_connector.model.category_rules import CategoriesError, CategoryProblem, read_patterns
from tray_connector.model.records import Texts

_PLACE = re.compile(r"^Line \d+, column \d+: | in line \d+")
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class DraftCategory:
    """One category as it is being edited."""

    name: str = ""
    patterns: Texts = ()


Draft = tuple[DraftCategory, ...]


def draft_of(patterns: Mapping[str, Sequence[str]]) -> Draft:
    """What `read_patterns` gives, ready to be edited."""
    return tuple(DraftCategory(name, tuple(values)) for name, values in patterns.items())


def name_problems(names: Iterable[str]) -> dict[int, CategoryProblem]:
    """What is wrong with which name, by its position: the rules of the file, in messages without a place."""
    text = ",\n".join(f"{json.dumps(name)}: []" for name in names)
    try:
        read_patterns(f"{{\n{text}\n}}")
    except CategoriesError as error:
        return {problem.line - 2: replace(problem, message=_without_place(problem)) for problem in error.problems}
    return {}


def _without_place(problem: CategoryProblem) -> str:
    reason = _PLACE.sub("", problem.message)
    return reason[:1].upper() + reason[1:]


def writable(draft: Draft) -> Draft:
    """With ``?`` for what cannot stand in a line of text (line breaks, control characters): it matches these too."""
    return tuple(
        replace(category, patterns=tuple(_UNWRITABLE.sub("?", pattern) for pattern in category.patterns))
        for category in draft
    )


def file_text(draft: Draft) -> str:
    """The draft as a `label_categories.json`, for people too. It must be free of `name_problems`."""
    content = {category.name: list(dict.fromkeys(category.patterns)) for category in draft}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def merged(draft: Draft, more: Draft) -> Draft:
    """The draft with the categories of another one: patterns of the same name are put together."""
    found = {category.name: category for category in draft}
    for category in more:
        known = found.get(category.name, DraftCategory(category.name))
        found[category.name] = replace(known, patterns=tuple(dict.fromkeys((*known.patterns, *category.patterns))))
    return tuple(found.values())
