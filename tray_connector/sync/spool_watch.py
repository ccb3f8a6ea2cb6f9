"""Noticing files that somebody drops into the spool."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from watchdog.events import FileCreatedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from tray_connector.config.clock import Clock
from tray_connector.config.file_watch import end_observer
from tray_connector.model.errors import TransientError
from tray_connector.model.events import SourceName

logger = logging.getLogger(__name__)

SETTLE = 0.2
"""Seconds to let pass after the first sign, so that many files cost one look."""
RESCAN = 600.0
"""Seconds between two looks at everything: announcements can get lost."""
RESCAN_UNWATCHED = 30.0
"""The same where nothing is announced (network folders, a full watch table)."""

Adopt = Callable[[SourceName, Collection[str]], None]


class _Arrivals(FileSystemEventHandler):
    """Gathers the names of files that appeared."""

    def __init__(self, folders: Mapping[Path, SourceName]) -> None:
        self._folders = folders
        self._condition = threading.Condition()
        self._names: dict[SourceName, set[str]] = {}
        self.ended = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        raw = event.dest_path or event.src_path
        path = Path(raw if isinstance(raw, str) else raw.decode(errors="surrogateescape"))
        source = self._folders.get(path.parent)
        if source is not None:
            with self._condition:
                self._names.setdefault(source, set()).add(path.name)
                self._condition.notify_all()

    def end(self) -> None:
        with self._condition:
            self.ended = True
            self._condition.notify_all()

    def wait(self, seconds: float) -> dict[SourceName, set[str]]:
        """What appeared; nothing when so much time went by or it has ended."""
        with self._condition:
            if self._condition.wait_for(lambda: self.ended or self._names, seconds):
                self._condition.wait_for(lambda: self.ended, SETTLE)
            names, self._names = self._names, {}
            return names


if sys.platform == "linux":
    from watchdog.observers.inotify import InotifyEmitter, InotifyObserver
    from watchdog.observers.inotify_c import InotifyConstants, Mask

    class _ArrivalEmitter(InotifyEmitter):
        """Asks for what arrives and not for what leaves.

        The library keeps each departure for half a second and looks through all of them at each arrival: with
        thousands of events a second that took more of the processor than anything else here.
        """

        def get_event_mask_from_filter(self) -> Mask:
            arrives = InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVED_TO
            return Mask(arrives | InotifyConstants.IN_DELETE_SELF)

    class _ArrivalObserver(InotifyObserver):
        def __init__(self) -> None:
            super().__init__()
            self._emitter_class = _ArrivalEmitter

    def _observer() -> BaseObserver:
        return _ArrivalObserver()
else:

    def _observer() -> BaseObserver:
        return Observer()


@contextmanager
def watch_folders(
    folders: Mapping[Path, SourceName], adopt: Adopt, rescan: Callable[[], None], clock: Clock
) -> Iterator[None]:
    """While inside, `adopt` is told of files that appear, and `rescan` is called now and then, from one thread.

    Our own files appear as well: `adopt` decides by what it remembers.
    """
    resolved = {folder.resolve(): source for folder, source in folders.items()}
    arrivals = _Arrivals({**folders, **resolved})
    observer = _observer()
    observer.daemon = True
    every = RESCAN
    try:
        for folder in resolved:
            observer.schedule(arrivals, str(folder), event_filter=[FileCreatedEvent, FileMovedEvent])
        observer.start()
    except OSError as error:
        every = RESCAN_UNWATCHED
        logger.info("The queue's folders are looked at every %g seconds: %s", every, error)
    look = _Looker(arrivals, adopt, rescan, clock, every).run
    looker = threading.Thread(target=look, name="watch spool", daemon=True)
    looker.start()
    try:
        yield
    finally:
        arrivals.end()
        end_observer(observer)
        looker.join(5)


@dataclass(frozen=True)
class _Looker:
    """The thread that passes on what was gathered."""

    arrivals: _Arrivals
    adopt: Adopt
    rescan: Callable[[], None]
    clock: Clock
    every: float

    def run(self) -> None:
        due = self.clock.monotonic()
        troubled = False
        while not self.arrivals.ended:
            try:
                # Also at the beginning, and after trouble: something may have come while nobody watched.
                if self.clock.monotonic() >= due:
                    self.rescan()
                    due = self.clock.monotonic() + self.every
                for source, names in self.arrivals.wait(due - self.clock.monotonic()).items():
                    self.adopt(source, names)
                troubled = False
            except TransientError as error:
                if not troubled:
                    logger.warning("Files dropped into the queue cannot be seen: %s", error)
                troubled, due = True, self.clock.monotonic()
                self.arrivals.wait(RESCAN_UNWATCHED)
