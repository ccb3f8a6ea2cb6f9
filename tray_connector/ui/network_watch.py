"""What the system says of the network: that it came back, and that it is paid for by volume."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QNetworkInformation

SETTLE_MS = 2_000
"""After the network came back, until names can be resolved as well."""


class NetworkWatch(QObject):
    """Knows only what the system tells; whether a service can be reached is for the engine to find out."""

    came_back = Signal()
    """The network is there again, after it was not."""
    metered_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_away = False
        self._settle = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(self.came_back)

    def start(self) -> None:
        """Listen to the system, where it says something."""
        if not QNetworkInformation.loadDefaultBackend():
            return
        network = QNetworkInformation.instance()
        network.reachabilityChanged.connect(self.take)
        network.isMeteredChanged.connect(self.metered_changed)
        self.take(network.reachability())
        if network.isMetered():
            self.metered_changed.emit(True)

    def take(self, reachability: QNetworkInformation.Reachability) -> None:
        """Called by Qt. A system that does not know counts for nothing."""
        if reachability == QNetworkInformation.Reachability.Disconnected:
            self._was_away = True
            self._settle.stop()
        elif self._was_away and reachability in _THERE:
            self._was_away = False
            self._settle.start()


_THERE = (QNetworkInformation.Reachability.Online, QNetworkInformation.Reachability.Site)
