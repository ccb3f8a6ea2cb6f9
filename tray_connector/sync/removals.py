"""The guard: more removals at once than `REMOVAL_GUARD_PERCENT` allows wait for the user's word."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping, Sequence

from tray_connector.model.errors import Problem
from tray_connector.model.events import SOURCES, Event, SourceName
from tray_connector.model.records import Conversation, Task
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.spool import Spool

LEAST_GUARDED = 20
"""So many removals never need a word."""
WALK = "walk"
"""Who holds removals: the walk, or a stream by its name."""


class Removals:
    """The guard of one source. Thread-safe: polls and walks meet here."""

    def __init__(self, source: SourceName, spool: Spool, ledger: Ledger, percent: float) -> None:
        self._source = source
        self._spool = spool
        self._ledger = ledger
        self._percent = percent
        self._lock = threading.Lock()
        self._told: frozenset[str] = frozenset()

    def allowed_at_once(self) -> int:
        """How many removals need nobody's word."""
        return max(LEAST_GUARDED, int(self._ledger.count_live(self._source) * self._percent / 100))

    def are_too_many(self, events: Sequence[Event], beside: int = 0) -> bool:
        """Whether these (and as many others `beside`) must not be flagged at once. What waits to be flagged already
        was let pass before and does not count.
        """
        if len(events) + beside <= LEAST_GUARDED:
            return False
        waiting = self._spool.read([(event.source, event.id) for event in events])
        passed = sum(is_removal(event) for event in waiting)
        return len(events) + beside - passed > self.allowed_at_once()

    def hold(self, origin: str, keys: Collection[str]) -> None:
        """From now on these wait on behalf of `origin`, and no others."""
        with self._lock:
            known = self._read()
            held = {name: ids for name, ids in known.items() if name != origin} | (
                {origin: sorted(keys)} if keys else {}
            )
            if held != known:
                self._ledger.set_flag(flag_of(self._source), json.dumps(held) if held else None)

    def held_by(self, origin: str) -> frozenset[str]:
        """What waits on behalf of `origin`."""
        return frozenset(self._read().get(origin, ()))

    def release(self) -> None:
        """The user has given the word: nothing waits any more."""
        with self._lock:
            self._ledger.set_flag(flag_of(self._source), None)

    def has_news(self) -> bool:
        """Whether something waits that was not there at the last call."""
        with self._lock:
            held = frozenset(key for keys in self._read().values() for key in keys)
            told, self._told = self._told, held
        return bool(held - told)

    def _read(self) -> Mapping[str, Sequence[str]]:
        return read_held(self._ledger, self._source)


def flag_of(source: SourceName) -> str:
    """Where it is kept. The ledger forgets it with the destination that it was about."""
    return f"held:{source}"


def read_held(ledger: Ledger, source: SourceName) -> Mapping[str, Sequence[str]]:
    """The ids that wait, by who holds them."""
    text = ledger.flag(flag_of(source))
    held: Mapping[str, Sequence[str]] = json.loads(text) if text else {}
    return held


def count_held(ledger: Ledger) -> dict[str, int]:
    """How many removals wait for the user's word, per source; without those where none does."""
    counts = {str(name): len(set().union(*read_held(ledger, name).values())) for name in SOURCES}
    return {name: count for name, count in counts.items() if count}


def is_removal(event: Event) -> bool:
    """Whether it says that its record is deleted."""
    return isinstance(event.payload, Task | Conversation) and event.payload.deleted


def held_problem(held: Mapping[str, int]) -> Problem:
    """What the user is told."""
    count = sum(held.values())
    each = {"teamwork": ("task", "tasks"), "missive": ("conversation", "conversations")}
    parts = [f"{name.capitalize()}: {number:,} {each[name][number != 1]}" for name, number in held.items()]
    return Problem(
        "removals-held",
        f"{count:,} {'record has' if count == 1 else 'records have'} vanished at once",
        f"{', '.join(parts)}. Nothing of that was flagged as deleted.",
        "If it is meant, allow it: tray-connector reconcile --allow-removals",
    )
