"""What happens at the source happens in the database: once, in order, and nothing else does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.report import Report

BOTH = pytest.mark.parametrize("connector", ["sqlite", "postgres"], indirect=True)
"""Into each kind of SQL database."""


def written(report: Report) -> int:
    return sum(lane.dispatched.written + lane.dispatched.flagged for lane in report.lanes)


@BOTH
def test_a_cleared_tag_and_a_cleared_description_disappear(connector: Connector, office: SandboxOffice) -> None:
    connector.paths.categories_file.write_text(json.dumps({"Räume": "R_*"}), encoding="utf-8")
    connector.categories.reload()
    task = office.office.create_task("Aufmaß", description="im Keller", tags=("R_101",))
    connector.sync()
    assert connector.task(task.id)["Räume"] == ["R_101"]
    office.office.untag(task.id)
    office.office.edit_task(task.id, description="")
    report = connector.sync()
    row = connector.task(task.id)
    assert (row["description"], row["tags"], row["tag_ids"], row["Räume"]) == (None, [], [], [])
    assert written(report) == 1


@BOTH
def test_one_edit_costs_one_write(connector: Connector, office: SandboxOffice) -> None:
    tasks = [office.office.create_task(f"Aufgabe {n}") for n in range(20)]
    connector.sync()
    office.office.edit_task(tasks[7].id, name="geändert")
    report = connector.sync()
    assert (written(report), connector.task(tasks[7].id)["name"]) == (1, "geändert")


@BOTH
def test_a_new_mail_in_a_long_thread_costs_one_list_and_one_body(connector: Connector, office: SandboxOffice) -> None:
    thread = office.mailbox.add_conversation("Bauantrag", mails=47)
    connector.sync()
    before = (
        office.missive.server.requests.count("/v1/conversations/"),
        office.missive.server.requests.count("/v1/messages/"),
    )
    office.mailbox.receive_mail(thread.id)
    report = connector.sync()
    assert written(report) == 1
    assert office.missive.server.requests.count("/v1/conversations/") - before[0] == 1
    assert office.missive.server.requests.count("/v1/messages/") - before[1] == 1


@BOTH
def test_a_label_change_costs_no_message_request_and_one_row_per_mail(
    connector: Connector, office: SandboxOffice
) -> None:
    thread = office.mailbox.add_conversation("Rechnung", mails=4)
    connector.sync()
    requests = office.missive.server.requests.count("/v1/messages/")
    office.mailbox.add_label("KGR_300")
    office.mailbox.label(thread.id, "KGR_300")
    connector.engine.reconcile(connector.stop)
    rows = connector.rows("emails").values()
    assert [row["labels"] for row in rows] == [["KGR_300"]] * 4
    assert office.missive.server.requests.count("/v1/messages/") == requests


@BOTH
def test_a_deleted_task_is_flagged_and_a_restored_one_is_not(connector: Connector, office: SandboxOffice) -> None:
    task = office.office.create_task("Aufmaß", description="im Keller")
    connector.sync()
    before = connector.task(task.id)
    office.office.delete_task(task.id)
    report = connector.sync()
    row = connector.task(task.id)
    assert (row["status"], row["deleted"], report.lanes[0].dispatched.flagged) == ("deleted", 1, 1)
    assert row["deleted_at"] is not None
    changed = {"status", "deleted", "deleted_at"}
    assert {n: v for n, v in row.items() if n not in changed} == {n: v for n, v in before.items() if n not in changed}
    office.office.restore_task(task.id)
    connector.sync()
    connector.engine.reconcile(connector.stop)
    row = connector.task(task.id)
    assert (row["status"], row["deleted"], row["deleted_at"]) == (before["status"], 0, None)


@BOTH
def test_a_trashed_conversation_is_flagged_and_a_restored_one_is_not(
    connector: Connector, office: SandboxOffice
) -> None:
    thread = office.mailbox.add_conversation("Werbung", mails=2)
    connector.sync()
    office.mailbox.trash(thread.id)
    connector.engine.reconcile(connector.stop)
    assert [row["deleted"] for row in connector.rows("emails").values()] == [1, 1]
    office.mailbox.receive_mail(thread.id)
    connector.engine.reconcile(connector.stop)
    assert len(connector.rows("emails")) == 2
    office.mailbox.untrash(thread.id)
    connector.engine.reconcile(connector.stop)
    rows = connector.rows("emails").values()
    assert [(row["deleted"], row["deleted_at"]) for row in rows] == [(0, None)] * 3


@BOTH
def test_a_deleted_list_flags_its_tasks_at_the_next_walk(connector: Connector, office: SandboxOffice) -> None:
    project = office.office.create_project("Halle")
    tasks = office.office.create_list("Rohbau", project.id)
    inside = office.office.create_task("Bodenplatte", tasklist_id=tasks.id)
    outside = office.office.create_task("Angebot")
    connector.sync()
    office.office.delete_list(tasks.id)
    report = connector.engine.reconcile(connector.stop)
    assert report.lanes[0].reconciled.removals == 1
    assert (connector.task(inside.id)["deleted"], connector.task(outside.id)["deleted"]) == (1, 0)


def test_a_dry_run_of_the_walk_changes_nothing(connector: Connector, office: SandboxOffice) -> None:
    project = office.office.create_project("Halle")
    tasks = office.office.create_list("Rohbau", project.id)
    office.office.create_task("Bodenplatte", tasklist_id=tasks.id)
    office.office.create_task("Angebot")
    connector.sync()
    before = connector.rows("tasks")
    office.office.delete_list(tasks.id)
    report = connector.engine.reconcile(connector.stop, dry_run=True)
    assert (report.lanes[0].reconciled.removals, connector.rows("tasks"), report.waiting) == (1, before, 0)


@BOTH
def test_a_conversation_that_is_gone_is_flagged_after_the_second_walk(
    connector: Connector, office: SandboxOffice
) -> None:
    thread = office.mailbox.add_conversation("weg", mails=2)
    office.mailbox.add_conversation("bleibt")
    connector.sync()
    office.mailbox.delete_conversation(thread.id)
    first = connector.engine.reconcile(connector.stop)
    assert (first.lanes[1].reconciled.suspected, first.lanes[1].reconciled.removals) == (1, 0)
    assert not any(row["deleted"] for row in connector.rows("emails").values())
    connector.engine.reconcile(connector.stop)
    flagged = {row["conversation_id"] for row in connector.rows("emails").values() if row["deleted"]}
    assert flagged == {thread.id}


@BOTH
def test_a_deleted_message_is_flagged_and_its_neighbours_stay(connector: Connector, office: SandboxOffice) -> None:
    thread = office.mailbox.add_conversation("Verlauf", mails=3)
    connector.sync()
    victim = office.mailbox.messages_of(thread)[1]
    office.mailbox.delete_message(victim.id)
    connector.engine.reconcile(connector.stop)
    assert {key for key, row in connector.rows("emails").items() if row["deleted"]} == {victim.id}


@BOTH
def test_merged_conversations_keep_every_mail_once(connector: Connector, office: SandboxOffice) -> None:
    one = office.mailbox.add_conversation("eins", mails=3)
    two = office.mailbox.add_conversation("zwei", mails=2)
    connector.sync()
    survivor = office.mailbox.merge(one.id, two.id)
    connector.engine.reconcile(connector.stop)
    connector.engine.reconcile(connector.stop)
    rows = connector.rows("emails").values()
    assert [(row["conversation_id"], row["deleted"]) for row in rows] == [(survivor.id, 0)] * 5


@BOTH
def test_a_redacted_mail_keeps_its_stored_body(connector: Connector, office: SandboxOffice) -> None:
    thread = office.mailbox.add_conversation("vertraulich", mails=1)
    connector.sync()
    (key, before) = next(iter(connector.rows("emails").items()))
    office.mailbox.redact(key, "drop")
    office.mailbox.edit_mail(key, subject="anders")
    office.mailbox.receive_mail(thread.id)
    connector.sync()
    row = connector.rows("emails")[key]
    assert (row["body_html"], row["body_text"]) == (before["body_html"], before["body_text"])


@BOTH
def test_renamed_people_and_tags_are_carried_into_stored_rows(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    connector.paths.categories_file.write_text(json.dumps({"Räume": "R_*"}), encoding="utf-8")
    connector.categories.reload()
    person = office.office.create_person("Ada", "Byron")
    tag = office.office.create_tag("R_777")
    task = office.office.create_task("Aufmaß", description="bleibt", tags=("R_777",), by=person.id)
    connector.sync()
    assert connector.task(task.id)["created_by"] == "Ada Byron"
    office.office.rename_person(person.id, "Ada", "Lovelace")
    office.office.rename_tag(tag.id, "R_778")
    clock.advance(3700)
    connector.sync()
    row = connector.task(task.id)
    assert (row["created_by"], row["tags"], row["Räume"]) == ("Ada Lovelace", ["R_778"], ["R_778"])
    assert row["description"] == "bleibt"


@BOTH
def test_a_deleted_task_keeps_the_names_it_had(connector: Connector, office: SandboxOffice, clock: FakeClock) -> None:
    person = office.office.create_person("Ada", "Byron")
    tag = office.office.create_tag("R_777")
    task = office.office.create_task("Aufmaß", tags=("R_777",), by=person.id)
    connector.sync()
    office.office.delete_task(task.id)
    connector.sync()
    office.office.rename_person(person.id, "Ada", "Lovelace")
    office.office.rename_tag(tag.id, "R_778")
    clock.advance(3700)
    connector.sync()
    row = connector.task(task.id)
    assert (row["deleted"], row["created_by"], row["tags"]) == (1, "Ada Byron", ["R_777"])


@BOTH
def test_categories_apply_writes_stored_rows_without_a_request(connector: Connector, office: SandboxOffice) -> None:
    office.office.create_task("Aufmaß", description="bleibt", tags=("R_101", "KGR_300"))
    thread = office.mailbox.add_conversation("Mail")
    office.mailbox.add_label("R_202")
    office.mailbox.label(thread.id, "R_202")
    connector.sync()
    connector.paths.categories_file.write_text(json.dumps({"Räume": "R_*"}), encoding="utf-8")
    connector.categories.reload()
    assert connector.engine.status().stale_categories == 2
    requests = [lane.source.requests_sent() for lane in connector.engine.lanes]
    done = connector.engine.apply_categories(connector.stop, lambda _: None)
    assert (done.written, connector.engine.status().stale_categories) == (2, 0)
    assert [lane.source.requests_sent() for lane in connector.engine.lanes] == requests
    (task,) = connector.rows("tasks").values()
    (email,) = connector.rows("emails").values()
    assert (task["Räume"], task["description"], email["Räume"]) == (["R_101"], "bleibt", ["R_202"])
    assert email["body_text"]


@BOTH
def test_a_row_that_someone_deleted_comes_back_with_its_next_label(connector: Connector, office: SandboxOffice) -> None:
    thread = office.mailbox.add_conversation("Mail", mails=2)
    office.mailbox.add_label("R_202")
    connector.sync()
    connector.execute("DELETE FROM emails WHERE email_id = (SELECT min(email_id) FROM emails)")
    office.mailbox.label(thread.id, "R_202")
    connector.engine.reconcile(connector.stop)
    connector.sync()
    rows = connector.rows("emails").values()
    assert [row["labels"] for row in rows] == [["R_202"], ["R_202"]]
    assert all(row["body_text"] for row in rows)


@pytest.mark.parametrize("everything_off", [False, True])
def test_one_failing_source_does_not_stop_the_other(
    connector: Connector, office: SandboxOffice, expect_log: ExpectLog, everything_off: bool
) -> None:
    office.office.create_task("Aufmaß")
    office.mailbox.add_conversation("Mail")
    office.missive.service.token = "another"
    if everything_off:
        office.teamwork.api_key = "another"
    report = connector.sync()
    expect_log("refuses")
    assert report.exit_code() == 3
    assert len(connector.rows("tasks")) == (0 if everything_off else 1)
    assert connector.engine.status().state == "stopped"


def test_completed_tasks_left_out_of_the_first_run_stay_out_until_they_change(
    office: SandboxOffice, tmp_path: Path, clock: FakeClock
) -> None:
    done = office.office.create_task("erledigt")
    office.office.complete(done.id)
    office.office.create_task("offen")
    connector = Connector(office, tmp_path / "h", clock, INCLUDE_COMPLETED_TASKS_ON_INITIAL_SYNC="false")
    connector.sync()
    connector.engine.reconcile(connector.stop)
    assert [row["name"] for row in connector.rows("tasks").values()] == ["offen"]
    clock.advance(300)
    office.office.edit_task(done.id, name="doch noch geändert")
    connector.sync()
    assert connector.task(done.id)["name"] == "doch noch geändert"
    connector.close()


def test_what_is_left_out_is_counted_once(connector: Connector, office: SandboxOffice) -> None:
    office.mailbox.make_guest(office.mailbox.add_conversation("fremd").id)
    thread = office.mailbox.add_conversation("eigen")
    office.mailbox.receive_text_message(thread.id)
    for _ in range(3):
        connector.sync()
    assert connector.engine.status().left_out == {"missive": 2}
