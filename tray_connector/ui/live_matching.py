"""Keeps `Matches` in step with what is typed, a few milliseconds at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from tray_connector.model.category_draft import Draft
from tray_connector.model.records import Texts
from tray_connector.ui.category_matching import LabelUse, Matches, Matching, PatternUse

SLICE = 0.008
"""Seconds of work between two turns of the event loop: no key stroke waits longer."""


class LiveMatching(QObject):
    """Ask with `look`; `found` comes at once where little is to be tried, else after a few turns."""

    found = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.matches = Matches()
        self._matching = Matching()
        self._draft: Draft = ()
        self._more = QTimer(self, singleShot=True, interval=0)
        self._more.timeout.connect(self._work)

    def set_labels(self, labels: Sequence[LabelUse]) -> None:
        """Other labels are in use."""
        self._matching = Matching(labels)
        self.matches = Matches()
        self._work()

    def look(self, draft: Draft) -> None:
        """The draft is another one."""
        self._draft = draft
        self._work()

    def uses(self, patterns: Texts) -> tuple[PatternUse, ...]:
        """What each pattern of a category does, as far as it has been tried."""
        return self._matching.pattern_uses(patterns, self.matches.several)

    def _work(self) -> None:
        if self._matching.work(self._draft, time.monotonic, SLICE):
            self._more.stop()
            self.matches = self._matching.matches(self._draft)
            self.found.emit()
        else:
            self._more.start()
