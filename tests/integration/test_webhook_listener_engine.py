"""From a delivery to the row: the id alone is believed, deletions delete, what comes together is read together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.webhooks import SECRETS, listening, missive, rule_body, task_body, teamwork
from tray_connector.model.events import SourceName
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.dispatcher import Dispatched
from tray_connector.sync.pause import Pause
from tray_connector.webhooks.listener import Listener


@pytest.fixture
def listener(connector: Connector, clock: FakeClock) -> Iterator[Listener]:
    engine = connector.engine
    with listening(engine.spool, clock, last_read_number=engine.ledger.last_read_number) as listener:
        yield listener


def dispatch(connector: Connector, source: SourceName, after: float = 1.0) -> Dispatched:
    """One round of writing; nothing is polled."""
    if isinstance(connector.clock, FakeClock):
        connector.clock.advance(after)
    (lane,) = (lane for lane in connector.engine.lanes if lane.name == source)
    return lane.dispatch(connector.stop)


def test_a_reported_task_is_read_and_stored(office: SandboxOffice, connector: Connector, listener: Listener) -> None:
    task = office.office.create_task("Dach prüfen", tags=("R_101",))
    assert teamwork(listener.port, task_body(task.id, "gefälscht"), event="TASK.CREATED").status == 200
    assert dispatch(connector, "teamwork").written == 1
    assert (connector.task(task.id)["name"], connector.task(task.id)["tags"]) == ("Dach prüfen", ["R_101"])
    office.office.untag(task.id)
    office.office.edit_task(task.id, description="")
    assert teamwork(listener.port, task_body(task.id), event="TASK.UNTAGGED").status == 200
    assert dispatch(connector, "teamwork").written == 1
    assert connector.task(task.id)["tags"] == []


@pytest.mark.parametrize("form", [True, False])
def test_a_reported_deletion_is_flagged_at_once(
    office: SandboxOffice, connector: Connector, listener: Listener, form: bool
) -> None:
    task = office.office.create_task("Dach prüfen")
    connector.sync()
    office.office.delete_task(task.id)
    body = f"EventCreator.ID=501&ID={task.id}" if form else f'{{"eventCreator":{{"id":501}},"id":{task.id}}}'
    content_type = "application/x-www-form-urlencoded" if form else "application/json"
    answer = teamwork(listener.port, body.encode(), event="TASK.DELETED", content_type=content_type)
    assert answer.status == 200
    assert dispatch(connector, "teamwork").flagged == 1
    row = connector.task(task.id)
    assert (row["deleted"], row["status"], row["name"]) == (1, "deleted", "Dach prüfen")
    assert row["deleted_at"] != ""
    assert connector.engine.spool.counts().total == 0


def test_a_task_that_is_nowhere_any_more_is_flagged_after_a_second_look(
    office: SandboxOffice, connector: Connector, listener: Listener
) -> None:
    task = office.office.create_task("Dach prüfen")
    connector.sync()
    office.office.purge_task(task.id)
    teamwork(listener.port, f'{{"id":{task.id}}}'.encode(), event="TASK.DELETED")
    assert dispatch(connector, "teamwork").flagged == 0
    assert connector.task(task.id)["deleted"] == 0
    assert dispatch(connector, "teamwork", after=10).flagged == 1
    assert connector.task(task.id)["deleted"] == 1


def test_a_report_of_a_deletion_that_did_not_happen_deletes_nothing(
    office: SandboxOffice, connector: Connector, listener: Listener
) -> None:
    task = office.office.create_task("Dach prüfen")
    connector.sync()
    teamwork(listener.port, f'{{"id":{task.id}}}'.encode(), event="TASK.DELETED")
    dispatch(connector, "teamwork")
    assert connector.task(task.id)["deleted"] == 0


def test_tasks_reported_together_are_read_together(
    office: SandboxOffice, connector: Connector, listener: Listener
) -> None:
    tasks = [office.office.create_task(f"Aufgabe {number}") for number in range(40)]
    connector.sync()
    for task in tasks:
        office.office.edit_task(task.id, name=f"Neu {task.id}")
        assert teamwork(listener.port, task_body(task.id)).status == 200
    office.teamwork_server.requests.clear()
    assert dispatch(connector, "teamwork").written == len(tasks)
    assert len(office.teamwork_server.requests.all()) == 1
    assert {row["name"] for row in connector.rows("tasks").values()} == {f"Neu {task.id}" for task in tasks}


def test_a_reported_label_change_is_stored_though_nothing_else_changed(
    office: SandboxOffice, connector: Connector, listener: Listener
) -> None:
    conversation = office.mailbox.add_conversation("Aufmaß", labels=("Projekte",))
    connector.sync()
    office.mailbox.unlabel(conversation.id, "Projekte")
    missive(listener.port, rule_body(conversation.id, "label_change"))
    assert dispatch(connector, "missive").written == 1
    assert [row["labels"] for row in connector.rows("emails").values()] == [[]]


def test_a_mail_reported_before_it_can_be_read_is_looked_for_again(
    office: SandboxOffice, connector: Connector, listener: Listener
) -> None:
    connector.sync()
    conversation = office.mailbox.add_conversation("Aufmaß")
    faults = office.missive.server.faults
    faults.status(404, When("/v1/conversations/"))
    missive(listener.port, rule_body(conversation.id))
    assert dispatch(connector, "missive").failed == 1
    faults.clear()
    assert dispatch(connector, "missive", after=10).written == 1
    assert [row["subject"] for row in connector.rows("emails").values()] == ["Aufmaß"]


def test_deliveries_are_taken_during_a_pause(office: SandboxOffice, connector: Connector, listener: Listener) -> None:
    connector.engine.pause(Pause(open_ended=True))
    task = office.office.create_task("Dach prüfen")
    assert teamwork(listener.port, task_body(task.id), path=SECRETS.teamwork_path).status == 200
    assert connector.engine.spool.counts().waiting == 1
