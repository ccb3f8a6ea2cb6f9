"""A disk that does not let the spool work: nothing half written, nothing taken that is not durable."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.clock import START, FakeClock
from tests.support.events import REFUSED, later, task_event
from tests.support.sqlite_files import without_privileges
from tray_connector.model.errors import InternalError, TransientError
from tray_connector.model.events import Event
from tray_connector.sync.spool import Spool

if sys.platform != "win32":
    import resource


@contextmanager
def no_room_for_files_over(size: int) -> Iterator[None]:
    """The operating system refuses to write more than so many bytes into one file, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_full_disk_refuses_the_whole_put_and_changes_nothing(tmp_path: Path) -> None:
    spool = Spool(tmp_path, FakeClock())
    spool.put([task_event("1", "alt", read=1)])
    before = files(tmp_path)
    newer: list[Event] = [task_event("2"), task_event("1", "neu", read=2), task_event("3", "x" * 5000)]
    with no_room_for_files_over(1000), pytest.raises(TransientError) as caught:
        spool.put(newer)
    assert caught.value.problem.code == "spool-disk-full"
    assert files(tmp_path) == before
    assert [event.title for event in spool.listing()] == ["alt"]
    assert not spool.contains("teamwork", "2")
    spool.put(newer)
    assert spool.counts().waiting == 3
    spool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_failure_that_cannot_be_written_down_still_waits_for_its_time(tmp_path: Path) -> None:
    spool = Spool(tmp_path, FakeClock())
    spool.put([task_event(name="x" * 5000)])
    (lease,) = spool.take("teamwork", 1, START)
    with no_room_for_files_over(1000), pytest.raises(TransientError):
        spool.fail(lease, REFUSED, later(60))
    assert spool.take("teamwork", 1, START) == []
    assert [lease.event.attempts for lease in spool.take("teamwork", 1, later(60))] == [0]
    spool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
def test_a_failure_that_cannot_be_written_down_is_tried_at_once_when_that_is_asked_for(tmp_path: Path) -> None:
    spool = Spool(tmp_path, FakeClock())
    spool.put([task_event(name="x" * 5000)])
    (lease,) = spool.take("teamwork", 1, START)
    with no_room_for_files_over(1000), pytest.raises(TransientError):
        spool.fail(lease, REFUSED, later(3600))
    assert spool.take("teamwork", 1, START) == []
    assert spool.retry_now(None) == 1
    (lease,) = spool.take("teamwork", 1, START)
    assert spool.take("teamwork", 1, later(7200)) == []
    spool.done([lease])
    assert spool.counts().total == 0
    spool.close()


def test_a_folder_that_is_none_is_named(tmp_path: Path) -> None:
    spool = Spool(tmp_path, FakeClock())
    spool.put([task_event("1")])
    (tmp_path / "teamwork").rename(tmp_path / "elsewhere")
    (tmp_path / "teamwork").write_text("not a folder")
    for call in (
        lambda: spool.put([task_event("2")]),
        lambda: spool.take("teamwork", 1, START),
        spool.rescan,
        lambda: Spool(tmp_path, FakeClock()),
    ):
        with pytest.raises(TransientError, match=r"folder"):
            call()
    assert spool.contains("teamwork", "1")
    assert not spool.contains("teamwork", "2")
    (tmp_path / "teamwork").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "teamwork")
    assert [lease.event.id for lease in spool.take("teamwork", 9, START)] == ["1"]
    spool.close()


@pytest.mark.skipif(sys.platform == "win32", reason="rights are told otherwise on Windows")
def test_a_folder_without_rights_is_named() -> None:
    with without_privileges() as folder:
        spool = Spool(folder, FakeClock())
        (folder / "tmp").chmod(0o500)
        with pytest.raises(TransientError) as caught:
            spool.put([task_event()])
        (folder / "tmp").chmod(0o700)
        assert caught.value.problem.code == "spool-not-allowed"
        spool.put([task_event()])
        spool.close()


def test_an_id_that_is_no_file_name_is_refused_with_the_whole_put(tmp_path: Path) -> None:
    spool = Spool(tmp_path, FakeClock())
    for bad in ("../1", "", "a/b", "x" * 101, "1.evt"):
        with pytest.raises(InternalError):
            spool.put([task_event("7"), task_event(bad, None)])
    assert files(tmp_path) == {}
    assert spool.counts().total == 0
    spool.close()
