"""Paging by ``until``: newest to oldest, with a time as the only mark. Pure.

Missive documents the mark as "the time of the oldest item of the previous page", that a page may be longer than the
limit, and that a page whose items share one time may be the last. Not documented is whether the mark is inclusive.
`UntilWalk` loses nothing either way, except where more items than a page holds share one second *and* the server cuts
within that second: through those no reader can page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """What paging needs to know of one item: its id (``""`` where it has none) and its time in Unix seconds."""

    id: str
    time: int | None


class PagingError(ValueError):
    """The server does not page as documented; going on would lose items or never end."""


class UntilWalk:
    """One walk down a list: `until` is the mark of the next request, None for the first; `take` each answer.

    `stop_below` ends the walk at the first page that reaches below it (Unix seconds).
    """

    def __init__(self, stop_below: int | None = None) -> None:
        self.until: int | None = None
        self.done = False
        self._stop_below = stop_below
        self._seen: set[str] = set()
        self._inclusive: bool | None = None

    def take(self, page: Sequence[Item], limit: int) -> list[int]:
        """Positions of the items not seen before. Sets `done`, or `until` for the next request.

        `limit` is the one that the page was asked with. Raises `PagingError`.
        """
        fresh = self._fresh(page)
        times = [item.time for item in page if item.time is not None]
        sent = self.until
        if sent is not None:
            if times and min(times) > sent:
                raise PagingError("the answer holds only items that are newer than what was asked for")
            if sent in times:
                self._inclusive = True
            elif self._inclusive is None:
                # An item with just this time was on the page before. Its twins may be missing: ask a second later.
                self._inclusive = False
                self.until = sent + 1
                return fresh
        if not page or (len(page) < limit and fresh):
            self.done = True
            return fresh
        if not times:
            raise PagingError("a full page without a single time")
        if self._stop_below is not None and min(times) < self._stop_below:
            self.done = True
            return fresh
        self.until = self._next(sent, times)
        return fresh

    def _fresh(self, page: Sequence[Item]) -> list[int]:
        fresh = []
        for position, item in enumerate(page):
            if item.id and item.id not in self._seen:
                self._seen.add(item.id)
                fresh.append(position)
        return fresh

    def _next(self, sent: int | None, times: Sequence[int]) -> int:
        oldest = min(times)
        mark = oldest + 1 if self._inclusive is False else oldest
        if self._inclusive and oldest == max(times):
            mark = oldest - 1
        return mark if sent is None else min(mark, sent - 1)
