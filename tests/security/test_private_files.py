"""Every file and folder that the program makes is the user's alone, whatever the system's default would be."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import sandbox
from tests.support.processes import Programs
from tests.support.small_office import small_mailbox, small_office
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.running import SandboxOffice

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    clock = FakeClock(SystemClock().now())
    with sandbox(SystemClock(), office=small_office(clock), mailbox=small_mailbox(clock)) as running:
        yield running


@pytest.fixture
def open_to_all() -> Iterator[None]:
    """Whoever makes a file without thought makes it for everybody."""
    before = os.umask(0)
    yield
    os.umask(before)


def modes(*roots: Path) -> dict[str, str]:
    """Where others may do anything: path → rights, as ``ls`` shows them."""
    found = [path for root in roots for path in (root, *root.rglob("*"))]
    shown = {str(path): path.lstat().st_mode for path in found if not path.is_symlink()}
    return {path: stat.filemode(mode) for path, mode in shown.items() if stat.S_IMODE(mode) & 0o077}


@pytest.mark.usefixtures("open_to_all")
def test_of_every_command_and_of_the_service(office: SandboxOffice, tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = {**office.environment(), "PERIODIC_BACKFILL_INTERVAL": "1", "DISABLE_WEBHOOKS": "true"}
    with Programs(home, tmp_path, settings) as programs:
        programs.run("sync", "--once")
        programs.run("export-diagnostics", str(home / "diagnostics.zip"))
        service = programs.start("run")
        before = len(office.teamwork_server.requests)
        service.until(lambda: len(office.teamwork_server.requests) > before + 1, "a poll")
        assert modes(home) == {}
        service.kill()
        programs.run("status")
        programs.run("reconcile")
    names = {path.name for path in home.rglob("*")}
    assert {"connector.db", "ledger.db", "app.log", "diagnostics.zip", "attachments", "spool"} <= names
    assert any(path.is_file() for path in (home / "data" / "attachments").rglob("*"))
    assert modes(home) == {}
