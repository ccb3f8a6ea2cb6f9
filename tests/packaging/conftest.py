"""What the tests of installers share: an office to sync, and what `bootstrap.py package` has made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from installers.project import DIST
from tests.support.connector import sandbox
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

TASKS = 60


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    clock = SystemClock()
    office = Office.generate(clock=clock, tasks=TASKS, deleted=0)
    with sandbox(clock, office=office, mailbox=Mailbox.office(clock=clock)) as running:
        yield running


def installer(pattern: str, system: str) -> Path:
    """The one that was made here; without it the test is skipped."""
    found = sorted(DIST.glob(pattern))
    if not found:
        pytest.skip(f"there is none yet: python3 bootstrap.py package {system}")
    return found[-1]


def stored(database: Path) -> int:
    """Tasks in it; -1 while there are no tables."""
    if not database.exists():
        return -1
    with closing(sqlite3.connect(database)) as opened:
        try:
            return int(opened.execute("SELECT count(*) FROM tasks").fetchone()[0])
        except sqlite3.OperationalError:
            return -1
