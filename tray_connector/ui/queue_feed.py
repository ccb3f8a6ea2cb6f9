"""Keeps a `QueueModel` in step with the spool, through workers: never more work than somebody looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QElapsedTimer, QObject, Signal

from tray_connector.config.clock import Stop
from tray_connector.model.errors import Problem
from tray_connector.sync.session import Session
from tray_connector.ui.host import EngineHost
from tray_connector.ui.queue_model import QueueModel
from tray_connector.ui.queue_rows import Key, QueueOrder, QueuePage, read_order, read_page

LEAST = 1_000
"""Milliseconds between two looks at the order."""
SHARE = 10
"""A look that took long is followed by a rest so many times as long."""
OUTDATED = 5_000
"""Milliseconds after which rows that are shown are read anew: attempts and next tries change without the order."""


class QueueFeed(QObject):
    """Call `look` whenever the queue may have changed and is visible."""

    ordered = Signal()
    """The model has a new order."""
    troubled = Signal(object)
    """A `Problem`: the queue cannot be read."""

    def __init__(self, host: EngineHost, model: QueueModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self._model = model
        self._looking = False
        self._again = False
        self._rest = LEAST
        self._since_look = QElapsedTimer()
        self._since_outdated = QElapsedTimer()
        self._since_outdated.start()
        model.page_wanted.connect(self._read)

    def look(self, *, now: bool = False) -> None:
        """Compare with the spool, unless that was done a moment ago; `now`: even then."""
        if self._looking:
            self._again = self._again or now
            return
        if not now and self._since_look.isValid() and self._since_look.elapsed() < self._rest:
            return
        self._looking, self._again = True, False
        known = self._model.keys

        def work(session: Session, _: Stop) -> QueueOrder | None:
            return read_order(session, known)

        self._host.submit(work, self._take_order, self._no_order, owner=self)
        if now or self._since_outdated.elapsed() >= OUTDATED:
            self._since_outdated.restart()
            self._model.outdate()

    def _take_order(self, order: QueueOrder | None) -> None:
        self._looked()
        if order is not None:
            self._rest = max(LEAST, int(SHARE * 1000 * order.seconds))
            self._model.set_order(order.keys)
        self.ordered.emit()
        if self._again:
            self.look(now=True)

    def _no_order(self, problem: Problem) -> None:
        self._looked()
        self.troubled.emit(problem)

    def _looked(self) -> None:
        self._looking = False
        self._since_look.restart()

    def _read(self, keys: Sequence[Key]) -> None:
        def work(session: Session, stop: Stop) -> QueuePage:
            return read_page(session, stop, keys)

        self._host.submit(work, self._model.take_page, self._no_page, owner=self)

    def _no_page(self, problem: Problem) -> None:
        self._model.give_up()
        self.troubled.emit(problem)


class QueueActions(QObject):
    """What can be done with events; each ends with `done` or `failed`."""

    done = Signal()
    failed = Signal(object)

    def __init__(self, host: EngineHost, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._host = host

    def retry(self, keys: Sequence[Key] | None) -> None:
        """Try these now; None = all."""
        self._submit(lambda session: session.engine.spool.retry_now(keys))

    def discard(self, keys: Sequence[Key] | None) -> None:
        """Remove these from the queue; None = all."""
        self._submit(lambda session: session.engine.spool.discard(keys))

    def discard_unreadable(self) -> None:
        """Delete the files that nobody can read."""
        self._submit(lambda session: session.engine.spool.discard_unreadable())

    def _submit(self, work: Callable[[Session], int]) -> None:
        self._host.submit(lambda session, _: work(session), lambda _: self.done.emit(), self.failed.emit, owner=self)
