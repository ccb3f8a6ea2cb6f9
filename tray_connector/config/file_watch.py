"""Noticing that one file changed, however it is written: in place, replaced by rename, removed, made anew."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from tray_connector.config.private_files import make_private_folder

log = logging.getLogger("watch")
SETTLE_SECONDS = 0.2
"""Editors write in several steps: the file is looked at when nothing has happened for so long."""
SETTLE_AT_MOST = 2.0
LOOK_EVERY_SECONDS = 5.0
"""Looked at anyway: network folders and full watch tables announce nothing."""


class _Signals(FileSystemEventHandler):
    """Wakes the looker for events that concern the file's name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._changed = threading.Event()
        self.ended = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in ("opened", "closed_no_write"):
            return
        paths = (event.src_path, event.dest_path)
        if any(Path(path if isinstance(path, str) else path.decode()).name == self._name for path in paths if path):
            self._changed.set()

    def end(self) -> None:
        self.ended = True
        self._changed.set()

    def wait(self, seconds: float) -> bool:
        """True when something happened within that time."""
        happened = self._changed.wait(seconds)
        if not self.ended:
            self._changed.clear()
        return happened


@contextmanager
def watch_file(path: Path, look: Callable[[], object]) -> Iterator[None]:
    """While inside, `look` is called from a thread of its own soon after `path` changed, and every few seconds.

    `look` decides by itself whether anything is new. Its folder is made when it is missing.
    """
    signals = _Signals(path.name)
    observer = Observer()
    observer.daemon = True
    try:
        make_private_folder(path.parent)
        observer.schedule(signals, str(path.parent))
        observer.start()
    except OSError as error:
        log.info("%s is looked at every %g seconds: %s", path, LOOK_EVERY_SECONDS, error)
    looker = threading.Thread(target=_look, args=(signals, look), name=f"watch {path.name}", daemon=True)
    looker.start()
    try:
        yield
    finally:
        signals.end()
        end_observer(observer)
        looker.join(5)


def end_observer(observer: BaseObserver) -> None:
    """End a watch and wait for its threads.

    The library reports an error when one of them was just about to look: nothing that anybody need know.
    """
    library = logging.getLogger("watchdog.observers.inotify")
    no_race = _NoRace()
    library.addFilter(no_race)
    try:
        if observer.is_alive():
            observer.stop()
            observer.join(5)
    finally:
        library.removeFilter(no_race)


class _NoRace(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return "when the thread is inactive" not in record.getMessage()


def _look(signals: _Signals, look: Callable[[], object]) -> None:
    # Once at the beginning: the file may have changed before the watch stood.
    while not signals.ended:
        look()
        if signals.wait(LOOK_EVERY_SECONDS):
            settles = int(SETTLE_AT_MOST / SETTLE_SECONDS)
            while settles and not signals.ended and signals.wait(SETTLE_SECONDS):
                settles -= 1
