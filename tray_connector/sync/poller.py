"""Asks a source what changed, makes it durable in the spool, and only then moves the checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.model.codec import large_hash, without_large
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Task
from tray_connector.sources.base import Since, Source, Stream, StreamRefusedError
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.plan import same_content
from tray_connector.sync.removals import Removals, is_removal
from tray_connector.sync.spool import Spool

REACH = "reach"
FIRST_RUN = "first run"
"""Beside the streams' checkpoints: how far back everything was taken, and the newest change that a first run saw."""
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
HOLD_BACK = 5000
"""Events of one source that may wait before the poller pauses its walk."""
HOLD_BACK_LOOK = 0.2
"""Seconds between two looks whether there is room again."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll found, in records of the source (tasks, conversations)."""

    read: int = 0
    queued: int = 0
    unchanged: int = 0
    left_out: int = 0
    held: int = 0
    """Removals that wait for the user's word."""

    def __add__(self, other: Polled) -> Polled:
        return Polled(
            self.read + other.read,
            self.queued + other.queued,
            self.unchanged + other.unchanged,
            self.left_out + other.left_out,
            self.held + other.held,
        )


class Poller:
    """Keeps one source's checkpoints. Polls come from one thread at a time, backfills from another."""

    def __init__(
        self,
        source: Source,
        spool: Spool,
        ledger: Ledger,
        clock: Clock,
        *,
        overlap: float,
        removals: Removals,
        on_progress: Callable[[Polled], None] = lambda _: None,
    ) -> None:
        self.source = source
        self.removals = removals
        """The guard, shared with the reconciler."""
        self._spool = spool
        self._ledger = ledger
        self._clock = clock
        self._overlap = timedelta(seconds=overlap)
        self._on_progress = on_progress
        self._asked: dict[str, float] = {}
        self._checkpoints = threading.Lock()
        self.on_found: Callable[[Sequence[Event]], None] = lambda _: None
        """Told what an ordinary poll found to be new or changed: somebody may have announced it."""

    def poll(self, stop: Stop, *, all_streams: bool = False) -> Polled:
        """Ask every stream that is due (or all). A stream that fails leaves its checkpoint and raises; one that alone
        is refused does so after all the others were asked.
        """

        def follow(stream: Stream) -> Polled:
            if not all_streams and not self._is_due(stream):
                return Polled()
            binding = self._ledger.binding
            since = self._since(stream.name)
            began = self.source.first_run_from()
            polled = self._follow(stream.name, since, stop, binding)
            self._asked[stream.name] = self._clock.monotonic()
            if since.changed_after is None:
                self._reached(began, binding)
            return polled

        return self._each(follow, stop)

    def _each(self, follow: Callable[[Stream], Polled], stop: Stop) -> Polled:
        total, refusal = Polled(), None
        for stream in self.source.streams(stop):
            try:
                total += follow(stream)
            except StreamRefusedError as error:
                refusal = refusal or error
        if refusal is not None:
            raise refusal
        return total

    def backfill(self, since: Since, stop: Stop, *, rewrite: bool = False) -> Polled:
        """Walk all streams from `since`, whatever their checkpoints say."""
        binding = self._ledger.binding
        total = self._each(
            lambda stream: self._follow(stream.name, since, stop, binding, rewrite=rewrite, asked_for=True), stop
        )
        if since.changed_after is not None or since.everything:
            self._reached(since.changed_after, binding)
        return total

    def reach(self) -> datetime | None:
        """How far back the walks have taken everything; None = to the beginning. The reconciler adds nothing older."""
        known = self._ledger.checkpoint(self.source.name, REACH)
        if known is None:
            return self.source.first_run_from()
        return None if known <= BEGINNING else known

    def _reached(self, began: datetime | None, binding: int) -> None:
        if binding != self._ledger.binding:
            return
        began = began or BEGINNING
        with self._checkpoints:
            known = self._ledger.checkpoint(self.source.name, REACH)
            if known is None or began < known:
                self._ledger.set_checkpoint(self.source.name, REACH, began)

    def _is_due(self, stream: Stream) -> bool:
        asked = self._asked.get(stream.name)
        return asked is None or self._clock.monotonic() - asked >= stream.every

    def _since(self, stream: str) -> Since:
        checkpoint = self._ledger.checkpoint(self.source.name, stream)
        return Since(None if checkpoint is None else checkpoint - self._overlap)

    def _follow(
        self, stream: str, since: Since, stop: Stop, binding: int, *, rewrite: bool = False, asked_for: bool = False
    ) -> Polled:
        total, newest = Polled(), None
        removals: list[Event] = []
        is_news = since.changed_after is not None and not asked_for
        for page in self.source.changes(stream, since, stop):
            self.wait_for_room(stop)
            passed = frozenset() if asked_for else self._left_by_first_run(page.events)
            taken = [event for event in page.events if event.id not in passed]
            gone = [event for event in taken if is_removal(event)]
            removals += gone if rewrite else self.differing(gone)
            total += self.queue([event for event in taken if not is_removal(event)], rewrite=rewrite, is_news=is_news)
            total += Polled(read=len(gone), unchanged=len(gone), left_out=len(page.left_out) + len(passed))
            self._ledger.note_left_out(self.source.name, dict.fromkeys(page.left_out, 1))
            newest = latest(newest, page.newest)
        # Only now their number is known.
        news = self.differing(removals)
        if self.removals.are_too_many(news):
            self.removals.hold(stream, {event.id for event in news})
            # Nothing moves: what is held is found by the next poll as well.
            return total + Polled(held=len(news), unchanged=-len(news))
        self.removals.hold(stream, ())
        queued = self.queue(removals, rewrite=rewrite, is_news=is_news).queued
        total += Polled(queued=queued, unchanged=-queued)
        # What was written into another destination meanwhile is not in this one.
        with self._checkpoints:
            if binding == self._ledger.binding:
                self._move(stream, since, newest)
        return total

    def _left_by_first_run(self, events: Sequence[Event]) -> frozenset[str]:
        """Old records that the first run left out, and that a poll meets again as it looks a little further back."""
        old = [
            event for event in events if event.payload is not None and not self.source.first_run_takes(event.payload)
        ]
        first = self._ledger.checkpoint(self.source.name, FIRST_RUN) if old else None
        if first is None:
            return frozenset()
        known = self._ledger.entries("tasks", [event.id for event in old])
        return frozenset(
            event.id
            for event in old
            if event.id not in known
            and isinstance(event.payload, Task)
            and event.payload.updated_at is not None
            and event.payload.updated_at <= first
        )

    def queue(self, events: Sequence[Event], *, rewrite: bool = False, is_news: bool = False) -> Polled:
        """Put what the destination does not have yet into the spool; durable when it returns."""
        if rewrite:
            events = [replace(event, rewrite=True) for event in events]
        needed = self.differing(events)
        # Told before: what is in the spool may be written in the next moment.
        self._on_progress(Polled(read=len(events), queued=len(needed)))
        self._spool.put(needed)
        if is_news:
            self.on_found(needed)
        return Polled(read=len(events), queued=len(needed), unchanged=len(events) - len(needed))

    def differing(self, events: Sequence[Event]) -> list[Event]:
        """Those whose record the destination does not have as it was read."""
        # In this order: what leaves the spool in between is noted in the ledger already.
        waiting = {event.id for event in events if self._spool.contains(event.source, event.id)}
        ids = [event.id for event in events]
        tasks = self._ledger.entries("tasks", ids) if self.source.name == "teamwork" else {}
        conversations = self._ledger.known_conversations(ids) if self.source.name == "missive" else {}
        return [
            event
            for event in events
            if event.rewrite
            or event.id in waiting
            or not is_known(event, tasks.get(event.id), conversations.get(event.id, (None, 0))[0])
        ]

    def wait_for_room(self, stop: Stop) -> None:
        """Wait while too much waits to be written."""
        while self._spool.counts(self.source.name).waiting >= HOLD_BACK:
            if self._clock.wait(stop, HOLD_BACK_LOOK):
                raise Stopped

    def _move(self, stream: str, since: Since, newest: datetime | None) -> None:
        checkpoint = self._ledger.checkpoint(self.source.name, stream)
        # A walk that began later than the checkpoint says nothing about what lies between; one that began later than
        # a first run would is no first run.
        began, first = since.changed_after, checkpoint or self.source.first_run_from()
        if newest is None or (began is not None and (first is None or began > first)):
            return
        if checkpoint is None and not since.everything and not self._ledger.checkpoint(self.source.name, FIRST_RUN):
            self._ledger.set_checkpoint(self.source.name, FIRST_RUN, newest)
        if checkpoint is None or newest > checkpoint:
            self._ledger.set_checkpoint(self.source.name, stream, newest)


def latest(one: datetime | None, other: datetime | None) -> datetime | None:
    """The later of two moments, where None is earlier than any."""
    if one is None or other is None:
        return one or other
    return max(one, other)


def is_known(event: Event, task: Entry | None, conversation: Conversation | None) -> bool:
    """Whether the destination has just what the event carries (or never will have it)."""
    match event.payload:
        case Task() as payload:
            return _is_known_task(payload, task)
        case Conversation() as payload:
            return _is_known_conversation(payload, conversation)
        case _:
            return False


def _is_known_task(payload: Task, known: Entry | None) -> bool:
    if payload.deleted:
        return known is None or known.record.deleted
    if known is None or known.record.deleted:
        return False
    read = replace(known, record=without_large(payload), content_hash=large_hash(payload))
    return same_content(read, known)


def _is_known_conversation(payload: Conversation, known: Conversation | None) -> bool:
    if known is None:
        return payload.deleted
    if payload.deleted and known.deleted:
        # What happens in the trash is not stored; restoring brings all of it.
        known = replace(known, messages_count=payload.messages_count, last_activity_at=payload.last_activity_at)
    return payload == known
