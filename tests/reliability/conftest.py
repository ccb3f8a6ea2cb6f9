"""Where the tests of this folder work: a quick folder, and dice that can be thrown again."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tray_connector.sandbox.running import SandboxOffice

SEED = "RELIABILITY_SEED"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder below it, made by mkdtemp


@pytest.fixture
def dice(request: pytest.FixtureRequest) -> random.Random:
    """Chance with a seed that is shown when the test fails; the environment may set it."""
    seed = int(os.environ.get(SEED, "20260902"))
    request.node.add_report_section("setup", "dice", f"{SEED}={seed}")
    return random.Random(f"{seed} {request.node.name}")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where the system allows it: a killed process loses nothing that it wrote, only a power cut would."""
    if not os.access(MEMORY, os.W_OK):
        yield tmp_path
        return
    made = Path(tempfile.mkdtemp(prefix="tray-connector-", dir=MEMORY))
    yield made
    shutil.rmtree(made)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def office(clock: FakeClock) -> Iterator[SandboxOffice]:
    with sandbox(clock) as running:
        yield running


@pytest.fixture
def connector(office: SandboxOffice, folder: Path, clock: FakeClock) -> Iterator[Connector]:
    connector = Connector(office, folder / "home", clock)
    yield connector
    connector.close()
