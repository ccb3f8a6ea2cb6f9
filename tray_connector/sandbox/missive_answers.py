"""How Missive refuses, and how it cuts lists into pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice, takewhile
from typing import TypeVar

Item = TypeVar("Item")


class Refusal(Exception):  # noqa: N818 - an answer, not an error of the sandbox
    """An answer other than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    @property
    def envelope(self) -> dict[str, dict[str, str]]:
        """The body of every error."""
        return {"error": {"message": self.message}}


def not_found() -> Refusal:
    """404; its text is not documented."""
    return Refusal(404, "Not found")


def whole_number(query: Mapping[str, str], name: str, default: int | None) -> int | None:
    """A number of the query. 400 when it is none."""
    text = query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.removeprefix("-").isdigit():
        raise Refusal(400, f"'{name}' must be an integer")
    return int(text)


def limit_of(query: Mapping[str, str], *, default: int, least: int, most: int) -> int:
    """The `limit`. 400 with Missive's words when it is out of range."""
    limit = whole_number(query, "limit", None)
    if limit is None:
        return min(default, most)
    if limit < least:
        raise Refusal(400, f"min 'limit' value is {least}")
    if limit > most:
        raise Refusal(400, f"max 'limit' value is {most}")
    return limit


def cut(items: Iterable[Item], limit: int, moment: Callable[[Item], int], *, extend_ties: bool) -> list[Item]:
    """The first `limit` of items that come by falling `moment`; with `extend_ties` also all that tie with the last."""
    rest = iter(items)
    page = list(islice(rest, limit))
    if extend_ties and len(page) == limit:
        last = moment(page[-1])
        page.extend(takewhile(lambda item: moment(item) == last, rest))
    return page


def page_until(
    items: Sequence[Item],
    query: Mapping[str, str],
    moment: Callable[[Item], int],
    *,
    until_inclusive: bool,
    extend_ties: bool,
) -> list[Item]:
    """A page of a sub-list, newest first, from `until` on; `limit` 2 to 10, default 10. `items` come oldest first."""
    limit = limit_of(query, default=10, least=2, most=10)
    until = whole_number(query, "until", None)
    newest_first = sorted(items, key=moment)
    newest_first.reverse()
    shown = (
        item
        for item in newest_first
        if until is None or moment(item) < until or (until_inclusive and moment(item) == until)
    )
    return cut(shown, limit, moment, extend_ties=extend_ties)


def page_at_offset(items: Sequence[Item], query: Mapping[str, str]) -> Sequence[Item]:
    """A page of a directory list: `limit` 1 to 200, default 50, from `offset` on."""
    limit = limit_of(query, default=50, least=1, most=200)
    offset = whole_number(query, "offset", 0) or 0
    if offset < 0:
        raise Refusal(400, "min 'offset' value is 0")
    return items[offset : offset + limit]
