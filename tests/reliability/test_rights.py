"""The right to write is taken away while the program runs: told, nothing lost, and right again when it is back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tests.support.sqlite_files import without_privileges
from tray_connector.model.errors import ConnectorError
from tray_connector.sandbox.running import SandboxOffice

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights are told otherwise on Windows")

FOLDERS = ["data/queue/spool/tmp", "data/queue/spool/teamwork"]


def set_files(home: Path, mode: int) -> None:
    """What somebody does to all files at once."""
    for path in home.rglob("*"):
        if path.is_file():
            path.chmod(mode)


def tried(connector: Connector) -> str:
    """What a sync says of it."""
    try:
        report = connector.sync()
    except ConnectorError as error:
        return error.problem.sentence()
    assert report.exit_code() != 0
    return " ".join(error.problem.sentence() for error in report.errors)


@pytest.mark.parametrize("lost", FOLDERS)
def test_of_a_folder_of_the_queue(office: SandboxOffice, clock: FakeClock, lost: str, expect_log: ExpectLog) -> None:
    with without_privileges() as folder:
        connector = Connector(office, folder / "home", clock)
        connector.sync()
        task = office.office.create_task("Neu")
        place = folder / "home" / lost
        place.chmod(0o500)
        assert "spool" in tried(connector)
        assert connector.engine.status().state != "in step"
        expect_log("spool")
        place.chmod(0o700)
        assert connector.sync().exit_code() == 0
        assert connector.task(task.id)["name"] == "Neu"
        assert connector.engine.status().state == "in step"
        assert connector.engine.spool.counts().total == 0
        connector.close()


def test_of_everything_at_the_next_start(office: SandboxOffice, clock: FakeClock) -> None:
    with without_privileges() as folder:
        home = folder / "home"
        connector = Connector(office, home, clock)
        connector.sync()
        connector.close()
        task = office.office.create_task("Neu")
        set_files(home, 0o400)
        with pytest.raises(ConnectorError) as caught:
            Connector(office, home, clock).sync()
        assert str(home) in caught.value.problem.sentence()
        set_files(home, 0o600)
        assert not list(home.rglob("*.damaged-*"))
        connector = Connector(office, home, clock)
        assert connector.sync().exit_code() == 0
        assert connector.task(task.id)["name"] == "Neu"
        connector.close()
