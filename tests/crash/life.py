"""One life of the connector, in a process of its own that ends wherever it is told to.

The hook that ends it is added here, by the test's own entry: the program itself has no way to be told so.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.support.clock import FakeClock
from tests.support.log_guard import describe
from tests.support.webhooks import listening
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Stop
from tray_connector.config.commit_points import EVENT
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.settings import load_settings
from tray_connector.sync.assemble import assemble
from tray_connector.sync.engine import Engine
from tray_connector.sync.reconciler import Reconciled
from tray_connector.sync.report import Report

DIED = 99
"""The exit code of a life that ended where it was told to."""


@dataclass(frozen=True)
class Doom:
    """Where a life ends: at the n-th passage of a point, counted from 1."""

    point: str
    passage: int


@dataclass(frozen=True)
class Birth:
    """What a life begins with."""

    home: Path
    settings: dict[str, str]
    now: datetime
    doom: Doom | None


class Passages:
    """The audit hook: counts, and ends the process at once when its time has come."""

    def __init__(self, doom: Doom | None) -> None:
        self.counts: Counter[str] = Counter()
        self._doom = doom
        self._lock = threading.Lock()

    def __call__(self, event: str, words: tuple[Any, ...]) -> None:
        if event != EVENT:
            return
        (point,) = words
        # The lock is never given back by a life that ends: no other thread comes any further.
        with self._lock:
            self.counts[point] += 1
            doom = self._doom
            if doom is not None and doom.point == point and doom.passage == self.counts[point]:
                os._exit(DIED)


class Heard(logging.Handler):
    """What the log tells a person."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(describe(record))


class Living:
    """The engine of one life and what can be asked of it, by name."""

    def __init__(self, birth: Birth, passages: Passages) -> None:
        self._birth = birth
        self._passages = passages
        self._stop = Stop()
        self._clock = FakeClock(birth.now)
        self._engine: Engine | None = None
        self._categories: CategoriesFile | None = None
        self._listening = ExitStack()
        self.steps: dict[str, Callable[[], object]] = {
            "open": self.open, "sync": self.sync, "listen": self.listen, "deafen": self.deafen, "apply": self.apply,
            "reconcile": self.reconcile, "look": self.look, "close": self.close, "passages": self.passages,
        }  # fmt: skip

    @property
    def engine(self) -> Engine:
        assert self._engine is not None
        return self._engine

    def set_clock(self, now: datetime) -> None:
        """What was waited for lies behind; it never goes back."""
        self._clock.advance(max(0.0, (now - self._clock.now()).total_seconds()))

    def open(self) -> None:
        paths = Paths(self._birth.home)
        paths.create()
        settings = load_settings(
            environ=self._birth.settings, paths=paths, dotenv=None, credentials=MemoryCredentials()
        )
        self._categories = CategoriesFile(paths.categories_file, self._clock)
        self._engine = assemble(settings, paths, self._categories, self._clock, luck=lambda: 0.5)

    def sync(self) -> list[str]:
        return wrong_in(self.engine.sync_once(self._stop))

    def listen(self) -> int:
        engine = self.engine
        listener = listening(engine.spool, self._clock, last_read_number=engine.ledger.last_read_number)
        return self._listening.enter_context(listener).port

    def deafen(self) -> None:
        self._listening.close()

    def apply(self) -> int:
        assert self._categories is not None
        self._categories.reload()
        return self.engine.apply_categories(self._stop, lambda _: None).failed

    def reconcile(self) -> list[str]:
        return wrong_in(self.engine.reconcile(self._stop, allow_removals=True))

    def look(self) -> tuple[int, int, int, list[str]]:
        """(rows that one more sync writes, events that wait, unreadable files, what a walk would mend)."""
        report = self.engine.sync_once(self._stop)
        written = sum(lane.dispatched.written + lane.dispatched.flagged for lane in report.lanes)
        walk = self.engine.reconcile(self._stop, dry_run=True)
        found = [repr(lane.reconciled) for lane in walk.lanes if walk_found(lane.reconciled)]
        counts = self.engine.spool.counts()
        return written, counts.total, counts.unreadable, found + wrong_in(report) + wrong_in(walk)

    def close(self) -> None:
        self._listening.close()
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def passages(self) -> dict[str, int]:
        return dict(self._passages.counts)


def walk_found(reconciled: Reconciled) -> bool:
    """Whether a walk found anything that is not as it should be."""
    return reconciled != Reconciled(seen=reconciled.seen)


def wrong_in(report: Report) -> list[str]:
    """What is not as it should be, in words."""
    failed = [f"{report.failed} failed, {report.waiting} wait"] if report.failed or report.waiting else []
    return [*failed, *(error.problem.sentence() for error in report.errors)]


def live(channel: Connection, birth: Birth) -> None:
    """Do what is asked, step by step, until the channel ends or death comes."""
    heard, passages = Heard(), Passages(birth.doom)
    logging.getLogger("tray_connector").addHandler(heard)
    sys.addaudithook(passages)
    living = Living(birth, passages)
    while True:
        try:
            step, now = channel.recv()
        except EOFError:
            return
        try:
            living.set_clock(now)
            channel.send((True, living.steps[step](), heard.lines))
        except BaseException:  # noqa: BLE001 - carried over to the test
            channel.send((False, traceback.format_exc(), heard.lines))
        heard.lines = []
