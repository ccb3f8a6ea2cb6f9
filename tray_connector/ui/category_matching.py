"""Which labels in use fall into which category, kept up to date while patterns are typed. Knows no widgets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tray_connector.destinations.browse_query import fold
from tray_connector.model.categories import compile_pattern
from tray_connector.model.category_draft import Draft
from tray_connector.model.records import Table, Texts

REMEMBERED = 5000
"""Patterns whose matches are kept: while one types, each character makes another pattern."""
AT_ONCE = 500
"""Labels that are tried between two looks at the clock."""


@dataclass(frozen=True, slots=True)
class LabelUse:
    """A label that stored records carry."""

    text: str
    tasks: int = 0
    emails: int = 0

    @property
    def records(self) -> int:
        """How many records carry it."""
        return self.tasks + self.emails


def labels_of(in_use: Mapping[Table, Mapping[str, int]]) -> tuple[LabelUse, ...]:
    """`Ledger.labels_in_use` as a list, sorted as people do."""
    tasks, emails = in_use.get("tasks", {}), in_use.get("emails", {})
    texts = sorted({*tasks, *emails}, key=lambda text: (fold(text), text))
    return tuple(LabelUse(text, tasks.get(text, 0), emails.get(text, 0)) for text in texts)


@dataclass(frozen=True, slots=True)
class Matches:
    """What a draft does with the labels in use. Labels and categories are known by their positions."""

    members: tuple[frozenset[int], ...] = ()
    """Category → labels."""
    categories: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    """Label → categories, in their order; those in none are missing."""
    several: frozenset[int] = frozenset()
    """Labels in more than one category."""


@dataclass(frozen=True, slots=True)
class PatternUse:
    """What one pattern of a category does."""

    count: int
    """Labels that it matches."""
    covered: bool
    """It matches some, and others of the category match all of them too."""
    shared: int = 0
    """Those of its labels that fall into another category as well."""


class Matching:
    """Tries patterns on labels, remembering what was tried; a little at a time where there is much to do."""

    def __init__(self, labels: Sequence[LabelUse] = ()) -> None:
        self.labels = tuple(labels)
        self._found: dict[str, frozenset[int]] = {}
        self._begun: tuple[str, int, list[int]] | None = None

    def work(self, draft: Draft, clock: Callable[[], float], seconds: float) -> bool:
        """Try what has not been tried, for about so many seconds; True when nothing is left to be tried."""
        deadline = clock() + seconds
        wanted = dict.fromkeys(pattern for category in draft for pattern in category.patterns)
        if len(self._found) > REMEMBERED + len(wanted):
            self._found = {pattern: found for pattern, found in self._found.items() if pattern in wanted}
        missing = [pattern for pattern in wanted if pattern not in self._found]
        return all(self._try(pattern, clock, deadline) for pattern in missing)

    def _try(self, pattern: str, clock: Callable[[], float], deadline: float) -> bool:
        if self._begun is None or self._begun[0] != pattern:
            self._begun = (pattern, 0, [])
        _, position, hits = self._begun
        matches = compile_pattern(pattern)
        while position < len(self.labels):
            if clock() >= deadline:
                self._begun = (pattern, position, hits)
                return False
            end = min(position + AT_ONCE, len(self.labels))
            hits += [number for number in range(position, end) if matches(self.labels[number].text)]
            position = end
        self._found[pattern] = frozenset(hits)
        self._begun = None
        return True

    def matches(self, draft: Draft) -> Matches:
        """What the draft does. Patterns that have not been tried match nothing yet."""
        members = tuple(self._union(category.patterns) for category in draft)
        categories: dict[int, tuple[int, ...]] = {}
        for position, labels in enumerate(members):
            for label in labels:
                categories[label] = (*categories.get(label, ()), position)
        several = frozenset(label for label, found in categories.items() if len(found) > 1)
        return Matches(members, categories, several)

    def pattern_uses(self, patterns: Texts, several: frozenset[int]) -> tuple[PatternUse, ...]:
        """What each pattern of a category does; `several` as in `Matches`.

        Of those that do the same, all but the first are covered: without them nothing would be missed.
        """
        found = [self._found.get(pattern, frozenset()) for pattern in patterns]
        kept: Counter[int] = Counter(label for labels in found for label in labels)
        uses = [PatternUse(0, covered=False)] * len(patterns)
        # The narrow ones first, and of equal ones the last: what remains is what a person would write.
        for place in sorted(range(len(patterns)), key=lambda place: (len(found[place]), -place)):
            labels = found[place]
            covered = bool(labels) and all(kept[label] > 1 for label in labels)
            if covered:
                kept.subtract(labels)
            uses[place] = PatternUse(len(labels), covered, len(labels & several))
        return tuple(uses)

    def _union(self, patterns: Texts) -> frozenset[int]:
        none: frozenset[int] = frozenset()
        return none.union(*(self._found.get(pattern, none) for pattern in patterns))
