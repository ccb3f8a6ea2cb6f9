"""A record that the database refuses holds back no other, and is tried again as promised."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.processes import Programs
from tests.support.sqlite_files import execute
from tray_connector.model.events import Event
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.dispatcher import Dispatched

DAY = 86_400.0
BAD = "darf nicht"


@pytest.fixture
def strict(connector: Connector) -> Connector:
    """The user has added a column with a condition to each table."""
    connector.sync()
    for table, column in (("tasks", "name"), ("emails", "subject")):
        execute(
            connector.settings.sqlite_path,
            f"ALTER TABLE {table} ADD COLUMN house TEXT CONSTRAINT house_rule CHECK ({column} <> '{BAD}')",
        )
    return connector


def waiting(connector: Connector) -> list[Event]:
    return list(connector.engine.spool.listing())


def write(connector: Connector, lane: int = 0) -> Dispatched:
    """What the service does when something is due."""
    return connector.engine.lanes[lane].dispatch(connector.stop)


def test_the_others_are_stored_and_the_queue_names_it(strict: Connector, office: SandboxOffice, folder: Path) -> None:
    bad = office.office.create_task(BAD)
    for number in range(30):
        office.office.create_task(f"Aufgabe {number}")
    report = strict.sync()
    assert (report.failed, report.waiting, report.exit_code()) == (1, 1, 1)
    assert {row["name"] for row in strict.rows("tasks").values()} == {f"Aufgabe {number}" for number in range(30)}
    assert strict.engine.status().state == "attention"
    strict.close()
    with Programs(strict.paths.home, folder, office.environment()) as programs:
        (line,) = json.loads(programs.run("queue", "list", "--json").out)
    assert (line["source"], line["id"], line["title"], line["attempts"]) == ("teamwork", str(bad.id), BAD, 1)
    assert "house_rule" in line["reason"]


def test_it_is_tried_three_times_and_then_daily(strict: Connector, office: SandboxOffice, clock: FakeClock) -> None:
    office.office.create_task(BAD)
    strict.sync()
    for pause in (5, 30, DAY, DAY):
        clock.advance(pause - 1)
        assert write(strict).taken == 0
        clock.advance(1)
        assert write(strict).failed == 1
    (event,) = waiting(strict)
    assert event.attempts == 5
    execute(strict.settings.sqlite_path, "ALTER TABLE tasks DROP COLUMN house")
    clock.advance(DAY)
    assert (write(strict).written, waiting(strict)) == (1, [])


def test_it_is_tried_at_once_when_it_changes(strict: Connector, office: SandboxOffice, clock: FakeClock) -> None:
    task = office.office.create_task(BAD)
    strict.sync()
    for pause in (5, 30):
        clock.advance(pause)
        write(strict)
    clock.advance(1)
    lane = strict.engine.lanes[0]
    lane.poll(strict.stop)
    assert write(strict).taken == 0, "the same record again changes nothing"
    office.office.edit_task(task.id, name="darf")
    lane.poll(strict.stop)
    assert (write(strict).written, strict.task(task.id)["name"], waiting(strict)) == (1, "darf", [])


def test_it_is_tried_at_once_when_the_program_starts_anew(strict: Connector, office: SandboxOffice) -> None:
    task = office.office.create_task(BAD)
    strict.sync()
    execute(strict.settings.sqlite_path, "ALTER TABLE tasks DROP COLUMN house")
    strict.restart()
    with strict.engine.serving():
        assert write(strict).written == 1
    assert strict.task(task.id)["name"] == BAD


def test_the_other_mails_of_a_conversation_are_stored(
    strict: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    thread = office.mailbox.add_conversation("erste")
    bad = office.mailbox.receive_mail(thread.id, subject=BAD)
    other = office.mailbox.receive_mail(thread.id, subject="dritte")
    report = strict.sync()
    assert report.failed == 1
    rows = strict.rows("emails")
    assert other.id in rows
    assert (len(rows), bad.id in rows) == (2, False)
    (event,) = waiting(strict)
    assert event.last_error is not None
    assert "house_rule" in event.last_error.message
    execute(strict.settings.sqlite_path, "ALTER TABLE emails DROP COLUMN house")
    clock.advance(5)
    write(strict, 1)
    assert (set(strict.rows("emails")), waiting(strict)) == (rows.keys() | {bad.id}, [])
