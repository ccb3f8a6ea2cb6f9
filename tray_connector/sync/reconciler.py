"""Walks all ids of a source and finds what no poll shows: what vanished, what changed silently, what was missed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.errors import TransientError
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Record, Task, key_of
from tray_connector.sources.base import Fate, Source, Verdict
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.poller import Poller, is_known
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
        differing = 0
        for page in self.source.walk(stop):
            seen.update(event.id for event in page.events)
            self._ledger.note_left_out(self.source.name, dict.fromkeys(page.left_out, 1))
            events = self._belonging(page.events)
            differing += self._count(events) if dry_run else self._poller.queue(events).queued
        stored = self._stored()
        if stored and not seen:
            raise TransientError(
                f"{self.source.name}-empty",
                f"{self.source.name.capitalize()} suddenly shows nothing",
                f"It showed {len(stored)} records before.",
                "Nothing was flagged as deleted. Check whether the key still sees the same account.",
            )
        absent = [key for key, record in stored.items() if key not in seen and self.source.in_scope(record)]
        verdicts = self.source.look_again(absent, stop) if absent else {}
        returned, removals, suspected = self._sorted(stored, verdicts)
        held = 0
        if len(removals) > self._guard(len(stored)) and not allow_removals:
            removals, held = [], len(removals)
        if not dry_run:
            self._spool.put(returned + removals)
            self._remember(suspected)
        return Reconciled(len(seen), differing + len(returned), len(removals), len(suspected), held)

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

    def _count(self, events: Sequence[Event]) -> int:
        ids = [event.id for event in events]
        tasks = self._ledger.entries("tasks", ids) if self.source.name == "teamwork" else {}
        conversations = self._ledger.known_conversations(ids) if self.source.name == "missive" else {}
        return sum(
            not is_known(event, tasks.get(event.id), conversations.get(event.id, (None, 0))[0]) for event in events
        )

    def _stored(self) -> dict[str, Record]:
        """All that is stored and not flagged, by id: tasks, or conversations."""
        if self.source.name == "teamwork":
            tasks = (entry.record for batch in self._ledger.iterate("tasks") for entry in batch)
            return {key_of(task): task for task in tasks if not task.deleted}
        return {key_of(known): known for batch in self._ledger.iterate_conversations() for known in batch}

    def _sorted(
        self, stored: Mapping[str, Record], verdicts: Mapping[str, Verdict]
    ) -> tuple[list[Event], list[Event], list[str]]:
        returned: list[Event] = []
        removals: list[Event] = []
        suspected: list[str] = []
        before = self._suspects()
        for key, verdict in verdicts.items():
            match verdict.fate:
                case Fate.THERE if verdict.merged_into is not None:
                    returned.append(self._fresh(key))
                case Fate.THERE:
                    # It was there all the time (another page, another moment): an update like any other.
                    returned += [verdict.event] if verdict.event is not None else [self._fresh(key)]
                case Fate.DELETED if verdict.event is not None:
                    removals.append(verdict.event)
                case Fate.GONE if isinstance(stored[key], Conversation) and key not in before:
                    suspected.append(key)
                case _:
                    removals.append(self._removal(key, stored[key], verdict))
        return [event for event in returned if self._differs(event, stored[event.id])], removals, suspected

    def _differs(self, event: Event, known: Record) -> bool:
        if isinstance(known, Conversation):
            return not is_known(event, None, known)
        return not is_known(event, self._ledger.entries("tasks", [event.id]).get(event.id), None)

    def _fresh(self, key: str, attempts: int = 0) -> Event:
        name = self.source.name
        return Event(
            source=name,
            kind="task" if name == "teamwork" else "conversation",
            id=key,
            read_number=self._ledger.last_read_number(),
            since=self._clock.now(),
            attempts=attempts,
        )

    def _removal(self, key: str, record: Record, verdict: Verdict) -> Event:
        if isinstance(record, Task):
            gone = replace(record, status="deleted", deleted=True, deleted_at=verdict.deleted_at)
            return replace(
                self._fresh(key), payload=gone, read_number=self._ledger.next_read_number(), title=record.name
            )
        # One attempt counts as made: not finding it again settles it.
        return self._fresh(key, attempts=1)

    def _suspects(self) -> frozenset[str]:
        text = self._ledger.flag(f"suspects:{self.source.name}")
        return frozenset(json.loads(text)) if text else frozenset()

    def _remember(self, suspected: Sequence[str]) -> None:
        text = json.dumps(list(suspected)) if suspected else None
        self._ledger.set_flag(f"suspects:{self.source.name}", text)
