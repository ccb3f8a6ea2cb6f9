"""Garbage is collected on the UI thread only.

Python collects cycles in whichever thread happens to allocate; widgets among them would be destroyed in an engine's
thread, and Qt crashes. A full collection also holds all threads for as long as it takes to look at everything.
"""

from __future__ import annotations

import gc
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 500
OLDEST_EVERY = 600
"""Looks between two collections of what is oldest: five minutes."""


class Collector(QObject):
    """From `start` on, collects in the thread it lives in. `busy` says when a long collection would be in the way."""

    def __init__(self, busy: Callable[[], bool] = lambda: False, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._busy = busy
        self._since_oldest = 0
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)

    def start(self) -> None:
        """Take over from Python."""
        gc.disable()
        self._timer.start()

    def look(self) -> None:
        """Collect what Python itself would by now, the oldest only now and then and while nothing goes on."""
        young, middle, _ = gc.get_threshold()
        self._since_oldest += 1
        counts = gc.get_count()
        if self._since_oldest >= OLDEST_EVERY and not self._busy():
            self._since_oldest = 0
            gc.collect()
        elif counts[1] >= middle:
            gc.collect(1)
        elif counts[0] >= young:
            gc.collect(0)
