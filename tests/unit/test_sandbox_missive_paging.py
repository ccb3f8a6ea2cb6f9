"""The rule of Missive's pages, whatever the times."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tray_connector.sandbox.missive_answers import cut, page_until

TIMES = st.lists(st.integers(0, 12), max_size=60).map(sorted)


@given(TIMES, st.integers(1, 12), st.booleans())
def test_a_page_is_the_beginning_of_the_list(times: list[int], limit: int, extend: bool) -> None:
    newest_first = times[::-1]
    page = cut(newest_first, limit, lambda time: time, extend_ties=extend)
    assert page == newest_first[: len(page)]
    assert len(page) >= min(limit, len(times))
    if not extend:
        assert len(page) <= limit
    elif page and len(page) < len(times):
        assert newest_first[len(page)] != page[-1]


@given(TIMES, st.integers(2, 10), st.booleans())
def test_going_on_from_the_oldest_loses_nothing_where_ties_are_extended(
    times: list[int], limit: int, inclusive: bool
) -> None:
    items = list(enumerate(times))
    seen: set[tuple[int, int]] = set()
    query = {"limit": str(limit)}
    while True:
        page = page_until(items, query, lambda item: item[1], until_inclusive=inclusive, extend_ties=True)
        seen.update(page)
        if len(page) < limit:
            break
        oldest = page[-1][1]
        stuck = query.get("until") == str(oldest) or page[0][1] == oldest
        query["until"] = str(oldest - (1 if stuck and inclusive else 0))
    assert seen == set(items)
