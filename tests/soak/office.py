"""The office in a process of its own, so that what it needs does not count as the connector's."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Self

from tests.model.deeds import Deeds
from tests.support.clock import FakeClock
from tests.support.connector import sandbox
from tray_connector.config.clock import Stop
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice

TROUBLES = ("500", "429", "html", "cut", "drop", "lose")
LONGEST_THREAD = 12
END_SECONDS = 10.0


class QuietClock(FakeClock):
    """A clock for weeks: it does not remember what it was asked for."""

    def wait(self, stop: Stop, seconds: float) -> bool:
        if not stop.is_set():
            self.advance(seconds)
        return stop.is_set()


@dataclass(frozen=True, slots=True)
class Asked:
    """What the office is to do: the name of one of its hands, and the words for it."""

    hand: str
    words: tuple[Any, ...]


class _Hands:
    """Within the office's process."""

    def __init__(self, running: SandboxOffice, clock: QuietClock, seed: int) -> None:
        self._running = running
        self._clock = clock
        self._dice = random.Random(seed)
        self._deeds = Deeds(running)
        self._servers = (running.teamwork_server, running.missive.server)

    def environment(self) -> dict[str, str]:
        return self._running.environment()

    def advance(self, seconds: float) -> None:
        self._clock.advance(seconds)

    def work(self, deeds: int, file: bool) -> list[tuple[str, str]]:
        """People work; what the services would announce of it."""
        for _ in range(deeds):
            self._deeds.do(*(self._dice.randrange(100) for _ in range(3)))
        self._tidy()
        threads = self._running.mailbox.conversations()
        if file and threads:
            thread = self._dice.choice(threads)
            self._running.mailbox.receive_mail(thread.id, files=("Plan.pdf",))
            self._deeds.news.append(("conversation", thread.id))
        news, self._deeds.news[:] = list(self._deeds.news), []
        return news

    def _tidy(self) -> None:
        """A thread ends some day; otherwise there would be more and more to read at each change."""
        for thread in self._running.mailbox.conversations():
            if len(thread.message_ids) > LONGEST_THREAD:
                self._running.mailbox.delete_conversation(thread.id)
                self._deeds.news.append(("conversation", thread.id))

    def fail(self) -> None:
        """From now on one of the services fails in one of its ways."""
        faults, kind = self._dice.choice(self._servers).faults, self._dice.choice(TROUBLES)
        when = When(at=self._dice.randrange(1, 4), times=self._dice.choice((1, 4, None)))
        strike: dict[str, Callable[[When], object]] = {
            "html": faults.html, "cut": faults.cut, "drop": faults.drop, "lose": faults.lose
        }  # fmt: skip
        if kind in strike:
            strike[kind](when)
        else:
            faults.status(int(kind), when, body='{"error": "made up"}', headers={"Retry-After": "3"})

    def calm(self) -> None:
        """Both work again."""
        for server in self._servers:
            server.faults.clear()

    def requests(self) -> int:
        """How many came since this was asked last."""
        count = sum(len(server.requests) for server in self._servers)
        for server in self._servers:
            server.requests.clear()
        return count

    def truth(self) -> dict[str, str]:
        """The names of the tasks that are not deleted, by id."""
        return {str(task.id): task.name for task in self._running.office.live_tasks()}


def _live(pipe: Connection, seed: int) -> None:
    clock = QuietClock()
    with sandbox(clock) as running:
        hands = _Hands(running, clock, seed)
        try:
            while True:
                asked = pipe.recv()
                pipe.send(getattr(hands, asked.hand)(*asked.words))
        except EOFError:
            return


class OfficeProcess:
    """A sandbox office whose clock is moved by hand; a context manager. Its methods are those of its hands."""

    def __init__(self, seed: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_live, args=(theirs, seed), daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pipe.close()
        self._process.join(END_SECONDS)
        if self._process.is_alive():
            self._process.kill()

    def _ask(self, hand: str, *words: Any) -> Any:
        self._pipe.send(Asked(hand, words))
        return self._pipe.recv()

    def environment(self) -> dict[str, str]:
        """The settings for a connector."""
        return dict(self._ask("environment"))

    def advance(self, seconds: float) -> None:
        """Let time pass there as well."""
        self._ask("advance", seconds)

    def work(self, deeds: int, *, file: bool) -> list[tuple[str, str]]:
        """So many deeds of its people, and with `file` a mail with one; what the services would announce."""
        return list(self._ask("work", deeds, file))

    def fail(self) -> None:
        """Something goes wrong there until `calm`."""
        self._ask("fail")

    def calm(self) -> None:
        """Everything works again."""
        self._ask("calm")

    def requests(self) -> int:
        """Requests received since the last time this was asked."""
        return int(self._ask("requests"))

    def truth(self) -> dict[str, str]:
        """Its tasks."""
        return dict(self._ask("truth"))
