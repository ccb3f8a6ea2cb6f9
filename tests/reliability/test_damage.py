"""Files of ours that were damaged: set aside, told, and made up for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tests.support.sqlite_files import execute, query
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.report import Report

OVERLAP = 120.0


def written(report: Report) -> int:
    return sum(lane.dispatched.written for lane in report.lanes)


def damage(path: Path, how: str) -> None:
    """What a broken disk, a full one or a hand leaves of a file."""
    match how:
        case "overwritten":
            path.write_bytes(b"\x00\xff" * 5000)
        case "cut off":
            path.write_bytes(path.read_bytes()[:5000])
        case "emptied":
            path.write_bytes(b"")
        case _:
            path.unlink()


@pytest.mark.parametrize("how", ["overwritten", "cut off", "emptied", "deleted"])
def test_without_its_ledger_everything_is_compared_anew_and_nothing_is_doubled(
    connector: Connector, office: SandboxOffice, expect_log: ExpectLog, how: str
) -> None:
    for number in range(20):
        office.office.create_task(f"Aufgabe {number}", tags=("R_101",))
    office.mailbox.add_conversation("Rechnung", mails=12)
    connector.sync()
    execute(
        connector.settings.sqlite_path,
        "ALTER TABLE tasks ADD COLUMN house TEXT",
        "UPDATE tasks SET house = 'von Hand'",
    )
    before = connector.rows("tasks"), connector.rows("emails"), connector.rows("attachments")
    connector.close()
    damage(connector.paths.ledger, how)
    connector.restart()
    if how in ("overwritten", "cut off"):
        expect_log("damaged and set aside")
        assert list(connector.paths.ledger.parent.glob("ledger.db.damaged-*"))
    report = connector.sync()
    assert (report.exit_code(), written(report)) == (0, 32)
    assert (connector.rows("tasks"), connector.rows("emails"), connector.rows("attachments")) == before
    assert written(connector.sync()) == 0
    assert query(connector.settings.sqlite_path, "PRAGMA quick_check") == [("ok",)]


def test_what_waited_in_the_spool_does_not_hide_what_comes_after_a_lost_ledger(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    office.mailbox.add_label("R_101")
    thread = office.mailbox.add_conversation("Mail", mails=2)
    task = office.office.create_task("eins")
    for _ in range(5):
        connector.sync()
    clock.advance(1)
    office.mailbox.receive_mail(thread.id)
    office.office.edit_task(task.id, name="zwei")
    for lane in connector.engine.lanes:
        lane.poll(connector.stop)
    connector.close()
    connector.paths.ledger.unlink()
    connector.restart()
    office.mailbox.label(thread.id, "R_101")
    office.office.edit_task(task.id, name="drei")
    connector.sync()
    assert [row["labels"] for row in connector.rows("emails").values()] == [["R_101"]] * 3
    assert connector.task(task.id)["name"] == "drei"
    assert connector.sync().waiting == 0


@pytest.mark.parametrize("how", ["overwritten", "cut off"])
def test_an_event_that_cannot_be_read_is_shown_and_its_record_comes_again(
    connector: Connector, office: SandboxOffice, clock: FakeClock, expect_log: ExpectLog, how: str
) -> None:
    connector.sync()
    clock.advance(1)
    task = office.office.create_task("Neu")
    office.office.create_task("Auch neu")
    connector.engine.lanes[0].poll(connector.stop)
    connector.close()
    path = connector.paths.spool / "teamwork" / f"{task.id}.evt"
    path.write_bytes(b"\x00\xff" * 500 if how == "overwritten" else path.read_bytes()[:50])
    connector.restart()
    connector.sync()
    expect_log("cannot be read")
    assert [file.name for file in (connector.paths.spool / "unreadable").iterdir()] == [f"000001-teamwork-{path.name}"]
    assert {row["name"] for row in connector.rows("tasks").values()} == {"Neu", "Auch neu"}
    status = connector.engine.status()
    assert (status.state, status.queue.unreadable, status.queue.waiting) == ("attention", 1, 0)
    connector.engine.spool.discard_unreadable()
    assert connector.engine.status().state == "in step"


def test_an_unreadable_event_of_long_ago_comes_again_with_the_next_walk(
    connector: Connector, office: SandboxOffice, clock: FakeClock, expect_log: ExpectLog
) -> None:
    connector.sync()
    clock.advance(1)
    task = office.office.create_task("Neu")
    thread = office.mailbox.add_conversation("Neu", mails=2)
    for lane in connector.engine.lanes:
        lane.poll(connector.stop)
    for source, key in (("teamwork", str(task.id)), ("missive", thread.id)):
        (connector.paths.spool / source / f"{key}.evt").write_bytes(b"\x00" * 100)
    clock.advance(10 * OVERLAP)
    office.office.create_task("Neuer")
    office.mailbox.add_conversation("Neuer")
    connector.sync()
    clock.advance(10 * OVERLAP)
    connector.engine.reconcile(connector.stop)
    expect_log("cannot be read")
    assert {row["name"] for row in connector.rows("tasks").values()} == {"Neu", "Neuer"}
    assert len(connector.rows("emails")) == 3
    assert connector.engine.status().queue.unreadable == 2
