"""What the spool and the ledger cost: ``python -m benchmarks.spool``.

The same is asked of an empty spool and of one in which 100,000 events wait. Everything reaches the disk.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.sqlite import make_task
from tray_connector.config.clock import SystemClock
from tray_connector.destinations.base import Identity
from tray_connector.model.codec import large_hash, without_large
from tray_connector.model.events import Event
from tray_connector.sync.ledger import Entry, Ledger
from tray_connector.sync.spool import Spool
from tray_connector.sync.spool_codec import encode_event

WAITING = 100_000
PAGE = 500
REPEATS = 9


def make_event(number: int) -> Event:
    """A task that a poll found."""
    task = make_task(number)
    return Event(
        source="teamwork",
        kind="task",
        id=task.task_id,
        payload=task,
        read_number=number,
        since=SystemClock().now(),
        title=task.name,
    )


def fill(folder: Path, count: int) -> None:
    """So many waiting events, written as quickly as files can be."""
    target = folder / "teamwork"
    target.mkdir(parents=True)
    for number in range(count):
        event = make_event(number)
        (target / f"{event.id}.evt").write_bytes(encode_event(event))


def milliseconds(call: Callable[[], object]) -> float:
    """How long one call took."""
    began = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - began)


def measure_spool(folder: Path, waiting: int) -> dict[str, float]:
    """What was measured → milliseconds (the median of some repeats)."""
    fill(folder, waiting)
    clock = SystemClock()
    spools: list[Spool] = []
    opening = milliseconds(lambda: spools.append(Spool(folder, clock)))
    spool = spools[0]
    numbers = iter(range(10_000_000, 20_000_000))

    def put(count: int) -> float:
        events = [make_event(next(numbers)) for _ in range(count)]
        return milliseconds(lambda: spool.put(events))

    pages = [put(PAGE) for _ in range(REPEATS)]
    ones, tens = [], []
    for _ in range(REPEATS):
        ones.append(put(1))
        leases: list[object] = []
        tens.append(milliseconds(lambda leases=leases: leases.extend(spool.take("teamwork", 10, clock.now()))))
    taken = spool.take("teamwork", PAGE, clock.now())
    done = milliseconds(lambda: spool.done(taken))
    counts = milliseconds(spool.counts)
    spool.close()
    return {
        "open": opening,
        "put one": median(ones),
        "take ten": median(tens),
        f"put {PAGE}": median(pages),
        f"done {PAGE}": done,
        "counts": counts,
    }


def measure_ledger(folder: Path, known: int = 20_000) -> dict[str, float]:
    """What was measured → milliseconds (the median of some repeats), with so many records known already."""
    ledger = Ledger(folder / "ledger.db", SystemClock())
    ledger.bind(Identity("benchmark", "1"))

    def entries(start: int) -> list[Entry]:
        tasks = [make_task(number) for number in range(start, start + PAGE)]
        return [Entry(without_large(task), large_hash(task), "c" * 32, "v", (1.0, 1), 0) for task in tasks]

    for start in range(0, known, PAGE):
        ledger.note(entries(start))
    new = [entries(known + PAGE * number) for number in range(REPEATS)]
    noting = [milliseconds(lambda page=page: ledger.note(page)) for page in new]
    again = [milliseconds(lambda page=page: ledger.note(page)) for page in new]
    ids = [make_task(number).task_id for number in range(0, PAGE * 7, 7)]
    reading = [milliseconds(lambda: ledger.entries("tasks", ids)) for _ in range(REPEATS)]
    requests = [milliseconds(lambda: ledger.note_request("missive", time.time())) for _ in range(REPEATS)]
    ledger.close()
    return {
        f"note {PAGE} new": median(noting),
        f"note {PAGE} known": median(again),
        f"entries of {PAGE}": median(reading),
        "note a request": median(requests),
    }


def main() -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory() as name:
        empty = measure_spool(Path(name) / "empty", 0)
        full = measure_spool(Path(name) / "full", WAITING)
        print(f"{'spool, milliseconds':<24}{'empty':>10}{f'{WAITING:,} wait':>16}{'factor':>9}")
        for what, before in empty.items():
            print(f"{what:<24}{before:>10.2f}{full[what]:>16.2f}{full[what] / before:>9.2f}")
        print(f"\n{'ledger, milliseconds':<24}")
        for what, cost in measure_ledger(Path(name)).items():
            print(f"{what:<24}{cost:>10.2f}")


if __name__ == "__main__":
    main()
