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
def connector(office: SandboxOffice, tmp_path: Path, clock: FakeClock) -> Iterator[Connector]:
    connector = Connector(office, tmp_path / "home", clock)
    yield connector
    connector.close()
