"""The service as it runs all day: real time, real threads, both loops of both sources."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.connector import Connector
from tests.support.log_guard import ExpectLog
from tray_connector.config.clock import Stop, Stopped, SystemClock
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sandbox.server import Request
from tray_connector.sources.base import Since
from tray_connector.sync.pause import Pause

DEADLINE = 15.0


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait for the condition; fail with `what` after the deadline."""
    end = time.monotonic() + DEADLINE
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {DEADLINE:.0f} s: {what}"
        tick.wait(0.02)


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    clock = SystemClock()
    state = Office.generate(clock=clock, tasks=0, deleted=0)
    state.create_list("Allgemein", state.create_project("Büro").id)
    with SandboxOffice(clock=clock, office=state, mailbox=Mailbox(clock=clock), rate_scale=1000) as running:
        yield running


@pytest.fixture
def connector(office: SandboxOffice, tmp_path: Path) -> Iterator[Connector]:
    connector = Connector(office, tmp_path / "home", SystemClock(), PERIODIC_BACKFILL_INTERVAL="1")
    yield connector
    connector.close()


@contextmanager
def running(connector: Connector) -> Iterator[None]:
    """The engine at work in a thread; what it raised is raised here."""
    stop = Stop()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            connector.engine.run(stop)
        except BaseException as error:  # noqa: BLE001 - carried over to the test
            failures.append(error)

    thread = threading.Thread(target=run, name="engine-under-test")
    with connector.categories.watch():
        thread.start()
        try:
            yield
        finally:
            began = time.monotonic()
            stop.set()
            thread.join(DEADLINE)
            assert not thread.is_alive()
            assert time.monotonic() - began < 2.0
    assert not failures


def test_changes_arrive_while_it_runs(connector: Connector, office: SandboxOffice) -> None:
    with running(connector):
        task = office.office.create_task("Aufmaß")
        office.mailbox.add_conversation("Rechnung", mails=2)
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the new task")
        eventually(lambda: len(connector.rows("emails")) == 2, "the new mails")
        office.office.edit_task(task.id, name="Aufmaß Keller")
        eventually(lambda: connector.task(task.id)["name"] == "Aufmaß Keller", "the edit")
        eventually(lambda: connector.engine.status().state == "in step", "in step")
        status = connector.engine.status()
        assert status.pid is not None
        assert status.next_poll is not None


def test_changes_arrive_while_a_long_backfill_reads(connector: Connector, office: SandboxOffice) -> None:
    with running(connector):
        eventually(lambda: connector.engine.status().state == "in step", "in step")

        def is_of_the_backfill(request: Request) -> bool:
            return "updatedAfter" not in request.query

        silent = office.teamwork_server.faults.silence(When("/projects/api/v3/tasks.json", is_of_the_backfill))
        stop, everything = Stop(), Since(None, everything=True)
        with ThreadPoolExecutor(1) as pool:
            backfill = pool.submit(connector.engine.backfill, everything, stop, source="teamwork")
            eventually(lambda: silent.struck > 0, "the backfill waits for an answer")
            task = office.office.create_task("Aufmaß")
            eventually(lambda: str(task.id) in connector.rows("tasks"), "the new task")
            assert not backfill.done()
            office.teamwork_server.faults.release()
            stop.set()
            with pytest.raises(Stopped):
                backfill.result(DEADLINE)


def test_a_pause_rests_both_and_resuming_goes_on_at_once(connector: Connector, office: SandboxOffice) -> None:
    with running(connector):
        eventually(lambda: connector.engine.status().state == "in step", "in step")
        connector.engine.pause(Pause(open_ended=True))
        assert connector.engine.status().headline == "Paused until you resume"
        seen = len(office.teamwork_server.requests)
        task = office.office.create_task("Aufmaß")
        connector.engine.sync_now()
        # One more round may have been under way; then nothing is asked any more.
        counts = [seen]

        def is_quiet() -> bool:
            counts.append(len(office.teamwork_server.requests))
            return len(counts) > 60 and len(set(counts[-50:])) == 1

        eventually(is_quiet, "no more requests")
        assert str(task.id) not in connector.rows("tasks")
        connector.engine.resume()
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the task after resuming")


def test_a_timed_pause_survives_a_restart_and_ends_by_itself(connector: Connector, office: SandboxOffice) -> None:
    connector.engine.pause(Pause(until=SystemClock().now() + timedelta(seconds=2)))
    connector.restart(PERIODIC_BACKFILL_INTERVAL="1")
    assert connector.engine.status().state == "paused"
    task = office.office.create_task("Aufmaß")
    with running(connector):
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the task after the pause")


def test_a_file_dropped_into_the_spool_is_read_afresh(connector: Connector, office: SandboxOffice) -> None:
    thread = office.mailbox.add_conversation("alt", at=office.mailbox.now() - 300 * 86_400)
    with running(connector):
        eventually(lambda: connector.engine.status().state == "in step", "in step")
        assert connector.rows("emails") == {}
        (connector.paths.spool / "missive" / f"{thread.id}.evt").touch()
        eventually(lambda: len(connector.rows("emails")) == 1, "the mail of the dropped id")


def test_the_category_file_is_reloaded_when_it_changes(
    connector: Connector, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    with running(connector):
        path = connector.paths.categories_file
        path.write_text(json.dumps({"Räume": "R_*"}), encoding="utf-8")
        eventually(lambda: connector.categories.current.names == ("Räume",), "the new categories")
        task = office.office.create_task("Aufmaß", tags=("R_101",))
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the task")
        assert connector.task(task.id)["Räume"] == ["R_101"]
        path.write_text('{"Räume": ["R_*",}', encoding="utf-8")
        eventually(lambda: connector.categories.problem is not None, "the problem")
        assert connector.categories.current.names == ("Räume",)
    # The line comes a moment after the problem; now that the watching has ended it is there.
    expect_log("categor")


def test_a_service_that_comes_back_is_noticed_without_a_restart(
    connector: Connector, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    with running(connector):
        eventually(lambda: connector.engine.status().state == "in step", "in step")
        office.teamwork.api_key = "revoked"
        eventually(lambda: connector.engine.status().state == "stopped", "stopped")
        assert "refuses the key" in connector.engine.status().headline
        expect_log("refuses the key")
        office.teamwork.api_key = connector.settings.teamwork_api_key or ""
        task = office.office.create_task("Aufmaß")
        connector.engine.sync_now()
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the task")
        eventually(lambda: connector.engine.status().state == "in step", "in step again")


def test_the_walk_comes_by_itself(office: SandboxOffice, tmp_path: Path) -> None:
    connector = Connector(
        office, tmp_path / "h", SystemClock(), PERIODIC_BACKFILL_INTERVAL="1", WALK_INTERVAL_MINUTES="0.05"
    )
    thread = office.mailbox.add_conversation("Mail")
    office.mailbox.add_label("KGR_300")
    with running(connector):
        eventually(lambda: len(connector.rows("emails")) == 1, "the mail")
        office.mailbox.label(thread.id, "KGR_300")
        eventually(
            lambda: [row["labels"] for row in connector.rows("emails").values()] == [["KGR_300"]], "the silent label"
        )
    connector.close()
