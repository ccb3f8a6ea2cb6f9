"""The spool against a model of it: whatever is done in whatever order, it holds what the model holds."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.support.clock import FakeClock
from tests.support.events import REFUSED
from tray_connector.model.events import Event, Kind, SourceName, merge
from tray_connector.model.records import Conversation, Record, Task
from tray_connector.sync.spool import Lease, Spool

Key = tuple[SourceName, str]
LAST_READ = 25
"""What an empty file counts from; the reads of a run pass it."""
sources = st.sampled_from(["teamwork", "missive"])
keys = st.tuples(sources, st.sampled_from(["1", "2", "3"]))


@dataclass
class Held:
    """What the model knows of an id."""

    event: Event
    stored: Event
    """As it lies in the file: without what only memory knows."""
    change: int


class SpoolMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self.clock = FakeClock()
        self.spool = self.open()
        self.model: dict[Key, Held] = {}
        self.leases: dict[Key, tuple[Lease, int]] = {}
        self.reads = 10
        self.changes = 0

    def open(self) -> Spool:
        return Spool(self.folder, self.clock, last_read=lambda: LAST_READ)

    def teardown(self) -> None:
        self.spool.close()
        self._folder.cleanup()

    def change(self, key: Key, event: Event) -> None:
        self.changes += 1
        self.model[key] = Held(event, event, self.changes)

    def event(self, key: Key, name: str | None, back: int, rewrite: bool) -> Event:
        self.reads += 1
        source, record_id = key
        payload: Record | None = None
        if name is not None and source == "teamwork":
            payload = Task(task_id=record_id, name=name)
        elif name is not None:
            payload = Conversation(conversation_id=record_id, subject=name)
        return Event(
            source=source,
            kind="task" if source == "teamwork" else "conversation",
            id=record_id,
            payload=payload,
            read_number=self.reads - back,
            since=self.clock.now(),
            title=name,
            rewrite=rewrite,
        )

    names = st.sampled_from([None, "a", "b", "ä" * 500])

    @rule(new=st.lists(st.tuples(keys, names, st.integers(0, 3), st.booleans()), min_size=1, max_size=4))
    def put(self, new: list[tuple[Key, str | None, int, bool]]) -> None:
        events = [self.event(*parts) for parts in new]
        self.spool.put(events)
        merged: dict[Key, Event] = {}
        for event in events:
            key = (event.source, event.id)
            old = merged.get(key) or (self.model[key].event if key in self.model else None)
            merged[key] = event if old is None else merge(old, event)
        for key, event in merged.items():
            held = self.model.get(key)
            if held is not None and event.payload is not None and same(held.event, event):
                held.event = event
            elif held is None or held.event != event:
                self.change(key, event)

    @rule(source=sources, limit=st.integers(1, 3), everything=st.booleans())
    def take(self, source: SourceName, limit: int, everything: bool) -> None:
        now = self.clock.now()
        able = {
            key
            for key, held in self.model.items()
            if key[0] == source and key not in self.leases
            if everything or held.event.next_try is None or held.event.next_try <= now
        }
        leases = self.spool.take(source, limit, now, ignore_next_try=everything)
        assert len(leases) == min(limit, len(able))
        for lease in leases:
            key = (source, lease.event.id)
            assert key in able
            assert lease.event == self.model[key].event
            assert key not in self.leases
            self.leases[key] = (lease, self.model[key].change)

    def end(self, pick: int) -> tuple[Key, Lease, bool] | None:
        if not self.leases:
            return None
        key = sorted(self.leases)[pick % len(self.leases)]
        lease, change = self.leases.pop(key)
        return key, lease, self.model[key].change == change

    @rule(pick=st.integers(0, 5))
    def done(self, pick: int) -> None:
        ended = self.end(pick)
        if ended is not None:
            key, lease, unchanged = ended
            self.spool.done([lease])
            if unchanged:
                del self.model[key]

    @rule(pick=st.integers(0, 5), seconds=st.integers(0, 100))
    def fail(self, pick: int, seconds: int) -> None:
        ended = self.end(pick)
        if ended is not None:
            key, lease, unchanged = ended
            due = self.clock.now() + timedelta(seconds=seconds)
            self.spool.fail(lease, REFUSED, due)
            if unchanged:
                tried = replace(lease.event, attempts=lease.event.attempts + 1, next_try=due, last_error=REFUSED)
                self.change(key, tried)

    @rule(pick=st.integers(0, 5))
    def give_back(self, pick: int) -> None:
        ended = self.end(pick)
        if ended is not None:
            self.spool.give_back([ended[1]])

    @rule(key=keys)
    def drop_in(self, key: Key) -> None:
        source, record_id = key
        self.clock.advance(1)
        path = self.folder / source / f"{record_id}.evt"
        path.write_bytes(b"")
        os.utime(path, (self.clock.now().timestamp(),) * 2)
        self.spool.rescan()
        kind: Kind = "task" if source == "teamwork" else "conversation"
        asked = Event(source=source, kind=kind, id=record_id, read_number=LAST_READ, since=self.clock.now())
        held = self.model.get(key)
        beside = held is not None and held.stored.next_try is not None
        self.change(key, merge(held.stored, asked) if held is not None and beside else asked)

    @rule(seconds=st.integers(1, 60))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule(key=keys)
    def retry_now(self, key: Key) -> None:
        held = self.model.get(key)
        assert self.spool.retry_now([key]) == (held is not None)
        now = self.clock.now()
        if held is not None and key not in self.leases and held.event.next_try is not None:
            due = min(held.event.next_try, now)
            held.event, held.stored = replace(held.event, next_try=due), replace(held.stored, next_try=due)

    @rule(key=keys)
    def discard(self, key: Key) -> None:
        assert self.spool.discard([key]) == (key in self.model)
        self.model.pop(key, None)
        self.leases.pop(key, None)

    @rule()
    def rescan(self) -> None:
        self.spool.rescan()

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = self.open()
        self.leases.clear()
        for held in self.model.values():
            held.event = held.stored

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        listed = {(event.source, event.id): event for event in self.spool.listing()}
        assert set(listed) == set(self.model)
        for key, event in listed.items():
            assert same(event, self.model[key].event)
        counts = self.spool.counts()
        retrying = sum(held.stored.next_try is not None for held in self.model.values())
        assert (counts.waiting, counts.retrying) == (len(self.model) - retrying, retrying)
        self.spool.tidy()
        files = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())
        endings = {key: "retry" if held.stored.next_try else "evt" for key, held in self.model.items()}
        assert files == sorted(f"{source}{os.sep}{key}.{endings[source, key]}" for source, key in self.model)


def same(one: Event, other: Event) -> bool:
    """Equal but for the number of the read that found it."""
    return replace(one, read_number=0) == replace(other, read_number=0)


TestSpoolMachine = SpoolMachine.TestCase
TestSpoolMachine.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],  # each step reaches the disk: too slow
)
