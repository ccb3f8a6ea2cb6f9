"""Paging by `until`: nothing is lost and it ends, whatever the server does that its documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_connector.sources.missive.paging import Item, PagingError, UntilWalk


@dataclass
class Server:
    """Items newest first; ties in another order with every request."""

    items: list[Item]
    limit: int
    inclusive: bool = True
    extends_ties: bool = True
    seed: int = 0
    requests: int = 0

    def page(self, until: int | None) -> list[Item]:
        self.requests += 1
        order = Random(self.seed + self.requests)
        shown = [item for item in self.items if until is None or self._is_shown(item, until)]
        shown.sort(key=lambda item: (-_time(item), order.random()))
        page = shown[: self.limit]
        if self.extends_ties and len(page) == self.limit:
            page += [item for item in shown[self.limit :] if item.time == page[-1].time]
        return page

    def _is_shown(self, item: Item, until: int) -> bool:
        return _time(item) < until or (self.inclusive and _time(item) == until)


def _time(item: Item) -> int:
    assert item.time is not None
    return item.time


def read(server: Server, stop_below: int | None = None) -> list[str]:
    """All ids of a walk, in the order in which they came."""
    walk = UntilWalk(stop_below)
    found: list[str] = []
    while not walk.done:
        page = server.page(walk.until)
        found += [page[position].id for position in walk.take(page, server.limit)]
        assert server.requests <= 4 * len(server.items) + 10, "the walk does not end"
    assert len(found) == len(set(found)), "an item came twice"
    return found


def items(times: list[int]) -> list[Item]:
    return [Item(f"id{number}", time) for number, time in enumerate(times)]


times_with_ties = st.lists(st.integers(0, 12), max_size=60)


@given(times=times_with_ties, limit=st.integers(2, 10), inclusive=st.booleans(), seed=st.integers(0, 99))
def test_nothing_is_lost_where_pages_are_extended_by_ties(
    times: list[int], limit: int, inclusive: bool, seed: int
) -> None:
    server = Server(items(times), limit, inclusive=inclusive, seed=seed)
    assert set(read(server)) == {item.id for item in server.items}


@given(times=times_with_ties, limit=st.integers(2, 10), inclusive=st.booleans(), seed=st.integers(0, 99))
def test_nothing_is_lost_where_ties_fit_on_a_page(times: list[int], limit: int, inclusive: bool, seed: int) -> None:
    few = [time for number, time in enumerate(times) if times[:number].count(time) < limit]
    server = Server(items(few), limit, inclusive=inclusive, extends_ties=False, seed=seed)
    assert set(read(server)) == {item.id for item in server.items}


@given(times=times_with_ties, limit=st.integers(2, 10), inclusive=st.booleans(), seed=st.integers(0, 99))
def test_ties_wider_than_a_page_that_is_cut_lose_only_their_twins(
    times: list[int], limit: int, inclusive: bool, seed: int
) -> None:
    server = Server(items(times), limit, inclusive=inclusive, extends_ties=False, seed=seed)
    found = set(read(server))
    missing = {item.time for item in server.items if item.id not in found}
    assert all(time is not None and times.count(time) > limit for time in missing)


@given(
    times=times_with_ties,
    limit=st.integers(2, 10),
    inclusive=st.booleans(),
    extends=st.booleans(),
    watermark=st.integers(0, 12),
)
def test_the_watermark_cuts_nothing_at_or_above_it(
    times: list[int], limit: int, inclusive: bool, extends: bool, watermark: int
) -> None:
    few = [time for number, time in enumerate(times) if times[:number].count(time) < limit]
    server = Server(items(few), limit, inclusive=inclusive, extends_ties=extends)
    wanted = {item.id for item in server.items if _time(item) >= watermark}
    assert wanted <= set(read(server, stop_below=watermark))


@given(times=times_with_ties, moved=st.lists(st.integers(0, 59), max_size=8), inclusive=st.booleans())
def test_activity_during_the_walk_hides_nothing_that_stayed(
    times: list[int], moved: list[int], inclusive: bool
) -> None:
    server = Server(items(times), 4, inclusive=inclusive)
    walk, found = UntilWalk(), set()
    movers = [number for number in moved if number < len(times)]
    pending = list(movers)
    while not walk.done:
        page = server.page(walk.until)
        found |= {page[position].id for position in walk.take(page, server.limit)}
        if pending:
            number = pending.pop()
            server.items[number] = Item(f"id{number}", 1000 + server.requests)
        assert server.requests <= 4 * len(server.items) + 20, "the walk does not end"
    assert {f"id{number}" for number in range(len(times)) if number not in movers} <= found


def test_a_poll_that_finds_nothing_new_costs_one_request() -> None:
    server = Server(items(list(range(500))), 50)
    assert len(read(server, stop_below=480)) == 50
    assert server.requests == 1


def test_a_short_first_page_is_the_last() -> None:
    server = Server(items(list(range(49))), 50)
    assert len(read(server)) == 49
    assert server.requests == 1


def test_each_further_page_costs_one_request_and_overlaps_by_one_item() -> None:
    server = Server(items(list(range(1000))), 50)
    assert len(read(server)) == 1000
    assert server.requests == 21


def test_a_page_of_nothing_new_is_not_the_end() -> None:
    walk = UntilWalk()
    walk.take([Item("a", 5), Item("b", 5)], 2)
    walk.take([Item("b", 5), Item("a", 5)], 2)
    assert not walk.done
    assert walk.until == 4


def test_a_server_that_ignores_until_is_an_error_and_no_endless_walk() -> None:
    page = [Item(f"id{number}", 100 + number) for number in range(5)]
    walk = UntilWalk()
    walk.take(page, 5)
    walk.take(page, 5)
    with pytest.raises(PagingError):
        walk.take(page, 5)


def test_a_full_page_without_times_is_an_error() -> None:
    with pytest.raises(PagingError):
        UntilWalk().take([Item("a", None), Item("b", None)], 2)


def test_items_without_a_time_are_taken_along() -> None:
    walk = UntilWalk()
    assert walk.take([Item("a", None), Item("b", 7), Item("", None)], 3) == [0, 1]
    assert walk.until == 7
