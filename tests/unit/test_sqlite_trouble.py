"""Files, rights, locks and other programs."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.sqlite_files import execute, opened, query, without_privileges, write
from tray_connector.config.clock import Stop, Stopped, SystemClock
from tray_connector.destinations.base import Write, Written
from tray_connector.destinations.sqlite import SqliteDestination
from tray_connector.model.errors import ConfigError, ConnectorError, InternalError, TransientError
from tray_connector.model.records import Task

TASK = Task(task_id="1", name="x")
POSIX = pytest.mark.skipif(os.name == "nt", reason="rights are told otherwise on Windows")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "connector.db"


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program in the middle of a change."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def problem_when_opened(path: Path) -> tuple[type[ConnectorError], str, str]:
    with pytest.raises(ConnectorError) as caught:
        SqliteDestination(path, FakeClock(), busy_deadline=0.3).open(Stop())
    problem = caught.value.problem
    assert str(path) in problem.hint
    return type(caught.value), problem.code, problem.message


@POSIX
def test_file_and_folders_are_private_and_made_when_missing(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "connector.db"
    with opened(path) as destination:
        write(destination, Write(TASK))
        modes = {name: (path.parent / name).stat().st_mode & 0o777 for name in os.listdir(path.parent)}
    assert modes == dict.fromkeys(("connector.db", "connector.db-wal", "connector.db-shm"), 0o600)
    assert (tmp_path / "a").stat().st_mode & 0o777 == path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "content", [b"hello", b"x" * 5_000, b"SQLite format 3\0" + b"x" * 84, "Tür;Rechnung\n".encode()]
)
def test_a_file_that_is_no_database_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert problem_when_opened(path)[:2] == (ConfigError, "sqlite-not-a-database")
    assert path.read_bytes() == content
    assert sorted(os.listdir(path.parent)) == [path.name]


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    with opened(path) as destination:
        assert write(destination, Write(TASK)) == [Written()]


def test_a_damaged_database_is_named(path: Path) -> None:
    with opened(path) as destination:
        write(destination, Write(TASK))
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * 3996
    path.write_bytes(data)
    assert problem_when_opened(path)[:2] == (ConfigError, "sqlite-damaged")


def test_a_folder_in_place_of_the_file_and_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "folder.db").mkdir()
    assert problem_when_opened(tmp_path / "folder.db")[:2] == (ConfigError, "sqlite-cannot-open")
    (tmp_path / "file").touch()
    assert problem_when_opened(tmp_path / "file" / "x.db")[:2] == (ConfigError, "sqlite-cannot-open")


@POSIX
def test_missing_rights_are_named() -> None:
    with without_privileges() as folder:
        path = folder / "connector.db"
        with opened(path) as destination:
            write(destination, Write(TASK))
        path.chmod(0o400)
        assert problem_when_opened(path)[:2] == (ConfigError, "sqlite-read-only")
        check = SqliteDestination(path, FakeClock()).check(Stop())
        assert [line.ok for line in check] == [False]
        assert str(path) in check[0].hint
        path.unlink()
        folder.chmod(0o500)
        assert problem_when_opened(path)[:2] == (ConfigError, "sqlite-read-only")
        assert problem_when_opened(folder / "new" / "x.db")[:2] == (ConfigError, "sqlite-read-only")
        assert not SqliteDestination(path, FakeClock()).check(Stop())[0].ok


def test_a_full_disk_is_named_and_forgotten_when_there_is_room(path: Path) -> None:
    with opened(path) as destination:
        connection = destination._opened
        assert connection is not None
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        large = Write(Task(task_id="1", description="x" * 100_000))
        with pytest.raises(TransientError) as caught:
            write(destination, large)
        assert caught.value.problem.code == "sqlite-disk-full"
        assert str(path) in caught.value.problem.hint
        assert query(path, "SELECT count(*) FROM tasks") == [(0,)]
        connection.execute("PRAGMA max_page_count = 1000000")
        assert write(destination, large) == [Written()]


def test_a_lock_that_stays_is_named_and_a_short_one_is_waited_for(path: Path) -> None:
    with opened(path) as destination, locked(path) as other:
        with pytest.raises(TransientError) as caught:
            write(destination, Write(TASK))
        assert caught.value.problem.code == "sqlite-busy"
        assert destination.present("tasks", ["1"], Stop()) == frozenset()
        assert problem_when_opened(path)[:2] == (TransientError, "sqlite-busy")
        timer = threading.Timer(0.05, other.rollback)
        timer.start()
        assert write(destination, Write(TASK)) == [Written()]
        timer.join()


def test_a_stop_ends_the_wait_for_a_lock_at_once(path: Path) -> None:
    stop = Stop()
    with opened(path):
        destination = SqliteDestination(path, SystemClock(), busy_deadline=60)
        destination.open(stop)
        with locked(path):
            timer = threading.Timer(0.1, stop.set)
            timer.start()
            begin = time.monotonic()
            with pytest.raises(Stopped):
                destination.write([Write(TASK)], stop)
            assert time.monotonic() - begin < 2
            timer.join()
        destination.close()


def test_a_stop_interrupts_a_statement_that_runs_long(path: Path) -> None:
    stop = Stop()
    with opened(path) as destination:
        execute(
            path,
            "CREATE TRIGGER endless BEFORE INSERT ON tasks BEGIN SELECT count(*) FROM ("
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n); END",
        )
        timer = threading.Timer(0.1, stop.set)
        timer.start()
        begin = time.monotonic()
        with pytest.raises(Stopped):
            destination.write([Write(TASK)], stop)
        assert time.monotonic() - begin < 2
        timer.join()
        execute(path, "DROP TRIGGER endless")
        assert write(destination, Write(TASK)) == [Written()]


def test_others_read_while_we_write_and_never_see_half_a_batch(path: Path) -> None:
    ended = threading.Event()
    seen: list[int] = []

    def read() -> None:
        with closing(sqlite3.connect(path, timeout=0)) as reader:
            while not ended.is_set():
                seen.append(reader.execute("SELECT count(*) FROM tasks").fetchone()[0])

    with opened(path) as destination:
        reader = threading.Thread(target=read)
        reader.start()
        for start in range(0, 10_000, 1_000):
            batch = [Write(Task(task_id=str(number))) for number in range(start, start + 1_000)]
            assert write(destination, *batch) == [Written()] * 1_000
        ended.set()
        reader.join()
    assert seen == sorted(seen)
    assert {count % 1_000 for count in seen} == {0}


def test_a_reader_in_the_middle_of_a_long_look_holds_nobody_up(path: Path) -> None:
    with opened(path) as destination, closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM tasks").fetchone() == (0,)
        assert write(destination, Write(TASK)) == [Written()]
        assert reader.execute("SELECT count(*) FROM tasks").fetchone() == (0,)


@POSIX
@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_file_that_lost_its_name_is_never_written(path: Path, how: str) -> None:
    with opened(path) as destination:
        first = destination.open(Stop())
        path.rename(path.with_name("old.db"))
        if how == "replaced":
            path.touch()
        with pytest.raises(TransientError) as caught:
            write(destination, Write(TASK))
        assert caught.value.problem.code == "sqlite-replaced"
        assert destination.open(Stop()).instance != first.instance
        assert write(destination, Write(TASK)) == [Written()]
    assert query(path, "SELECT count(*) FROM tasks") == [(1,)]


def test_what_is_written_reaches_the_disk(path: Path) -> None:
    with opened(path) as destination:
        connection = destination._opened
        assert connection is not None
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_calls_may_come_from_another_thread(path: Path) -> None:
    outcomes: list[object] = []
    with opened(path) as destination:
        thread = threading.Thread(target=lambda: outcomes.extend(write(destination, Write(TASK))))
        thread.start()
        thread.join()
    assert outcomes == [Written()]


def test_after_closing_it_can_be_opened_again(path: Path) -> None:
    with opened(path) as destination:
        destination.close()
        destination.close()
        with pytest.raises(InternalError):
            write(destination, Write(TASK))
        destination.open(Stop())
        assert write(destination, Write(TASK)) == [Written()]
        assert destination.requests_sent() == 0


def test_the_check_says_what_can_be_written_and_changes_nothing(path: Path) -> None:
    place = path.parent / "new" / "folder" / "connector.db"
    lines = SqliteDestination(place, SystemClock()).check(Stop())
    assert [(line.ok, line.message) for line in lines] == [(True, f"File can be written: {place}")]
    assert not place.parent.parent.exists()
    with opened(path) as destination:
        write(destination, *(Write(Task(task_id=str(number))) for number in range(1_204)))
        lines = destination.check(Stop())
        assert [line.message for line in lines] == [f"File can be written: {path}", "Rows: 1,204 tasks, 0 e-mails"]
        with locked(path):
            assert [line.ok for line in destination.check(Stop())] == [False]
    path.write_bytes(b"hello")
    assert SqliteDestination(path, FakeClock()).check(Stop())[0].message.startswith("This file is not a database")
