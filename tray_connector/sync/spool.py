"""The spool: what waits to be brought into the destination, one file per id, durable before it is acknowledged."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from tray_connector.config.clock import Clock, Stop
from tray_connector.config.private_files import sync_folder
from tray_connector.model.errors import Problem
from tray_connector.model.events import SOURCES, Event, SourceName, merge
from tray_connector.sync.spool_codec import encode_event
from tray_connector.sync.spool_files import SpoolFiles, disk_trouble, parse_name
from tray_connector.sync.spool_index import SourceIndex
from tray_connector.sync.spool_shelf import FARTHEST, STUCK, Shelf, moment
from tray_connector.sync.spool_watch import watch_folders

logger = logging.getLogger(__name__)

Key = tuple[SourceName, str]
WRITERS = 4
"""Files on their way to the disk at the same time."""
REST = 1.0
"""Seconds without anything to do after which files kept for writing over are removed."""
LEARN = 100
"""Files read in one `counts` to learn since when they wait."""
PIECE = 5_000
"""Ids that are sorted in one go."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An event that somebody works on. Ends with `Spool.done`, `give_back` or `fail`, or with the process."""

    event: Event
    generation: int


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The spool in numbers."""

    waiting: int
    """Not tried yet, or changed since; those being worked on are among them."""
    retrying: int
    """Failed at least once."""
    unreadable: int
    """Files in `unreadable/`: for a person to look at."""
    oldest: datetime | None
    """Since when the oldest one waits, as far as it is known without reading every file."""

    @property
    def total(self) -> int:
        """Events that are left."""
        return self.waiting + self.retrying


class Spool:
    """Thread-safe, for one process per folder. TransientError ``spool-…`` when the disk does not let it work.

    An id has one file. Should two be found (an `.evt` dropped in beside a `.retry`), they become one by
    `model.events.merge`, the `.evt` being the newer. An `.evt` is due, a `.retry` at its modification time.
    """

    def __init__(self, folder: Path, clock: Clock, *, last_read: Callable[[], int] = lambda: 0) -> None:
        """Open the folder, making it where needed. `last_read` gives the number of the last read begun."""
        self._clock = clock
        self._files = SpoolFiles(folder)
        generations = itertools.count(1)
        # Order of the locks: first the one of the files (held over I/O), then the one of the indexes (never is).
        self._disk = threading.RLock()
        self._changed = threading.Condition()
        self._woken: set[SourceName] = set()
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="spool")
        self._shelves: dict[SourceName, Shelf] = {
            source: Shelf(
                source, self._files, SourceIndex(generations), self._changed, clock=clock, last_read=last_read
            )
            for source in SOURCES
        }
        with self._trouble():
            self._files.prepare()
            for shelf in self._shelves.values():
                shelf.rescan()

    @contextmanager
    def _trouble(self) -> Iterator[None]:
        with self._disk:
            try:
                yield
            except OSError as error:
                raise disk_trouble(error, self._files.folder) from error

    def put(self, events: Sequence[Event]) -> None:
        """Merge the events with what waits; durable when it returns.

        When it raises for lack of room or rights, none of the events was taken and what waits is as it was.
        """
        if not events:
            return
        with self._trouble():
            stored: dict[Key, Event | None] = {}
            merged: dict[Key, Event] = {}
            for event in events:
                key = (event.source, event.id)
                if key not in stored:
                    stored[key] = self._shelves[event.source].load(event.id)
                old = merged.get(key, stored[key])
                merged[key] = event if old is None else merge(old, event)
            self._store([event for key, event in merged.items() if not self._is_stored(stored[key], event)])
        self._poke()

    def _is_stored(self, stored: Event | None, event: Event) -> bool:
        if stored is None or stored == event:
            return stored is not None
        if event.payload is None or replace(stored, read_number=event.read_number) != event:
            return False
        self._shelves[event.source].note_read(event.id, event.read_number)
        return True

    def _store(self, events: Sequence[Event]) -> None:
        sources = {event.source for event in events}
        if not all((self._files.folder / source).is_dir() for source in sources):
            # Somebody cleared the folder away: its events are gone, but new ones have a place.
            self._files.make_folders()
        prepared = deque(zip(events, self._prepare(events), strict=True))
        try:
            while prepared:
                event, temporary = prepared[0]
                self._shelves[event.source].install(event, temporary)
                prepared.popleft()
        finally:
            for _, temporary in prepared:
                self._files.drop(temporary)
        for source in sources:
            sync_folder(self._files.folder / source)

    def _prepare(self, events: Sequence[Event]) -> list[str]:
        """A durable temporary file for each, or none at all."""
        # Several files on their way to the disk share its rounds: about half the time for a page.
        contents = [encode_event(event) for event in events]
        started = [
            self._writers.submit(self._shelves[event.source].prepare, event, content)
            for event, content in zip(events, contents, strict=True)
        ]
        wait(started)
        failures = [failure for future in started if (failure := future.exception()) is not None]
        if failures:
            for future in started:
                if future.exception() is None:
                    self._files.drop(future.result())
            raise failures[0]
        return [future.result() for future in started]

    def contains(self, source: SourceName, id: str) -> bool:  # noqa: A002 - the name the id has everywhere
        """Whether an event of this id waits or is being worked on."""
        with self._changed:
            return id in self._shelves[source].index.slots

    def take(self, source: SourceName, limit: int, now: datetime, *, ignore_next_try: bool = False) -> Sequence[Lease]:
        """Lease at most `limit` events that are due, those first that have been due for longest."""
        shelf = self._shelves[source]
        leases: list[Lease] = []
        with self._trouble():
            try:
                while len(leases) < limit:
                    with self._changed:
                        key = shelf.index.pop(now.timestamp(), ignore_next_try=ignore_next_try)
                    if key is None:
                        break
                    taken = shelf.lease(key)
                    if taken is not None:
                        leases.append(Lease(*taken))
            except BaseException:
                self.give_back(leases)
                raise
            finally:
                shelf.end_taking()
        return leases

    def done(self, leases: Sequence[Lease]) -> None:
        """The destination has them and the ledger knows: their files go, except where newer content came meanwhile."""
        with self._trouble():
            for lease in leases:
                shelf = self._shelves[lease.event.source]
                if shelf.end(lease.event.id, lease.generation):
                    try:
                        shelf.remove(lease.event.id)
                    except OSError:
                        # Written again is better than never looked at again.
                        shelf.postpone(lease.event.id, self._clock.now() + timedelta(seconds=STUCK))
                        raise
        self._poke()

    def give_back(self, leases: Sequence[Lease]) -> None:
        """They are as if never taken."""
        with self._changed:
            for lease in leases:
                index = self._shelves[lease.event.source].index
                if index.release(lease.event.id, lease.generation) is not None:
                    index.push_back(lease.event.id)
            self._changed.notify_all()

    def fail(self, lease: Lease, problem: Problem, next_try: datetime) -> None:
        """It waits as a `.retry` with its reason; but where newer content came meanwhile, that is tried at once."""
        event = lease.event
        shelf = self._shelves[event.source]
        latest = self._clock.now() + timedelta(seconds=FARTHEST)
        failed = replace(event, attempts=event.attempts + 1, next_try=min(next_try, latest), last_error=problem)
        with self._trouble():
            if shelf.end(event.id, lease.generation):
                try:
                    # The folder need not reach the disk: until it does, the same event lies there as it was.
                    shelf.write(failed)
                except OSError:
                    shelf.postpone(event.id, next_try)
                    raise
        self._poke()

    def wait_ready(self, source: SourceName, stop: Stop, timeout: float) -> bool:
        """Wait at most `timeout` seconds until something may be due, or `wake`; False when stopped or nothing is."""
        ready = self._wait(source, stop, min(timeout, REST))
        if ready or stop.is_set() or timeout <= REST:
            return ready
        self.tidy()
        return self._wait(source, stop, timeout - REST)

    def _wait(self, source: SourceName, stop: Stop, timeout: float) -> bool:
        index = self._shelves[source].index
        began = self._clock.monotonic()

        def may_go() -> bool:
            return stop.is_set() or source in self._woken or index.is_due(self._clock.now().timestamp())

        def wait_once() -> bool:
            seconds = timeout - (self._clock.monotonic() - began)
            due = index.next_time()
            if due is not None:
                seconds = min(seconds, due - self._clock.now().timestamp())
            return self._changed.wait_for(lambda: may_go() or index.next_time() != due, max(0.0, seconds))

        with stop.calls(self._poke), self._changed:
            while wait_once() and not may_go():
                continue
            ready = may_go() and not stop.is_set()
            self._woken.discard(source)
            return ready

    def _poke(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def wake(self) -> None:
        """End every `wait_ready`; each source's next one ends at once."""
        with self._changed:
            self._woken.update(SOURCES)
            self._changed.notify_all()

    def counts(self, source: SourceName | None = None) -> QueueCounts:
        """The numbers of one source, or of both."""
        shelves = list(self._shelves.values()) if source is None else [self._shelves[source]]
        self._learn(shelves)
        with self._changed:
            total = sum(len(shelf.index.slots) for shelf in shelves)
            retrying = sum(shelf.index.retrying for shelf in shelves)
            oldest = min((found for shelf in shelves if (found := shelf.index.oldest()) is not None), default=None)
        unreadable = sum(n for name, n in self._files.set_aside_counts.items() if source in (None, name))
        return QueueCounts(total - retrying, retrying, unreadable, None if oldest is None else moment(oldest))

    def oldest_new(self, source: SourceName) -> datetime | None:
        """Since when the oldest event waits that was not tried yet."""
        with self._changed:
            since = self._shelves[source].index.oldest_new()
        return None if since is None else moment(since)

    def _learn(self, shelves: Sequence[Shelf]) -> None:
        # Never waits for the disk lock: who asks for numbers shows them to somebody.
        if self._disk.acquire(blocking=False):
            try:
                for shelf in shelves:
                    shelf.learn(LEARN)
            except OSError as error:
                # The numbers stand without; `take` and `put` report it.
                logger.info("The age of waiting events cannot be read: %s", error)
            finally:
                self._disk.release()

    def order(self) -> Sequence[Key]:
        """What waits or is being worked on, that first which waits for longest as far as is known without reading."""
        with self._changed:
            entries = [
                (slot.next_try if slot.since is None else slot.since, source, key)
                for source, shelf in self._shelves.items()
                for key, slot in shelf.index.slots.items()
            ]
        # One sort of a hundred thousand would let no other thread run meanwhile, the window's least of all.
        pieces = [sorted(entries[start : start + PIECE]) for start in range(0, len(entries), PIECE)]
        return [(source, key) for _, source, key in heapq.merge(*pieces)]

    def read(self, keys: Sequence[Key]) -> Sequence[Event]:
        """The events of these that are still there and can be read, in this order. Reads their files."""
        events = []
        for source, key in keys:
            with self._trouble():
                event = self._shelves[source].load(key)
            if event is not None:
                events.append(event)
        return events

    def listing(self, offset: int = 0, limit: int | None = None) -> Sequence[Event]:
        """The events that wait or are being worked on, those first that wait for longest. Reads their files."""
        keys = self.order()[offset : None if limit is None else offset + limit]
        return sorted(self.read(keys), key=lambda event: event.since)

    def retry_now(self, keys: Sequence[Key] | None) -> int:
        """Make failed events due; None = all. How many of the events meant are there."""
        with self._trouble():
            count = sum(self._shelves[source].retry_now(key) for source, key in self._meant(keys))
        self._poke()
        return count

    def discard(self, keys: Sequence[Key] | None) -> int:
        """Remove events, even those being worked on; None = all. How many there were."""
        with self._trouble():
            count = sum(self._shelves[source].remove(key) for source, key in self._meant(keys))
        self._poke()
        return count

    def discard_unreadable(self) -> int:
        """Delete the files in `unreadable/`; how many there were."""
        with self._trouble():
            return self._files.clear_unreadable()

    def _meant(self, keys: Sequence[Key] | None) -> Sequence[Key]:
        if keys is not None:
            return keys
        with self._changed:
            return [(source, key) for source, shelf in self._shelves.items() for key in shelf.index.slots]

    def rescan(self) -> None:
        """Take in files that were dropped in from outside, forget those that were taken away."""
        with self._trouble():
            self._files.make_folders()
            self._files.recount()
            for shelf in self._shelves.values():
                shelf.rescan()
        self._poke()

    def watch(self) -> AbstractContextManager[None]:
        """While inside, files dropped in are taken in within a second."""
        folders = {self._files.folder / source: source for source in SOURCES}
        return watch_folders(folders, self._adopt, self.rescan, self._clock)

    def _adopt(self, source: SourceName, names: Collection[str]) -> None:
        shelf = self._shelves[source]
        unknown = [name for name in names if not self._is_own(source, name)]
        if unknown:
            with self._trouble():
                shelf.adopt(unknown)
            self._poke()

    def _is_own(self, source: SourceName, name: str) -> bool:
        parsed = parse_name(name)
        if parsed is None:
            return True
        with self._changed:
            slot = self._shelves[source].index.slots.get(parsed[0])
            return slot is not None and slot.retry == parsed[1]

    def tidy(self) -> None:
        """Remove the files of ended events that are kept only to be written over; for when a sync has ended."""
        with self._disk:
            self._files.drop_spares()

    def close(self) -> None:
        """Let whoever waits go; leases end. Nothing may be put afterwards. May be called twice."""
        self.wake()
        self._writers.shutdown()
        self.tidy()
