"""The whole path into a base: taken over without a duplicate, cheap, and going on by itself after trouble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.airtable_base import by_key, old_emails, refuse
from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.sandbox.airtable_site import AirtableSite
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.report import Report


@pytest.fixture
def site(clock: FakeClock) -> Iterator[AirtableSite]:
    with AirtableSite(clock, plan="team", rate_scale=1000) as running:
        yield running


@pytest.fixture
def connector(office: SandboxOffice, site: AirtableSite, tmp_path: Path, clock: FakeClock) -> Iterator[Connector]:
    connector = Connector(office, tmp_path / "home", clock, ATTACHMENTS="false", **site.environment())
    yield connector
    connector.close()


def restart(connector: Connector, site: AirtableSite, **settings: str) -> None:
    connector.restart(**{"ATTACHMENTS": "false", **site.environment(), **settings})


def filled(office: SandboxOffice, tasks: int = 12, threads: int = 6) -> None:
    for number in range(tasks):
        office.office.create_task(f"Aufgabe {number}", tags=("R_101",))
    for number in range(threads):
        office.mailbox.add_conversation(f"Vorgang {number}", mails=2)


def writes(report: Report) -> int:
    return sum(lane.dispatched.written + lane.dispatched.flagged for lane in report.lanes)


def test_everything_arrives_with_its_categories(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    connector.paths.categories_file.write_text(json.dumps({"Räume": "R_*"}), encoding="utf-8")
    connector.categories.reload()
    filled(office)
    report = connector.sync()
    assert report.exit_code() == 0
    assert writes(report) == 24
    tasks, emails = by_key(site, "tasks"), by_key(site, "emails")
    assert (len(tasks), len(emails)) == (12, 12)
    assert {row["Räume"] for row in tasks.values()} == {"R_101"}
    # Schema, two tables, two category columns; two calls for each table.
    assert report.destination_requests == 3 + 2 + 4
    again = connector.sync()
    assert (writes(again), again.destination_requests) == (0, 0)
    assert connector.engine.status().calls_month["destination"] == 9


def test_a_change_costs_one_call_and_a_cleared_tag_disappears(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    task = office.office.create_task("Aufmaß", description="im Keller", tags=("R_101",))
    connector.sync()
    office.office.untag(task.id)
    report = connector.sync()
    assert report.destination_requests == 1
    assert "tags" not in by_key(site, "tasks")[str(task.id)]


def test_an_old_base_is_taken_over_without_one_duplicate(
    connector: Connector, office: SandboxOffice, site: AirtableSite, clock: FakeClock, expect_log: ExpectLog
) -> None:
    filled(office)
    messages = [mid for each in office.mailbox.conversations() for mid in each.message_ids]
    tasks = [str(each.id) for each in office.office.live_tasks()]
    old = old_emails(site, [{"Email ID": key, "Subject": "Alt"} for key in messages[:7]])
    (twin,) = site.add_records("Emails", [{"Email ID": messages[0], "Subject": "Doppelt"}])
    site.add_table("Tasks", [{"name": name, "type": "singleLineText"} for name in ("id", "name")])
    old_tasks = site.add_records("Tasks", [{"id": key} for key in tasks[:5]])
    report = connector.sync()
    assert report.exit_code() == 0
    rows = site.table("Emails")
    assert len(rows) == len(messages) + 1
    assert {row.id for row in rows} >= {*old, twin}
    assert [row.fields["Subject"] for row in rows if row.id == twin] == ["Doppelt"]
    assert "Alt" not in {row.fields["Subject"] for row in rows}
    assert len(by_key(site, "tasks")) == len(tasks)
    assert {row.id for row in site.table("Tasks")} >= set(old_tasks)
    expect_log(f"{messages[0]}: {old[0]}, not {twin}")
    lines = [line for line in connector.engine.check(connector.stop) if line.name == "Duplicate rows"]
    assert [twin in line.message for line in lines] == [True]
    assert site.calls["list"] <= 4 + 2


def test_a_restart_does_not_read_the_base_again(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    old_emails(site, [{"Email ID": f"alt-{number}"} for number in range(250)])
    site.add_table("Tasks", [{"name": "id", "type": "singleLineText"}])
    connector.sync()
    assert site.calls["list"] == 3 + 1
    filled(office, tasks=2)
    restart(connector, site)
    report = connector.sync()
    assert site.calls["list"] == 4
    assert report.exit_code() == 0
    restart(connector, site)
    connector.sync()
    # What we wrote is still there: asked once for each table.
    assert site.calls["list"] == 4 + 2


def test_a_survey_that_was_cut_off_is_begun_anew(
    connector: Connector, office: SandboxOffice, site: AirtableSite, expect_log: ExpectLog
) -> None:
    filled(office, tasks=0, threads=4)
    messages = [mid for each in office.mailbox.conversations() for mid in each.message_ids]
    old = old_emails(site, [*({"Email ID": f"alt-{number}"} for number in range(150)), {"Email ID": messages[0]}])
    site.faults.status(503, site.when("list", at=2, times=3))
    report = connector.sync()
    assert isinstance(report.errors[0], TransientError)
    expect_log("Airtable is in trouble")
    assert connector.sync().exit_code() == 0
    assert next(row.id for row in site.table("Emails") if row.fields["Email ID"] == messages[0]) == old[-1]


def test_a_base_that_was_emptied_fills_itself_again(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    filled(office)
    connector.sync()
    site.remove_records("Tasks", [row.id for row in site.table("Tasks")])
    restart(connector, site)
    connector.sync()
    assert len(by_key(site, "tasks")) == 12
    assert len(by_key(site, "emails")) == 12


def test_a_table_that_was_replaced_fills_itself_again(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    filled(office)
    connector.sync()
    site.remove_table("Emails")
    restart(connector, site)
    connector.sync()
    assert len(by_key(site, "emails")) == 12


def test_a_row_that_someone_deleted_is_written_again_when_its_task_changes(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    task = office.office.create_task("Aufmaß")
    thread = office.mailbox.add_conversation("Vorgang", mails=1)
    connector.sync()
    for name in ("Tasks", "Emails"):
        site.remove_records(name, [row.id for row in site.table(name)])
    office.office.edit_task(task.id, name="geändert")
    office.mailbox.label(thread.id, office.mailbox.add_label("R_1").id)
    connector.sync()
    connector.sync()
    assert by_key(site, "tasks")[str(task.id)]["name"] == "geändert"
    assert [row["Labels Text"] for row in by_key(site, "emails").values()] == ["R_1"]


@pytest.mark.parametrize(
    "fault",
    [
        {"role": "read"},
        {"scopes": {"data.records:read", "schema.bases:read", "schema.bases:write"}},
        {"bases": set()},
    ],
)
def test_a_right_that_is_taken_away_is_told_and_nothing_is_lost(
    connector: Connector, office: SandboxOffice, site: AirtableSite, fault: dict[str, Any], expect_log: ExpectLog
) -> None:
    connector.sync()
    filled(office)
    site.grant(**fault)
    report = connector.sync()
    assert report.exit_code() == 3
    assert isinstance(report.errors[0], ConfigError)
    assert report.errors[0].problem.hint
    assert connector.engine.status().state == "stopped"
    expect_log(report.errors[0].problem.title)
    site.grant(role="create", scopes={"data.records:read", "data.records:write", "schema.bases:read"})
    site.grant(bases={site.base_id})
    assert connector.sync().exit_code() == 0
    assert len(by_key(site, "tasks")) == 12


def test_a_spent_month_is_shown_and_the_rest_follows_when_it_turns(
    office: SandboxOffice, tmp_path: Path, clock: FakeClock, expect_log: ExpectLog
) -> None:
    with AirtableSite(clock, plan="free", rate_scale=1000) as site:
        connector = Connector(office, tmp_path / "home", clock, ATTACHMENTS="false", **site.environment())
        connector.sync()
        site.calls_this_month = 1_000
        filled(office)
        report = connector.sync()
        assert report.exit_code() == 1
        status = connector.engine.status()
        assert status.headline == "This month's Airtable calls are used up"
        assert "2026-10-01" in status.next_step
        expect_log("This month's Airtable calls are used up")
        clock.advance(40 * 86_400)
        assert connector.sync().exit_code() == 0
        assert len(by_key(site, "tasks")) == 12
        connector.close()


def test_one_bad_row_is_named_and_the_others_arrive(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    filled(office, tasks=9)
    site.add_table("Tasks", [{"name": "id", "type": "singleLineText"}, {"name": "Meine", "type": "singleLineText"}])
    site.add_records("Tasks", [{"id": "7"}])
    bad = office.office.create_task("Schlecht")
    refuse(site, "Schlecht", "INVALID_VALUE_FOR_COLUMN", 'Field "name" cannot accept the provided value')
    report = connector.sync()
    assert report.exit_code() == 1
    assert report.failed == 1
    (event,) = connector.engine.spool.listing()
    assert event.id == str(bad.id)
    assert event.last_error is not None
    assert "cannot accept the provided value" in event.last_error.message
    assert len(by_key(site, "tasks")) == 9 + 1
