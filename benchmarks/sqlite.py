"""Rows per second that the SQLite destination takes alone.

Each batch is a transaction of its own that has reached the disk when it is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.clocking import seconds_of
from benchmarks.figures import Figure, at_least
from benchmarks.records import CATEGORIES, make_email, make_task
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.base import Destination, Write, Written
from tray_connector.destinations.sqlite import SqliteDestination
from tray_connector.model.records import Stored, Texts, labels_of

ROWS, FEW_ROWS = 10_000, 1_000
BATCH = 500
GOAL = 3_000


@dataclass(frozen=True, slots=True)
class Round:
    """Rows that are written one batch after the other."""

    name: str
    make: Callable[[int], Stored]
    columns: Texts | None = None
    """Only these; None = all."""


ROUNDS = (
    Round("tasks, new", make_task),
    Round("tasks, changed", lambda number: replace(make_task(number), name="Neu")),
    Round("e-mails of 6 kB, new", make_email),
    Round("e-mails of 6 kB, changed", lambda number: replace(make_email(number), subject="Neu")),
    Round("e-mails, labels only", lambda number: replace(make_email(number), labels=("R_1",)), columns=("labels",)),
)


def figures(folder: Path, quick: bool) -> Sequence[Figure]:
    """One figure for each round, all into one database."""
    count, stop = FEW_ROWS if quick else ROWS, Stop()
    with closing(SqliteDestination(folder / "connector.db", SystemClock())) as destination:
        destination.open(stop)
        destination.ensure_categories(CATEGORIES.names, stop)
        return [
            at_least(f"SQLite alone, {each.name}", rate(destination, each, count, stop), GOAL, "rows/s")
            for each in ROUNDS
        ]


def rate(destination: Destination, each: Round, count: int, stop: Stop) -> float:
    """Rows per second of one round."""
    writes = [
        Write(record, CATEGORIES.assign(labels_of(record)), columns=each.columns)
        for record in map(each.make, range(count))
    ]

    def write() -> None:
        for start in range(0, count, BATCH):
            outcomes = destination.write(writes[start : start + BATCH], stop)
            refused = [outcome for outcome in outcomes if not isinstance(outcome, Written)]
            if refused:
                raise RuntimeError(f"not written: {refused[0]}")

    return count / seconds_of(write)
