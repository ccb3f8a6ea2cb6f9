"""One source's part of the spool: its files and what is remembered of them, kept in step."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime

from tray_connector.config.clock import Clock
from tray_connector.model.events import Event, SourceName, is_id, merge
from tray_connector.sync.spool_codec import decode_event, encode_event
from tray_connector.sync.spool_files import (
    Content,
    SpoolFiles,
    UnreadableFile,
    is_event_file,
    modified,
    parse_name,
    set_modified,
    suffix,
)
from tray_connector.sync.spool_index import Slot, SourceIndex, Stamp

logger = logging.getLogger(__name__)

FARTHEST = 40 * 86_400.0
"""Seconds. No back-off and no service's limit lasts longer: a later next try comes from a clock that was wrong."""
GRACE = 2.0
"""Seconds. A broken file as young as this may still be in the making."""
STUCK = 60.0
"""Seconds until a broken file that cannot be moved is looked at again."""


def moment(seconds: float) -> datetime:
    """Seconds since the epoch as a time."""
    return datetime.fromtimestamp(seconds, UTC)


class _NotNow(Exception):  # noqa: N818 - a finding, handled in this module
    """The file cannot be read before `until`."""

    def __init__(self, until: float) -> None:
        super().__init__(until)
        self.until = until


class Shelf:
    """Files change only while the caller holds the spool's disk lock, the index only under `changed`.

    Methods raise OSError when the folder as a whole cannot be used.
    """

    def __init__(
        self,
        source: SourceName,
        files: SpoolFiles,
        index: SourceIndex,
        changed: threading.Condition,
        *,
        clock: Clock,
        last_read: Callable[[], int],
    ) -> None:
        self.source = source
        self.index = index
        self._files = files
        self._changed = changed
        self._clock = clock
        self._last_read = last_read
        self._stuck: set[str] = set()
        self._put_off: list[tuple[str, float]] = []

    # Reading.

    def load(self, key: str) -> Event | None:
        """The event of this id as it lies there now; None when there is none that can be read."""
        with self._changed:
            known = key in self.index.slots
        if not known:
            self._notice(key)
        try:
            loaded = self._load(key)
        except _NotNow:
            return None
        return None if loaded is None else loaded[0]

    def lease(self, key: str) -> tuple[Event, int] | None:
        """Hold the id just popped: its event and generation. None when it is gone or cannot be read (now)."""
        try:
            loaded = self._load(key)
        except _NotNow as later:
            self._put_off.append((key, later.until))
            return None
        except OSError:
            with self._changed:
                self.index.push_back(key)
            raise
        if loaded is None:
            return None
        with self._changed:
            return loaded[0], self.index.hold(key, loaded[1])

    def end_taking(self) -> None:
        """Let the ids that `lease` could not read now come round again."""
        with self._changed:
            for key, until in self._put_off:
                self.index.postpone(key, until)
            self._put_off.clear()

    def learn(self, limit: int) -> None:
        """Read some files of which it is not known yet since when they wait."""
        with self._changed:
            keys = self.index.unknown_age(limit)
        for key in keys:
            self.load(key)

    def _load(self, key: str) -> tuple[Event, Stamp] | None:
        with self._changed:
            slot = self.index.slots.get(key)
        if slot is None:
            return None
        try:
            event, content = self._open(key, slot.retry)
        except FileNotFoundError:
            self._forget(key)
            return None
        except UnreadableFile as error:
            self._reject(key, slot.retry, error)
            return None
        except OSError as error:
            # When it is the folder that fails, this raises as well.
            os.listdir(self._files.folder / self.source)
            raise self._stuck_until(key + suffix(slot.retry), error) from error
        with self._changed:
            if key in self.index.held:
                if slot.stamp not in (None, content.stamp):
                    slot = self._set(key, slot.retry, content.modified)
                slot.stamp = content.stamp
            self.index.learned(slot, event.since.timestamp())
            if event.payload is None:
                # An empty file tells no number: what counts is when it was first looked at, not when it is now.
                slot.read_number = slot.read_number or event.read_number
        if slot.read_number and (event.payload is None or slot.read_number > event.read_number):
            event = replace(event, read_number=slot.read_number)
        return event, content.stamp

    def _open(self, key: str, retry: bool) -> tuple[Event, Content]:
        content = self._files.read(self.source, key, retry)
        changed = moment(content.modified)
        try:
            event = decode_event(self.source, key, content.data, modified=changed, last_read=self._last_read)
        except ValueError as error:
            raise UnreadableFile(str(error), content.modified) from error
        # An `.evt` is due, a `.retry` at its modification time, whatever the content says.
        next_try = moment(self._plausible(content.modified)) if retry else None
        return (event if event.next_try == next_try else replace(event, next_try=next_try)), content

    def _reject(self, key: str, retry: bool, error: UnreadableFile) -> None:
        now = self._clock.now().timestamp()
        if error.modified is not None and 0 <= now - error.modified < GRACE:
            raise _NotNow(now + GRACE)
        try:
            self._files.set_aside(self.source, key + suffix(retry), str(error))
        except OSError as trouble:
            raise self._stuck_until(key + suffix(retry), trouble) from trouble
        self._forget(key)

    def _stuck_until(self, name: str, error: OSError) -> _NotNow:
        if name not in self._stuck:
            self._stuck.add(name)
            logger.warning("A file of the queue can be neither read nor moved: %s (%s)", ascii(name), error.strerror)
        return _NotNow(self._clock.now().timestamp() + STUCK)

    def _set_aside(self, name: str, reason: str) -> None:
        try:
            self._files.set_aside(self.source, name, reason)
        except OSError as error:
            self._stuck_until(name, error)

    # Writing.

    def prepare(self, event: Event, content: bytes) -> str:
        """A durable temporary file with the event's content, for `install`; its path. From any thread."""
        shown = event.since if event.next_try is None else event.next_try
        try:
            return self._files.write_temporary(self.source, event.id, content, shown.timestamp())
        except FileNotFoundError:
            self._files.make_folders()
            return self._files.write_temporary(self.source, event.id, content, shown.timestamp())

    def install(self, event: Event, temporary: str) -> None:
        """Make the temporary file the event's own."""
        with self._changed:
            slot = self.index.slots.get(event.id)
        retry = event.next_try is not None
        self._files.install(temporary, self.source, event.id, before=None if slot is None else slot.retry, retry=retry)
        with self._changed:
            next_try = None if event.next_try is None else event.next_try.timestamp()
            self.index.set(event.id, since=event.since.timestamp(), next_try=next_try)

    def write(self, event: Event) -> None:
        """`prepare` and `install`, with nothing left behind on failure."""
        temporary = self.prepare(event, encode_event(event))
        try:
            self.install(event, temporary)
        except BaseException:
            self._files.drop(temporary)
            raise

    def note_read(self, key: str, read_number: int) -> None:
        """A newer read found what the file holds. Kept in memory: the file need not be written for it."""
        with self._changed:
            slot = self.index.slots.get(key)
            if slot is not None:
                slot.read_number = read_number

    def end(self, key: str, generation: int) -> bool:
        """End a lease. True when the file is the one that was leased; otherwise what is new is ready."""
        with self._changed:
            held = self.index.release(key, generation)
            slot = self.index.slots.get(key)
        if held is None or slot is None:
            return False
        now = self._files.stamp(self.source, key, slot.retry)
        if slot.generation == generation and now == held.stamp:
            return True
        if now is None:
            self._forget(key)
            return False
        with self._changed:
            if slot.stamp not in (None, now):
                self._set(key, slot.retry, now[0] / 1e9)
            else:
                self.index.push_back(key)
        return False

    def postpone(self, key: str, until: datetime) -> None:
        """Try the id whose lease just ended no earlier than that, though its file does not say so."""
        with self._changed:
            self.index.postpone(key, until.timestamp())

    def remove(self, key: str) -> bool:
        """Remove the id's file, leased or not; whether there was one."""
        with self._changed:
            slot = self.index.slots.get(key)
        if slot is None:
            return False
        self._files.remove(self.source, key, slot.retry)
        self._forget(key)
        return True

    def retry_now(self, key: str) -> bool:
        """Make the id due; whether it is there."""
        now = self._clock.now().timestamp()
        with self._changed:
            self.index.hasten(key)
            slot = self.index.slots.get(key)
            waits = slot is not None and slot.retry and key not in self.index.held and slot.next_try > now
        if slot is not None and waits:
            path = self._files.path(self.source, key, True)
            try:
                set_modified(path, now)
            except FileNotFoundError:
                self._forget(key)
                return False
            with self._changed:
                self.index.set(key, since=slot.since, next_try=now).read_number = slot.read_number
        return slot is not None

    def _forget(self, key: str) -> None:
        with self._changed:
            self.index.remove(key)

    # Files from outside.

    def rescan(self) -> None:
        """Compare with the folder: take in what is new, forget what is gone."""
        seen = set()
        for name, status in self._files.scan(self.source):
            key = self._see(name, status)
            if key is not None:
                seen.add(key)
        with self._changed:
            for key in [key for key in self.index.slots if key not in seen]:
                self.index.remove(key)

    def adopt(self, names: Collection[str]) -> None:
        """Take in files of these names, if they are there and not known."""
        for name in names:
            status = self._files.status(self.source, name)
            if status is not None:
                self._see(name, status)

    def _notice(self, key: str) -> None:
        # Whoever puts an event must not overwrite a file that was dropped in a moment ago.
        if is_id(key):
            self.adopt((key + suffix(False), key + suffix(True)))

    def _see(self, name: str, status: os.stat_result) -> str | None:
        parsed = parse_name(name)
        if parsed is None:
            return None
        key, retry = parsed
        if not is_event_file(key, status):
            self._set_aside(name, "not the name of an event" if not is_id(key) else "not a plain file")
            return None
        with self._changed:
            slot = self.index.slots.get(key)
            shown = self._shown(retry, modified(status))
            same_name = slot is not None and slot.retry == retry
            # Of a file that is held, `end` finds out whether somebody wrote it.
            as_known = slot is not None and (
                key in self.index.held or shown == (slot.next_try if retry else slot.since)
            )
            if slot is None or (same_name and not as_known):
                self._set(key, retry, modified(status))
        if slot is not None and not same_name:
            self._unite(key)
        return key

    def _set(self, key: str, retry: bool, changed: float) -> Slot:
        # Written from outside: no read of ours has seen what the file holds or asks for.
        shown = self._shown(retry, changed)
        return self.index.set(key, since=None if retry else shown, next_try=shown if retry else None)

    def _shown(self, retry: bool, changed: float) -> float:
        return self._plausible(changed) if retry else changed

    def _plausible(self, next_try: float) -> float:
        now = self._clock.now().timestamp()
        return now if next_try > now + FARTHEST else next_try

    def _unite(self, key: str) -> None:
        """The id has an `.evt` and a `.retry`: one file holds what `merge` makes of the two."""
        found: dict[bool, Event] = {}
        for retry in (True, False):
            try:
                found[retry], _ = self._open(key, retry)
            except FileNotFoundError:
                continue
            except UnreadableFile as error:
                self._set_aside(key + suffix(retry), str(error))
        if len(found) == 2:
            event = merge(found[True], found[False])
            kept = event.next_try is not None
            self._files.replace(self.prepare(event, encode_event(event)), self.source, key, kept)
            self._files.remove(self.source, key, not kept)
        elif found:
            event = next(iter(found.values()))
        else:
            self._forget(key)
            return
        with self._changed:
            next_try = None if event.next_try is None else event.next_try.timestamp()
            self.index.set(key, since=event.since.timestamp(), next_try=next_try)
