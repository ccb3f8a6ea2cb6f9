"""What the walk finds is judged with care: the guard, the trash, what left the scope, several looks."""

from __future__ import annotations

from pathlib import Path

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tray_connector.sandbox.running import SandboxOffice


def test_what_the_guard_held_is_flagged_at_the_users_word(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    threads = [office.mailbox.add_conversation(f"Vorgang {number}") for number in range(40)]
    connector.sync()
    for thread in threads[:30]:
        office.mailbox.delete_conversation(thread.id)
    connector.engine.reconcile(connector.stop)
    held = connector.engine.reconcile(connector.stop)
    assert held.lanes[1].reconciled.held == 30
    connector.engine.reconcile(connector.stop, allow_removals=True)
    assert sum(row["deleted"] for row in connector.rows("emails").values()) == 30


def test_an_emptied_trash_needs_nobodys_word(connector: Connector, office: SandboxOffice) -> None:
    threads = [office.mailbox.add_conversation(f"Vorgang {number}") for number in range(40)]
    connector.sync()
    for thread in threads[:30]:
        office.mailbox.trash(thread.id)
    connector.engine.reconcile(connector.stop, allow_removals=True)
    assert sum(row["deleted"] for row in connector.rows("emails").values()) == 30
    for thread in threads[:30]:
        office.mailbox.delete_conversation(thread.id)
    connector.engine.reconcile(connector.stop)
    report = connector.engine.reconcile(connector.stop)
    assert report.lanes[1].reconciled.held == 0


def test_a_conversation_that_left_the_scope_costs_nothing_at_each_walk(
    office: SandboxOffice, tmp_path: Path, clock: FakeClock
) -> None:
    thread = office.mailbox.add_conversation("geteilt")
    other = office.mailbox.add_conversation("bleibt")
    team, wrong = list(office.mailbox.teams.values())[:2]
    office.mailbox.assign_team(thread.id, team.id)
    office.mailbox.assign_team(other.id, team.id)
    connector = Connector(office, tmp_path / "h", clock, MISSIVE_TEAMS=team.id)
    connector.sync()
    assert len(connector.rows("emails")) == 2
    office.mailbox.assign_team(thread.id, wrong.id)
    connector.engine.reconcile(connector.stop)
    before = len(office.missive.server.requests)
    report = connector.engine.reconcile(connector.stop)
    asked = [request.path for request in office.missive.server.requests.all()][before:]
    assert not [path for path in asked if thread.id in path]
    assert report.lanes[1].dispatched.taken == 0
    connector.close()
