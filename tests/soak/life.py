"""Weeks of an office and its connector, as quickly as they can be lived."""

from __future__ import annotations

import logging
import os
import random
import sqlite3
import threading
import tracemalloc
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.figures import Figures, look
from tests.soak.office import OfficeProcess, QuietClock
from tests.support.webhooks import conversation_id, listening, missive, rule_body, task_body, teamwork
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Stop
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.logs import start_logging
from tray_connector.config.paths import Paths
from tray_connector.config.settings import load_settings
from tray_connector.sync.assemble import assemble
from tray_connector.sync.engine import Engine

DAY = 86_400
WEEK = 7
BEGINNING = 60
"""Deeds before the first day."""
SETTINGS = {"REMOVAL_GUARD_PERCENT": "100", "DISK_RESERVE_MB": "0", "LOG_LEVEL": "DEBUG"}
RESTART = 3
"""The day on which it is ended and started anew; from then on one process has to last."""
SERVED = 0.3
"""Seconds that the service runs each day with all its loops, for real."""
END_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Course:
    """What was lived through."""

    figures: tuple[Figures, ...]
    happened: Counter[str]
    missing: tuple[str, ...]
    """Tasks that are not stored as the office has them, at the very end."""


class _Written(logging.Handler):
    """Counts the bytes of the log, those included that are rotated away."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = 0

    def emit(self, record: logging.LogRecord) -> None:
        # A line has its time, level, logger and thread besides the message.
        self.bytes += len(record.getMessage()) + 120


@dataclass
class Life:
    """One connector through all of it. A process of its own measures best: ``python -m tests.soak``."""

    home: Path
    days: int
    polls_a_day: int
    seed: int = 1
    trace: bool = False
    """Count Python's own memory as well; that takes memory and time by itself."""
    on_day: Callable[[Figures], None] = lambda _: None
    happened: Counter[str] = field(default_factory=Counter)

    def run(self) -> Course:
        """Live; ends by itself."""
        self._dice = random.Random(self.seed)
        self._clock = QuietClock()
        self._paths = Paths(self.home)
        self._written = _Written()
        figures = []
        with ExitStack() as end:
            self._office = end.enter_context(OfficeProcess(self.seed))
            self._office.work(BEGINNING, file=True)
            self._open()
            end.callback(self._close)
            terminal = end.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
            end.enter_context(start_logging(self._paths, self._settings, terminal=terminal))
            logging.getLogger().addHandler(self._written)
            end.callback(logging.getLogger().removeHandler, self._written)
            if self.trace:
                tracemalloc.start()
                end.callback(tracemalloc.stop)
            for day in range(1, self.days + 1):
                self._day(day)
                figures.append(look(self._paths, day, self._written.bytes))
                self.on_day(figures[-1])
            missing = self._missing()
        return Course(tuple(figures), self.happened, missing)

    def _close(self) -> None:
        self._engine.close()

    def _open(self) -> None:
        self._paths.create()
        self._settings = load_settings(
            environ={**self._office.environment(), **SETTINGS},
            paths=self._paths,
            dotenv=None,
            credentials=MemoryCredentials(),
        )
        self._categories = CategoriesFile(self._paths.categories_file, self._clock)
        self._engine: Engine = assemble(self._settings, self._paths, self._categories, self._clock)

    # A day.

    def _day(self, day: int) -> None:
        for number in range(self.polls_a_day):
            self._pass(DAY / self.polls_a_day)
            news = self._office.work(self._dice.choice((0, 0, 1, 2, 4)), file=number == self.polls_a_day // 2)
            if news and self._dice.random() < 0.5:
                self._deliver(news)
            trouble = self._dice.random() < 0.04
            if trouble:
                self._office.fail()
                self.happened["troubles"] += 1
            self._sync()
            if trouble:
                self._office.calm()
        self._serve()
        self._engine.reconcile(Stop(), allow_removals=True)
        self.happened["walks"] += 1
        self._settle()
        self.happened["requests"] += self._office.requests()
        if day == RESTART:
            self._engine.close()
            self._open()
            self.happened["restarts"] += 1

    def _pass(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self._office.advance(seconds)

    def _sync(self) -> int:
        report = self._engine.sync_once(Stop())
        self.happened["polls"] += 1
        self.happened["written"] += sum(lane.dispatched.written for lane in report.lanes)
        self.happened["failed rounds"] += bool(report.errors)
        return report.waiting

    def _settle(self) -> None:
        for _ in range(8):
            # What is refused rests for a while; files come last.
            if not self._sync():
                return
            self._pass(3_600)

    def _deliver(self, news: list[tuple[str, str]]) -> None:
        """The services' webhooks: right ones, one forged, one about nothing we know."""
        engine = self._engine
        with listening(engine.spool, self._clock, last_read_number=engine.ledger.last_read_number) as listener:
            for kind, key in news:
                send = teamwork if kind == "task" else missive
                answer = send(listener.port, task_body(int(key)) if kind == "task" else rule_body(key))
                assert answer.status == 200, answer
            assert teamwork(listener.port, task_body(1), signed="0" * 64).status in (401, 429)
            assert missive(listener.port, rule_body(conversation_id(1), "new_comment")).status == 200
        self.happened["deliveries"] += len(news)

    def _serve(self) -> None:
        """The service with its threads and its schedule, for a moment."""
        stop, failures = Stop(), list[BaseException]()

        def run() -> None:
            try:
                self._engine.run(stop)
            except BaseException as error:  # noqa: BLE001 - carried over
                failures.append(error)

        thread = threading.Thread(target=run, name="service")
        thread.start()
        threading.Event().wait(SERVED)
        stop.set()
        thread.join(END_SECONDS)
        assert not thread.is_alive(), "the service ends when it is told to"
        assert not failures, failures
        self.happened["services"] += 1

    def _missing(self) -> tuple[str, ...]:
        with closing(sqlite3.connect(self._settings.sqlite_path)) as file:
            stored = dict(file.execute("SELECT task_id, name FROM tasks WHERE deleted = 0"))
        truth = self._office.truth()
        return tuple(sorted(key for key in truth.keys() | stored.keys() if truth.get(key) != stored.get(key)))
