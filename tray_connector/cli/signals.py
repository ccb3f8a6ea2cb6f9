"""SIGINT and SIGTERM ask the program to end. Imported before all else, so that no moment of the start is unguarded."""

from __future__ import annotations

import signal
from types import FrameType

from tray_connector.config.clock import Stop


def stop_on_signals(stop: Stop) -> None:
    """From now on they set `stop`; a second Ctrl-C ends the process at once. Main thread only."""

    def ask(number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        stop.set()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):  # SIGBREAK: Windows only
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), ask)
