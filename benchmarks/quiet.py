"""What it costs when nothing has changed: a poll of the service, a `sync --once`, and starting the command."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clocking import best
from benchmarks.command import run
from benchmarks.figures import Figure, with_note
from benchmarks.office import Counted, OfficeProcess, Size
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.settings import load_settings
from tray_connector.sync.assemble import assemble
from tray_connector.sync.engine import Engine

SIZE = Size(tasks=1_000, conversations=100)
SMALL = Size(tasks=100, conversations=10)
TEAMS = 2
"""The office's Missive teams: each is a mailbox of its own."""
STARTS, FEW_STARTS = 5, 1
SETTLED = 1.1
"""Seconds after which the last change of the first sync lies in an earlier second."""


@contextmanager
def engine_of(home: Path, environment: Mapping[str, str]) -> Iterator[Engine]:
    """The engine of a home, without its loops."""
    clock, paths = SystemClock(), Paths(home)
    paths.create()
    settings = load_settings(environ=environment, paths=paths, dotenv=None, credentials=MemoryCredentials())
    engine = assemble(settings, paths, CategoriesFile(paths.categories_file, clock), clock)
    try:
        yield engine
    finally:
        engine.close()


@dataclass(frozen=True, slots=True)
class Quiet:
    """What something cost while nothing had changed."""

    seconds: float
    counted: Counted
    commits: int
    """Transactions in the destination, as another connection saw them: 0 or more than 0."""


def figures(folder: Path, quick: bool) -> Sequence[Figure]:
    """Requests are exact; every one above the goal is needless."""
    with OfficeProcess(SMALL if quick else SIZE) as office, engine_of(folder / "home", office.environment) as engine:
        stop = Stop()
        engine.sync_once(stop)
        time.sleep(SETTLED)

        def poll() -> None:
            for lane in engine.lanes:
                lane.poll(stop)

        # The first poll of a process asks every mailbox; from then on the rare ones wait for their time.
        poll()
        office.counted()
        database = Paths(folder / "home").database
        polled = observed(poll, office, database)
        synced = observed(lambda: engine.sync_once(stop), office, database)
    return [
        *told("Quiet poll", polled, teamwork=1, missive=1),
        *told("Quiet sync --once", synced, teamwork=2, missive=3 + TEAMS),
    ]


def observed(work: Callable[[], object], office: OfficeProcess, database: Path) -> Quiet:
    """Do it once, and look from outside at what it did."""
    with closing(sqlite3.connect(database)) as watcher:
        before = version(watcher)
        began = time.perf_counter()
        work()
        seconds = time.perf_counter() - began
        return Quiet(seconds, office.counted(), version(watcher) - before)


def version(watcher: sqlite3.Connection) -> int:
    """Another number after each change that another connection committed."""
    return int(watcher.execute("PRAGMA data_version").fetchone()[0])


def told(name: str, quiet: Quiet, *, teamwork: int, missive: int) -> list[Figure]:
    """Requests, writes, time."""
    counted = quiet.counted
    met = (counted.teamwork, counted.missive) == (teamwork, missive)
    kinds = "" if met else "; ".join(f"{number} × {kind}" for kind, number in sorted(counted.by_kind.items()))
    sent = with_note(f"{counted.teamwork} to Teamwork, {counted.missive} to Missive", kinds)
    return [
        Figure(f"{name}, requests", sent, f"{teamwork} and {missive}", met),
        Figure(f"{name}, writes", f"{quiet.commits}", "0", quiet.commits == 0),
        Figure(f"{name}, time", f"{quiet.seconds * 1e3:.0f} ms"),
    ]


def start(folder: Path, quick: bool) -> Sequence[Figure]:
    """From the call of the command to its end."""
    rounds = FEW_STARTS if quick else STARTS
    home = folder / "home"

    def version_of() -> None:
        words = [sys.executable, "-m", "tray_connector", "--version"]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)

    def status() -> None:
        run(["status"], home, {"DB_BACKEND": "sqlite"}, accepted=(0, 1))

    return [
        Figure("Start and end of --version", f"{best(version_of, rounds) * 1e3:.0f} ms"),
        Figure("Start and end of status", f"{best(status, rounds) * 1e3:.0f} ms"),
    ]
