"""Whatever a service answers: nothing is lost or falsely flagged, the trouble is told once, and it mends itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.support.airtable_base import by_key
from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tests.support.mangled import mangled
from tests.support.small_office import DAY
from tray_connector.sandbox.airtable_site import AirtableSite
from tray_connector.sandbox.faults import ALWAYS, Faults
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sandbox.server import Request

Break = Callable[[Faults], object]


def answers(body: object) -> Break:
    """Every answer has status 200 and this in it."""
    text = body if isinstance(body, str) else json.dumps(body)
    return lambda faults: faults.status(200, ALWAYS, body=text, headers={"Content-Type": "application/json"})


def limited(**headers: str) -> Break:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda faults: faults.status(429, ALWAYS, headers=named)


TROUBLES: dict[str, Break] = {
    "500": lambda faults: faults.status(500, ALWAYS),
    "502 in HTML": lambda faults: faults.status(502, ALWAYS, body="<html>Bad gateway</html>"),
    "503 with a wish": lambda faults: faults.status(503, ALWAYS, headers={"Retry-After": "90"}),
    "520 of a middleman": lambda faults: faults.status(520, ALWAYS, body=""),
    "429 alone": limited(),
    "429 with Retry-After": limited(Retry_After="7"),
    "429 with a date": limited(Retry_After="Wed, 02 Sep 2026 10:05:00 GMT"),
    "429 with nonsense": limited(Retry_After="soon", X_RateLimit_Remaining="x"),
    "401": lambda faults: faults.status(401, ALWAYS),
    "403": lambda faults: faults.status(403, ALWAYS),
    "404": lambda faults: faults.status(404, ALWAYS),
    "HTML with status 200": lambda faults: faults.html(ALWAYS),
    "cut": lambda faults: faults.cut(ALWAYS),
    "half of the JSON": lambda faults: faults.truncate(ALWAYS),
    "nothing in the body": lambda faults: faults.truncate(ALWAYS, keep=0.0),
    "hung up": lambda faults: faults.drop(ALWAYS),
    "hung up after the work": lambda faults: faults.lose(ALWAYS),
    "sent elsewhere": lambda faults: faults.redirect("https://elsewhere.invalid/login", ALWAYS),
    "sent round in circles": lambda faults: faults.redirect("/projects/api/v3/tasks.json", ALWAYS, status=307),
    "null": answers(None),
    "a number": answers(42),
    "a text": answers("ok"),
    "a list": answers([]),
    "an empty object": answers({}),
    "lists that are none": answers({"tasks": 5, "conversations": {"a": 1}, "records": "x", "meta": []}),
    "rows that are none": answers({"tasks": [None, 5], "conversations": [None, 5], "records": [None, 5]}),
    "rows without an id": answers({"tasks": [{"name": "x"}], "conversations": [{"subject": "x"}], "records": [{}]}),
    "numbers beyond measure": answers('{"tasks": 1e999, "conversations": -Infinity, "records": NaN}'),
    "brackets without end": answers("[" * 50_000),
    "half a character": answers('"\\ud800"'),
}
"""What a server may do to every request from now on."""


@pytest.fixture
def settled(connector: Connector, office: SandboxOffice, clock: FakeClock) -> Connector:
    """In step with some tasks and conversations, and then both services have news."""
    tasks = [office.office.create_task(f"Aufgabe {number}") for number in range(4)]
    threads = [office.mailbox.add_conversation(f"Vorgang {number}") for number in range(3)]
    assert connector.sync().exit_code() == 0
    clock.advance(60)
    office.office.edit_task(tasks[0].id, name="geändert")
    office.office.delete_task(tasks[1].id)
    office.office.create_task("neu")
    office.mailbox.receive_mail(threads[0].id, sender="piotr", text="neu")
    office.mailbox.add_conversation("neu")
    clock.advance(60)
    return connector


def faults_of(office: SandboxOffice, service: str) -> Faults:
    return {"teamwork": office.teamwork_server.faults, "missive": office.missive.server.faults}[service]


def checkpoints(connector: Connector, service: str) -> dict[str, object]:
    streams = {"teamwork": ("tasks",), "missive": ("all",)}[service]
    return {stream: connector.engine.ledger.checkpoint(service, stream) for stream in streams}  # type: ignore[arg-type]


def deleted(connector: Connector, table: str) -> set[str]:
    return {key for key, row in connector.rows(table).items() if row["deleted"]}


def told(caplog: pytest.LogCaptureFixture, expect_log: ExpectLog) -> list[str]:
    """The warnings so far, which are expected from here on. An error, or a trace, is none."""
    records = list(caplog.records)
    assert [record.getMessage() for record in records if record.exc_info] == []
    lines = [record.getMessage() for record in records if record.levelname == "WARNING"]
    if lines:
        expect_log("")
    return lines


def in_step(connector: Connector, office: SandboxOffice) -> None:
    names = {str(task.id): task.name for task in office.office.live_tasks()}
    assert {key: row["name"] for key, row in connector.rows("tasks").items() if not row["deleted"]} == names
    mails = {mail.id for each in office.mailbox.conversations() for mail in office.mailbox.messages_of(each)}
    assert {key for key, row in connector.rows("emails").items() if not row["deleted"]} == mails
    assert connector.engine.spool.counts().total == 0
    assert connector.engine.status().state == "in step"


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("service", ["teamwork", "missive"])
def test_a_source(
    settled: Connector,
    *,
    office: SandboxOffice,
    clock: FakeClock,
    service: str,
    trouble: str,
    expect_log: ExpectLog,
    caplog: pytest.LogCaptureFixture,
) -> None:
    table = {"teamwork": "tasks", "missive": "emails"}[service]
    before, reached = settled.rows(table), checkpoints(settled, service)
    faults = faults_of(office, service)
    TROUBLES[trouble](faults)
    assert settled.sync().exit_code() != 0
    first = told(caplog, expect_log)
    assert len(first) == 1, first
    settled.sync()
    assert told(caplog, expect_log) == first
    assert settled.engine.status().state != "in step"
    walk = settled.engine.reconcile(settled.stop, allow_removals=True)
    assert walk.exit_code() != 0
    assert len(told(caplog, expect_log)) <= 2
    assert (settled.rows(table), checkpoints(settled, service)) == (before, reached)
    faults.clear()
    clock.advance(DAY)
    settled.restart()
    settled.sync()
    in_step(settled, office)


@pytest.fixture
def base(clock: FakeClock) -> Iterator[AirtableSite]:
    with AirtableSite(clock, plan="team", rate_scale=1000) as running:
        yield running


@pytest.mark.parametrize("trouble", TROUBLES)
def test_airtable(
    *,
    office: SandboxOffice,
    base: AirtableSite,
    folder: Path,
    clock: FakeClock,
    trouble: str,
    expect_log: ExpectLog,
    caplog: pytest.LogCaptureFixture,
) -> None:
    connector = Connector(office, folder / "home", clock, ATTACHMENTS="false", **base.environment())
    tasks = [office.office.create_task(f"Aufgabe {number}") for number in range(12)]
    assert connector.sync().exit_code() == 0
    office.office.edit_task(tasks[0].id, name="geändert")
    office.office.create_task("neu")
    TROUBLES[trouble](base.faults)
    assert connector.sync().exit_code() != 0
    # Two of its requests may have failed in two ways.
    first = told(caplog, expect_log)
    assert 1 <= len(first) <= 2, first
    assert connector.engine.status().state != "in step"
    connector.sync()
    again = told(caplog, expect_log)
    assert len(again) == len(set(again)) <= 2, again
    assert connector.engine.spool.counts().total == 2
    base.faults.clear()
    clock.advance(DAY)
    connector.restart(ATTACHMENTS="false", **base.environment())
    asked = office.teamwork_server.requests.count("/projects/api/v3/tasks/")
    assert connector.sync().exit_code() == 0
    assert office.teamwork_server.requests.count("/projects/api/v3/tasks/") == asked
    names = {str(task.id): task.name for task in office.office.live_tasks()}
    assert {key: row["name"] for key, row in by_key(base, "tasks").items()} == names
    assert connector.engine.status().state == "in step"
    connector.close()


@pytest.mark.parametrize("service", ["teamwork", "missive"])
def test_a_service_that_always_gives_the_same_page(
    connector: Connector,
    *,
    office: SandboxOffice,
    clock: FakeClock,
    service: str,
    expect_log: ExpectLog,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(60):
        office.office.create_task(f"Aufgabe {number}")
        office.mailbox.add_conversation(f"Vorgang {number}")
        clock.advance(5)
    server = {"teamwork": office.teamwork_server, "missive": office.missive.server}[service]
    pages: dict[str, Any] = {}

    def same(request: Request, data: Any) -> Any:
        page = pages.setdefault(request.path, data)
        return {**page, "meta": {"page": {"hasMore": True}}} if isinstance(page, dict) else page

    with mangled(server, same):
        assert connector.sync().exit_code() != 0
        assert len(told(caplog, expect_log)) == 1
        assert len(server.requests) < 100
    clock.advance(DAY)
    connector.restart()
    connector.sync()
    in_step(connector, office)


def test_a_flood_of_rows_is_ended_by_a_stop(connector: Connector, office: SandboxOffice) -> None:
    task = office.office.create_task("Aufgabe")
    pages = 0

    def flood(request: Request, data: Any) -> Any:
        nonlocal pages
        if not request.path.endswith("/tasks.json"):
            return data
        pages += 1
        if pages == 12:
            connector.stop.set()
        (row,) = data["tasks"] or [{"id": task.id}]
        first = 500 * pages
        rows = [{**row, "id": 1_000_000 + first + number} for number in range(500)]
        return {**data, "tasks": rows, "meta": {"page": {"hasMore": True}}}

    with mangled(office.teamwork_server, flood), suppress(Exception):
        connector.sync()
    assert pages == 12
