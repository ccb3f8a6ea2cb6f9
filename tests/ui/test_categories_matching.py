"""What patterns do to the labels in use, for whatever patterns and labels there are."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tray_connector.model.categories import Categories
from tray_connector.model.category_draft import DraftCategory
from tray_connector.ui.category_matching import LabelUse, Matching

PATTERNS = st.text("R_1*?", min_size=1, max_size=4).filter(str.strip)
DRAFTS = st.lists(st.lists(PATTERNS, max_size=4), max_size=4)
LABELS = st.lists(st.text("R_12", min_size=1, max_size=3), unique=True, max_size=12)


@given(DRAFTS, LABELS)
def test_the_editor_matches_as_the_connector_does_however_little_time_it_gets(
    categories: list[list[str]], labels: list[str]
) -> None:
    draft = tuple(DraftCategory(f"C{number}", tuple(patterns)) for number, patterns in enumerate(categories))
    matching = Matching([LabelUse(label) for label in labels])
    ticks = itertools.count()
    while not matching.work(draft, lambda: float(next(ticks)), 2):
        pass
    matches = matching.matches(draft)
    in_force = Categories.of({category.name: category.patterns for category in draft})
    found = {
        label: tuple(draft[place].name for place in matches.categories.get(n, ())) for n, label in enumerate(labels)
    }
    assert found == {label: in_force.matching(label) for label in labels}
    assert matches.several == {n for n, label in enumerate(labels) if len(found[label]) > 1}


@given(st.lists(PATTERNS, max_size=5), LABELS)
def test_lines_that_add_nothing_can_be_removed_and_no_other(patterns: list[str], labels: list[str]) -> None:
    draft = (DraftCategory("C", tuple(patterns)),)
    matching = Matching([LabelUse(label) for label in labels])
    while not matching.work(draft, lambda: 0.0, 1):
        pass
    uses = matching.pattern_uses(draft[0].patterns, frozenset())
    kept = [pattern for pattern, use in zip(patterns, uses, strict=True) if not use.covered]

    def caught(lines: list[str]) -> set[str]:
        return {label for label in labels if Categories.of({"C": lines}).matching(label)}

    assert caught(kept) == caught(patterns)
    for place, pattern in enumerate(kept):
        without = kept[:place] + kept[place + 1 :]
        assert caught(without) < caught(kept) or not caught([pattern])
