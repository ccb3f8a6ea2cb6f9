"""What the spool remembers of its files, so that taking one costs the same among ten and among a hundred thousand."""

from __future__ import annotations

import heapq
import itertools
from typing import NamedTuple

Stamp = tuple[int, int, int]
"""Modification time in nanoseconds, size and number of a file: differs when somebody else wrote it."""


class Slot:
    """One file. Times are seconds since the epoch."""

    __slots__ = ("generation", "next_try", "read_number", "retry", "since", "stamp")

    def __init__(self, since: float | None, retry: bool, next_try: float, generation: int) -> None:
        self.since = since
        """None until the file of a `.retry` was read for the first time."""
        self.retry = retry
        self.next_try = next_try
        self.generation = generation
        """Differs for each content."""
        self.read_number = 0
        """Of the newest read that found just what the file holds already."""
        self.stamp: Stamp | None = None
        """Of the file that `read_number` is about, while it is held: whoever writes it then starts anew."""

    def shown(self) -> float | None:
        """The modification time that the file should have."""
        return self.next_try if self.retry else self.since


class Held(NamedTuple):
    """A lease."""

    generation: int
    stamp: Stamp


class SourceIndex:
    """The files of one source. Not thread-safe."""

    def __init__(self, generations: itertools.count[int]) -> None:
        self.slots: dict[str, Slot] = {}
        self.held: dict[str, Held] = {}
        self.postponed: set[str] = set()
        """Ids that are due later than their file says."""
        self.retrying = 0
        self._ageless = 0
        self._generations = generations
        # (time, generation, id); an item whose generation is not its slot's is stale and skipped.
        self._ready: list[tuple[float, int, str]] = []
        self._later: list[tuple[float, int, str]] = []

    def set(self, key: str, *, since: float | None, next_try: float | None) -> Slot:
        """The file has new content; `next_try` None = an `.evt`. A lease goes on, and is followed by another."""
        old = self.slots.get(key)
        if old is not None:
            self._count(old, -1)
        slot = Slot(since, next_try is not None, next_try or 0.0, next(self._generations))
        self.slots[key] = slot
        self.postponed.discard(key)
        self._count(slot, 1)
        if key not in self.held:
            self._push(key, slot)
        self._compact()
        return slot

    def remove(self, key: str) -> None:
        """The file is gone, and so is a lease of it."""
        slot = self.slots.pop(key, None)
        self.held.pop(key, None)
        self.postponed.discard(key)
        if slot is not None:
            self._count(slot, -1)

    def _count(self, slot: Slot, sign: int) -> None:
        self.retrying += sign * slot.retry
        self._ageless += sign * (slot.since is None)

    def learned(self, slot: Slot, since: float) -> None:
        """The file was read: it waits since then."""
        if slot.since is None:
            self._ageless -= 1
        slot.since = since

    def unknown_age(self, limit: int) -> list[str]:
        """Some ids of which it is not known since when they wait."""
        if not self._ageless:
            return []
        return list(itertools.islice((key for key, slot in self.slots.items() if slot.since is None), limit))

    def pop(self, now: float, *, ignore_next_try: bool) -> str | None:
        """The id that has been due for longest, to be held, postponed, pushed back or removed."""
        self._promote(now)
        key = self._pop(self._ready)
        return self._pop(self._later) if key is None and ignore_next_try else key

    def is_due(self, now: float) -> bool:
        """Whether `pop` would find one."""
        self._promote(now)
        self._drop_stale(self._ready)
        return bool(self._ready)

    def next_time(self) -> float | None:
        """When the next one becomes due that is not due yet."""
        self._drop_stale(self._later)
        return self._later[0][0] if self._later else None

    def hold(self, key: str, stamp: Stamp) -> int:
        """Lease the id just popped; its generation."""
        slot = self.slots[key]
        slot.stamp = stamp
        generation = slot.generation
        self.held[key] = Held(generation, stamp)
        self.postponed.discard(key)
        return generation

    def release(self, key: str, generation: int) -> Held | None:
        """End the lease taken at this generation; None when there is no such lease any more."""
        held = self.held.get(key)
        if held is None or held.generation != generation:
            return None
        del self.held[key]
        return held

    def push_back(self, key: str) -> None:
        """Ready (or to be tried at its time) again, after `pop` or `release`."""
        slot = self.slots.get(key)
        if slot is not None:
            self._push(key, slot)

    def postpone(self, key: str, until: float) -> None:
        """Look at the id just popped no earlier than that. Forgotten when the spool is opened again."""
        self.postponed.add(key)
        heapq.heappush(self._later, (until, self.slots[key].generation, key))

    def hasten(self, key: str) -> None:
        """End a postponement: what its file says counts again."""
        if key in self.postponed:
            slot = self.slots[key]
            read_number = slot.read_number
            self.set(key, since=slot.since, next_try=slot.next_try if slot.retry else None).read_number = read_number

    def oldest(self) -> float | None:
        """The earliest time since which something waits, as far as it is known."""
        return min((slot.since for slot in self.slots.values() if slot.since is not None), default=None)

    def oldest_new(self) -> float | None:
        """The same of those that were not tried yet."""
        times = (slot.since for slot in self.slots.values() if not slot.retry and slot.since is not None)
        return min(times, default=None)

    def _push(self, key: str, slot: Slot) -> None:
        if slot.retry:
            heapq.heappush(self._later, (slot.next_try, slot.generation, key))
        else:
            heapq.heappush(self._ready, (slot.since or 0.0, slot.generation, key))

    def _promote(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            item = heapq.heappop(self._later)
            if self._is_live(item):
                heapq.heappush(self._ready, item)

    def _is_live(self, item: tuple[float, int, str]) -> bool:
        slot = self.slots.get(item[2])
        return slot is not None and slot.generation == item[1] and item[2] not in self.held

    def _pop(self, heap: list[tuple[float, int, str]]) -> str | None:
        while heap:
            item = heapq.heappop(heap)
            if self._is_live(item):
                return item[2]
        return None

    def _drop_stale(self, heap: list[tuple[float, int, str]]) -> None:
        while heap and not self._is_live(heap[0]):
            heapq.heappop(heap)

    def _compact(self) -> None:
        if len(self._ready) + len(self._later) > 2 * len(self.slots) + 100:
            self._ready = [item for item in self._ready if self._is_live(item)]
            self._later = [item for item in self._later if self._is_live(item)]
            heapq.heapify(self._ready)
            heapq.heapify(self._later)
