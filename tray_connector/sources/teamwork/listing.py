"""Reading a list of tasks to its end while people edit it.

Teamwork pages by offset over live data. By id and upwards an edit moves no row; but a row that disappears (deleted,
moved out of sight) pulls all later ones one place forward. So each page begins a few rows before the end of the last
one, and the walk goes back when the two do not meet. A site that refuses to order by id is read by change time,
each request beginning anew one second before the last row's.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Literal

from tray_connector.config.clock import Stop
from tray_connector.model.errors import InternalError, TransientError
from tray_connector.sources.base import ReadNumber
from tray_connector.sources.http import Answer, HttpClient
from tray_connector.sources.teamwork import questions
from tray_connector.sources.teamwork.directory import has_more
from tray_connector.sources.teamwork.questions import Params
from tray_connector.sources.teamwork.values import ident, mapping, moment, number

_log = logging.getLogger(__name__)

PAGE = 500
CEILING = 50_000
"""Rows that one question gives at most, as documented; what happens beyond is not."""
_STEP_BACK = 100
_SMALLEST = 20
"""Of fewer rows no page size near it would reach beyond every place in the list."""
_REFUSED = frozenset({400})
_TOO_LONG = frozenset({400, 413, 414})

Row = Mapping[str, Any]
Haste = Literal["urgent", "usual", "quiet"]
"""A poll's first request, any other, a walk's: see `config.budget.Budget`."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The rows of one answer, each with an id."""

    rows: tuple[Row, ...]
    included: object
    read_number: int
    server_time: datetime | None
    more: bool = False
    page_size: int = PAGE

    def without(self, rows: tuple[Row, ...]) -> Batch:
        """The same answer with these rows only."""
        return Batch(rows, self.included, self.read_number, self.server_time)


class _OrderRefusedError(Exception):
    """The site does not order by id."""


