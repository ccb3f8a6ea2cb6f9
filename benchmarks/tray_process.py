"""The tray application in a process of its own, over the office and the home of its environment.

Run as a module with what to do, the moment (`time.time`) of its start and perhaps how many seconds; prints one line of
JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from tray_connector.cli.home import server
from tray_connector.config.clock import SystemClock
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import HOME_VARIABLE, Paths
from tray_connector.sync.session import Environment
from tray_connector.ui.application import collect_quietly, name_application
from tray_connector.ui.host import EngineHost
from tray_connector.ui.language import Speech
from tray_connector.ui.shell import Shell

BEAT_MS, LOOK_MS, SETTLE_MS = 20, 100, 5_000
Told = Callable[..., None]


class Heart(QObject):
    """Beats in the UI thread every 20 ms, and knows the longest time between two beats in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.longest = self.beats = 0
        self.own = 0.0
        """The most that the UI thread itself worked between two beats, in seconds: the rest it waited for others."""
        self._worked = time.thread_time()
        self._since = QElapsedTimer()
        self._timer = QTimer(self, interval=BEAT_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        """Begin."""
        self._since.start()
        self._worked = time.thread_time()
        self._timer.start()

    def _beat(self) -> None:
        self.beats += 1
        self.longest = max(self.longest, self._since.restart())
        worked = time.thread_time()
        self.own, self._worked = max(self.own, worked - self._worked), worked


def sync(shell: Shell, tell: Told) -> None:
    """Everything there is streams in while the status window is open."""
    heart = Heart()
    heart.setParent(shell)
    shell.host.ready.connect(lambda: QTimer.singleShot(LOOK_MS, heart.start))

    def look() -> None:
        status = shell.host.status
        if status is not None and status.state == "in step" and status.stored["tasks"]:
            watch.stop()
            tell(longest_ms=heart.longest, own_ms=heart.own * 1000, rss_mb=memory(), tasks=status.stored["tasks"])

    watch = QTimer(shell, interval=LOOK_MS)
    watch.timeout.connect(look)
    watch.start()
    shell.begin()


def start(shell: Shell, tell: Told, began: float) -> None:
    """Until the icon shows."""
    shell.tray.appeared.connect(lambda: QTimer.singleShot(0, lambda: tell(seconds=time.time() - began)))
    shell.begin()


def rest(shell: Shell, tell: Told, seconds: int) -> None:
    """Nothing happens but what happens by itself."""

    def settled() -> None:
        used = time.process_time()
        QTimer.singleShot(
            seconds * 1000, lambda: tell(percent=(time.process_time() - used) / seconds * 100, rss_mb=memory())
        )

    shell.host.ready.connect(lambda: QTimer.singleShot(SETTLE_MS, settled))
    shell.begin()


def memory() -> float:
    """What the process holds in memory, in MB; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def main(what: str, began: float, seconds: int) -> None:
    """Do it, print, end."""
    application = QApplication([sys.argv[0]])
    name_application(application)
    speech = Speech(application)
    speech.speak("en")
    home = Paths(Path(os.environ[HOME_VARIABLE]))
    environment = Environment(dict(os.environ), None, SystemClock(), home, MemoryCredentials())
    host = EngineHost(environment, server, application)
    collect_quietly(host)
    shell = Shell(host, speech, autostart=what != "sync", available=lambda: True, parent=application)

    def tell(**found: float) -> None:
        sys.stdout.write(json.dumps(found) + "\n")
        application.exit(0)

    match what:
        case "sync":
            sync(shell, tell)
        case "start":
            start(shell, tell, began)
        case _:
            rest(shell, tell, seconds)
    application.exec()
    shell.end_now()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 0)
