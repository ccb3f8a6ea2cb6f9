"""A spool in which 100,000 events wait, beside an empty one: adding one and taking ten. And a page of the ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks.clocking import seconds_of
from benchmarks.figures import Figure
from benchmarks.records import make_task
from tray_connector.config.clock import SystemClock
from tray_connector.destinations.base import Identity
from tray_connector.model.codec import large_hash, without_large
from tray_connector.model.events import Event
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.spool import Spool
from tray_connector.sync.spool_codec import encode_event

MANY, FEWER = 100_000, 500
ROUNDS, FEW_ROUNDS = 60, 5
TAKEN = 10
PAGE, PAGES, FEW_PAGES = 500, 9, 1
FACTOR = 2.0


def figures(folder: Path, quick: bool) -> Sequence[Figure]:
    """Median times of both spools, measured in turn, and how long a full one takes to open."""
    waiting, rounds, count_of_pages = (FEWER, FEW_ROUNDS, FEW_PAGES) if quick else (MANY, ROUNDS, PAGES)
    fill(folder / "full", waiting)
    spools: list[Spool] = []
    opening = seconds_of(lambda: spools.append(Spool(folder / "full", SystemClock())))
    with closing(spools[0]) as full, closing(Spool(folder / "empty", SystemClock())) as empty:
        adding, taking = in_turn(full, empty, waiting, rounds)
        numbers = count(10 * waiting)
        pages = [[make_event(next(numbers)) for _ in range(PAGE)] for _ in range(count_of_pages)]
        putting = [seconds_of(partial(full.put, page)) for page in pages]
    noting, asking = ledger_pages(folder / "ledger.db", count_of_pages)
    return [
        compared(f"Spool, {waiting:,} events wait: add one", *adding),
        compared(f"Spool, {waiting:,} events wait: take ten", *taking),
        Figure(f"Spool, {waiting:,} events wait: open", f"{opening:.2f} s"),
        Figure(f"Spool, {waiting:,} events wait: put {PAGE}", f"{median(putting) * 1e3:.0f} ms"),
        Figure(f"Ledger: note {PAGE} tasks", f"{median(noting) * 1e3:.1f} ms"),
        Figure(f"Ledger: ask for {PAGE} tasks", f"{median(asking) * 1e3:.1f} ms"),
    ]


def ledger_pages(path: Path, pages: int) -> tuple[list[float], list[float]]:
    """Seconds of noting a page of tasks that are new, and of asking for them."""
    noting, asking = [], []
    with closing(Ledger(path, SystemClock())) as ledger:
        ledger.bind(Identity("benchmark", "1"))
        for start in range(0, pages * PAGE, PAGE):
            tasks = [make_task(number) for number in range(start, start + PAGE)]
            page = [Entry(without_large(task), large_hash(task), "c" * 32, "v", (1.0, 1)) for task in tasks]
            noting.append(seconds_of(partial(ledger.note, page)))
            asking.append(seconds_of(partial(ledger.entries, "tasks", [task.task_id for task in tasks])))
    return noting, asking


Pair = tuple[list[float], list[float]]


def in_turn(full: Spool, empty: Spool, waiting: int, rounds: int) -> tuple[Pair, Pair]:
    """Seconds of adding one and of taking ten, for (full, empty) in each round."""
    adding: Pair = ([], [])
    taking: Pair = ([], [])
    numbers = count(waiting)
    for _ in range(rounds):
        for place, spool in enumerate((full, empty)):
            # Taken from the empty one as well: nine, and the one that is added.
            if spool is empty:
                spool.put([make_event(next(numbers)) for _ in range(TAKEN - 1)])
            adding[place].append(seconds_of(adds(spool, next(numbers))))
            taking[place].append(seconds_of(takes(spool)))
            if spool is empty:
                spool.discard(None)
    return adding, taking


def adds(spool: Spool, number: int) -> Callable[[], None]:
    """Adding one event."""
    return lambda: spool.put([make_event(number)])


def takes(spool: Spool) -> Callable[[], None]:
    """Taking ten; they are worked on from then on."""

    def take() -> None:
        leases = spool.take("teamwork", TAKEN, datetime.now(UTC))
        if len(leases) != TAKEN:
            raise RuntimeError(f"{len(leases)} events taken")

    return take


def compared(name: str, full: list[float], empty: list[float]) -> Figure:
    """How many times as long it takes."""
    one, other = median(full), median(empty)
    measured = f"{one * 1e3:.2f} ms, empty {other * 1e3:.2f} ms: {one / other:.2f} times"
    return Figure(name, measured, f"at most {FACTOR:g} times", one / other <= FACTOR)


def make_event(number: int) -> Event:
    """An event with its task."""
    task = make_task(number)
    since = datetime.now(UTC) - timedelta(hours=1)
    return Event(source="teamwork", kind="task", id=task.task_id, payload=task, since=since, title=task.name)


def fill(folder: Path, number: int) -> None:
    """So many waiting events as files. The spool itself would have each of them reach the disk."""
    place = folder / "teamwork"
    place.mkdir(parents=True)
    for each in range(number):
        event = make_event(each)
        (place / f"{event.id}.evt").write_bytes(encode_event(event))
