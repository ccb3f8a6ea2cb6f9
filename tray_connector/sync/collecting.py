"""`Collecting`: changes wait on purpose until several can be written in one call (`AIRTABLE_WRITE_EVERY_SECONDS`)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from tray_connector.config.clock import Clock
from tray_connector.model.events import SOURCES, SourceName
from tray_connector.sync.spool import Spool


class Collecting:
    """Says when a source's waiting events are to be written: `seconds` after the first of them began to wait.

    From then on everything is written until nothing is left. How long they wait is read off the spool, so that it
    survives a restart. Thread-safe. With 0 seconds nothing ever waits.
    """

    def __init__(self, spool: Spool, clock: Clock, seconds: float) -> None:
        self._spool = spool
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._writing: set[SourceName] = set()

    def rest(self, source: SourceName) -> float:
        """Seconds until this source's events may be written; 0 when they may now, or none waits."""
        if not self._seconds:
            return 0.0
        with self._lock:
            if source in self._writing:
                return 0.0
            since = self._spool.oldest_new(source)
            if since is None:
                return 0.0
            # Never longer than was asked for, also when the clock was set back.
            left = (since - self._clock.now()).total_seconds() + self._seconds
            rest = min(max(left, 0.0), self._seconds)
            if not rest:
                self._writing.add(source)
            return rest

    def written(self, source: SourceName) -> None:
        """Nothing is left of this source: what comes from now on is collected."""
        with self._lock:
            self._writing.discard(source)

    def release(self) -> None:
        """Write now what was collected."""
        with self._lock:
            self._writing.update(SOURCES)

    def until(self) -> datetime | None:
        """When all that waits will be written; None unless everything that waits does so on purpose."""
        rests = [self.rest(source) for source in SOURCES if self._spool.counts(source).waiting]
        if not rests or not all(rests):
            return None
        return self._clock.now() + timedelta(seconds=max(rests))
