"""Walks all ids of a source and finds what no poll shows: what vanished, what changed silently, what was missed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.errors import TransientError
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Record, Task, key_of
from tray_connector.sources.base import Fate, Source, Verdict
from tray_connector.sync.dispatcher import not_found
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.poller import Poller
from tray_connector.sync.spool import Spool

LEAST_GUARDED = 20
"""So many removals never need a word."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one walk of one source found."""

    seen: int = 0
    differing: int = 0
    """New, changed or restored: queued (or, in a dry run, only counted)."""
    removals: int = 0
    """Deleted or gone: queued for flagging."""
    suspected: int = 0
    """Not found this time; flagged when the next walk does not find them either."""
    held: int = 0
    """Removals that wait for the user's word."""


@dataclass
class _Found:
    """What the second look says."""

    returned: list[Event] = field(default_factory=list)
    removals: list[Event] = field(default_factory=list)
    flagged_before: list[Event] = field(default_factory=list)
    """Conversations whose e-mails lay in the trash and that are gone now: nobody misses them."""
    suspected: list[str] = field(default_factory=list)


class Reconciler:
    """Compares one source with the ledger. One thread at a time."""

    def __init__(self, poller: Poller, spool: Spool, ledger: Ledger, clock: Clock, *, guard_percent: float) -> None:
        self._poller = poller
        self.source: Source = poller.source
        self._spool = spool
        self._ledger = ledger
        self._clock = clock
        self._guard_percent = guard_percent

    def walk(self, stop: Stop, *, dry_run: bool = False, allow_removals: bool = False) -> Reconciled:
        """One walk. Queues what differs; raises when the source fails, and when it suddenly shows nothing at all."""
        seen: set[str] = set()
        left_out: set[str] = set()
        differing = 0
        for page in self.source.walk(stop):
            seen.update(event.id for event in page.events)
            left_out.update(page.left_out)
            self._ledger.note_left_out(self.source.name, dict.fromkeys(page.left_out, 1))
            differing += self._bring(self._belonging(page.events), stop, dry_run=dry_run)
        stored, absent = self._absent(seen | left_out)
        if absent and not seen and not left_out:
            raise TransientError(
                f"{self.source.name}-empty",
                f"{self.source.name.capitalize()} suddenly shows nothing",
                f"It showed {stored} records before.",
                "Nothing was flagged as deleted. Check whether the key still sees the same account.",
            )
        found = self._look_again(absent, stop)
        held: list[Event] = []
        if len(found.removals) > self._guard(stored) and not allow_removals:
            held, found.removals = found.removals, []
        differing += self._bring(found.returned, stop, dry_run=dry_run)
        if not dry_run:
            self._spool.put(found.removals + found.flagged_before)
            # What is held was looked for twice already: the user's word needs no third time.
            self._remember([*found.suspected, *(event.id for event in held)])
        return Reconciled(len(seen), differing, len(found.removals), len(found.suspected), len(held))

    def _bring(self, events: Sequence[Event], stop: Stop, *, dry_run: bool) -> int:
        if dry_run:
            return len(self._poller.differing(events))
        self._poller.wait_for_room(stop)
        return self._poller.queue(events).queued

    def _guard(self, stored: int) -> int:
        return max(LEAST_GUARDED, int(stored * self._guard_percent / 100))

    def _belonging(self, events: Sequence[Event]) -> list[Event]:
        """What is known already, or what the first run would have taken; polls find what changed since."""
        ids = [event.id for event in events]
        if self.source.name == "teamwork":
            known = frozenset(self._ledger.entries("tasks", ids))
        else:
            known = frozenset(self._ledger.known_conversations(ids))
        reach = self._poller.reach()
        return [event for event in events if event.id in known or self._is_taken(event.payload, reach)]

    def _is_taken(self, record: Record | None, reach: datetime | None) -> bool:
        if record is None or not self.source.first_run_takes(record):
            return False
        if not isinstance(record, Conversation) or reach is None or record.last_activity_at is None:
            return True
        return record.last_activity_at >= reach

    def _absent(self, shown: Collection[str]) -> tuple[int, dict[str, Record]]:
        """How many tasks that are not flagged, or conversations, are stored; and those that were not shown."""
        stored, absent = 0, dict[str, Record]()
        for record in self._stored():
            stored += 1
            if key_of(record) not in shown and self.source.in_scope(record):
                absent[key_of(record)] = record
        return stored, absent

    def _stored(self) -> Iterator[Record]:
        if self.source.name == "missive":
            for conversations in self._ledger.iterate_conversations():
                yield from conversations
            return
        for entries in self._ledger.iterate("tasks"):
            yield from (entry.record for entry in entries if not entry.record.deleted)

    def _look_again(self, absent: Mapping[str, Record], stop: Stop) -> _Found:
        found, before = _Found(), self._suspects()
        # Taken before the look: what is read later, by a poll, is newer.
        number = self._ledger.next_read_number()
        verdicts = self.source.look_again(list(absent), stop) if absent else {}
        for key, verdict in verdicts.items():
            match verdict.fate:
                case Fate.THERE if verdict.merged_into is not None:
                    found.returned.append(self._fresh(key))
                case Fate.THERE:
                    # It was there all the time (another page, another moment): an update like any other. Where the
                    # source refuses to show it, nothing is known of it.
                    found.returned += [] if verdict.event is None else [verdict.event]
                case Fate.GONE if isinstance(absent[key], Conversation) and key not in before:
                    found.suspected.append(key)
                case _:
                    self._removed(found, verdict.event or self._removal(absent[key], verdict, number), absent[key])
        return found

    def _removed(self, found: _Found, event: Event, record: Record) -> None:
        if not self._poller.differing([event]):
            return
        (found.flagged_before if record.deleted else found.removals).append(event)

    def _fresh(self, key: str) -> Event:
        name = self.source.name
        return Event(
            source=name,
            kind="task" if name == "teamwork" else "conversation",
            id=key,
            read_number=self._ledger.last_read_number(),
            since=self._clock.now(),
        )

    def _removal(self, record: Record, verdict: Verdict, number: int) -> Event:
        event = self._fresh(key_of(record))
        if isinstance(record, Task):
            gone = replace(record, status="deleted", deleted=True, deleted_at=verdict.deleted_at)
            return replace(event, payload=gone, read_number=number, title=record.name)
        # Not finding it once more settles it.
        return replace(event, attempts=1, last_error=not_found(event))

    def _suspects(self) -> frozenset[str]:
        text = self._ledger.flag(f"suspects:{self.source.name}")
        return frozenset(json.loads(text)) if text else frozenset()

    def _remember(self, suspected: Sequence[str]) -> None:
        text = json.dumps(list(suspected)) if suspected else None
        self._ledger.set_flag(f"suspects:{self.source.name}", text)
