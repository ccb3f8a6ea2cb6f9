"""The wall clock is set by a day, forwards or backwards: nothing is lost, and the status stays true."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.reliability.running import JumpingClock, running, until_named, until_state
from tests.support.clock import START, FakeClock, SkewedClock
from tests.support.connector import Connector, sandbox
from tests.support.processes import wait_until
from tests.support.sqlite_files import execute
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.running import SandboxOffice

DAY = 86_400.0
TO_1970 = -START.timestamp()
TO_2100 = datetime(2100, 1, 1, tzinfo=UTC).timestamp() - START.timestamp()
FAR_OFF = [TO_1970, -DAY, DAY, TO_2100]
"""Seconds: an empty battery, a wrong date, a slip of the keyboard."""


@pytest.fixture
def true_office() -> Iterator[SandboxOffice]:
    """Its clock is right whatever ours shows."""
    with sandbox(SystemClock()) as running:
        yield running


@pytest.fixture
def wrong() -> JumpingClock:
    return JumpingClock()


@pytest.fixture
def service(true_office: SandboxOffice, folder: Path, wrong: JumpingClock) -> Iterator[Connector]:
    connector = Connector(true_office, folder / "home", wrong, PERIODIC_BACKFILL_INTERVAL="0.2")
    yield connector
    connector.close()


def test_changes_go_on_arriving_and_the_status_is_of_now(
    service: Connector, true_office: SandboxOffice, wrong: JumpingClock
) -> None:
    task = true_office.office.create_task("Anfang")
    with running(service):
        until_named(service, task.id, "Anfang")
        for seconds in (DAY, -2 * DAY, DAY):
            wrong.jump(seconds)
            name = f"nach {seconds:g}"
            true_office.office.edit_task(task.id, name=name)
            thread = true_office.mailbox.add_conversation(name, mails=2)
            until_named(service, task.id, name)
            wait_until(
                lambda: sum(row["conversation_id"] == thread.id for row in service.rows("emails").values()) == 2,  # noqa: B023
                15,
                "the mails",
            )
            until_state(service, "in step")
            verified = [moment for moment in service.engine.status().last_verified.values() if moment is not None]
            assert all(abs((wrong.now() - moment).total_seconds()) < 20 for moment in verified)
    assert service.engine.spool.counts().total == 0


def test_a_retry_does_not_wait_for_the_day_to_come_again(
    service: Connector, true_office: SandboxOffice, wrong: JumpingClock
) -> None:
    service.restart(PERIODIC_BACKFILL_INTERVAL="0.2", SPOOL_RETRY_SECONDS="1")
    service.engine.sync_once(service.stop)
    path = service.settings.sqlite_path
    execute(path, "ALTER TABLE tasks ADD COLUMN house TEXT CHECK (name <> 'darf nicht')")
    task = true_office.office.create_task("darf nicht")
    with running(service):
        wait_until(lambda: service.engine.spool.counts().retrying, 15, "the refusal")
        wrong.jump(-DAY)
        execute(path, "ALTER TABLE tasks DROP COLUMN house")
        until_named(service, task.id, "darf nicht")


def test_polls_go_on_when_the_schedule_is_silent(
    service: Connector, true_office: SandboxOffice, wrong: JumpingClock
) -> None:
    # The scheduler goes by the machine's wall clock: set back by a day, it would be silent for a day.
    with running(service, schedule=False):
        wait_until(lambda: service.engine.status().last_verified["teamwork"], 15, "the first poll")
        task = true_office.office.create_task("später")
        until_named(service, task.id, "später")


@pytest.mark.parametrize("seconds", [*FAR_OFF, -3600.0, 3600.0])
def test_nothing_is_called_in_step_that_was_checked_at_another_time(
    connector: Connector, clock: FakeClock, seconds: float
) -> None:
    connector.sync()
    assert connector.engine.status().state == "in step"
    clock.jump(seconds)
    assert connector.engine.status().state == "attention"
    connector.sync()
    assert connector.engine.status().state == "in step"


@pytest.mark.parametrize("seconds", FAR_OFF)
def test_what_waits_and_what_comes_is_stored_at_once(
    office: SandboxOffice, folder: Path, clock: FakeClock, seconds: float
) -> None:
    ours = SkewedClock(clock, 0)
    connector = Connector(office, folder / "home", ours)
    connector.sync()
    before = office.office.create_task("vor dem Sprung")
    connector.engine.lanes[0].poll(connector.stop)
    ours.jump(seconds)
    after = office.office.create_task("nach dem Sprung")
    connector.sync()
    assert {key: row["name"] for key, row in connector.rows("tasks").items()} == {
        str(before.id): "vor dem Sprung",
        str(after.id): "nach dem Sprung",
    }
    assert connector.engine.spool.counts().total == 0
    connector.close()


@pytest.mark.parametrize("seconds", FAR_OFF)
def test_a_first_sync_under_a_wrong_clock_and_its_correction(
    office: SandboxOffice, folder: Path, clock: FakeClock, seconds: float
) -> None:
    ours = SkewedClock(clock, seconds)
    connector = Connector(office, folder / "home", ours)
    names = {}
    for moment in ("davor", "danach"):
        task = office.office.create_task(moment)
        office.mailbox.add_conversation(moment)
        names[str(task.id)] = moment
        clock.advance(60)
        assert connector.sync().exit_code() == 0
        assert {key: row["name"] for key, row in connector.rows("tasks").items()} == names
        assert len(connector.rows("emails")) == len(names)
        if moment == "davor":
            ours.jump(-seconds)
    connector.restart()
    connector.sync()
    assert connector.engine.status().state == "in step"
    assert all(
        moment is not None and abs((moment - clock.now()).total_seconds()) < 60
        for moment in connector.engine.status().last_verified.values()
    )
    connector.close()
