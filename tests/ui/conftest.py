"""What every test of a window needs: Qt without a screen, an office, and the engine's host over it."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.connector import sandbox
from tests.ui.shell_support import WAIT, Desk
from tray_connector.cli.home import server
from tray_connector.config.clock import Clock, SystemClock
from tray_connector.config.credentials import Credentials, MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.session import Environment
from tray_connector.ui.host import EngineHost

__all__ = ["WAIT"]
QUICK = {"PERIODIC_BACKFILL_INTERVAL": "0.3", "DISABLE_WEBHOOKS": "true"}


def pytest_configure(config: pytest.Config) -> None:
    """Before anything imports Qt: it ends the process when there is neither a screen nor this."""
    os.environ["QT_QPA_PLATFORM"] = os.environ.get("TEST_QPA_PLATFORM", "offscreen")
    config.addinivalue_line("filterwarnings", "error")


@pytest.fixture(autouse=True)
def garbage_on_this_thread() -> Iterator[None]:
    """As in the application: a widget that an engine's thread collected would take the process down."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()


@pytest.fixture(scope="session")
def qapp_cls() -> type[QApplication]:
    """The class of the tests' application."""
    return QApplication


@pytest.fixture
def clock() -> Clock:
    """The machine's own: threads wait for each other in real time."""
    return SystemClock()


@pytest.fixture
def office(clock: Clock) -> Iterator[SandboxOffice]:
    """An office without tasks and mail."""
    with sandbox(clock) as running:
        yield running


MakeHost = Callable[..., EngineHost]
MakeDesk = Callable[..., Desk]


def environment_of(
    home: Path, clock: Clock, variables: dict[str, str], credentials: Credentials | None = None
) -> Environment:
    """As if the process had been started with these variables."""
    return Environment(variables, None, clock, Paths(home), credentials or MemoryCredentials())


@pytest.fixture
def make_host(office: SandboxOffice, qtbot: QtBot, tmp_path: Path, clock: Clock) -> Iterator[MakeHost]:
    """``make_host(office.environment(), home=…, credentials=…)``: a host, not yet started, that ends with the test.

    It ends before the office does, which it would tell otherwise.
    """
    with ExitStack() as stack:

        def make(
            variables: dict[str, str], *, home: Path | None = None, credentials: Credentials | None = None
        ) -> EngineHost:
            host = EngineHost(
                environment_of(home or tmp_path / "home", clock, {**QUICK, **variables}, credentials), server
            )
            stack.callback(end, host)
            return host

        yield make


@pytest.fixture
def host(make_host: MakeHost, office: SandboxOffice, qtbot: QtBot) -> EngineHost:
    """A host over the office, whose session stands."""
    host = make_host(office.environment())
    with qtbot.waitSignal(host.ready, timeout=WAIT):
        host.start()
    return host


def end(host: EngineHost) -> None:
    """Every test shows that everything ends within the deadline."""
    assert host.shutdown()


@pytest.fixture
def make_desk(qtbot: QtBot) -> Iterator[MakeDesk]:
    """``make_desk(host, autostart=…, tray=…)``: the tray application over a host; it ends with the test."""
    with ExitStack() as stack:

        def make(host: EngineHost, *, autostart: bool = False, tray: bool = True) -> Desk:
            desk = Desk(host, autostart=autostart, tray=tray)
            stack.callback(desk.end)
            return desk

        yield make
