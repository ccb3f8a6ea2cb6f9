"""Lives as processes: forked from one image that has everything imported, so that a start costs milliseconds."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from datetime import datetime
from multiprocessing.context import ForkServerContext
from typing import Any

from tests.crash.life import Birth, live
from tests.support.processes import SOURCE

ANSWER_WITHIN = 30.0
IMAGE = [
    "tests.crash.life", "tray_connector.destinations.airtable.destination", "tray_connector.destinations.postgres",
]  # fmt: skip


class DiedError(Exception):
    """The life is over: it was killed, or ended where it was told to."""


class FailedError(AssertionError):
    """A step raised, which no death explains."""


def image() -> ForkServerContext:
    """What every life is forked from; it has no threads. Ends with this process."""
    from multiprocessing import forkserver  # noqa: PLC0415 - there is none on Windows

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMAGE)
    path = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(SOURCE)
    try:
        forkserver.ensure_running()
    finally:
        if path is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = path
    return context


class Life:
    """A connector at work in another process."""

    def __init__(self, context: ForkServerContext, birth: Birth) -> None:
        self._channel, theirs = context.Pipe()
        self.process = context.Process(target=live, args=(theirs, birth), daemon=True)
        self.process.start()
        theirs.close()
        self.at_end: Callable[[], object] = lambda: None
        """What watched over it and must let it go."""
        self.lines: list[str] = []
        """What the log told a person so far."""

    def do(self, step: str, now: datetime) -> Any:
        """The answer to one step. `DiedError` when there is none any more."""
        try:
            self._channel.send((step, now))
            if not self._channel.poll(ANSWER_WITHIN):
                self.kill()
                raise FailedError(f"'{step}' has not ended within {ANSWER_WITHIN:g} s")
            done, answer, lines = self._channel.recv()
        except (EOFError, ConnectionError):
            self.process.join(ANSWER_WITHIN)
            raise DiedError from None
        self.lines += lines
        if not done:
            raise FailedError(f"'{step}' raised:\n{answer}")
        return answer

    def kill(self) -> None:
        """From outside, without a word. From any thread."""
        self.process.kill()

    def end(self) -> None:
        """Nothing is left of it."""
        self.at_end()
        self._channel.close()
        self.process.join(ANSWER_WITHIN)
        if self.process.is_alive():
            self.kill()
            self.process.join()
        self.process.close()
