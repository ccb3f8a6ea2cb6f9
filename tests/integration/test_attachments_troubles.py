"""What goes wrong on the way of a file: nothing is lost, nothing half is kept, it goes on by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.test_attachments import files_asked, names_on_disk, sha256_of, stored
from tests.reliability.running import JumpingClock, running, until_state
from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tests.support.log_guard import ExpectLog
from tests.support.processes import Programs, wait_until
from tray_connector.config.clock import Stopped, SystemClock
from tray_connector.sandbox.faults import ALWAYS, When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_files import mail_file
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.files_download import Downloads
from tray_connector.sync.pause import Pause

MB = 1024 * 1024


@pytest.fixture
def mailbox(clock: FakeClock) -> Mailbox:
    """Three small files and one of 3 MB."""
    mailbox = Mailbox(clock=clock)
    scan = mail_file("scan", "Scan.pdf", size=3 * MB)
    mailbox.add_conversation("Plan", files=("Plan.pdf", "Ansicht.pdf", "Lageplan.png", scan))
    return mailbox


def states(connector: Connector) -> set[object]:
    return {row["state"] for row in stored(connector).values()}


def set_free(connector: Connector, free: Callable[[Path], int]) -> None:
    """As if so much were free on the disk."""
    assert connector.engine.files is not None
    downloads = connector.engine.files._downloads
    assert isinstance(downloads, Downloads)
    downloads._store._free = free


def test_a_download_that_breaks_off_goes_on_where_it_was(tmp_path: Path, clock: FakeClock, mailbox: Mailbox) -> None:
    with sandbox(clock, mailbox=mailbox) as office:
        server = office.missive.attachment_server
        server.faults.cut(When(match=lambda request: "Scan" in request.path, times=2), keep=0.4)
        connector = Connector(office, tmp_path, clock)
        assert connector.sync().exit_code() == 0
        assert stored(connector)["scan"]["sha256"] == sha256_of(office, "scan")
        asked = [request.headers.get("Range") for request in server.requests if "Scan" in request.path]
        first, second = int(0.4 * 3 * MB) // 65536 * 65536, int(0.4 * (3 * MB - int(0.4 * 3 * MB) // 65536 * 65536))
        assert asked == [None, f"bytes={first}-", f"bytes={first + second // 65536 * 65536}-"]
        assert [name for name in names_on_disk(connector) if name.startswith(".")] == []
        connector.close()


def test_a_host_without_ranges_gives_the_file_from_its_beginning(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox
) -> None:
    with sandbox(clock, mailbox=mailbox) as office:
        office.missive.attachments.ranges = False
        office.missive.attachment_server.faults.cut(When(match=lambda request: "Scan" in request.path))
        connector = Connector(office, tmp_path, clock)
        assert connector.sync().exit_code() == 0
        assert stored(connector)["scan"]["sha256"] == sha256_of(office, "scan")
        connector.close()


def test_what_came_before_a_restart_is_not_fetched_again(tmp_path: Path, clock: FakeClock, mailbox: Mailbox) -> None:
    with sandbox(clock, mailbox=mailbox) as office:
        server = office.missive.attachment_server
        server.faults.cut(When(match=lambda request: "Scan" in request.path, times=3), keep=0.3)
        connector = Connector(office, tmp_path, clock)
        report = connector.sync()
        assert (report.exit_code(), report.files.left) == (1, 1)
        assert stored(connector)["scan"]["state"] == "waiting"
        assert len([name for name in names_on_disk(connector) if name.startswith(".partial/")]) == 2
        connector.restart()
        server.requests.clear()
        assert connector.sync().exit_code() == 0
        assert stored(connector)["scan"]["sha256"] == sha256_of(office, "scan")
        (request,) = list(server.requests)
        assert int(request.headers["Range"].removeprefix("bytes=").removesuffix("-")) > MB
        connector.close()


def test_a_file_that_is_cut_as_if_it_were_whole_is_noticed(tmp_path: Path, clock: FakeClock, mailbox: Mailbox) -> None:
    with sandbox(clock, mailbox=mailbox) as office:
        office.missive.attachments.ranges = False
        rule = office.missive.attachment_server.faults.truncate(When(match=lambda request: "Scan" in request.path))
        connector = Connector(office, tmp_path, clock)
        report = connector.sync()
        # The second try gave other bytes: it is not known which of the two is the file.
        assert (rule.struck, report.exit_code()) == (1, 0)
        assert stored(connector)["scan"]["sha256"] == sha256_of(office, "scan")
        connector.close()


def test_a_file_of_another_length_than_missive_says_is_taken_when_it_is_twice_the_same(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox
) -> None:
    with sandbox(clock, mailbox=mailbox) as office:
        office.missive.attachment_server.faults.truncate(
            When(match=lambda request: "Plan.pdf" in request.path, times=2)
        )
        connector = Connector(office, tmp_path, clock)
        assert connector.sync().exit_code() == 0
        assert states(connector) == {"stored"}
        connector.close()


def test_a_host_that_is_away_is_told_once_and_mails_go_on(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox, expect_log: ExpectLog
) -> None:
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock)
        office.missive.attachment_server.stop()
        report = connector.sync()
        assert (report.exit_code(), len(connector.rows("emails"))) == (1, 1)
        assert [error.problem.code for error in report.errors] == ["files-unreachable"]
        assert states(connector) == {"waiting"}
        expect_log("Missive's file store cannot be reached")
        status = connector.engine.status()
        assert (status.state, status.headline) == ("attention", "Missive's file store cannot be reached")
        assert status.files.waiting == 4
        connector.sync()
        office.missive.attachment_server.start()
        # The port is another one now: the old addresses lead nowhere.
        office.missive.attachments.base_url = office.missive.attachment_server.url
        assert connector.sync().exit_code() == 0
        assert (states(connector), connector.engine.status().state) == ({"stored"}, "in step")
        connector.close()


def test_a_file_store_in_trouble_makes_no_file_failed(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox, expect_log: ExpectLog
) -> None:
    with sandbox(clock, mailbox=mailbox) as office:
        faults = office.missive.attachment_server.faults
        faults.status(503, ALWAYS)
        connector = Connector(office, tmp_path, clock)
        for _ in range(10):
            assert connector.sync().exit_code() == 1
        expect_log("Missive's file store is in trouble")
        assert states(connector) == {"waiting"}
        faults.clear()
        assert connector.sync().exit_code() == 0
        assert states(connector) == {"stored"}
        connector.close()


def test_a_full_disk_is_told_once_and_everything_waits(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox, expect_log: ExpectLog, caplog: pytest.LogCaptureFixture
) -> None:
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock, DISK_RESERVE_MB="10000000")
        for _ in range(2):
            report = connector.sync()
            assert (report.exit_code(), len(connector.rows("emails"))) == (1, 1)
            assert states(connector) == {"waiting"}
        expect_log("The disk is too full for attachments")
        assert sum("too full" in record.getMessage() for record in caplog.records) == 1
        status = connector.engine.status()
        assert (status.state, status.headline) == ("attention", "The disk is too full for attachments")
        assert files_asked(office) == 0
        connector.restart(DISK_RESERVE_MB="0")
        assert connector.sync().exit_code() == 0
        assert states(connector) == {"stored"}
        connector.close()


def test_a_disk_that_fills_in_the_middle_of_a_file_ends_the_download(
    tmp_path: Path, clock: FakeClock, expect_log: ExpectLog
) -> None:
    mailbox = Mailbox(clock=clock)
    mailbox.add_conversation("Film", files=(mail_file("film", "Film.mp4", size=10 * MB),))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock, DISK_RESERVE_MB="1")
        answers = [100 * MB, 100 * MB]
        set_free(connector, lambda _: answers.pop(0) if answers else 0)
        assert connector.sync().exit_code() == 1
        expect_log("too full")
        assert states(connector) == {"waiting"}
        set_free(connector, lambda _: 100 * MB)
        assert connector.sync().exit_code() == 0
        assert stored(connector)["film"]["sha256"] == sha256_of(office, "film")
        assert office.missive.attachment_server.requests.all()[-1].headers["Range"] == f"bytes={4 * MB}-"
        connector.close()


def test_a_folder_that_cannot_be_used_is_said(
    tmp_path: Path, clock: FakeClock, mailbox: Mailbox, expect_log: ExpectLog
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path / "home", clock, ATTACHMENTS_PATH=str(blocked))
        assert connector.sync().exit_code() == 1
        expect_log("The folder for attachments cannot be used")
        assert len(connector.rows("emails")) == 1
        blocked.unlink()
        assert connector.sync().exit_code() == 0
        assert states(connector) == {"stored"}
        connector.close()


def test_a_running_service_stores_files_rests_in_a_pause_and_goes_on_after_trouble(
    tmp_path: Path, expect_log: ExpectLog
) -> None:
    clock = JumpingClock()
    mailbox = Mailbox(clock=clock)
    mailbox.add_conversation("Plan", files=("Plan.pdf",))
    with sandbox(clock, mailbox=mailbox) as office:
        connector = Connector(office, tmp_path, clock, PERIODIC_BACKFILL_INTERVAL="0.2")
        with running(connector):
            wait_until(lambda: [row["state"] for row in stored(connector).values()] == ["stored"], 10, "the file")
            until_state(connector, "in step")
            set_free(connector, lambda _: 0)
            mailbox.add_conversation("Zwei", files=("Zwei.pdf",))
            wait_until(lambda: len(stored(connector)) == 2, 10, "the second mail")
            wait_until(lambda: "too full" in connector.engine.status().headline, 10, "a word about the disk")
            expect_log("too full")
            connector.engine.pause(Pause(open_ended=True))
            set_free(connector, lambda _: 100_000 * MB)
            for wake in (connector.engine.files.wake,) if connector.engine.files else ():
                wake.now()
            assert not connector.stop.wait(0.3)
            assert "waiting" in states(connector)
            connector.engine.resume()
            wait_until(lambda: states(connector) == {"stored"}, 10, "the second file")
            until_state(connector, "in step")
        connector.close()


def test_a_stop_ends_a_download_at_once(tmp_path: Path) -> None:
    clock = SystemClock()
    mailbox = Mailbox(clock=clock)
    mailbox.add_conversation("Film", files=(mail_file("film", "Film.mp4", size=5 * MB),))
    with sandbox(clock, mailbox=mailbox) as office:
        office.missive.attachment_server.faults.slow(ALWAYS, piece=1000, pause=0.05)
        connector = Connector(office, tmp_path, clock)
        ended: list[float] = []

        def sync() -> None:
            with pytest.raises(Stopped):
                connector.engine.sync_once(connector.stop)
            ended.append(time.monotonic())

        thread = threading.Thread(target=sync)
        thread.start()
        wait_until(lambda: files_asked(office) == 1, 10, "the download")
        assert not connector.stop.wait(0.2)
        began = time.monotonic()
        connector.stop.set()
        thread.join(10)
        assert ended
        assert ended[0] - began < 2
        connector.close()


@pytest.mark.slow
def test_killed_in_the_middle_of_a_file_it_goes_on_and_leaves_nothing_behind(tmp_path: Path) -> None:
    clock = SystemClock()
    mailbox = Mailbox(clock=clock)
    files = (mail_file("film", "Film.mp4", size=24 * MB), "Plan.pdf", "Ansicht.pdf")
    mailbox.add_conversation("Film", files=files)
    office = SandboxOffice(
        clock=clock, office=Office.generate(clock=clock, tasks=0, deleted=0), mailbox=mailbox, rate_scale=1000
    )
    with office, Programs(tmp_path / "home", tmp_path, office.environment()) as programs:
        server = office.missive.attachment_server
        slow = server.faults.slow(When(match=lambda r: "Film" in r.path, times=None), piece=MB, pause=0.1)
        folder = tmp_path / "home" / "data" / "attachments"
        program = programs.start("sync", "--once")
        program.until(lambda: any(folder.glob(".partial/*.json")), "a part of the file")
        program.kill()
        assert slow.struck == 1
        assert not [each for each in folder.glob("??/*") if "film" in each.name]
        finished = [each.stat().st_size for each in folder.glob("??/*")]
        (folder / ".partial" / "0123.part").write_bytes(b"left behind")
        server.faults.clear()
        programs.run("sync", "--once")
        asked = [request.headers.get("Range") for request in server.requests if "Film" in request.path]
        assert (asked[0], len(asked)) == (None, 2)
        assert int((asked[1] or "").removeprefix("bytes=").removesuffix("-")) >= 4 * MB
        connector = Connector(office, tmp_path / "home", clock)
        rows = stored(connector)
        assert {key: row["sha256"] for key, row in rows.items()} == {key: sha256_of(office, key) for key in rows}
        assert len(finished) < len(names_on_disk(connector)) == 3
        connector.close()
