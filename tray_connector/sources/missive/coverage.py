"""Whether the mailbox All shows what a team's mailbox shows. Pure.

Missive does not document that All holds the conversations of teams whose owner only observes. Teams for which it does
not are read with every poll.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Iterable
from datetime import datetime, timedelta

from tray_connector.model.records import Conversation

KEPT = 20_000
LAG = timedelta(seconds=10)
"""What became active so shortly before All was read may show in one mailbox and not yet in the other."""


class Coverage:
    """What All has shown, and for which stretch of time that is complete. Thread-safe."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._active: dict[str, datetime] = {}
        self._low: datetime | None = None
        self._high: datetime | None = None

    def note(self, conversations: Iterable[Conversation]) -> None:
        """All showed these."""
        with self._lock:
            for conversation in conversations:
                if conversation.last_activity_at is not None:
                    self._active[conversation.conversation_id] = conversation.last_activity_at

    def finished(self, low: datetime, read_at: datetime) -> None:
        """A reading of All that was sent at `read_at` (the server's time) went down to `low`."""
        with self._lock:
            high = read_at - LAG
            is_joined = self._low is not None and self._high is not None and low <= self._high
            if is_joined and self._low is not None and self._high is not None:
                low, high = min(low, self._low), max(high, self._high)
            self._low, self._high = low, high
            if len(self._active) > self._kept:
                self._forget_oldest()

    def lacks(self, conversations: Iterable[Conversation]) -> bool:
        """Whether one of these (not removed ones) should have been in All and was not."""
        with self._lock:
            if self._low is None or self._high is None:
                return False
            return any(
                conversation.conversation_id not in self._active
                and not conversation.deleted
                and conversation.last_activity_at is not None
                and self._low <= conversation.last_activity_at <= self._high
                for conversation in conversations
            )

    def _forget_oldest(self) -> None:
        kept = heapq.nlargest(self._kept // 2, self._active.items(), key=lambda item: item[1])
        self._active = dict(kept)
        oldest = kept[-1][1]
        # Of those active in that very second some may be forgotten.
        self._low = max(self._low or oldest, oldest + timedelta(seconds=1))
