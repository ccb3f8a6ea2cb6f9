"""An office and a connector for the tests of the whole path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tray_connector.sandbox.running import SandboxOffice


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def office(clock: FakeClock) -> Iterator[SandboxOffice]:
    with sandbox(clock) as running:
        yield running


@pytest.fixture
def connector(
    office: SandboxOffice, tmp_path: Path, clock: FakeClock, request: pytest.FixtureRequest
) -> Iterator[Connector]:
    """Into SQLite, unless the test is marked with another kind of database."""
    settings = {}
    if getattr(request, "param", "sqlite") == "postgres":
        settings = {"DB_BACKEND": "postgres", "PG_DSN": request.getfixturevalue("database").dsn()}
    connector = Connector(office, tmp_path / "home", clock, **settings)
    yield connector
    connector.close()
