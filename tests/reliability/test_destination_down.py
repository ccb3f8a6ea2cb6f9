"""The destination fails and comes back: what waits says why, and everything goes on by itself."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.reliability.running import JumpingClock, running, until_named, until_state
from tests.support.clock import FakeClock
from tests.support.connector import Connector, Row, sandbox
from tests.support.log_guard import ExpectLog
from tests.support.processes import wait_until
from tests.support.sqlite_files import execute, without_privileges
from tray_connector.model.errors import TransientError
from tray_connector.sandbox.running import SandboxOffice


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    """Another program in the middle of a long change."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def poll(connector: Connector) -> None:
    for lane in connector.engine.lanes:
        lane.poll(connector.stop)


def requests(office: SandboxOffice) -> int:
    return len(office.teamwork_server.requests) + len(office.missive.server.requests)


def stored(connector: Connector) -> tuple[dict[str, Row], dict[str, Row]]:
    return connector.rows("tasks"), connector.rows("emails")


@pytest.fixture
def filled(connector: Connector, office: SandboxOffice) -> Connector:
    """A few tasks and mails that are stored."""
    for number in range(5):
        office.office.create_task(f"Aufgabe {number}")
    office.mailbox.add_conversation("Rechnung", mails=3)
    connector.sync()
    return connector


def test_what_waits_says_why_and_is_written_without_being_read_again(
    connector: Connector, office: SandboxOffice
) -> None:
    connector.sync()
    for number in range(600):
        office.office.create_task(f"Aufgabe {number}")
    poll(connector)
    lane, spool = connector.engine.lanes[0], connector.engine.spool
    before = requests(office)
    with locked(connector.settings.sqlite_path):
        with pytest.raises(TransientError):
            lane.dispatch(connector.stop)
        reasons = {event.last_error.title for event in spool.listing() if event.last_error is not None}
        assert reasons == {"Another program keeps the database locked"}
        assert spool.counts().total == 600
    while lane.dispatch(connector.stop).taken:
        continue
    assert (len(connector.rows("tasks")), spool.counts().total, requests(office)) == (600, 0, before)


def test_a_failed_sync_is_told_and_the_next_one_makes_up_for_it(
    filled: Connector, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    task = office.office.create_task("Neu")
    with locked(filled.settings.sqlite_path):
        report = filled.sync()
        assert (report.exit_code(), filled.engine.status().state) == (1, "attention")
        assert "locked" in filled.engine.status().headline
        expect_log("keeps the database locked")
    assert (filled.sync().exit_code(), filled.task(task.id)["name"]) == (0, "Neu")
    assert filled.engine.status().state == "in step"


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be moved away on Windows")
def test_changes_are_read_and_kept_while_the_database_is_away(folder: Path, expect_log: ExpectLog) -> None:
    clock = JumpingClock()
    with sandbox(clock) as office:
        connector = Connector(office, folder / "home", clock, PERIODIC_BACKFILL_INTERVAL="0.2")
        path = connector.settings.sqlite_path
        with running(connector):
            until_state(connector, "in step")
            aside = path.with_name("aside.db")
            path.rename(aside)
            path.mkdir()
            wait_until(lambda: connector.engine.status().problems, 10, "a word about the file")
            task = office.office.create_task("Neu")
            connector.engine.sync_now()
            wait_until(lambda: connector.engine.spool.contains("teamwork", str(task.id)), 10, "the task in the queue")
            path.rmdir()
            aside.rename(path)
            connector.engine.sync_now()
            until_named(connector, task.id, "Neu")
            until_state(connector, "in step")
        expect_log("database file")
        connector.close()


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be moved away on Windows")
def test_a_running_service_goes_on_when_the_file_is_back(folder: Path, expect_log: ExpectLog) -> None:
    clock = JumpingClock()
    with sandbox(clock) as office:
        connector = Connector(office, folder / "home", clock, PERIODIC_BACKFILL_INTERVAL="0.2")
        task = office.office.create_task("eins")
        path = connector.settings.sqlite_path
        with running(connector):
            until_named(connector, task.id, "eins")
            aside = folder / "aside"
            aside.mkdir()
            files = sorted(path.parent.glob(f"{path.name}*"))
            for file in files:
                file.rename(aside / file.name)
            path.mkdir()
            wait_until(lambda: connector.engine.status().problems, 10, "a word about the file")
            office.office.edit_task(task.id, name="zwei")
            path.rmdir()
            for file in files:
                (aside / file.name).rename(file)
            until_named(connector, task.id, "zwei")
            until_state(connector, "in step")
        expect_log("database file")
        connector.close()


@pytest.mark.skipif(os.name == "nt", reason="rights are told otherwise on Windows")
def test_a_file_that_may_not_be_written_is_told_and_the_change_is_not_lost(
    office: SandboxOffice, clock: FakeClock, expect_log: ExpectLog
) -> None:
    with without_privileges() as folder:
        connector = Connector(office, folder / "home", clock)
        connector.sync()
        path = connector.settings.sqlite_path
        path.chmod(0o400)
        connector.restart()
        task = office.office.create_task("Neu")
        report = connector.sync()
        assert (report.exit_code(), connector.engine.status().state) == (3, "stopped")
        assert str(path) in connector.engine.status().next_step
        expect_log("cannot be written")
        path.chmod(0o600)
        assert (connector.sync().exit_code(), connector.task(task.id)["name"]) == (0, "Neu")
        connector.close()


def test_another_file_is_filled_completely_while_events_wait(
    filled: Connector, office: SandboxOffice, folder: Path
) -> None:
    first = filled.settings.sqlite_path
    task = office.office.create_task("Neu")
    office.mailbox.add_conversation("Neu")
    poll(filled)
    assert filled.engine.spool.counts().waiting == 2
    filled.restart(SQLITE_PATH=str(folder / "other.db"))
    filled.sync()
    tasks, emails = stored(filled)
    assert (len(tasks), len(emails), filled.engine.spool.counts().total) == (6, 4, 0)
    filled.restart()
    assert filled.settings.sqlite_path == first
    filled.sync()
    assert stored(filled) == (tasks, emails)
    assert filled.task(task.id)["name"] == "Neu"


@pytest.mark.parametrize("how", ["one table emptied", "all emptied", "tables dropped", "file deleted"])
@pytest.mark.parametrize("when", ["while it works", "while it rests"])
def test_what_was_emptied_fills_itself_again(filled: Connector, expect_log: ExpectLog, how: str, when: str) -> None:
    before = stored(filled)
    path = filled.settings.sqlite_path
    if when == "while it rests":
        filled.close()
    match how:
        case "one table emptied":
            execute(path, "DELETE FROM tasks")
        case "all emptied":
            execute(path, "DELETE FROM tasks", "DELETE FROM emails", "DELETE FROM attachments")
        case "tables dropped":
            execute(path, "DROP TABLE tasks", "DROP TABLE emails")
        case _:
            if os.name == "nt" and when == "while it works":
                pytest.skip("an open file cannot be deleted on Windows")
            for file in path.parent.glob(f"{path.name}*"):
                file.unlink()
    if when == "while it rests":
        filled.restart()
    codes = [filled.sync().exit_code() for _ in range(3)]
    assert codes[-1] == 0
    assert stored(filled) == before
    if 1 in codes:
        expect_log("database file|table was changed")
