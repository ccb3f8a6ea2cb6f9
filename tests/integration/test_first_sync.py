"""A whole office arrives, complete and correct."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice


def test_the_demo_office_arrives_whole_and_a_second_sync_writes_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    with sandbox(clock, office=Office.generate(clock=clock), mailbox=Mailbox.office(clock=clock)) as office:
        connector = Connector(office, tmp_path, clock)
        report = connector.sync()
        assert (report.errors, report.failed, report.waiting, report.exit_code()) == ((), 0, 0, 0)
        tasks, emails = connector.rows("tasks"), connector.rows("emails")
        assert len(tasks) == sum(lane.dispatched.written for lane in report.lanes if lane.source == "teamwork")
        assert len(emails) == sum(lane.dispatched.written for lane in report.lanes if lane.source == "missive")
        again = connector.sync()
        assert sum(lane.dispatched.written + lane.dispatched.flagged for lane in again.lanes) == 0
        assert (connector.rows("tasks"), connector.rows("emails")) == (tasks, emails)
        assert connector.engine.status().state == "in step"
        connector.close()


def test_a_thread_of_47_mails_arrives_whole(connector: Connector, office: SandboxOffice) -> None:
    thread = office.mailbox.add_conversation("Bauantrag", mails=47)
    connector.sync()
    emails = connector.rows("emails")
    assert len(emails) == 47
    assert {row["conversation_id"] for row in emails.values()} == {thread.id}
    assert all(row["body_text"] for row in emails.values())


def test_180_conversations_with_one_timestamp_arrive(connector: Connector, office: SandboxOffice) -> None:
    office.mailbox.add_conversations(180, at=int(connector.clock.now().timestamp()))
    connector.sync()
    conversations = Counter(row["conversation_id"] for row in connector.rows("emails").values())
    assert len(conversations) == 180


def test_620_people_are_known_by_name(tmp_path: Path) -> None:
    clock = FakeClock()
    with sandbox(clock, office=Office.generate(clock=clock, tasks=300, people=620, deleted=0)) as office:
        connector = Connector(office, tmp_path, clock)
        connector.sync()
        rows = connector.rows("tasks")
        assert len(rows) == 300
        assert all(all(row["assignees"]) for row in rows.values())
        names = {str(person.id): f"{person.first_name} {person.last_name}" for person in office.office.people.values()}
        for row in rows.values():
            people = [names[user] for user in row["assignee_user_ids"]]
            assert [name for name in row["assignees"] if name in people] == people
        connector.close()


def test_no_value_is_an_empty_text(tmp_path: Path) -> None:
    clock = FakeClock()
    with sandbox(clock, office=Office.generate(clock=clock), mailbox=Mailbox.office(clock=clock)) as office:
        connector = Connector(office, tmp_path, clock)
        connector.sync()
        for table in ("tasks", "emails", "attachments"):
            for row in connector.rows(table).values():
                assert "" not in row.values()
        assert all(row["state"] == "stored" for row in connector.rows("attachments").values())
        connector.close()


def test_another_database_file_is_filled_completely(
    connector: Connector, office: SandboxOffice, tmp_path: Path
) -> None:
    office.office.create_task("Aufmaß", tags=("R_101",))
    office.mailbox.add_conversation("Rechnung", mails=3)
    connector.sync()
    before = connector.rows("tasks"), connector.rows("emails")
    connector.restart(SQLITE_PATH=str(tmp_path / "other.db"))
    connector.sync()
    assert (connector.rows("tasks"), connector.rows("emails")) == before
    connector.restart()
    report = connector.sync()
    assert sum(lane.dispatched.written for lane in report.lanes) == 0


def test_a_day_limit_leaves_older_records_out(office: SandboxOffice, tmp_path: Path, clock: FakeClock) -> None:
    office.office.create_task("alt")
    office.mailbox.add_conversation("alt")
    clock.advance(2 * 86_400)
    office.office.create_task("neu")
    office.mailbox.add_conversation("neu")
    day = clock.now().strftime("%d.%m.%Y")
    connector = Connector(office, tmp_path / "h", clock, TEAMWORK_PROCESS_AFTER=day, MISSIVE_PROCESS_AFTER=day)
    connector.sync()
    assert [row["name"] for row in connector.rows("tasks").values()] == ["neu"]
    assert [row["subject"] for row in connector.rows("emails").values()] == ["neu"]
    connector.close()
