"""`Board`: where the parts of a running engine say how they fare; read by `Engine.status`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tray_connector.config.clock import Clock
from tray_connector.model.errors import ConfigError, ConnectorError, Problem
from tray_connector.model.records import key_of
from tray_connector.model.status import Activity
from tray_connector.sync.drafts import Change
from tray_connector.sync.rates import Rates, RatesView

KEPT_ACTIVITIES = 500


@dataclass(frozen=True, slots=True)
class Trouble:
    """A part that fails as a whole."""

    problem: Problem
    needs_person: bool
    unreachable: bool


def topic_of(trouble: Trouble) -> tuple[str, str]:
    """What makes it the same trouble as another one."""
    return trouble.problem.code, trouble.problem.message if trouble.needs_person else ""


@dataclass(frozen=True, slots=True)
class BoardView:
    """The board at one moment."""

    troubles: dict[str, Trouble]
    synced: int
    found: int
    activities: tuple[Activity, ...]


class Board:
    """Thread-safe. Holds nothing that must survive the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._troubles: dict[tuple[str, str], Trouble] = {}
        self._ended: set[str] = set()
        self._activities: deque[Activity] = deque(maxlen=KEPT_ACTIVITIES)
        self._rates = Rates(clock)
        self._synced = 0
        self._found = 0

    def failed(self, part: str, error: ConnectorError, by: str = "") -> bool:
        """A part failed as a whole, as seen by one loop. True when this is news: nobody had told this problem of it.

        The words of a passing trouble change from try to try; of one that needs a person, other words are another one.
        """
        trouble = Trouble(error.problem, isinstance(error, ConfigError), error.problem.code.endswith("-unreachable"))
        with self._lock:
            told = {topic_of(known) for (name, _), known in self._troubles.items() if name == part}
            self._troubles[part, by] = trouble
        return topic_of(trouble) not in told

    def worked(self, part: str, by: str = "") -> bool:
        """A part works for one loop. True when it had failed before, and works for all the others too.

        Whoever met the same problem as that loop is rid of it as well, and so is every loop that has ended.
        """
        with self._lock:
            had = self._troubles.get((part, by))
            over = [
                (name, loop)
                for (name, loop), trouble in self._troubles.items()
                if name == part
                and (loop in self._ended or (had is not None and trouble.problem.code == had.problem.code))
            ]
            for key in over:
                del self._troubles[key]
            return bool(over) and all(name != part for name, _ in self._troubles)

    @contextmanager
    def working(self, by: str) -> Iterator[set[str]]:
        """While a loop works; gives the parts whose trouble it left behind when it ended, which is its own again.

        After its end it will not find out that a part works again, so any other one may.
        """
        with self._lock:
            self._ended.discard(by)
            left = {part for part, loop in self._troubles if loop == by}
        try:
            yield left
        finally:
            with self._lock:
                self._ended.add(by)

    def found(self, count: int) -> None:
        """So many records were found that must be brought into step."""
        with self._lock:
            self._found += count

    def settled(self, count: int) -> None:
        """So many of them are."""
        with self._lock:
            self._synced += count

    def calm(self) -> None:
        """Nothing is left to do: the next progress starts from nought."""
        with self._lock:
            self._synced = self._found = 0

    def changes(self, changes: Sequence[Change]) -> None:
        """Rows were written."""
        now = self._clock.now()
        with self._lock:
            for change in changes:
                record = change.record
                title = getattr(record, "name", None) or getattr(record, "subject", None) or key_of(record)
                self._rates.add(change.source)
                self._activities.append(Activity(now, change.source, change.kind, key_of(record), title, record.url))

    def rates(self) -> RatesView:
        """How many rows were written in each minute since this process began."""
        with self._lock:
            return self._rates.view()

    def view(self) -> BoardView:
        """All of it, at one moment. Of several troubles of one part that which needs a person is shown."""
        with self._lock:
            order = sorted(self._troubles.items(), key=lambda item: item[1].needs_person)
            troubles = {part: trouble for (part, _), trouble in order}
            return BoardView(troubles, self._synced, self._found, tuple(self._activities))
