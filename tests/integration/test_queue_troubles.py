"""Whatever happens to an event on its way, it is written in the end, and holds nobody back."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Table
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.dispatcher import Dispatcher
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.poller import Poller


@pytest.fixture
def limited(connector: Connector) -> Iterator[Connector]:
    """A hot loop ends after some seconds."""
    timer = threading.Timer(8, connector.stop.set)
    timer.start()
    yield connector
    timer.cancel()


def failing_after(records: int) -> Callable[[object], None]:
    """What a disk does that is full for a moment, once so many records were settled."""
    left = [records, 1]

    def tell(_: object) -> None:
        if left[0]:
            left[0] -= 1
        elif left[1]:
            left[1] = 0
            raise TransientError("ledger-disk", "Disk", "full")

    return tell


POISON = "00000000-0000-4000-8000-000000000001"


def test_an_event_that_breaks_us_is_put_off_and_the_others_are_written(
    limited: Connector, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    connector = limited
    office.mailbox.add_conversation("gut", mails=2)
    connector.sync()
    subject = {"conversation_id": POISON, "subject": "\ud800", "deleted": True}
    event = {"schema": 1, "source": "missive", "kind": "conversation", "id": POISON, "payload": subject}
    event |= {"since": "2026-09-02T10:00:00+00:00"}
    (connector.paths.spool / "missive" / f"{POISON}.evt").write_text(json.dumps(event))
    office.mailbox.add_conversation("auch gut", mails=2)
    report = connector.sync()
    expect_log("one by one|cannot be worked on", level=40)
    assert (report.waiting, report.failed, len(connector.rows("emails"))) == (1, 1, 4)
    (event_left,) = connector.engine.spool.listing()
    assert event_left.last_error is not None
    assert sum(lane.dispatched.written for lane in report.lanes) == 2


def test_trouble_in_settling_leaves_no_event_behind(
    connector: Connector, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    lane = connector.engine.lanes[0]
    lane.dispatcher = Dispatcher(
        lane.source,
        connector.engine.spool,
        connector.engine.ledger,
        connector.engine.writer,
        connector.clock,
        luck=lambda: 0.5,
        on_changes=failing_after(0),
    )
    office.office.create_task("Aufmaß")
    office.office.create_task("Angebot")
    connector.sync()
    expect_log("Disk")
    report = connector.sync()
    assert (report.waiting, len(connector.rows("tasks"))) == (0, 2)


def test_what_was_written_before_the_database_failed_is_reported(
    connector: Connector, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    for number in range(700):
        office.office.create_task(f"Aufgabe {number}")
    lane = connector.engine.lanes[0]
    lane.dispatcher = Dispatcher(
        lane.source,
        connector.engine.spool,
        connector.engine.ledger,
        connector.engine.writer,
        connector.clock,
        luck=lambda: 0.5,
        on_changes=failing_after(300),
    )
    report = connector.sync()
    expect_log("Disk")
    assert report.lanes[0].dispatched.written == 300


def test_a_message_that_is_gone_is_flagged_when_its_own_id_is_asked_for(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    thread = office.mailbox.add_conversation("Verlauf", mails=3)
    connector.sync()
    clock.advance(3600)
    victim = office.mailbox.messages_of(thread)[1]
    office.mailbox.delete_message(victim.id)
    (connector.paths.spool / "missive" / f"{victim.id}.evt").touch()
    connector.engine.spool.rescan()
    connector.sync()
    clock.advance(60)
    connector.sync()
    assert {key for key, row in connector.rows("emails").items() if row["deleted"]} == {victim.id}


def test_an_outage_is_no_second_look(
    connector: Connector, office: SandboxOffice, clock: FakeClock, expect_log: ExpectLog
) -> None:
    thread = office.mailbox.add_conversation("Verlauf", mails=1)
    clock.advance(3600)
    office.mailbox.add_conversation("neuer")
    connector.sync()
    (connector.paths.spool / "missive" / f"{thread.id}.evt").touch()
    office.missive.server.faults.status(401, When("/v1/", times=None))
    connector.sync()
    expect_log("refuse")
    office.missive.server.faults.clear()
    office.missive.server.faults.status(404, When(f"/v1/conversations/{thread.id}", times=1))
    office.missive.server.faults.status(404, When(f"/v1/messages/{thread.id}", times=1))
    clock.advance(60)
    report = connector.sync()
    assert (report.failed, report.waiting) == (1, 1)
    assert not any(row["deleted"] for row in connector.rows("emails").values())


def test_a_service_that_is_back_is_noticed_before_the_queues_own_time(
    connector: Connector, office: SandboxOffice, clock: FakeClock, expect_log: ExpectLog
) -> None:
    connector.sync()
    thread = office.mailbox.add_conversation("Mail")
    office.missive.server.faults.status(401, When("/v1/conversations/", times=None))
    connector.sync()
    expect_log("refuse")
    lane = connector.engine.lanes[1]
    for _ in range(5):
        clock.advance(7200)
        with pytest.raises(ConfigError):
            lane.dispatch(connector.stop)
    office.missive.server.faults.clear()
    assert lane.dispatch(connector.stop).taken == 0
    assert lane.dispatch(connector.stop, probing=True).taken == 1
    assert [row["conversation_id"] for row in connector.rows("emails").values()] == [thread.id]


def test_a_label_that_came_and_went_while_it_was_written_is_gone(connector: Connector, office: SandboxOffice) -> None:
    """A poll that sees the old state again must not trust a ledger that it asked a moment too early."""
    thread = office.mailbox.add_conversation("Mail")
    connector.sync()
    lane, ledger, spool = connector.engine.lanes[1], connector.engine.ledger, connector.engine.spool
    known, _ = ledger.known_conversations([thread.id])[thread.id]
    event = Event(
        source="missive",
        kind="conversation",
        id=thread.id,
        payload=replace(known, label_ids=("1",), labels=("R_1",)),
        read_number=ledger.next_read_number(),
        since=connector.clock.now(),
    )
    spool.put([event])

    class Overtaking(Ledger):
        """While the ledger is asked, the event is written."""

        def __init__(self) -> None:
            pass

        def entries(self, table: Table, ids: Collection[str]) -> dict[str, Entry]:
            return ledger.entries(table, ids)

        def known_conversations(self, ids: Collection[str]) -> dict[str, tuple[Conversation, int]]:
            found = ledger.known_conversations(ids)
            lane.dispatch(connector.stop)
            return found

    poller = Poller(lane.source, spool, Overtaking(), connector.clock, overlap=120, removals=lane.poller.removals)
    back = replace(event, payload=known, read_number=ledger.next_read_number())
    poller.queue([back])
    lane.dispatch(connector.stop)
    assert [row["labels"] for row in connector.rows("emails").values()] == [[]]


def test_a_database_exchanged_while_mail_is_read_gets_all_of_it(
    connector: Connector, office: SandboxOffice, clock: FakeClock, expect_log: ExpectLog
) -> None:
    thread = office.mailbox.add_conversation("Mail", mails=3)
    connector.sync()
    clock.advance(3600)
    office.mailbox.receive_mail(thread.id)

    def exchange() -> None:
        for path in connector.settings.sqlite_path.parent.glob("connector.db*"):
            path.unlink()
        connector.engine.writer.close()

    office.missive.server.faults.call(exchange, When("/v1/messages/"))
    connector.sync()
    expect_log("exchanged")
    clock.advance(60)
    report = connector.sync()
    assert (report.waiting, len(connector.rows("emails"))) == (0, 4)
