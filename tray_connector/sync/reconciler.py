"""Walks all ids of a source and finds what no poll shows: what vanished, what changed silently, what was missed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.codec import time_from_text, time_to_text
from tray_connector.model.errors import TransientError
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Record, Task, key_of
from tray_connector.sources.base import Fate, Source, Verdict
from tray_connector.sync.dispatcher import not_found
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.poller import Poller
from tray_connector.sync.removals import WALK, is_removal
from tray_connector.sync.spool import Spool

REST = 86_400.0
"""Seconds after which a scheduled walk looks once more at a record that no list shows and that is not deleted."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one walk of one source found."""

    seen: int = 0
    differing: int = 0
    """New, changed or restored: queued (or, in a dry run, only counted)."""
    removals: int = 0
    """Deleted, in the trash or gone: queued for flagging."""
    suspected: int = 0
    """Not found this time; flagged when the next walk does not find them either."""
    held: int = 0
    """Removals that wait for the user's word."""
    missing: int = 0
    """Rows that someone deleted in the destination: queued to be written again (on request only)."""


@dataclass
class _Found:
    """What the second look says."""

    returned: list[Event] = field(default_factory=list)
    removals: list[Event] = field(default_factory=list)
    flagged_before: list[Event] = field(default_factory=list)
    """Conversations whose e-mails lay in the trash and that are gone now: nobody misses them."""
    suspected: list[str] = field(default_factory=list)
    unlisted: list[str] = field(default_factory=list)
    """There, or refused, or out of the scope: nothing is to be done, though no list shows them."""


class Reconciler:
    """Compares one source with the ledger. One thread at a time."""

    def __init__(self, poller: Poller, spool: Spool, ledger: Ledger, clock: Clock) -> None:
        self._poller = poller
        self._removals = poller.removals
        self.source: Source = poller.source
        self._spool = spool
        self._ledger = ledger
        self._clock = clock

    def walk(
        self, stop: Stop, *, dry_run: bool = False, allow_removals: bool = False, scheduled: bool = False
    ) -> Reconciled:
        """One walk. Queues what differs; raises when the source fails, and when it suddenly shows nothing at all.

        A `scheduled` one takes a quarter of the service's limits at most, and rests what it looked at in vain.
        """
        seen, left_out = set[str](), set[str]()
        removals: list[Event] = []
        differing = 0
        for page in self.source.walk(stop, quiet=scheduled):
            seen.update(event.id for event in page.events)
            left_out.update(page.left_out)
            if not dry_run:
                self._ledger.note_left_out(self.source.name, dict.fromkeys(page.left_out, 1))
            events = self._belonging(page.events)
            removals += self._poller.differing([event for event in events if is_removal(event)])
            differing += self._bring([event for event in events if not is_removal(event)], stop, dry_run=dry_run)
        stored, absent = self._absent(seen | left_out)
        if absent and not seen and not left_out and not allow_removals:
            raise nothing_shown(self.source.name, stored)
        resting = self._resting(absent) if scheduled else {}
        found = self._look_again({key: absent[key] for key in absent.keys() - resting.keys()}, stop, quiet=scheduled)
        differing += self._bring(found.returned, stop, dry_run=dry_run)
        removals += found.removals
        held = self._removals.held_by(WALK) & resting.keys()
        if not allow_removals and self._removals.are_too_many(removals, beside=len(held)):
            held |= {event.id for event in removals}
            removals = []
        if not dry_run:
            if allow_removals:
                self._removals.release()
            self._removals.hold(WALK, held)
            self._spool.put(removals + found.flagged_before)
            # What is held was looked for twice already: the user's word needs no third time.
            self._remember("suspects", sorted({*found.suspected, *held}))
            looked = dict.fromkeys([*found.unlisted, *(held & absent.keys() - resting.keys())], self._clock.now())
            self._remember("unlisted", {key: time_to_text(at) for key, at in (resting | looked).items()})
        return Reconciled(len(seen), differing, len(removals), len(found.suspected), len(held))

    def _bring(self, events: Sequence[Event], stop: Stop, *, dry_run: bool) -> int:
        if dry_run:
            return len(self._poller.differing(events))
        self._poller.wait_for_room(stop)
        return self._poller.queue(events).queued

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

    def _resting(self, absent: Collection[str]) -> dict[str, datetime]:
        """Those that a walk of the last day looked at, and for which nothing was to be done."""
        now = self._clock.now()
        texts: dict[str, str] = json.loads(self._ledger.flag(self._flag("unlisted")) or "{}")
        looked = {key: time_from_text(text) for key, text in texts.items() if key in absent}
        resting = {key: at for key, at in looked.items() if 0 <= (now - at).total_seconds() < REST}
        held = self._removals.held_by(WALK)
        if len(held & resting.keys()) <= self._removals.allowed_at_once():
            # So few need nobody's word (any more): they are looked at once more, and flagged.
            resting = {key: at for key, at in resting.items() if key not in held}
        return resting

    def _look_again(self, absent: Mapping[str, Record], stop: Stop, *, quiet: bool) -> _Found:
        found, before = _Found(), self._suspects()
        # Taken before the look: what is read later, by a poll, is newer.
        number = self._ledger.next_read_number()
        verdicts = self.source.look_again(list(absent), stop, quiet=quiet) if absent else {}
        for key, record in absent.items():
            verdict = verdicts.get(key)
            match verdict:
                case None:
                    found.unlisted.append(key)
                case Verdict(fate=Fate.THERE, merged_into=str()):
                    found.returned.append(self._fresh(key))
                case Verdict(fate=Fate.THERE, event=event):
                    # It was there all the time (another page, another moment): an update like any other. Where the
                    # source refuses to show it, nothing is known of it.
                    news = [] if event is None or not self._in_scope(event) else self._poller.differing([event])
                    found.returned += news
                    found.unlisted += [] if news else [key]
                case Verdict(fate=Fate.GONE) if isinstance(record, Conversation) and key not in before:
                    found.suspected.append(key)
                case _:
                    self._removed(found, verdict.event or self._removal(record, verdict, number), record)
        return found

    def _in_scope(self, event: Event) -> bool:
        return event.payload is not None and self.source.in_scope(event.payload)

    def _removed(self, found: _Found, event: Event, record: Record) -> None:
        if not self._poller.differing([event]):
            found.unlisted.append(key_of(record))
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
        return frozenset(json.loads(self._ledger.flag(self._flag("suspects")) or "[]"))

    def _remember(self, name: str, what: Sequence[str] | Mapping[str, str]) -> None:
        self._ledger.set_flag(self._flag(name), json.dumps(what) if what else None)

    def _flag(self, name: str) -> str:
        return f"{name}:{self.source.name}"


def nothing_shown(source: str, stored: int) -> TransientError:
    """A source that is suddenly empty: an account that the key lost, or a mistake. Never a deletion of everything."""
    return TransientError(
        f"{source}-empty",
        f"{source.capitalize()} suddenly shows nothing",
        f"It showed {stored} records before. Nothing was flagged as deleted.",
        "Check whether the key still sees the same account. If all was deleted on purpose: "
        "tray-connector reconcile --allow-removals",
    )
