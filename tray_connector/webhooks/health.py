"""The answer to ``GET /health``: cheap, because anybody may ask as often as they like."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping

from tray_connector.config.clock import Clock
from tray_connector.model.codec import Json, time_to_text
from tray_connector.sync.spool import Spool
from tray_connector.webhooks.deliveries import Counter

GOOD_FOR = 1.0
"""Seconds for which a count of the queue is used again: counting looks at every event that waits."""


class Health:
    """Thread-safe. What `more` gives is added, or takes the place of ours."""

    def __init__(self, spool: Spool, clock: Clock, counter: Counter, more: Callable[[], Mapping[str, Json]]) -> None:
        self._spool = spool
        self._clock = clock
        self._counter = counter
        self._more = more
        self._lock = threading.Lock()
        self._queue: tuple[float, int] | None = None

    def as_json(self) -> str:
        """``status``, ``queue`` (events that wait), ``last_delivery`` (UTC or null), and more."""
        last = self._counter.view().last_delivery
        found: dict[str, Json] = {
            "status": "ok",
            "queue": self._queue_size(),
            "last_delivery": None if last is None else time_to_text(last),
            **self._more(),
        }
        return json.dumps(found, ensure_ascii=False)

    def _queue_size(self) -> int:
        with self._lock:
            now = self._clock.monotonic()
            if self._queue is None or now - self._queue[0] >= GOOD_FOR:
                self._queue = (now, self._spool.counts().total)
            return self._queue[1]