class Listing:
    """Walks over the task list. One thread per walk. `ceiling` is for tests of very large sites."""

    def __init__(self, client: HttpClient, read_number: ReadNumber, *, ceiling: int = CEILING) -> None:
        self._client = client
        self._read_number = read_number
        self._ceiling = ceiling
        self._order_by_id = True
        self._largest = PAGE
        self._told_odd = False
        self._cuts: tuple[datetime, ...] = ()

    def walk(self, params: Params, stop: Stop, haste: Haste = "usual") -> Iterator[Batch]:
        """Every row that `params` lets in, each at least once; again when it changed meanwhile."""
        seen: dict[str, int] = {}
        if self._order_by_id:
            try:
                yield from self._in_slices(params, seen, stop, haste)
            except _OrderRefusedError:
                _log.info("Teamwork does not order tasks by id here; they are read by change time")
            else:
                return
        yield from self._by_change(params, seen, stop, haste)
        # Only now it is sure that the order was the reason, and not another part of the question.
        self._order_by_id = False

    def latest(self, params: Params, stop: Stop) -> Batch:
        """The one task that was changed last, in one small request."""
        one = {"orderBy": "updatedat", "orderMode": "desc", "page": "1", "pageSize": "1"}
        batch = self._ask({**params, **one}, stop)
        if batch is None:
            raise TypeError("a refusal that was not accepted is raised by the client")
        return batch

    def look_up(
        self,
        ids: Iterable[str],
        params: Params,
        stop: Stop,
        haste: Haste = "usual",
        *,
        at_most: int = questions.IDS_AT_MOST,
    ) -> Iterator[Batch]:
        """The tasks with these ids, in as few requests as the site takes; rows that were not asked for are left out."""
        waiting = questions.id_chunks(ids, at_most)
        while waiting:
            chunk = waiting.pop(0)
            asked = {**params, "ids": ",".join(chunk), "page": "1", "pageSize": str(PAGE)}
            batch = self._ask(asked, stop, haste, accept=_TOO_LONG)
            if batch is not None:
                wanted = frozenset(chunk)
                yield batch.without(tuple(row for row in batch.rows if _key(row) in wanted))
            elif len(chunk) > 1:
                half = len(chunk) // 2
                waiting[:0] = [chunk[:half], chunk[half:]]
            # A single id that is refused is simply not shown: the caller looks for it in another way.

    def _in_slices(self, params: Params, seen: dict[str, int], stop: Stop, haste: Haste) -> Iterator[Batch]:
        """A site that proved too large for one question is walked by time of creation from then on."""
        is_whole = not {"updatedAfter", "deletedAfter"} & params.keys()
        edges = (None, *(self._cuts if is_whole else ()), None)
        waiting = list(pairwise(edges))
        while waiting:
            after, before = waiting.pop(0)
            bounds: dict[str, str] = {}
            # Both ends belong to a slice: a shared second is read twice rather than not at all.
            if after is not None:
                bounds["createdAfter"] = questions.time(after)
            if before is not None:
                bounds["createdBefore"] = questions.time(before)
            created: list[datetime] = []
            complete = yield from self._by_id({**params, **bounds}, seen, created, stop, haste)
            if not complete:
                cut = _middle(created)
                waiting[:0] = [(after, cut), (cut, before)]
                if is_whole:
                    self._cuts = tuple(sorted({*self._cuts, cut}))

    def _by_id(
        self, params: Params, seen: dict[str, int], created: list[datetime], stop: Stop, haste: Haste
    ) -> Generator[Batch, None, bool]:
        """One question by id; False when it has more rows than one question gives."""
        end, highest, step = 0, 0, _STEP_BACK
        before: list[int] = []
        while True:
            page, size = _window(end, self._largest)
            asked = {**params, "orderBy": "id", "orderMode": "asc", "page": str(page), "pageSize": str(size)}
            batch = self._ask(asked, stop, _later(haste, end > 0), accept=_REFUSED)
            if batch is None and end == 0:
                raise _OrderRefusedError
            if batch is None:
                return False
            if batch.more and batch.page_size < size:
                # The site gives less than it was asked for; our own smaller windows say nothing about that.
                self._largest = min(self._largest, _usable(batch.page_size))
            ids = [int(_key(row)) for row in batch.rows]
            if ids != sorted(ids):
                raise _OrderRefusedError
            start = (page - 1) * batch.page_size
            if start > 0 and (not ids or ids[0] > highest):
                # The pages do not meet: rows before this one have gone, and others moved to where we had been.
                end, step, before = max(0, start - step), step * 2, []
                continue
            if ids and ids == before:
                raise endless()
            step, before = _STEP_BACK, ids
            highest = max([highest, *ids])
            created += [at for row in batch.rows if (at := moment(row.get("createdAt"))) is not None]
            yield batch.without(_unseen(batch.rows, seen))
            if not batch.more:
                return True
            end = start + batch.page_size
            if sum(_window_end(end, self._largest)) > self._ceiling:
                return False

    def _by_change(self, params: Params, seen: dict[str, int], stop: Stop, haste: Haste) -> Iterator[Batch]:
        after = moment(params.get("updatedAfter"))
        page = 1
        before: list[str] = []
        while True:
            bounds = {} if after is None else {"updatedAfter": questions.time(after)}
            order = {"orderBy": "updatedat", "orderMode": "asc", "page": str(page), "pageSize": str(self._largest)}
            batch = self._ask({**params, **bounds, **order}, stop, _later(haste, bool(seen)))
            if batch is None:
                raise TypeError("a refusal that was not accepted is raised by the client")
            keys = [_key(row) for row in batch.rows]
            if page > 1 and keys and keys == before:
                raise endless()
            before = keys
            times = [at for row in batch.rows if (at := changed_at(row)) is not None]
            if times != sorted(times):
                raise InternalError(
                    "teamwork-order",
                    "Teamwork does not order its tasks",
                    "Neither by id nor by time of change, so they cannot be read reliably.",
                )
            yield batch.without(_unseen(batch.rows, seen))
            if not batch.more:
                return
            # The filter excludes the moment itself and knows whole seconds only.
            further = times[-1] - timedelta(seconds=1) if times else None
            if further is not None and (after is None or further > after):
                after, page = further, 1
            else:
                page += 1

    def _ask(
        self, params: Params, stop: Stop, haste: Haste = "usual", *, accept: frozenset[int] = frozenset()
    ) -> Batch | None:
        """One request; None when it was refused with an accepted status."""
        read_number = self._read_number()
        asked = {**params, "skipCounts": "true"}
        urgent, quiet = haste == "urgent", haste == "quiet"
        answer = self._client.get(questions.TASKS, asked, stop=stop, urgent=urgent, quiet=quiet, accept=accept)
        if answer.status in accept:
            _log.info("Teamwork refuses a question about tasks: %s", answer.words or answer.status)
            return None
        entries = _entries(answer)
        rows = tuple(entry for entry in entries if isinstance(entry, dict) and _key(entry))
        self._tell_odd(len(entries) - len(rows), len(entries))
        asked_size = int(params["pageSize"])
        said_size = number(mapping(mapping(answer.data.get("meta")).get("page")).get("pageSize")) or asked_size
        return Batch(
            rows=rows,
            included=answer.data.get("included"),
            read_number=read_number,
            server_time=answer.server_time,
            more=has_more(answer.data, len(entries), asked_size),
            page_size=min(max(said_size, 1), asked_size),
        )

    def _tell_odd(self, odd: int, entries: int) -> None:
        if odd and odd == entries:
            raise foreign()
        if odd and not self._told_odd:
            # Once: it would come with every poll.
            self._told_odd = True
            _log.warning("%d entries in a list from Teamwork have no id and were left out", odd)


