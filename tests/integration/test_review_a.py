"""Findings of a review."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Table
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sources.base import Since
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


def test_a_short_backfill_first_does_not_replace_the_first_run(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    office.office.create_task("alt")
    office.mailbox.add_conversation("alt")
    clock.advance(10 * 86_400)
    office.office.create_task("neu")
    office.mailbox.add_conversation("neu")
    connector.engine.backfill(Since(clock.now() - timedelta(days=2)), connector.stop)
    connector.sync()
    assert len(connector.rows("tasks")) == 2
    assert len(connector.rows("emails")) == 2


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
    connector.engine.reconcile(connector.stop)
    assert sum(row["deleted"] for row in connector.rows("emails").values()) == 30
    for thread in threads[:30]:
        office.mailbox.delete_conversation(thread.id)
    connector.engine.reconcile(connector.stop)
    report = connector.engine.reconcile(connector.stop)
    assert report.lanes[1].reconciled.held == 0


def test_what_was_left_out_of_a_thread_stays_counted(
    connector: Connector, office: SandboxOffice, clock: FakeClock
) -> None:
    thread = office.mailbox.add_conversation("eigen", mails=12)
    office.mailbox.receive_text_message(thread.id)
    connector.sync()
    assert connector.engine.status().left_out == {"missive": 1}
    office.mailbox.add_label("KGR_300")
    office.mailbox.label(thread.id, "KGR_300")
    connector.engine.reconcile(connector.stop)
    assert connector.engine.status().left_out == {"missive": 1}
    for _ in range(12):
        clock.advance(60)
        office.mailbox.receive_mail(thread.id)
    connector.sync()
    clock.advance(60)
    office.mailbox.receive_mail(thread.id)
    connector.sync()
    assert connector.engine.status().left_out == {"missive": 1}


def test_another_database_is_not_in_step_before_it_was_filled(
    connector: Connector, office: SandboxOffice, tmp_path: Path, expect_log: ExpectLog
) -> None:
    office.office.create_task("Aufmaß")
    connector.sync()
    assert connector.engine.status().state == "in step"
    connector.restart(SQLITE_PATH=str(tmp_path / "other.db"))
    office.missive.server.faults.status(401, When("/v1/", times=None))
    office.teamwork_server.faults.status(401, When("/", times=None))
    connector.sync()
    expect_log("refuses the key|refuse")
    connector.restart(SQLITE_PATH=str(tmp_path / "other.db"))
    status = connector.engine.status()
    assert status.state != "in step"
    assert status.last_verified["teamwork"] is None


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


def test_completed_tasks_stay_out_of_the_second_poll_too(
    office: SandboxOffice, tmp_path: Path, clock: FakeClock
) -> None:
    office.office.create_task("offen")
    clock.advance(3600)
    done = office.office.create_task("erledigt")
    office.office.complete(done.id)
    clock.advance(3600)
    connector = Connector(office, tmp_path / "h", clock, INCLUDE_COMPLETED_TASKS_ON_INITIAL_SYNC="false")
    connector.sync()
    clock.advance(300)
    connector.sync()
    assert [row["name"] for row in connector.rows("tasks").values()] == ["offen"]
    connector.close()


def test_waiting_records_are_not_called_syncing_while_nothing_runs(connector: Connector, office: SandboxOffice) -> None:
    connector.sync()
    (connector.paths.spool / "teamwork" / "12345.evt").touch()
    connector.restart()
    assert connector.engine.status().state == "attention"


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

    poller = Poller(lane.source, spool, Overtaking(), connector.clock, overlap=120)
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


def test_a_trouble_that_a_command_met_is_over_with_the_next_poll(
    connector: Connector, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    connector.sync()
    office.missive.server.faults.status(401, When("/v1/", times=None))
    connector.sync()
    expect_log("refuse")
    office.missive.server.faults.clear()
    stop = Stop()
    threading.Timer(2, stop.set).start()
    connector.engine.run(stop)
    assert not connector.engine.board.view().troubles


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
