"""What a walk costs, what it asks the user about, and what it rests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tray_connector.model.errors import ConfigError
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sources.base import Since
from tray_connector.sync.report import Report

MANY = 30
"""More than the guard lets pass of so few."""


def asked(office: SandboxOffice) -> int:
    return len(office.teamwork_server.requests) + len(office.missive.server.requests)


def walk(connector: Connector, lane: int = 1) -> int:
    """A walk as the service makes it; how many removals it holds."""
    return connector.engine.lanes[lane].reconcile(connector.stop, scheduled=True).held


def flagged(connector: Connector, table: str) -> int:
    return sum(row["deleted"] for row in connector.rows(table).values())


def allow(connector: Connector) -> Report:
    return connector.engine.reconcile(connector.stop, allow_removals=True)


def test_a_walk_costs_a_request_per_500_tasks_and_50_conversations_of_a_mailbox(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    for number in range(1100):
        office.office.create_task(f"Aufgabe {number}")
    for number in range(120):
        clock.advance(1)
        office.mailbox.add_conversation(f"Vorgang {number}")
    connector.sync()
    before = office.teamwork_server.requests.count("/"), office.missive.server.requests.count("/")
    for lane in connector.engine.lanes:
        done = lane.reconcile(connector.stop, scheduled=True)
        assert (done.differing, done.removals, done.suspected, done.held) == (0, 0, 0, 0)
    after = office.teamwork_server.requests.count("/"), office.missive.server.requests.count("/")
    # All shows three pages; Trash and Spam are empty, and what the teams show was in All.
    assert (after[0] - before[0], after[1] - before[1]) == (3, 3 + 2 + len(office.mailbox.teams))
    assert connector.engine.spool.counts().total == 0


def test_a_team_that_all_does_not_show_is_walked_to_its_end(connector: Connector, office: SandboxOffice) -> None:
    team = next(iter(office.mailbox.teams.values()))
    threads = office.mailbox.add_conversations(120)
    for thread in threads:
        office.mailbox.assign_team(thread.id, team.id)
    connector.sync()
    shown = office.mailbox.add_label("Neu")
    for thread in threads:
        office.mailbox.label(thread.id, shown.id)
    office.missive.service.switches = MissiveSwitches(all_covers_teams=False)
    done = connector.engine.lanes[1].reconcile(connector.stop, scheduled=True)
    assert (done.differing, done.suspected) == (120, 0)


def test_a_mass_deletion_that_the_deletion_query_shows_waits_for_the_users_word(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    tasks = [office.office.create_task(f"Aufgabe {number}") for number in range(40)]
    connector.sync()
    for task in tasks[:MANY]:
        office.office.delete_task(task.id)
    report = connector.sync()
    assert (report.held, report.exit_code(), flagged(connector, "tasks")) == (MANY, 3, 0)
    status = connector.engine.status()
    assert (status.held, status.problem_of["removals"].code) == ({"teamwork": MANY}, "removals-held")
    assert status.to_json()["held"] == {"teamwork": MANY}
    clock.advance(3600)
    assert connector.sync().held == MANY
    connector.restart()
    connector.engine.writer.ready(connector.stop)
    assert connector.engine.status().held == {"teamwork": MANY}
    assert allow(connector).lanes[0].dispatched.flagged == MANY
    assert (flagged(connector, "tasks"), connector.engine.status().held) == (MANY, {})
    assert connector.sync().exit_code() == 0


def test_a_mass_deletion_that_was_undone_is_forgotten(connector: Connector, office: SandboxOffice) -> None:
    tasks = [office.office.create_task(f"Aufgabe {number}") for number in range(40)]
    connector.sync()
    for task in tasks[:MANY]:
        office.office.delete_task(task.id)
    assert connector.sync().held == MANY
    for task in tasks[:MANY]:
        office.office.restore_task(task.id)
    assert connector.sync().held == 0
    assert (connector.engine.status().held, flagged(connector, "tasks")) == ({}, 0)


def test_a_full_trash_waits_for_the_users_word(connector: Connector, office: SandboxOffice) -> None:
    threads = office.mailbox.add_conversations(40)
    connector.sync()
    for thread in threads[:MANY]:
        office.mailbox.trash(thread.id)
    assert (connector.sync().held, flagged(connector, "emails")) == (MANY, 0)
    assert (walk(connector), connector.engine.status().held) == (MANY, {"missive": MANY})
    allow(connector)
    assert (flagged(connector, "emails"), connector.engine.status().held) == (MANY, {})


def test_the_guard_is_a_share_of_what_is_stored(office: SandboxOffice, tmp_path: Path, clock: FakeClock) -> None:
    tasks = [office.office.create_task(f"Aufgabe {number}") for number in range(60)]
    connector = Connector(office, tmp_path / "h", clock, REMOVAL_GUARD_PERCENT="50")
    connector.sync()
    for task in tasks[:MANY]:
        office.office.delete_task(task.id)
    assert (connector.sync().held, flagged(connector, "tasks")) == (0, MANY)
    connector.close()


def test_what_was_let_pass_and_is_not_written_yet_is_not_asked_about(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    tasks = [office.office.create_task(f"Aufgabe {number}") for number in range(40)]
    connector.sync()
    for start in (0, 15):
        for task in tasks[start : start + 15]:
            office.office.delete_task(task.id)
        clock.advance(120)
        # Found, and not written yet.
        assert connector.engine.lanes[0].poll(connector.stop, all_streams=True).held == 0
    assert connector.sync().held == 0
    assert flagged(connector, "tasks") == MANY


def test_what_is_held_is_told_once_and_looked_at_once_a_day(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    threads = office.mailbox.add_conversations(40)
    connector.sync()
    for thread in threads[:MANY]:
        office.mailbox.delete_conversation(thread.id)
    assert [walk(connector), walk(connector)] == [0, MANY]
    removals = connector.engine.lanes[1].poller.removals
    assert (removals.has_news(), removals.has_news()) == (True, False)
    before = asked(office)
    assert walk(connector) == MANY
    pages = 3 + len(office.mailbox.teams)
    assert asked(office) - before == pages
    clock.advance(86_400)
    before = asked(office)
    assert walk(connector) == MANY
    assert asked(office) - before == pages + MANY
    allow(connector)
    assert flagged(connector, "emails") == MANY


def test_a_conversation_that_missive_refuses_to_show_is_asked_for_once_a_day(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    thread, _ = office.mailbox.add_conversation("verborgen"), office.mailbox.add_conversation("offen")
    connector.sync()
    path = f"/v1/conversations/{thread.id}"
    office.mailbox.delete_conversation(thread.id)
    office.missive.server.faults.status(403, When(prefix=path, times=None), body='{"error": "forbidden"}')
    requests = office.missive.server.requests
    before = requests.count(path)
    for _ in range(3):
        walk(connector)
    assert requests.count(path) - before == 1
    clock.advance(86_400)
    walk(connector)
    assert requests.count(path) - before == 2
    assert flagged(connector, "emails") == 0


def test_a_task_that_left_the_scope_is_asked_for_once_a_day(
    office: SandboxOffice, tmp_path: Path, clock: FakeClock
) -> None:
    inside, outside = office.office.create_project("drin"), office.office.create_project("draußen")
    here, there = (office.office.create_list("Liste", project.id) for project in (inside, outside))
    tasks = [office.office.create_task(f"Aufgabe {number}", tasklist_id=here.id) for number in range(3)]
    connector = Connector(office, tmp_path / "h", clock, TEAMWORK_PROJECTS=str(inside.id))
    connector.sync()
    office.office.move_task(tasks[0].id, there.id)
    walk(connector, 0)
    before = asked(office)
    walk(connector, 0)
    assert asked(office) - before == 1
    connector.close()


def test_a_source_that_suddenly_shows_nothing_is_an_error_until_the_user_says_otherwise(
    connector: Connector, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    tasks = [office.office.create_task(f"Aufgabe {number}") for number in range(3)]
    connector.sync()
    for task in tasks:
        office.office.purge_task(task.id)
    report = connector.engine.reconcile(connector.stop)
    expect_log("suddenly shows nothing")
    assert [error.problem.code for error in report.errors] == ["teamwork-empty"]
    assert flagged(connector, "tasks") == 0
    assert allow(connector).errors == ()
    assert flagged(connector, "tasks") == 3


@pytest.mark.parametrize("dry_run", [True, False])
def test_rows_that_someone_deleted_in_the_destination_are_written_again(
    connector: Connector, office: SandboxOffice, dry_run: bool
) -> None:
    for number in range(4):
        office.office.create_task(f"Aufgabe {number}", description="ganz")
    office.mailbox.add_conversation("Mail", mails=3)
    gone = office.office.create_task("gelöscht")
    connector.sync()
    office.office.delete_task(gone.id)
    connector.sync()
    before = connector.rows("tasks"), connector.rows("emails")
    connector.execute(f"DELETE FROM tasks WHERE name = 'Aufgabe 2' OR task_id = '{gone.id}'")  # noqa: S608 - a test's own
    connector.execute("DELETE FROM emails WHERE email_id = (SELECT min(email_id) FROM emails)")
    assert connector.sync().lanes[0].dispatched.written == 0
    lanes = connector.engine.reconcile(connector.stop, dry_run=dry_run).lanes
    assert [lane.reconciled.missing for lane in lanes] == [1, 1]
    rows = connector.rows("tasks"), connector.rows("emails")
    if dry_run:
        assert (len(rows[0]), len(rows[1])) == (3, 2)
    else:
        # Of what is deleted at the source nothing can be read any more.
        assert rows == ({key: row for key, row in before[0].items() if key != str(gone.id)}, before[1])
        lanes = connector.engine.reconcile(connector.stop).lanes
        assert [(lane.reconciled.missing, lane.dispatched.taken) for lane in lanes] == [(0, 0), (0, 0)]


def test_a_row_of_a_trashed_mail_that_someone_deleted_comes_back_with_its_restoring(
    connector: Connector, office: SandboxOffice
) -> None:
    thread = office.mailbox.add_conversation("Mail", mails=3)
    connector.sync()
    before = connector.rows("emails")
    office.mailbox.trash(thread.id)
    connector.sync()
    connector.execute("DELETE FROM emails WHERE email_id = (SELECT min(email_id) FROM emails)")
    assert connector.engine.reconcile(connector.stop).lanes[1].reconciled.missing == 0
    assert len(connector.rows("emails")) == 2
    office.mailbox.untrash(thread.id)
    connector.engine.reconcile(connector.stop)
    assert connector.rows("emails") == before


def test_a_scheduled_walk_leaves_the_destination_alone(connector: Connector, office: SandboxOffice) -> None:
    for number in range(4):
        office.office.create_task(f"Aufgabe {number}")
    connector.sync()
    connector.execute("DELETE FROM tasks WHERE name = 'Aufgabe 2'")
    walk(connector, 0)
    assert len(connector.rows("tasks")) == 3


def test_a_refused_team_mailbox_holds_up_neither_trash_nor_spam(
    office: SandboxOffice, tmp_path: Path, clock: FakeClock, expect_log: ExpectLog
) -> None:
    team = next(iter(office.mailbox.teams.values()))
    thread = office.mailbox.add_conversation("Werbung")
    office.mailbox.assign_team(thread.id, team.id)
    connector = Connector(office, tmp_path / "h", clock, MISSIVE_TEAMS=team.id)
    connector.sync()
    office.missive.server.faults.status(
        403, When(match=lambda request: "team_all" in request.query, times=None), body='{"error": "forbidden"}'
    )
    office.mailbox.trash(thread.id)
    report = connector.sync()
    expect_log("does not show a mailbox")
    assert [(error.problem.code, isinstance(error, ConfigError)) for error in report.errors] == [
        ("missive-mailbox-refused", True)
    ]
    assert flagged(connector, "emails") == 1
    report = connector.engine.backfill(Since(None, everything=True), connector.stop)
    assert len(report.errors) == 1
    connector.close()


def test_a_scheduled_walk_takes_a_quarter_of_the_limit_and_no_poll_waits_for_it(
    office: SandboxOffice, tmp_path: Path, clock: FakeClock
) -> None:
    office.mailbox.add_conversations(40)
    # Nine requests in a minute and 27 in a quarter of an hour: two and six are the walk's.
    connector = Connector(office, tmp_path / "h", clock, RATE_SCALE="0.03")
    connector.sync()
    clock.advance(900)
    lane = connector.engine.lanes[1]
    sent = lane.source.requests_sent()
    began = clock.now()
    lane.reconcile(connector.stop, scheduled=True)
    pages = lane.source.requests_sent() - sent
    assert (clock.now() - began).total_seconds() >= (pages - 1) // 2 * 60
    before = clock.now()
    lane.poll(connector.stop)
    assert (clock.now() - before).total_seconds() < 1
    connector.close()