def foreign() -> TransientError:
    """An answer that is no list of tasks, whatever its status."""
    return TransientError(
        "teamwork-foreign-answer",
        "Teamwork gives an answer of another form",
        "The list of tasks is missing in it, or its tasks have no ids.",
        "It is tried again by itself.",
    )


def endless() -> TransientError:
    """The same rows on two pages that do not overlap as far: whoever answers does not page at all."""
    return TransientError(
        "teamwork-endless",
        "Teamwork gives the same page again and again",
        "Its list of tasks has no end.",
        "Nothing is lost. It is tried again by itself; if it stays so, send us the diagnostics.",
    )


def _later(haste: Haste, is_later: bool) -> Haste:
    """Only the first request of a poll is urgent."""
    return "usual" if haste == "urgent" and is_later else haste


def changed_at(row: Row) -> datetime | None:
    """The row's time of change; `dateUpdated` is its older twin."""
    return moment(row.get("updatedAt")) or moment(row.get("dateUpdated"))


def _entries(answer: Answer) -> list[Any]:
    entries = answer.data.get("tasks", answer)
    if entries is None:
        return []
    if not isinstance(entries, list):
        raise foreign()
    return entries


def _key(row: Row) -> str:
    """The id, or "" for what is no id of a task: digits only."""
    key = ident(row.get("id")) or ""
    return key if key.isdigit() else ""


def _unseen(rows: tuple[Row, ...], seen: dict[str, int]) -> tuple[Row, ...]:
    fresh = []
    for row in rows:
        # A hash, as a walk remembers tens of thousands.
        key, changed = _key(row), hash(str((row.get("updatedAt"), row.get("dateUpdated"), row.get("deletedAt"))))
        if seen.get(key) != changed:
            seen[key] = changed
            fresh.append(row)
    return tuple(fresh)


def _usable(page_size: int) -> int:
    """The page size; raises where pages are too small to overlap and still lead on."""
    if page_size < _SMALLEST:
        raise InternalError(
            "teamwork-page-size",
            "Teamwork gives its tasks in very small pages",
            f"It gives {page_size} at once where {PAGE} were asked for.",
            "Nothing is lost. If it stays so, send us the diagnostics.",
        )
    return page_size


def _window(end: int, largest: int) -> tuple[int, int]:
    """Page and page size that begin before row `end` and reach farthest beyond it; offsets are multiples of sizes."""
    if end == 0:
        return 1, largest
    sizes = range(max(1, largest * 4 // 5), largest + 1)
    size = max(sizes, key=lambda size: (end - 1) // size * size + size)
    return (end - 1) // size + 1, size


def _window_end(end: int, largest: int) -> tuple[int, int]:
    page, size = _window(end, largest)
    return (page - 1) * size, size


def _middle(created: list[datetime]) -> datetime:
    """A moment that leaves some of these strictly on either side."""
    low, high = min(created, default=None), max(created, default=None)
    inner = sorted(at for at in created if at not in (low, high))
    if not inner:
        raise InternalError(
            "teamwork-too-many",
            "Teamwork holds more tasks than it shows",
            "More than it gives in one list were created in the same second.",
            "Limit the sync to some projects.",
        )
    return inner[len(inner) // 2]
