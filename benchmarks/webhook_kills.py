"""kill -9 between accepting a delivery and storing what it reports, again and again: nothing accepted may be lost."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.office import OfficeProcess, Size
from benchmarks.webhook_load import conversation_request, deliver, task_request
from benchmarks.webhook_office import Office, opened, taking_deliveries, what_is_there
from tray_connector.config.clock import Stop
from tray_connector.config.paths import Paths

if sys.platform == "win32":
    from multiprocessing.context import SpawnContext
else:
    from multiprocessing.context import ForkServerContext

LIVES, FEW_LIVES = 200, 3
TASKS, CONVERSATIONS = 12, 2
"""Delivered in one life, at most."""
SENDERS = 4
LONGEST_LIFE = 0.25
"""Seconds from the first delivery to the kill."""
START_SECONDS = 30.0
STORE_SECONDS = 120.0


@dataclass
class Result:
    """What the lives came to."""

    accepted: set[str] = field(default_factory=set)
    in_between: set[str] = field(default_factory=set)
    """Of these, what was not stored yet when the process was killed."""
    lost: set[str] = field(default_factory=set)
    """Accepted, but neither waiting nor stored after a kill, or not stored in the end."""


def live(home: Path, environment: Mapping[str, str], tells: Connection) -> None:
    """One life: tell the port, take deliveries, end only with the process."""
    engine = opened(home, environment)
    with taking_deliveries(engine) as listener:
        tells.send(listener.port)
        Stop().wait(3600)


def lives(folder: Path, environment: Mapping[str, str], number: int, *, seed: int = 1) -> Result:
    """So many lives in the same home, each killed at a random moment; in the end everything is let through."""
    dice, result = random.Random(seed), Result()
    home = folder / "home"
    there = what_is_there(folder / "other", environment)
    deliveries = _deliveries(there, number)
    for requests in deliveries:
        result.accepted |= _killed(home, environment, requests, dice.uniform(0.0, LONGEST_LIFE))
        stored = _stored(home)
        result.in_between |= result.accepted - stored
        result.lost |= result.accepted - stored - _waiting(home)
    _let_through(home, environment)
    result.lost |= result.accepted - _stored(home)
    return result


def _deliveries(there: Office, number: int) -> list[dict[str, bytes]]:
    """For each life, what is delivered by id. Every id once: it is stored because of its delivery or not at all."""
    numbers = count()
    tasks, conversations = list(there.tasks), list(there.conversations)
    if len(tasks) < number * TASKS or len(conversations) < number * CONVERSATIONS:
        raise ValueError("the office is too small")
    found = []
    for life in range(number):
        own = {key: task_request(key, f"d-{next(numbers)}") for key in tasks[life * TASKS : (life + 1) * TASKS]}
        for key in conversations[life * CONVERSATIONS : (life + 1) * CONVERSATIONS]:
            own[key] = conversation_request(key, f"d-{next(numbers)}")
        found.append(own)
    return found


def _killed(home: Path, environment: Mapping[str, str], requests: Mapping[str, bytes], seconds: float) -> set[str]:
    """Start a process, deliver, kill it after so long; the ids that it had answered with 200."""
    context = _context()
    hears, tells = context.Pipe(duplex=False)
    process = context.Process(target=live, args=(home, environment, tells), daemon=True)
    process.start()
    try:
        if not hears.poll(START_SECONDS):
            raise RuntimeError("the process did not begin to listen")
        port = hears.recv()
        accepted: set[str] = set()
        with ThreadPoolExecutor(SENDERS + 1) as pool:
            pool.submit(_kill_after, process, seconds)
            list(pool.map(partial(_send, port, accepted), requests, requests.values()))
    finally:
        process.kill()
        process.join()
        hears.close()
        tells.close()
    return accepted


if sys.platform == "win32":

    def _context() -> SpawnContext:
        return multiprocessing.get_context("spawn")

else:

    def _context() -> ForkServerContext:
        # Forked from one that has imported everything: a life then begins within milliseconds.
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([__name__])
        return context


def _kill_after(process: BaseProcess, seconds: float) -> None:
    Stop().wait(seconds)
    process.kill()


def _send(port: int, accepted: set[str], key: str, request: bytes) -> None:
    try:
        deliver(port, request)
    except (OSError, RuntimeError):
        # Killed meanwhile: an answer that is missing or cut short is none.
        return
    accepted.add(key)


def _waiting(home: Path) -> set[str]:
    folder = Paths(home).spool
    return {path.stem for source in ("teamwork", "missive") for path in (folder / source).iterdir()}


def _stored(home: Path) -> set[str]:
    path = Paths(home).database
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        found: set[str] = set()
        for table, column in (("tasks", "task_id"), ("emails", "conversation_id")):
            if table in tables:
                found.update(key for (key,) in connection.execute(f"SELECT {column} FROM {table}"))  # noqa: S608 - ours
        return found


def _let_through(home: Path, environment: Mapping[str, str]) -> None:
    engine = opened(home, environment)
    try:
        with taking_deliveries(engine):
            for _ in range(round(STORE_SECONDS / 0.05)):
                if engine.spool.counts().total == 0:
                    return
                Stop().wait(0.05)
        raise RuntimeError(f"{engine.spool.counts().total} events are left")
    finally:
        engine.close()


def figures(folder: Path, quick: bool) -> Sequence[Figure]:
    """How many accepted events were lost."""
    number = FEW_LIVES if quick else LIVES
    size = Size(tasks=number * TASKS * 2, conversations=number * CONVERSATIONS, messages=number * CONVERSATIONS)
    with OfficeProcess(size) as office:
        result = lives(folder, office.environment, number)
    between = f"{len(result.accepted):,} accepted, {len(result.in_between):,} of them not stored yet at the kill"
    lost = len(result.lost)
    return [
        Figure(f"kill -9 between accept and store, {number} times", f"{lost} lost ({between})", "0 lost", lost == 0)
    ]
