"""What a first run takes, and what it leaves to later ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.support.clock import FakeClock
from tests.support.connector import Connector
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sources.base import Since


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
