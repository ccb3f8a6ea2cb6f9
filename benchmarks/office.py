"""A sandbox office in a process of its own, so that its work and memory are not counted as the connector's.

Run as a module it is that process: it prints the settings of a connector as one JSON line, then answers each line on
its standard input with what its servers counted since the last one, and ends with its input.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Self

from benchmarks.floor import Floor, missive_floor, teamwork_floor
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

RATE_SCALE = 1000.0
"""The limits are on, and so wide that nothing waits for them."""
END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is in the office."""

    tasks: int
    conversations: int
    messages: int | None = None
    """None = five a conversation: most threads are shorter, some much longer."""
    people: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What the servers saw."""

    teamwork: int
    missive: int
    violations: int
    """Requests refused because they were too many."""
    by_kind: Mapping[str, int]
    """Requests by path, ids left out."""


class OfficeProcess:
    """The office, running while the context is entered."""

    def __init__(self, size: Size) -> None:
        words = [sys.executable, "-m", "benchmarks.office", json.dumps(asdict(size))]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.environment = json.loads(self._ask(None))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=END_SECONDS)

    def counted(self) -> Counted:
        """The requests since the last call."""
        return Counted(**json.loads(self._ask("count")))

    def floor(self) -> Floor:
        """What a first backfill of this office must cost at least."""
        return Floor(**json.loads(self._ask("floor")))

    def _ask(self, word: str | None) -> str:
        if self._process.stdin is None or self._process.stdout is None:
            raise TypeError("the process has no pipes")
        if word is not None:
            self._process.stdin.write(word + "\n")
            self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the sandbox office ended")
        return answer


def made(size: Size) -> SandboxOffice:
    """An office of this size, not started yet. Its mail lies within the last four weeks."""
    clock = SystemClock()
    office = Office.generate(clock=clock, tasks=size.tasks, people=size.people)
    mailbox = Mailbox(clock=clock)
    if size.conversations:
        mailbox = Mailbox.generate(clock=clock, conversations=size.conversations, messages=size.messages)
    return SandboxOffice(clock=clock, office=office, mailbox=mailbox, rate_scale=RATE_SCALE)


def count(sandbox: SandboxOffice) -> Counted:
    """The requests since the last call."""
    kinds: dict[str, int] = {}
    numbers = []
    for server in (sandbox.teamwork_server, sandbox.missive.server):
        requests = server.requests.all()
        server.requests.clear()
        numbers.append(len(requests))
        for request in requests:
            mailbox = next((name for name in ("all", "team_all", "trashed", "junked") if name in request.query), "")
            deletions = "deletions" if "deletedAfter" in request.query else ""
            path = "/".join("…" if len(part) >= 32 else part for part in request.path.split("/"))
            kind = " ".join(filter(None, (path, mailbox, deletions)))
            kinds[kind] = kinds.get(kind, 0) + 1
    violations = sandbox.teamwork.limiter.violations + sandbox.missive.service.limiter.violations
    return Counted(teamwork=numbers[0], missive=numbers[1], violations=violations, by_kind=kinds)


def serve(size: Size) -> None:
    """Run an office until the standard input ends."""
    with made(size) as sandbox:
        answer(sandbox.environment())
        for line in sys.stdin:
            if line.strip() == "floor":
                floor = Floor(teamwork_floor(sandbox.office), missive_floor(sandbox.mailbox))
                answer(asdict(floor))
            else:
                answer(asdict(count(sandbox)))


def answer(values: Mapping[str, object]) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.office")
    parser.add_argument("size", help="the fields of Size as JSON")
    serve(Size(**json.loads(parser.parse_args().size)))
