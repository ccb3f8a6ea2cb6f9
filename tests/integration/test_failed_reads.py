"""A failed read is never mistaken for "nothing new": the checkpoint stays, and the next run completes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tray_connector.sandbox.faults import Faults, When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sandbox.server import Request

TASKS = "/projects/api/v3/tasks.json"
CONVERSATIONS = "/v1/conversations"
Break = Callable[[Faults, When], object]

SIX_WAYS: dict[str, Break] = {
    "in trouble": lambda faults, when: faults.status(503, when),
    "no right": lambda faults, when: faults.status(403, when),
    "hotel portal": lambda faults, when: faults.html(when),
    "cut": lambda faults, when: faults.cut(when),
    "broken JSON": lambda faults, when: faults.truncate(when),
    "dropped": lambda faults, when: faults.drop(when),
}


def on_page_2(request: Request) -> bool:
    return request.query.get("page") == "2"


def further_back(request: Request) -> bool:
    return "until" in request.query and "all" in request.query


@pytest.mark.parametrize("how", SIX_WAYS)
def test_teamworks_list_fails_on_page_2(
    connector: Connector, office: SandboxOffice, how: str, expect_log: ExpectLog
) -> None:
    tasks = [office.office.create_task(f"Aufgabe {n}") for n in range(700)]
    SIX_WAYS[how](office.teamwork_server.faults, When(TASKS, on_page_2, times=None))
    report = connector.sync()
    expect_log("Teamwork")
    assert report.exit_code() == (3 if how == "no right" else 1)
    assert connector.engine.ledger.checkpoint("teamwork", "tasks") is None
    assert connector.engine.status().state != "in step"
    assert len(connector.rows("tasks")) == 500
    office.teamwork_server.faults.clear()
    assert connector.sync().exit_code() == 0
    assert len(connector.rows("tasks")) == len(tasks)
    assert connector.engine.ledger.checkpoint("teamwork", "tasks") is not None
    assert connector.engine.status().state == "in step"


@pytest.mark.parametrize("how", SIX_WAYS)
def test_missives_list_fails_on_page_2(
    connector: Connector, office: SandboxOffice, clock: FakeClock, how: str, expect_log: ExpectLog
) -> None:
    for number in range(80):
        office.mailbox.add_conversation(f"Vorgang {number}")
        clock.advance(5)
    SIX_WAYS[how](office.missive.server.faults, When(CONVERSATIONS, further_back, times=None))
    report = connector.sync()
    expect_log("Missive")
    assert report.exit_code() != 0
    assert connector.engine.ledger.checkpoint("missive", "all") is None
    office.missive.server.faults.clear()
    assert connector.sync().exit_code() == 0
    assert len(connector.rows("emails")) == 80


def test_an_edit_between_two_pages_loses_nothing(connector: Connector, office: SandboxOffice, clock: FakeClock) -> None:
    tasks = [office.office.create_task(f"Aufgabe {n}") for n in range(1200)]
    connector.sync()
    clock.advance(60)
    for task in tasks:
        office.office.edit_task(task.id, progress=10)
    clock.advance(60)

    def edit() -> None:
        clock.advance(1)
        office.office.edit_task(tasks[3].id, name="während der Liste geändert")
        office.office.delete_task(tasks[10].id)

    office.teamwork_server.faults.call(edit, When(TASKS, on_page_2))
    connector.sync()
    connector.sync()
    rows = connector.rows("tasks")
    assert {row["progress"] for key, row in rows.items() if key != str(tasks[10].id)} == {10}
    assert rows[str(tasks[3].id)]["name"] == "während der Liste geändert"
    assert rows[str(tasks[10].id)]["deleted"] == 1


def test_no_network_at_all_is_told_once_and_mended_by_itself(
    connector: Connector, office: SandboxOffice, expect_log: ExpectLog, caplog: pytest.LogCaptureFixture
) -> None:
    office.office.create_task("Aufmaß")
    office.stop()
    report = connector.sync()
    assert (report.exit_code(), connector.engine.status().state) == (1, "offline")
    connector.sync()
    expect_log("cannot be reached|not be reached|unreachable|does not answer")
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 2  # one per service, not one per attempt
    office.start()
    connector.restart()
    assert connector.sync().exit_code() == 0
    assert len(connector.rows("tasks")) == 1
