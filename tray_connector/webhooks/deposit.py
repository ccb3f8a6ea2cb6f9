"""Putting what is reported into the spool: deliveries that arrive together share one way to the disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from tray_connector.config.clock import Clock
from tray_connector.model.errors import ConnectorError, InternalError, TransientError
from tray_connector.model.events import Event, Kind, SourceName
from tray_connector.sync.spool import Spool

logger = logging.getLogger(__name__)

GROUP = 100
"""Events that share one `Spool.put`."""
WAITING_AT_MOST = 1_000
"""Deliveries that wait for the disk; beyond it the services are asked to come again."""
END_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """A record that is to be read afresh."""

    source: SourceName
    kind: Kind
    id: str


class Deposit:
    """A thread of its own stores what has gathered while it stored what came before. Thread-safe."""

    def __init__(self, spool: Spool, clock: Clock, last_read_number: Callable[[], int]) -> None:
        self._spool = spool
        self._clock = clock
        self._last_read_number = last_read_number
        self._condition = threading.Condition()
        self._waiting: list[tuple[Wanted, Future[None]]] = []
        self._closed = False
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._run, name="webhook deposit", daemon=True)

    def start(self) -> None:
        """Begin to store."""
        self._thread.start()

    def put(self, wanted: Wanted) -> Future[None]:
        """Done when the event is durable in the spool; fails with a ConnectorError when it is not."""
        stored: Future[None] = Future()
        with self._condition:
            if not self._closed and len(self._waiting) < WAITING_AT_MOST:
                self._waiting.append((wanted, stored))
                self._condition.notify()
                return stored
        stored.set_exception(TransientError("webhook-busy", "The queue cannot take more deliveries now"))
        return stored

    def close(self) -> None:
        """Store what has arrived, at most `END_SECONDS` long. May be called twice."""
        with self._condition:
            self._closed = True
            self._condition.notify()
        if self._thread.is_alive():
            self._thread.join(END_SECONDS)

    def _run(self) -> None:
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._waiting or self._closed)
                group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
            if not group:
                return
            error = self._store([wanted for wanted, _ in group])
            for _, stored in group:
                if error is None:
                    stored.set_result(None)
                else:
                    stored.set_exception(error)

    def _store(self, group: list[Wanted]) -> ConnectorError | None:
        try:
            # Taken as late as possible: a read that begins after this one has seen what was reported.
            number, now = self._last_read_number(), self._clock.now()
            self._spool.put(
                [
                    Event(source=wanted.source, kind=wanted.kind, id=wanted.id, read_number=number, since=now)
                    for wanted in dict.fromkeys(group)
                ]
            )
        except ConnectorError as error:
            self._failed(error)
            return error
        except Exception:
            logger.exception("A delivery could not be queued")
            return InternalError("internal", "The connector made a mistake", "A delivery could not be queued.")
        if self._trouble is not None:
            self._trouble = None
            logger.info("Deliveries can be queued again")
        return None

    def _failed(self, error: ConnectorError) -> None:
        if self._trouble != error.problem.code:
            self._trouble = error.problem.code
            logger.warning("Deliveries cannot be queued, the services send them again: %s", error)
