"""Threads of Qt, the way back from them to the UI thread, and `Job`: one piece of work with its callbacks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal, Slot
from shiboken6 import isValid

from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import ConnectorError, InternalError, Problem

logger = logging.getLogger(__name__)

T = TypeVar("T")
V = TypeVar("V")
PROGRESS_EVERY = 100
"""Milliseconds between two progress callbacks, at the least."""
CANCELLED = Problem("stopped", "Stopped", "", "")
"""What `failed` is called with when the work was cancelled or the program ends."""


class Thread(QThread):
    """Runs a function. Whatever it raises ends up in `error`: a thread never dies unnoticed."""

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName(name)
        self.error: BaseException | None = None
        self._work = work

    def run(self) -> None:
        """Called by Qt in the new thread."""
        threading.current_thread().name = self.objectName()
        try:
            self._work()
        except Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - also SystemExit: whoever waits for the thread must learn of it
            self.error = error


class Courier(QObject):
    """Carries functions to the UI thread, where it was made: `post` may be called from any thread."""

    _posted = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._posted.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def post(self, call: Callable[[], None]) -> None:
        """Have it called by the event loop, in the order of the posts."""
        self._posted.emit(call)

    @Slot(object)
    def _take(self, call: Callable[[], None]) -> None:
        call()


class Job(Generic[T]):
    """One piece of work in a thread of its own. Its callbacks come on the UI thread; made by `EngineHost.submit`.

    Exactly one of `done` and `failed` is called, unless `owner` is gone by then: a window that was closed.
    """

    def __init__(
        self,
        work: Callable[[Stop, Callable[[object], None]], T],
        courier: Courier,
        *,
        done: Callable[[T], None] | None,
        failed: Callable[[Problem], None] | None,
        progress: Callable[[object], None] | None,
        owner: QObject | None,
        ended: Callable[[Job[T]], None],
    ) -> None:
        self.stop = Stop()
        self.running = True
        """Until its callback has been called. UI thread only."""
        self.thread = Thread("job", self._run)
        self._work = work
        self._courier = courier
        self._done, self._failed, self._progress = done, failed, progress
        self._owner = owner
        self._has_owner = owner is not None
        self._ended = ended
        self._latest: object = None
        self._reported = False
        if owner is not None:
            owner.destroyed.connect(self.stop.set)

    def cancel(self) -> None:
        """Ask the work to end; `failed` follows with `CANCELLED`, unless it is done by then."""
        self.stop.set()

    # In the job's thread.

    def _run(self) -> None:
        try:
            result = self._work(self.stop, self._report)
        except Stopped:
            self._finish(lambda: self._call(self._failed, CANCELLED))
        except ConnectorError as error:
            problem = error.problem
            self._finish(lambda: self._call(self._failed, problem))
        except Exception as error:
            logger.exception("Work for a window broke off", extra={"code": "internal"})
            problem = our_mistake(error)
            self._finish(lambda: self._call(self._failed, problem))
        else:
            self._finish(lambda: self._call(self._done, result))

    def _report(self, value: object) -> None:
        self._latest = value
        if not self._reported:
            self._reported = True
            self._courier.post(self._show_soon)

    def _finish(self, answer: Callable[[], None]) -> None:
        def last() -> None:
            self.thread.wait()  # it has nothing left to do
            self.running = False
            if self._reported:
                self._show()
            self._ended(self)
            answer()

        self._courier.post(last)

    # On the UI thread.

    def _show_soon(self) -> None:
        QTimer.singleShot(PROGRESS_EVERY, self._show)

    def _show(self) -> None:
        if self._reported:
            self._reported = False
            self._call(self._progress, self._latest)

    def _call(self, callback: Callable[[V], None] | None, value: V) -> None:
        gone = self._has_owner and not (self._owner is not None and isValid(self._owner))
        if callback is not None and not gone:
            callback(value)


def our_mistake(error: BaseException) -> Problem:
    """What is shown of an error that nobody foresaw; the log has its trace."""
    return InternalError(
        "internal",
        "The connector made a mistake",
        type(error).__name__,
        "Nothing is lost. Help ▸ Export diagnostics… gathers what a developer needs.",
    ).problem
