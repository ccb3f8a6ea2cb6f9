"""Files that others put into the spool, change or take away."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clock import START, FakeClock
from tests.support.events import REFUSED, early, later, task_event
from tests.support.log_guard import ExpectLog
from tray_connector.model.events import Event
from tray_connector.sync.spool import Spool
from tray_connector.sync.spool_codec import encode_event


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path, FakeClock(), last_read=lambda: 42)
    yield spool
    spool.close()


def drop(folder: Path, name: str, content: bytes = b"", modified: float | None = None) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if modified is not None:
        os.utime(path, (modified, modified))
    return path


def test_an_empty_file_asks_for_a_fresh_read_of_its_id(tmp_path: Path, spool: Spool) -> None:
    since = later(-50)
    drop(tmp_path, "teamwork/815.evt", modified=since.timestamp())
    drop(tmp_path, "missive/0a1b-2c.evt", modified=since.timestamp())
    spool.rescan()
    assert spool.listing() == [
        Event(source="missive", kind="conversation", id="0a1b-2c", read_number=42, since=since),
        Event(source="teamwork", kind="task", id="815", read_number=42, since=since),
    ]
    spool.done(spool.take("teamwork", 9, START))
    assert not (tmp_path / "teamwork/815.evt").exists()


def test_an_event_of_ours_may_be_dropped_in(tmp_path: Path, spool: Spool) -> None:
    drop(tmp_path, "teamwork/1.evt", encode_event(replace(task_event(), next_try=later(900), attempts=2)))
    drop(tmp_path, "teamwork/2.retry", encode_event(task_event("2")), modified=later(60).timestamp())
    spool.rescan()
    (lease,) = spool.take("teamwork", 9, START)
    assert lease.event == replace(task_event(), attempts=2)
    (other,) = spool.take("teamwork", 9, later(60))
    assert other.event == replace(task_event("2"), next_try=later(60))


def test_a_file_dropped_in_a_moment_ago_is_not_overwritten(tmp_path: Path, spool: Spool) -> None:
    drop(tmp_path, "teamwork/1.evt")
    spool.put([task_event(read=42)])
    assert spool.listing()[0].payload is None
    spool.put([task_event(read=43)])
    assert spool.listing()[0].payload is not None


def test_a_file_touched_while_it_is_worked_on_is_worked_on_again(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event()])
    leases = spool.take("teamwork", 1, START)
    drop(tmp_path, "teamwork/1.evt")
    spool.done(leases)
    assert [lease.event.payload for lease in spool.take("teamwork", 1, START)] == [None]


def test_a_request_dropped_in_while_its_event_is_at_work_needs_a_read_of_its_own(tmp_path: Path, spool: Spool) -> None:
    spool.put([Event(source="teamwork", kind="task", id="7", payload=None, read_number=1, since=START)])
    (lease,) = spool.take("teamwork", 1, START)
    drop(tmp_path, "teamwork/7.evt", modified=later(-1).timestamp())
    read_before = replace(task_event("7"), read_number=2)

    spool.put([read_before])
    spool.done([lease])

    (asked,) = spool.listing()
    assert (asked.payload, asked.read_number) == (None, 42)


def test_a_request_dropped_in_beside_a_retry_wins(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event()])
    spool.fail(spool.take("teamwork", 1, START)[0], REFUSED, later(600))
    drop(tmp_path, "teamwork/1.evt")
    spool.rescan()
    assert [path.name for path in (tmp_path / "teamwork").iterdir()] == ["1.evt"]
    (lease,) = spool.take("teamwork", 9, START)
    assert (lease.event.payload, lease.event.since) == (None, START)


@pytest.mark.parametrize("newer_is", ["evt", "retry"])
def test_of_two_files_of_one_id_the_newer_content_stays(tmp_path: Path, newer_is: str) -> None:
    old, new = task_event(name="alt", read=1), task_event(name="neu", read=2)
    drop(tmp_path, "teamwork/1.evt", encode_event(new if newer_is == "evt" else old))
    drop(tmp_path, "teamwork/1.retry", encode_event(old if newer_is == "evt" else new), later(60).timestamp())
    spool = Spool(tmp_path, FakeClock())
    assert len(list((tmp_path / "teamwork").iterdir())) == 1
    assert [event.title for event in spool.listing()] == ["neu"]
    assert spool.counts().total == 1
    spool.close()


def test_the_same_content_under_both_names_keeps_its_back_off(tmp_path: Path) -> None:
    failed = replace(task_event(), attempts=3, last_error=REFUSED)
    drop(tmp_path, "teamwork/1.evt", encode_event(task_event()))
    drop(tmp_path, "teamwork/1.retry", encode_event(failed), later(60).timestamp())
    spool = Spool(tmp_path, FakeClock())
    assert spool.listing() == [replace(failed, next_try=later(60))]
    assert spool.take("teamwork", 1, START) == []
    spool.close()


def test_of_two_files_the_readable_one_stays(tmp_path: Path, expect_log: ExpectLog) -> None:
    drop(tmp_path, "teamwork/1.evt", b"{")
    drop(tmp_path, "teamwork/1.retry", encode_event(task_event()), later(60).timestamp())
    spool = Spool(tmp_path, FakeClock())
    assert spool.listing() == [replace(task_event(), next_try=later(60))]
    assert spool.counts().unreadable == 1
    expect_log("cannot be read")
    spool.close()


def test_unreadable_files_are_set_aside_and_hold_nothing_back(
    tmp_path: Path, spool: Spool, expect_log: ExpectLog, caplog: pytest.LogCaptureFixture
) -> None:
    spool.put([task_event("5")])
    drop(tmp_path, "teamwork/1.evt", b"{broken")
    drop(tmp_path, "teamwork/2.retry", b'{"schema": 99}', early().timestamp())
    drop(tmp_path, "teamwork/3.evt", encode_event(task_event("4")))
    drop(tmp_path, "teamwork/not an id.evt")
    (tmp_path / "missive/c-1.evt").mkdir()
    (tmp_path / "missive/c-1.evt/inside.txt").write_text("kept")
    spool.rescan()
    assert [lease.event.id for lease in spool.take("teamwork", 9, START)] == ["5"]
    spool.rescan()
    assert spool.take("missive", 9, START) == []
    assert len([record for record in caplog.records if record.levelname == "WARNING"]) == 5
    assert spool.counts().unreadable == 5
    assert (spool.counts("teamwork").unreadable, spool.counts("missive").unreadable) == (4, 1)
    kept = sorted(path.name.partition("-")[2] for path in (tmp_path / "unreadable").iterdir())
    expected = ["missive-c-1.evt", "teamwork-1.evt", "teamwork-2.retry", "teamwork-3.evt", "teamwork-not an id.evt"]
    assert kept == expected
    assert next((tmp_path / "unreadable").glob("*/inside.txt")).read_text() == "kept"
    expect_log("cannot be read")
    assert spool.discard_unreadable() == 4


def test_nothing_set_aside_is_ever_overwritten(tmp_path: Path, expect_log: ExpectLog) -> None:
    for content in (b"{one", b"{two", b"{three"):
        drop(tmp_path, "teamwork/1.evt", content)
        spool = Spool(tmp_path, FakeClock())
        assert spool.take("teamwork", 1, START) == []
        spool.close()
    assert sorted(path.read_bytes() for path in (tmp_path / "unreadable").iterdir()) == [b"{one", b"{three", b"{two"]
    expect_log("cannot be read")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not text")
def test_a_name_that_is_no_text_is_set_aside(tmp_path: Path, expect_log: ExpectLog) -> None:
    drop(tmp_path, "teamwork/x.evt").rename(os.fsdecode(bytes(tmp_path / "teamwork") + b"/\xff" + b"a" * 240 + b".evt"))
    spool = Spool(tmp_path, FakeClock())
    assert (spool.counts().total, spool.counts().unreadable) == (0, 1)
    expect_log("cannot be read")
    spool.close()


@pytest.mark.skipif(os.name == "nt", reason="links need a right of their own there")
def test_a_link_is_not_followed(tmp_path: Path, expect_log: ExpectLog) -> None:
    (tmp_path / "teamwork").mkdir()
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "teamwork/1.evt").symlink_to(tmp_path / "secret")
    spool = Spool(tmp_path, FakeClock())
    assert spool.counts().unreadable == 1
    assert (tmp_path / "secret").exists()
    expect_log("not a plain file")
    spool.close()


def test_a_file_still_being_written_is_given_a_moment(tmp_path: Path, expect_log: ExpectLog) -> None:
    clock = FakeClock()
    content = encode_event(task_event())
    drop(tmp_path, "teamwork/1.evt", content[:50], START.timestamp() - 0.5)
    drop(tmp_path, "teamwork/2.evt", content[:50], START.timestamp() - 0.5)
    spool = Spool(tmp_path, clock)
    assert spool.take("teamwork", 1, START) == []
    assert spool.take("teamwork", 1, START, ignore_next_try=True) == []
    drop(tmp_path, "teamwork/1.evt", content, START.timestamp())
    clock.advance(3)
    assert [lease.event for lease in spool.take("teamwork", 9, clock.now())] == [task_event()]
    assert spool.counts().unreadable == 1
    expect_log("cannot be read")
    spool.close()


def test_files_taken_away_are_simply_gone(tmp_path: Path, spool: Spool) -> None:
    spool.put([task_event(str(number)) for number in range(6)])
    leases = {lease.event.id: lease for lease in spool.take("teamwork", 3, START)}
    for number in (0, 1, 3, 4):
        (tmp_path / f"teamwork/{number}.evt").unlink()
    spool.done([leases["0"]])
    spool.fail(leases["1"], REFUSED, later(5))
    spool.give_back([leases["2"]])
    assert [lease.event.id for lease in spool.take("teamwork", 9, START)] == ["2", "5"]
    assert spool.counts().waiting == 2
    (tmp_path / "teamwork/5.evt").unlink()
    spool.rescan()
    assert [event.id for event in spool.listing()] == ["2"]
    shutil.rmtree(tmp_path / "teamwork")
    spool.put([task_event("9")])
    assert [event.id for event in spool.listing()] == ["9"]


def test_leftovers_of_a_crash_are_removed(tmp_path: Path) -> None:
    drop(tmp_path, "teamwork/1.tmp", b"half")
    drop(tmp_path, "tmp/teamwork-2.tmp", b"half")
    drop(tmp_path, "teamwork/notes.txt", b"somebody's")
    spool = Spool(tmp_path, FakeClock())
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["notes.txt"]
    assert spool.counts().total == 0
    spool.close()
