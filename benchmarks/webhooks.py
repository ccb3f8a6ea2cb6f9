"""Deliveries: how many are accepted and durable, how long an answer takes, how long it is until the row is there."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

from benchmarks.figures import Figure, at_least, at_most
from benchmarks.office import OfficeProcess, Size
from benchmarks.spool import fill
from benchmarks.webhook_load import SECRETS, conversation_request, deliver, task_request
from benchmarks.webhook_office import opened, taking_deliveries, what_is_there
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.sync.spool import Spool
from tray_connector.webhooks.listener import Listener

DELIVERIES, FEW_DELIVERIES = 5_000, 100
AT_ONCE = 16
"""Connections at the same time."""
FIRST = 10_000_000
"""Ids from here on belong to no event that waits."""
MANY, FEWER = 100_000, 500
ROWS, FEW_ROWS = 200, 5
"""Tasks, and as many conversations, each delivered when the one before is stored."""
RATE_GOAL = 500
ANSWER_GOAL = 100.0
TEAMWORK_WAITS = 5_000.0
MEDIAN_GOAL, SLOW_GOAL = 150.0, 500.0
ROW_DEADLINE = 30.0
LOOK = 0.001


def figures(folder: Path, quick: bool) -> Sequence[Figure]:
    """All of it; times in milliseconds."""
    deliveries = FEW_DELIVERIES if quick else DELIVERIES
    seconds, answers = accepted(folder / "empty", deliveries)
    waiting = FEWER if quick else MANY
    fill(folder / "full", waiting)
    full_seconds, full_answers = accepted(folder / "full", deliveries)
    found = [
        at_least("Deliveries accepted and durable", deliveries / seconds, RATE_GOAL, "a second", f"{AT_ONCE} at once"),
        at_most("Answer to a delivery, 99 % within", slowest(answers) * 1e3, ANSWER_GOAL, "ms", beside(answers)),
        at_least(f"The same while {waiting:,} events wait", deliveries / full_seconds, RATE_GOAL, "a second"),
        at_most("Its longest answer", max(full_answers) * 1e3, TEAMWORK_WAITS, "ms", beside(full_answers)),
    ]
    for what, times in until_stored(folder, FEW_ROWS if quick else ROWS).items():
        found += [
            at_most(f"Delivery to row in SQLite, {what}, median", median(times) * 1e3, MEDIAN_GOAL, "ms"),
            at_most(f"Delivery to row in SQLite, {what}, 99 % within", slowest(times) * 1e3, SLOW_GOAL, "ms"),
        ]
    return found


def slowest(times: Sequence[float]) -> float:
    """What 99 of 100 stay below."""
    return quantiles(times, n=100, method="inclusive")[98]


def beside(times: Sequence[float]) -> str:
    """The middle of them."""
    return f"median {median(times) * 1e3:.1f} ms"


def accepted(folder: Path, deliveries: int) -> tuple[float, list[float]]:
    """Seconds for all of them, sent by another process, and those of each answer. Nobody takes anything out."""
    clock, stop = SystemClock(), Stop()
    with closing(Spool(folder, clock)) as spool:
        before = spool.counts().total
        listener = Listener(spool, clock, SECRETS, port=0, port_fixed=True, last_read_number=lambda: 1)
        listener.open()
        thread = threading.Thread(target=listener.run, args=(stop,))
        thread.start()
        try:
            words = [str(listener.port), str(FIRST), str(deliveries), str(AT_ONCE)]
            sender = [sys.executable, "-m", "benchmarks.webhook_load", *words]
            told = json.loads(subprocess.run(sender, stdout=subprocess.PIPE, check=True).stdout)
        finally:
            stop.set()
            thread.join()
        if spool.counts().total - before != deliveries:
            raise RuntimeError(f"{spool.counts().total - before} events instead of {deliveries}")
    return told["seconds"], told["each"]


def until_stored(folder: Path, rows: int) -> dict[str, list[float]]:
    """For tasks and for conversations the seconds from sending a delivery to the row that another connection sees."""
    # Some of the tasks are deleted ones.
    size = Size(tasks=2 * rows, conversations=rows, messages=2 * rows)
    with OfficeProcess(size) as office:
        there = what_is_there(folder / "other", office.environment)
        engine = opened(folder / "home", office.environment)
        try:
            engine.writer.ready(Stop())
            with (
                taking_deliveries(engine) as listener,
                closing(sqlite3.connect(folder / "home" / "data" / "connector.db")) as database,
            ):
                tasks = Rows(database, "SELECT 1 FROM tasks WHERE task_id = ?")
                emails = Rows(database, "SELECT 1 FROM emails WHERE conversation_id = ?")
                port = listener.port
                return {
                    "tasks": [tasks.seconds_until(key, port, task_request(key, key)) for key in there.tasks[:rows]],
                    "e-mails": [
                        emails.seconds_until(key, port, conversation_request(key, key))
                        for key in there.conversations[:rows]
                    ],
                }
        finally:
            engine.close()


@dataclass(frozen=True)
class Rows:
    """A table, looked at through a connection of its own."""

    database: sqlite3.Connection
    question: str

    def seconds_until(self, key: str, port: int, request: bytes) -> float:
        """From sending the delivery until the row can be read."""
        if self._has(key):
            raise RuntimeError(f"{key} is stored before its delivery")
        began = time.perf_counter()
        deliver(port, request)
        while not self._has(key):
            if time.perf_counter() - began > ROW_DEADLINE:
                raise RuntimeError(f"{key} is not stored after {ROW_DEADLINE:g} s")
            Stop().wait(LOOK)
        return time.perf_counter() - began

    def _has(self, key: str) -> bool:
        return self.database.execute(self.question, (key,)).fetchone() is not None
