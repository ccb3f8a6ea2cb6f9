"""Notices that the computer slept: every network connection is stale then, and the network takes a moment to come."""

from __future__ import annotations

import sys
from datetime import timedelta

from PySide6.QtCore import SLOT, QObject, QTimer, Signal, Slot

from tray_connector.config.clock import Clock

TICK_MS = 5_000
GAP = timedelta(seconds=30)
"""A tick that comes so much too late by the wall clock comes after a sleep, or after the clock was set."""
SETTLE_MS = 8_000
"""After waking, until the network has probably come back."""


class WakeWatch(QObject):
    """Looks at the wall clock, whose ticks a sleep swallows on every system; on Linux it also hears what the system
    says.
    """

    woke = Signal()
    """The computer was asleep until now."""
    settled = Signal()
    """It has been awake for a moment: time to look at everything anew."""

    def __init__(self, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock = clock
        self._due = clock.now() + timedelta(milliseconds=TICK_MS)
        self._tick = QTimer(self, interval=TICK_MS)
        self._tick.timeout.connect(self.look)
        self._settle = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(self.settled)

    def start(self) -> None:
        """Watch from now on."""
        self._tick.start()
        if sys.platform == "linux":
            self._hear_system()

    @Slot()
    def look(self) -> None:
        """Whether this tick comes in time."""
        now = self._clock.now()
        late, self._due = now - self._due, now + timedelta(milliseconds=TICK_MS)
        if abs(late) > GAP:
            self._notice()

    @Slot(bool)
    def prepare_for_sleep(self, going: bool) -> None:
        """Called by the system before a sleep, and with False after it."""
        if not going:
            self._notice()

    def _notice(self) -> None:
        if not self._settle.isActive():
            self.woke.emit()
        self._settle.start()

    def _hear_system(self) -> None:
        from PySide6.QtDBus import QDBusConnection  # noqa: PLC0415 - only there

        bus = QDBusConnection.systemBus()
        if bus.isConnected():
            manager = ("org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager")
            slot = SLOT("prepare_for_sleep(bool)")
            bus.connect(*manager, "PrepareForSleep", self, slot)  # type: ignore[call-overload] # the stub asks for bytes, the call for text
