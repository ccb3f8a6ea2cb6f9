"""The command line within the test's own process: quick, and its words at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tray_connector.cli.main import main
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.config.paths import Paths
from tray_connector.model.errors import Problem
from tray_connector.model.events import Event
from tray_connector.sync.spool import Spool


@dataclass(frozen=True, slots=True)
class Said:
    """One command: its exit code and its words."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The JSON on standard output; nothing else may stand there."""
        return json.loads(self.out)


class CommandLine:
    """Runs commands on one home."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self.paths = Paths(home)
        self._monkeypatch = monkeypatch
        self._capfd = capfd
        self.set(TRAY_CONNECTOR_HOME=str(home))

    def set(self, values: Mapping[str, str] | None = None, **more: str) -> None:
        """Put variables into the environment, for all commands from now on; an empty text is the same as none."""
        for name, value in {**(values or {}), **more}.items():
            self._monkeypatch.setenv(name, value)

    def __call__(self, line: str, *, stop: Stop | None = None) -> Said:
        """Run a command."""
        self._capfd.readouterr()
        code = main(line.split(), stop)
        said = self._capfd.readouterr()
        return Said(code, said.out, said.err)

    def queue(self, *events: Event, problem: Problem | None = None) -> datetime:
        """Let these events wait; with a problem they were tried once, and again at the time that is answered."""
        self.paths.create()
        clock = SystemClock()
        next_try = clock.now().replace(microsecond=0) + timedelta(hours=1)
        spool = Spool(self.paths.spool, clock)
        spool.put(events)
        if problem is not None:
            for source in {event.source for event in events}:
                for lease in spool.take(source, len(events), clock.now()):
                    spool.fail(lease, problem, next_try)
        spool.close()
        return next_try
