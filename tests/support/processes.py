"""The real program as a process of its own: started, watched, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import tray_connector

SOURCE = Path(tray_connector.__file__).resolve().parents[1]
LOOK = 0.01
"""Seconds between two looks at a condition."""


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Until the condition holds; fails with `what` when it does not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(LOOK)


FROM_SOURCE = (sys.executable, "-m", "tray_connector")


class Program:
    """One run of the program. Whatever a test does, it has ended when the `Programs` end."""

    def __init__(self, process: subprocess.Popen[bytes], out: Path, err: Path) -> None:
        self.process = process
        self._out = out
        self._err = err

    @property
    def out(self) -> str:
        """What it has written to standard output so far."""
        return self._out.read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        """The same for standard error."""
        return self._err.read_text(encoding="utf-8")

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def wait(self, seconds: float) -> int:
        """Its exit code."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {seconds:g} s; it said:\n{self.err}") from None

    def until(self, condition: Callable[[], object], what: str, seconds: float = 20.0) -> None:
        """While it runs, until the condition holds."""
        wait_until(lambda: condition() or not self.running, seconds, what)
        assert self.running, f"ended before: {what}; it said:\n{self.err}"

    def lives_for(self, seconds: float) -> bool:
        """Let it go on for so long; False as soon as it ends by itself."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return True
        return False

    def kill(self) -> None:
        """What a power cut does to a process: it ends without a word."""
        self.process.kill()
        self.process.wait()

    def stop(self, deadline: float = 10.0) -> tuple[int, float]:
        """Ask it to end, as a service manager does: the exit code, and the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        return self.wait(deadline), time.monotonic() - began


class Programs:
    """Starts programs on one home; a context manager that ends those that still run."""

    def __init__(
        self, home: Path, folder: Path, environment: Mapping[str, str], command: Sequence[str] = FROM_SOURCE
    ) -> None:
        self.home = home
        self._folder = folder
        self._command = command
        self._environment = {**os.environ, "PYTHONPATH": str(SOURCE), **environment, "TRAY_CONNECTOR_HOME": str(home)}
        self._started: list[Program] = []
        self._files = ExitStack()

    def start(self, *words: str, **environment: str) -> Program:
        """Begin a command, with further variables."""
        number = len(self._started)
        out, err = self._folder / f"{number}.out", self._folder / f"{number}.err"
        process = subprocess.Popen(
            [*self._command, *words],
            stdin=subprocess.DEVNULL,
            stdout=self._files.enter_context(out.open("wb")),
            stderr=self._files.enter_context(err.open("wb")),
            env={**self._environment, **environment},
            cwd=self._folder,
        )
        self._started.append(Program(process, out, err))
        return self._started[-1]

    def run(self, *words: str, code: int = 0, seconds: float = 30.0, **environment: str) -> Program:
        """A command from its beginning to its end, which is this exit code."""
        program = self.start(*words, **environment)
        found = program.wait(seconds)
        assert found == code, f"exit code {found}, expected {code}; it said:\n{program.out}\n{program.err}"
        return program

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for program in self._started:
            if program.running:
                program.kill()
        self._files.close()
