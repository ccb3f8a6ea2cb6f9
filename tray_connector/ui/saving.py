"""`Saving`: keeps settings and secrets in the background, and tries again while the keyring does not take them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from tray_connector.config.clock import Stop
from tray_connector.config.credential_store import next_try
from tray_connector.config.setting_table import SECRETS
from tray_connector.desktop.autostart import this_autostart
from tray_connector.model.errors import Problem
from tray_connector.sync.setup import Changes, Setup
from tray_connector.ui.host import EngineHost

KEYRING = "keyring-"
NO_KEYRING = ("keyring-none", "keyring-too-long")
"""Problems that time does not mend."""


class Saving(QObject):
    """One at a time. A locked or silent keyring is tried again by itself after 1, 5, 15 and then every 60 seconds."""

    saved = Signal()
    failed = Signal(object)
    """A `Problem`. With `may_keep_for_session`, the user may choose that."""

    def __init__(self, host: EngineHost, parent: QObject) -> None:
        super().__init__(parent)
        self._host = host
        self._failures = 0
        self._changes = Changes()
        self._autostart: bool | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._run)
        self.running = False
        self.problem: Problem | None = None

    def start(self, changes: Changes, *, autostart: bool | None = None) -> None:
        """Save it all; `autostart` switches the entry, None leaves it as it is. `saved` or `failed` follow."""
        self._changes, self._autostart, self._failures = changes, autostart, 0
        self._run()

    def again(self) -> None:
        """Try at once."""
        self._run()

    def cancel(self) -> None:
        """Try no more by itself."""
        self._timer.stop()

    @property
    def may_keep_for_session(self) -> bool:
        """Whether it failed because of the keyring, and there are secrets to be kept otherwise."""
        return (
            self.problem is not None
            and self.problem.code.startswith(KEYRING)
            and any(name in SECRETS and text for name, text in self._changes.texts.items())
        )

    @property
    def tries_again(self) -> bool:
        """Whether another try follows by itself."""
        return self._timer.isActive()

    def _run(self) -> None:
        if self.running:
            return
        self._timer.stop()
        self.running = True
        environment, changes, autostart = self._host.environment, self._changes, self._autostart

        def work(_: Stop, __: Callable[[object], None]) -> None:
            Setup(environment).save(changes)
            if autostart is not None:
                entry = this_autostart()
                if autostart:
                    entry.enable()
                else:
                    entry.disable()

        self._host.run(work, self._done, self._fail, owner=self)

    def _done(self, _: None) -> None:
        self.running, self.problem = False, None
        self.saved.emit()

    def _fail(self, problem: Problem) -> None:
        self.running, self.problem = False, problem
        self._failures += 1
        if problem.code.startswith(KEYRING) and problem.code not in NO_KEYRING:
            self._timer.start(round(next_try(self._failures) * 1000))
        self.failed.emit(problem)
