"""The status claims nothing that was not verified, and keeps no trouble that is over."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tray_connector.config.clock import Stop
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice


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


def test_waiting_records_are_not_called_syncing_while_nothing_runs(connector: Connector, office: SandboxOffice) -> None:
    connector.sync()
    (connector.paths.spool / "teamwork" / "12345.evt").touch()
    connector.restart()
    assert connector.engine.status().state == "attention"


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
