"""Label categories: which labels go into which extra column."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from tray_connector.model.category_rules import CategoriesError, CategoryProblem, read_patterns
from tray_connector.model.records import Texts

__all__ = ["Categories", "CategoriesError", "CategoryProblem", "compile_pattern", "parse_categories"]

Matcher = Callable[[str], bool]
REMEMBERED_LABELS = 20_000


def compile_pattern(pattern: str) -> Matcher:
    """Tells whether a whole label matches: ``*`` is any run of characters, ``?`` exactly one, all else is literal.

    Case counts. Time grows with the product of both lengths at the worst, however many stars there are.
    """
    first, *rest = (_literal(part) for part in re.split(r"\*+", pattern))
    if not rest:
        return lambda label: first.fullmatch(label) is not None
    *middle, last = rest
    last_length = len(re.split(r"\*+", pattern)[-1])

    def matches(label: str) -> bool:
        begin = first.match(label)
        if begin is None:
            return False
        position = begin.end()
        for part in middle:
            found = part.search(label, position)
            if found is None:
                return False
            position = found.end()
        tail = len(label) - last_length
        return tail >= position and last.match(label, tail) is not None

    return matches


def _literal(part: str) -> re.Pattern[str]:
    # Leftmost is always best: what stands between two stars has a fixed length.
    return re.compile("".join("." if character == "?" else re.escape(character) for character in part), re.DOTALL)


@dataclass(frozen=True)
class Categories:
    """The categories in force. Safe to share between threads; made by `parse_categories` or `Categories.of`.

    Without arguments: no categories at all, which is what a missing file means.
    """

    names: Texts = ()
    """In the file's order; each is the name of a column."""
    version: str = ""
    """Equal for files that sort labels alike; empty when there are no categories."""
    patterns: Mapping[str, Texts] = field(default_factory=dict)
    _matchers: tuple[tuple[str, tuple[Matcher, ...]], ...] = field(init=False, repr=False, compare=False)
    _remembered: dict[str, Texts] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        matchers = tuple((name, tuple(map(compile_pattern, values))) for name, values in self.patterns.items())
        object.__setattr__(self, "_matchers", matchers)

    @classmethod
    def of(cls, patterns: Mapping[str, Iterable[str]]) -> Categories:
        """From category → patterns that keep the rules of `parse_categories`."""
        listed = {name: tuple(dict.fromkeys(values)) for name, values in patterns.items()}
        return cls(tuple(listed), _version(listed), listed)

    def matching(self, label: str) -> Texts:
        """The categories into which the label falls, in the file's order."""
        found = self._remembered.get(label)
        if found is None:
            found = tuple(name for name, tests in self._matchers if any(test(label) for test in tests))
            if len(self._remembered) >= REMEMBERED_LABELS:
                self._remembered.clear()
            self._remembered[label] = found
        return found

    def assign(self, labels: Texts) -> dict[str, Texts]:
        """Category → labels in their order and without repeats; every category is a member, with ``()`` for none."""
        members: dict[str, dict[str, None]] = {name: {} for name in self.names}
        for label in labels:
            for name in self.matching(label):
                members[name][label] = None
        return {name: tuple(found) for name, found in members.items()}


def parse_categories(text: str) -> Categories:
    """The categories that the text of a `label_categories.json` describes.

    Raises `CategoriesError` with line and column of the first problem and all problems in `problems`.
    """
    return Categories.of(read_patterns(text))


def _version(patterns: Mapping[str, Texts]) -> str:
    if not patterns:
        return ""
    content = {name: sorted(set(values)) for name, values in patterns.items()}
    text = json.dumps(content, sort_keys=True)
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()
