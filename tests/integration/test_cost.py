"""Requests are the currency: what a poll costs, exactly."""

from __future__ import annotations

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sources.base import Since

MAILBOXES = ("all", "team_all", "trashed", "junked")


def requests(office: SandboxOffice) -> list[str]:
    """All requests since the last call, as path and what was asked of it."""
    asked = []
    for server, marks in (
        (office.teamwork_server, ()),
        (office.missive.server, ("all", "team_all", "trashed", "junked")),
    ):
        for request in server.requests.all():
            mark = next((name for name in marks if name in request.query), "")
            deletions = "deletedAfter" in request.query or request.query.get("deletedOnly") == "true"
            asked.append(request.path + (f" {mark}" if mark else " deletions" if deletions else ""))
        server.requests.clear()
    return asked


def quiet(office: SandboxOffice, connector: Connector, clock: FakeClock) -> None:
    for number in range(30):
        office.office.create_task(f"Aufgabe {number}", tags=("R_101",))
        office.mailbox.add_conversation(f"Vorgang {number}", mails=2)
    connector.sync()
    clock.advance(600)
    requests(office)


def test_a_quiet_sync_asks_each_list_once_and_writes_nothing(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    quiet(office, connector, clock)
    report = connector.sync()
    teams = len(office.mailbox.teams)
    assert sorted(requests(office)) == sorted(
        ["/projects/api/v3/tasks.json", "/projects/api/v3/tasks.json deletions"]
        + ["/v1/conversations all", "/v1/conversations trashed", "/v1/conversations junked"]
        + ["/v1/conversations team_all"] * teams
    )
    assert sum(lane.dispatched.taken for lane in report.lanes) == 0
    assert report.destination_requests == 0


def test_a_quiet_poll_of_the_service_costs_one_request_a_source(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    quiet(office, connector, clock)
    for lane in connector.engine.lanes:
        lane.poll(connector.stop)
    requests(office)
    clock.advance(5)
    for lane in connector.engine.lanes:
        lane.poll(connector.stop)
    assert sorted(requests(office)) == ["/projects/api/v3/tasks.json", "/v1/conversations all"]


def test_a_backfill_of_what_is_known_costs_list_requests_only(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    quiet(office, connector, clock)
    report = connector.engine.backfill(Since(None, everything=True), connector.stop)
    asked = requests(office)
    assert not [path for path in asked if "/messages" in path]
    assert sum(lane.dispatched.written for lane in report.lanes) == 0


def test_a_rewrite_writes_everything_again(connector: Connector, office: SandboxOffice, clock: FakeClock) -> None:
    quiet(office, connector, clock)
    before = connector.rows("tasks"), connector.rows("emails")
    report = connector.engine.backfill(Since(None, everything=True), connector.stop, rewrite=True)
    assert [lane.dispatched.written for lane in report.lanes] == [30, 60]
    assert (connector.rows("tasks"), connector.rows("emails")) == before


def test_a_walk_over_what_is_in_step_costs_a_page_per_500_tasks_and_50_conversations(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    quiet(office, connector, clock)
    connector.engine.reconcile(connector.stop, dry_run=True)
    asked = requests(office)
    assert asked.count("/projects/api/v3/tasks.json") == 1
    assert not [path for path in asked if "/messages" in path]


def test_the_services_limits_are_never_exceeded(connector: Connector, office: SandboxOffice, clock: FakeClock) -> None:
    quiet(office, connector, clock)
    assert office.teamwork.limiter.violations == 0
    assert office.missive.service.limiter.violations == 0
