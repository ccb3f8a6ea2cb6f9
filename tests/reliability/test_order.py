"""Changes of one record are written in their order, also when they come while it is being written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tray_connector.config.clock import Stop
from tray_connector.model.events import Event
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sources.base import Since
from tray_connector.sync.dispatcher import Dispatched


class PatientClock(FakeClock):
    """Does something, once, in the next wait: what happens while a writer waits for a lock."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] | None = None

    def wait(self, stop: Stop, seconds: float) -> bool:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return super().wait(stop, seconds)


@pytest.fixture
def clock() -> PatientClock:
    return PatientClock()


def write(connector: Connector, lane: int = 0) -> Dispatched:
    return connector.engine.lanes[lane].dispatch(connector.stop)


def read(connector: Connector, lane: int, stream: str) -> list[Event]:
    """What the source shows now, kept from the spool."""
    source = connector.engine.lanes[lane].source
    return [event for page in source.changes(stream, Since(None), connector.stop) for event in page.events]


def test_a_task_that_changes_while_it_is_written_is_written_again(
    connector: Connector, office: SandboxOffice, clock: PatientClock
) -> None:
    task = office.office.create_task("eins")
    connector.sync()
    lane = connector.engine.lanes[0]
    clock.advance(1)
    office.office.edit_task(task.id, name="zwei")
    lane.poll(connector.stop)
    with closing(sqlite3.connect(connector.settings.sqlite_path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        def meanwhile() -> None:
            clock.advance(1)
            office.office.edit_task(task.id, name="drei")
            lane.poll(connector.stop)
            other.rollback()

        clock.meanwhile = meanwhile
        assert write(connector).written == 1
    assert connector.task(task.id)["name"] == "zwei"
    assert (write(connector).written, connector.task(task.id)["name"]) == (1, "drei")
    assert (write(connector).taken, connector.engine.spool.counts().total) == (0, 0)


def test_a_task_that_changes_while_it_is_read_afresh_is_written_again(
    connector: Connector, office: SandboxOffice, clock: PatientClock
) -> None:
    task = office.office.create_task("eins")
    connector.sync()
    lane = connector.engine.lanes[0]

    def meanwhile() -> None:
        clock.advance(1)
        office.office.edit_task(task.id, name="zwei")
        lane.poll(connector.stop)

    by_id = When("/projects/api/v3/tasks.json", match=lambda request: "ids" in request.query)
    office.teamwork_server.faults.call(meanwhile, by_id)
    (connector.paths.spool / "teamwork" / f"{task.id}.evt").touch()
    connector.engine.spool.rescan()
    write(connector)
    assert connector.task(task.id)["name"] == "eins"
    write(connector)
    assert (connector.task(task.id)["name"], connector.engine.spool.counts().total) == ("zwei", 0)


def test_a_conversation_that_grows_while_it_is_read_is_read_again(
    connector: Connector, office: SandboxOffice, clock: PatientClock
) -> None:
    thread = office.mailbox.add_conversation("eins")
    connector.sync()
    lane = connector.engine.lanes[1]
    clock.advance(1)
    office.mailbox.receive_mail(thread.id)
    lane.poll(connector.stop)

    def meanwhile() -> None:
        clock.advance(1)
        office.mailbox.receive_mail(thread.id)
        lane.poll(connector.stop)

    office.missive.server.faults.call(meanwhile, When(f"/v1/conversations/{thread.id}/messages"))
    write(connector, 1)
    assert (len(connector.rows("emails")), connector.engine.spool.counts().total) == (2, 1)
    write(connector, 1)
    assert (len(connector.rows("emails")), connector.engine.spool.counts().total) == (3, 0)


@pytest.mark.parametrize("seconds", [0, 1])
def test_an_older_version_never_overwrites_a_newer_one(
    connector: Connector, office: SandboxOffice, clock: PatientClock, seconds: int
) -> None:
    task = office.office.create_task("alt", tags=("R_101",))
    connector.sync()
    old = read(connector, 0, "tasks")
    clock.advance(seconds)
    office.office.edit_task(task.id, name="neu", tag_ids=())
    new = read(connector, 0, "tasks")
    spool = connector.engine.spool
    for order in (old, new), (new, old):
        for events in order:
            spool.put(events)
        write(connector)
        assert (connector.task(task.id)["name"], connector.task(task.id)["tags"]) == ("neu", [])
    spool.put(old)
    write(connector)
    assert (connector.task(task.id)["name"], connector.task(task.id)["tags"]) == ("neu", [])
    assert spool.counts().total == 0


def test_older_labels_never_overwrite_newer_ones(
    connector: Connector, office: SandboxOffice, clock: PatientClock
) -> None:
    office.mailbox.add_label("R_101")
    thread = office.mailbox.add_conversation("Mail", mails=2)
    connector.sync()
    old = read(connector, 1, "all")
    office.mailbox.label(thread.id, "R_101")
    connector.engine.reconcile(connector.stop)
    assert [row["labels"] for row in connector.rows("emails").values()] == [["R_101"]] * 2
    connector.engine.spool.put(old)
    write(connector, 1)
    assert [row["labels"] for row in connector.rows("emails").values()] == [["R_101"]] * 2
    assert connector.engine.spool.counts().total == 0
