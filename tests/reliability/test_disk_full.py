"""The disk is full, or read-only: nothing is lost, the error says what to do, and afterwards it goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tests.support.log_guard import ExpectLog
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_files import mail_file
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

TASKS = 400
MAILS = 20


class Disk:
    """A small disk of its own, mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def mount(self, kilobytes: int) -> None:
        self._command("mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(self.folder))

    def resize(self, kilobytes: int) -> None:
        self._command("mount", "-o", f"remount,size={kilobytes}k", str(self.folder))

    def allow_writing(self, allowed: bool) -> None:
        self._command("mount", "-o", f"remount,{'rw' if allowed else 'ro'}", str(self.folder))

    def unmount(self) -> None:
        self._command("umount", "-l", str(self.folder))

    @staticmethod
    def _command(*words: str) -> None:
        subprocess.run(words, check=True, capture_output=True)


@contextmanager
def disk(folder: Path, kilobytes: int) -> Iterator[Disk]:
    """Mounted while inside; skips the test where this user may not mount."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only the superuser of Linux can mount a small disk")
    folder.mkdir(parents=True, exist_ok=True)
    mounted = Disk(folder)
    try:
        mounted.mount(kilobytes)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a disk cannot be mounted here: {error}")
    try:
        yield mounted
    finally:
        # Lazily: a test that fails may leave files open.
        mounted.unmount()


@pytest.fixture
def office(clock: FakeClock) -> Iterator[SandboxOffice]:
    tasks = Office.generate(clock=clock, tasks=TASKS, deleted=0)
    mails = Mailbox.generate(clock=clock, conversations=MAILS, messages=MAILS)
    with sandbox(clock, office=tasks, mailbox=mails) as running:
        yield running


def fill(file: Path) -> None:
    """Take all the room that is left."""
    with file.open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 1024)


def tried(connector: Connector) -> str:
    """The code of the problem that a sync meets; empty when it meets none."""
    try:
        report = connector.sync()
    except TransientError as error:
        return error.problem.code
    assert report.exit_code() == (1 if report.errors or report.waiting else 0)
    return report.errors[0].problem.code if report.errors else ""


def assert_all_there(connector: Connector) -> None:
    report = connector.sync()
    assert (report.exit_code(), report.waiting) == (0, 0)
    assert (len(connector.rows("tasks")), len(connector.rows("emails"))) == (TASKS, MAILS)
    assert connector.engine.status().state == "in step"
    assert not list((connector.paths.spool / "tmp").iterdir())
    again = connector.sync()
    assert sum(lane.dispatched.written for lane in again.lanes) == 0


def assert_told(connector: Connector, expect_log: ExpectLog) -> None:
    status = connector.engine.status()
    assert status.state == "attention"
    words = f"{status.headline} {status.next_step}"
    assert "Nothing is lost" in words
    assert "room" in words or "free space" in words
    expect_log("disk is full|keep its books")


def test_no_room_for_the_spool(office: SandboxOffice, folder: Path, clock: FakeClock, expect_log: ExpectLog) -> None:
    home = folder / "home"
    with disk(home / "data" / "queue" / "spool", 500) as small:
        connector = Connector(office, home, clock)
        assert tried(connector) == "spool-disk-full"
        assert connector.engine.ledger.checkpoint("teamwork", "tasks") is None
        assert_told(connector, expect_log)
        small.resize(50_000)
        assert_all_there(connector)
        connector.close()


def test_no_room_for_the_ledger(office: SandboxOffice, folder: Path, clock: FakeClock, expect_log: ExpectLog) -> None:
    home = folder / "home"
    with disk(home / "data", 400) as small, disk(home / "data" / "queue" / "spool", 50_000):
        connector = Connector(office, home, clock, SQLITE_PATH=str(folder / "connector.db"), DISK_RESERVE_MB="0")
        assert [tried(connector) for _ in range(3)] == ["ledger-disk"] * 3
        assert_told(connector, expect_log)
        small.resize(50_000)
        assert_all_there(connector)
        assert not list((home / "data").glob("*.damaged-*"))
        connector.close()


def test_no_room_for_the_database(office: SandboxOffice, folder: Path, clock: FakeClock, expect_log: ExpectLog) -> None:
    with disk(folder / "database", 300) as small:
        connector = Connector(office, folder / "home", clock, SQLITE_PATH=str(folder / "database" / "connector.db"))
        assert tried(connector) == "sqlite-disk-full"
        reasons = {event.last_error.code for event in connector.engine.spool.listing() if event.last_error is not None}
        assert reasons == {"sqlite-disk-full"}
        assert_told(connector, expect_log)
        small.resize(50_000)
        assert_all_there(connector)
        connector.close()


def test_one_disk_that_is_full_for_everything_even_at_the_start(
    office: SandboxOffice, folder: Path, clock: FakeClock, expect_log: ExpectLog
) -> None:
    home = folder / "home"
    with disk(home, 700) as small:
        connector = Connector(office, home, clock, ATTACHMENTS="false")
        assert tried(connector) != ""
        assert_told(connector, expect_log)
        filler = home / "filler"
        fill(filler)
        with pytest.raises(TransientError) as caught:
            connector.restart(ATTACHMENTS="false")
        assert "free space" in caught.value.problem.hint
        filler.unlink()
        small.resize(50_000)
        connector.restart(ATTACHMENTS="false")
        assert_all_there(connector)
        connector.close()


def test_no_room_for_files(office: SandboxOffice, folder: Path, clock: FakeClock, expect_log: ExpectLog) -> None:
    office.mailbox.add_conversation("Film", files=(mail_file("film", "Film.mp4", size=9_000_000),))
    with disk(folder / "files", 6_000) as small:
        settings = {"ATTACHMENTS_PATH": str(folder / "files"), "DISK_RESERVE_MB": "0"}
        connector = Connector(office, folder / "home", clock, **settings)
        report = connector.sync()
        assert [error.problem.code for error in report.errors] == ["files-disk"]
        assert report.waiting == 0
        assert connector.engine.status().headline == "The disk is too full for attachments"
        expect_log("The disk is too full for attachments.*Make room")
        small.resize(50_000)
        assert connector.sync().exit_code() == 0
        row = connector.rows("attachments")["film"]
        assert (folder / "files" / str(row["path"])).stat().st_size == 9_000_000
        connector.close()


def test_a_disk_that_is_read_only(office: SandboxOffice, folder: Path, clock: FakeClock) -> None:
    home = folder / "home"
    with disk(home, 50_000) as small:
        connector = Connector(office, home, clock, ATTACHMENTS="false")
        connector.sync()
        connector.close()
        office.office.create_task("Neu")
        small.allow_writing(False)
        with pytest.raises(ConnectorError) as caught:
            Connector(office, home, clock).sync()
        assert str(home) in caught.value.problem.sentence()
        small.allow_writing(True)
        assert not list(home.rglob("*.damaged-*"))
        connector = Connector(office, home, clock, ATTACHMENTS="false")
        assert connector.sync().exit_code() == 0
        assert len(connector.rows("tasks")) == TASKS + 1
        connector.close()
