"""What a first sync costs in requests, and what a large one takes in memory: the real command over real HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import run
from benchmarks.figures import Figure, at_most
from benchmarks.office import OfficeProcess, Size

SYNC = ["sync", "--once"]
ABOVE_FLOOR = 0.10
PEAK_MB = 150
BACKFILL, SMALL_BACKFILL = Size(tasks=5_000, conversations=1_000), Size(tasks=600, conversations=60)
LARGE, SMALL_LARGE = Size(tasks=50_000, conversations=0), Size(tasks=3_000, conversations=0)


def requests(folder: Path, quick: bool) -> Sequence[Figure]:
    """Requests of a first sync against the fewest possible, as the servers counted them."""
    size = SMALL_BACKFILL if quick else BACKFILL
    with OfficeProcess(size) as office:
        ran = run(SYNC, folder / "home", office.environment)
        counted, floor = office.counted(), office.floor()
    expect("written", ran.result["written"], size.tasks + size.conversations * 5)
    rows, rate = f"{ran.result['written']:,} rows", f"{ran.seconds:.1f} s, peak {ran.peak_bytes / 1e6:.0f} MB"
    what = f"{size.tasks:,} tasks, {size.conversations:,} conversations"
    return [
        against("First sync, requests to Teamwork", counted.teamwork, floor.teamwork, judged=not quick),
        against("First sync, requests to Missive", counted.missive, floor.missive, judged=not quick),
        at_most("First sync, requests refused by the limits", counted.violations, 0, "requests"),
        Figure(f"First sync of {what}", f"{rows} in {rate}"),
    ]


def against(name: str, sent: int, floor: int, *, judged: bool) -> Figure:
    """Requests beside the fewest that can do. In a small office a single one is already more than the tolerance."""
    most = int(floor * (1 + ABOVE_FLOOR))
    measured = f"{sent:,} (fewest possible {floor:,}: {(sent - floor) / floor:+.1%})"
    return Figure(name, measured, f"at most {most:,} (10 %)", sent <= most if judged else None)


def memory(folder: Path, quick: bool) -> Sequence[Figure]:
    """The most memory that the connector holds during a large first sync, and how long that takes."""
    size = SMALL_LARGE if quick else LARGE
    with OfficeProcess(size) as office:
        ran = run(SYNC, folder / "home", office.environment)
        counted = office.counted()
    expect("written", ran.result["written"], size.tasks)
    name = f"First sync of {size.tasks:,} tasks"
    note = f"{size.tasks / ran.seconds:,.0f} tasks/s with sandbox and start on the same machine"
    return [
        at_most(f"{name}, peak memory", ran.peak_bytes / 1e6, PEAK_MB, "MB"),
        Figure(f"{name}, time", f"{ran.seconds:.1f} s ({note})"),
        Figure(f"{name}, requests", f"{counted.teamwork + counted.missive:,}"),
    ]


def expect(what: str, found: int, wanted: int) -> None:
    """A figure about work that was not done whole would be worth nothing."""
    if found != wanted:
        raise RuntimeError(f"{what}: {found:,} instead of {wanted:,}")
