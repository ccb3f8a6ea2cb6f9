"""`Keeper`: does a loop's work again and again, rests it while paused, backs it off while it fails."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.model.backoff import delay
from tray_connector.model.errors import ConnectorError, InternalError
from tray_connector.sync.board import Board
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.pause import read_pause
from tray_connector.sync.schedule import Wake

logger = logging.getLogger(__name__)

LONGEST_WAIT = 60.0
"""Seconds between two looks whether a service that failed is back."""
IDLE = 3600.0
"""Seconds after which a loop that nobody woke begins a round all the same."""


class Keeper:
    """Shared by all loops of an engine. Thread-safe."""

    def __init__(self, ledger: Ledger, board: Board, clock: Clock) -> None:
        self._ledger = ledger
        self._board = board
        self._clock = clock

    def keep(
        self,
        part: str,
        work: Callable[[bool], bool],
        wake: Wake,
        stop: Stop,
        *,
        name: str,
        waits: bool = True,
        idle: Callable[[], float] = lambda: IDLE,
        longest: float = LONGEST_WAIT,
        heeds_others: float = IDLE,
    ) -> None:
        """Do `work` again and again until stopped; a pause rests it, a failure backs it off and is told once.

        `work` is told whether the last round failed, and answers whether it did anything: only then is a failure over.
        With `waits` it waits for its wake-up after each round, at most so many seconds as `idle` says. `name` is the
        loop's own; `longest` (seconds) bounds the time between two tries, unless the part that fails names a later
        one. Where that is another part than the loop's own, it is heeded for `heeds_others` seconds at most.
        """
        failures = 0
        with self._board.working(name) as troubled:
            while not stop.is_set():
                try:
                    if self._rest(wake, stop):
                        continue
                    did = work(failures > 0)
                except Stopped:
                    return
                except ConnectorError as error:
                    failures += 1
                    troubled.add(error.part or part)
                    self.failed(error.part or part, error, name)
                    most = math.inf if error.part in (None, part) else heeds_others
                    wake.wait(stop, self._back_off(failures, error, longest, most), patient=True)
                except Exception:
                    failures += 1
                    logger.exception("%s broke off and is tried again", name)
                    troubled.add(part)
                    self._board.failed(part, broken(part), name)
                    wake.wait(stop, self._back_off(failures, None, longest), patient=True)
                else:
                    if did:
                        failures = 0
                        for each in troubled:
                            self.recovered(each, name)
                        troubled.clear()
                    if waits:
                        wake.wait(stop, idle())

    def _rest(self, wake: Wake, stop: Stop) -> bool:
        pause = read_pause(self._ledger)
        now = self._clock.now()
        if not pause.holds(now):
            return False
        # A machine that slept meanwhile counts less than the clock on the wall.
        left = IDLE if pause.until is None else min((pause.until - now).total_seconds(), LONGEST_WAIT)
        wake.wait(stop, left, patient=True)
        return True

    def _back_off(self, failures: int, error: ConnectorError | None, longest: float, most: float = math.inf) -> float:
        wait = min(delay(failures, 0.5), longest)
        retry_at = None if error is None else error.problem.retry_at
        return wait if retry_at is None else max(wait, min((retry_at - self._clock.now()).total_seconds(), most))

    def failed(self, part: str, error: ConnectorError, by: str) -> None:
        """A part failed as a whole: on the board at once, in the log once per problem."""
        if self._board.failed(part, error, by):
            logger.warning("%s", error.problem.sentence(), extra={"part": part, "code": error.problem.code})

    def recovered(self, part: str, by: str) -> None:
        """A part works (again)."""
        if self._board.worked(part, by):
            logger.info("%s works again", part)


def broken(part: str) -> InternalError:
    """What is shown when a loop met a mistake of ours."""
    return InternalError(
        "internal",
        "The connector made a mistake",
        f"The work on {part} broke off.",
        "It is tried again; the log has details.",
    )
