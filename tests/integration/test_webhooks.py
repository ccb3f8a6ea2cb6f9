"""Webhooks as they run all day: services that deliver, a listener, hooks that are looked after, polling behind it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.connector import Connector
from tests.support.fake_ngrok import FakeNgrok, Script
from tests.support.log_guard import ExpectLog
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.pause import Pause
from tray_connector.webhooks.assemble import assemble_webhooks
from tray_connector.webhooks.service import Webhooks

DEADLINE = 15.0


def eventually(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + DEADLINE
    tick = threading.Event()
    while not condition():
        assert time.monotonic() < end, f"not within {DEADLINE:.0f} s: {what}"
        tick.wait(0.02)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    clock = SystemClock()
    state = Office.generate(clock=clock, tasks=0, deleted=0)
    state.create_list("Allgemein", state.create_project("Büro").id)
    with SandboxOffice(
        clock=clock, office=state, mailbox=Mailbox(clock=clock), rate_scale=1000, webhook_pace=600
    ) as running:
        yield running


@contextmanager
def running(connector: Connector, credentials: MemoryCredentials) -> Iterator[Webhooks]:
    """Engine and webhooks at work, as `run` does it."""
    webhooks = assemble_webhooks(connector.settings, connector.paths, credentials, connector.engine, connector.clock)
    assert webhooks is not None
    stop = Stop()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            connector.engine.run(stop, webhooks.loops())
        except BaseException as error:  # noqa: BLE001 - carried over to the test
            failures.append(error)

    thread = threading.Thread(target=run, name="engine-under-test")
    thread.start()
    try:
        yield webhooks
    finally:
        stop.set()
        thread.join(DEADLINE)
        assert not thread.is_alive()
    assert not failures


@pytest.fixture
def credentials() -> MemoryCredentials:
    return MemoryCredentials()


@pytest.fixture
def connector(office: SandboxOffice, tmp_path: Path) -> Iterator[Connector]:
    """Reached through an address of its own; a poll comes once an hour, so that what arrives was announced."""
    port = free_port()
    connector = Connector(
        office,
        tmp_path / "home",
        SystemClock(),
        DISABLE_WEBHOOKS="false",
        PUBLIC_URL=f"http://127.0.0.1:{port}",
        APP_PORT=str(port),
        PERIODIC_BACKFILL_INTERVAL="3600",
        SPOOL_RETRY_SECONDS="0.2",
    )
    yield connector
    connector.close()


def works(webhooks: Webhooks) -> bool:
    return webhooks.health.mode == "webhooks"


def test_changes_arrive_by_webhook_alone(
    connector: Connector, office: SandboxOffice, credentials: MemoryCredentials
) -> None:
    with running(connector, credentials) as webhooks:
        eventually(lambda: works(webhooks), "webhooks that work")
        task = office.office.create_task("Aufmaß")
        thread = office.mailbox.add_conversation("Rechnung")
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the new task")
        eventually(lambda: len(connector.rows("emails")) == 1, "the new mail")
        office.mailbox.receive_mail(thread.id)
        eventually(lambda: len(connector.rows("emails")) == 2, "the answer")
        office.office.edit_task(task.id, name="Aufmaß Keller")
        eventually(lambda: connector.task(task.id)["name"] == "Aufmaß Keller", "the edit")
        office.office.delete_task(task.id)
        eventually(lambda: connector.task(task.id)["deleted"] == 1, "the deletion")
        state = connector.engine.status().to_json()["webhooks"]
        assert isinstance(state, dict)
        assert (state["mode"], state["healthy"], state["last_delivery"] is not None) == ("webhooks", True, True)


def test_doubled_and_reordered_deliveries_end_with_the_last_state(
    connector: Connector, office: SandboxOffice, credentials: MemoryCredentials
) -> None:
    with running(connector, credentials) as webhooks:
        eventually(lambda: works(webhooks), "webhooks that work")
        teamwork, missive = office.teamwork.hooks.deliveries, office.missive.service.hooks.deliveries
        for deliveries in (teamwork, missive):
            deliveries.hold()
        task = office.office.create_task("eins")
        thread = office.mailbox.add_conversation("Rechnung")
        for name in ("zwei", "drei", "vier"):
            office.office.edit_task(task.id, name=name)
            office.mailbox.receive_mail(thread.id)
        for deliveries in (teamwork, missive):
            deliveries.release(lambda parcels: [*reversed(parcels), *parcels])
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the task")
        eventually(lambda: len(connector.rows("emails")) == 4, "the mails")
        eventually(lambda: connector.engine.spool.counts().total == 0, "nothing that waits")
        assert connector.task(task.id)["name"] == "vier"


def test_a_mail_that_is_announced_before_it_can_be_read_is_asked_for_again(
    connector: Connector, office: SandboxOffice, credentials: MemoryCredentials
) -> None:
    with running(connector, credentials) as webhooks:
        eventually(lambda: works(webhooks), "webhooks that work")
        too_early = office.missive.server.faults.status(404, When("/v1/messages/"))
        office.mailbox.add_conversation("Rechnung")
        eventually(lambda: too_early.struck, "a look that came too early")
        eventually(lambda: len(connector.rows("emails")) == 1, "the mail")
        eventually(lambda: connector.engine.spool.counts().total == 0, "nothing that waits")


def test_what_is_delivered_while_nothing_runs_comes_with_the_next_start(
    connector: Connector, office: SandboxOffice, credentials: MemoryCredentials
) -> None:
    with running(connector, credentials) as webhooks:
        eventually(lambda: works(webhooks), "webhooks that work")
    task = office.office.create_task("Aufmaß")
    with running(connector, credentials):
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the task")


def test_deliveries_are_kept_during_a_pause(
    connector: Connector, office: SandboxOffice, credentials: MemoryCredentials
) -> None:
    with running(connector, credentials) as webhooks:
        eventually(lambda: works(webhooks), "webhooks that work")
        connector.engine.pause(Pause(open_ended=True))
        task = office.office.create_task("Aufmaß")
        eventually(lambda: connector.engine.spool.contains("teamwork", str(task.id)), "the task in the queue")
        connector.engine.resume()
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the task after resuming")


def test_a_second_run_has_neither_stale_nor_doubled_hooks(
    connector: Connector, office: SandboxOffice, credentials: MemoryCredentials
) -> None:
    counts = []
    for _ in range(2):
        with running(connector, credentials) as webhooks:
            eventually(lambda: works(webhooks), "webhooks that work")
        counts.append((len(office.teamwork.hooks.hooks()), len(office.missive.service.hooks.rules())))
        connector.restart(
            DISABLE_WEBHOOKS="false",
            PUBLIC_URL=connector.settings.public_url or "",
            APP_PORT=str(connector.settings.app_port),
            PERIODIC_BACKFILL_INTERVAL="3600",
        )
    assert counts[0] == counts[1]
    assert min(counts[0]) > 0


def test_without_a_way_in_it_polls_quickly_and_says_why(
    office: SandboxOffice, tmp_path: Path, credentials: MemoryCredentials, expect_log: ExpectLog
) -> None:
    connector = Connector(
        office,
        tmp_path / "home",
        SystemClock(),
        DISABLE_WEBHOOKS="false",
        NGROK_AUTHTOKEN="a-token-of-nobody",
        APP_PORT=str(free_port()),
    )
    FakeNgrok(connector.paths.tunnel, Script(session="refused", error=107))
    with running(connector, credentials) as webhooks:
        eventually(lambda: webhooks.health.reason is not None, "the reason")
        assert connector.engine.status().webhooks.mode == "polling"
        assert webhooks.health.poll_interval == 5
        task = office.office.create_task("Aufmaß")
        eventually(lambda: str(task.id) in connector.rows("tasks"), "the task by polling")
        assert connector.engine.status().state in ("in step", "syncing")
    expect_log("Webhooks do not work")
    connector.close()


def test_hooks_of_a_temporary_address_are_removed_at_the_end(
    office: SandboxOffice, tmp_path: Path, credentials: MemoryCredentials
) -> None:
    connector = Connector(
        office,
        tmp_path / "home",
        SystemClock(),
        DISABLE_WEBHOOKS="false",
        NGROK_AUTHTOKEN="a-token",
        APP_PORT=str(free_port()),
    )
    FakeNgrok(connector.paths.tunnel, Script(public=True))
    with running(connector, credentials) as webhooks:
        eventually(lambda: works(webhooks), "webhooks that work")
        assert office.teamwork.hooks.hooks()
        assert webhooks.health.poll_interval == 60
    assert not office.teamwork.hooks.hooks()
    assert not office.missive.service.hooks.rules()
    connector.close()
