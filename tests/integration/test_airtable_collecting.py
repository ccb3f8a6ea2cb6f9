"""`AIRTABLE_WRITE_EVERY_SECONDS`: changes are collected on purpose, and the status says so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_service import eventually, running
from tests.support.airtable_base import by_key
from tests.support.connector import Connector
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.airtable_site import AirtableSite
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    clock = SystemClock()
    state = Office.generate(clock=clock, tasks=0, deleted=0)
    state.create_list("Allgemein", state.create_project("Büro").id)
    with SandboxOffice(clock=clock, office=state, mailbox=Mailbox(clock=clock), rate_scale=1000) as made:
        yield made


@pytest.fixture
def site() -> Iterator[AirtableSite]:
    with AirtableSite(SystemClock(), plan="team", rate_scale=1000) as made:
        yield made


@pytest.fixture
def connector(office: SandboxOffice, site: AirtableSite, tmp_path: Path) -> Iterator[Connector]:
    settings = {"PERIODIC_BACKFILL_INTERVAL": "1", "ATTACHMENTS": "false", "AIRTABLE_WRITE_EVERY_SECONDS": "3600"}
    connector = Connector(office, tmp_path / "home", SystemClock(), **site.environment(), **settings)
    yield connector
    connector.close()


def waiting(connector: Connector) -> int:
    return connector.engine.status().queue.waiting


def test_changes_wait_on_purpose_and_sync_now_writes_them(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    with running(connector):
        eventually(lambda: "Tasks" in site.table_names, "the base is ready")
        office.office.create_task("Aufmaß")
        office.mailbox.add_conversation("Bauantrag", mails=1)
        eventually(lambda: waiting(connector) == 2, "both are in the spool")
        eventually(lambda: connector.engine.status().state == "in step", "waiting on purpose is no trouble")
        status = connector.engine.status()
        assert "2 changes are written at 20" in status.headline
        assert site.calls["upsert"] == 0
        connector.engine.sync_now()
        eventually(lambda: len(by_key(site, "tasks")) == len(by_key(site, "emails")) == 1, "written at once")
        eventually(lambda: waiting(connector) == 0, "nothing waits")
        assert "written at" not in connector.engine.status().headline
        office.office.create_task("Noch eine")
        eventually(lambda: waiting(connector) == 1, "collected again")
        time.sleep(0.3)
        assert site.calls["upsert"] == 2


def test_commands_write_at_once(connector: Connector, office: SandboxOffice, site: AirtableSite) -> None:
    office.office.create_task("Aufmaß")
    report = connector.engine.sync_once(connector.stop)
    assert report.exit_code() == 0
    assert len(by_key(site, "tasks")) == 1


def test_what_was_collected_long_enough_is_written_also_after_a_restart(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    settings = {**site.environment(), "ATTACHMENTS": "false", "PERIODIC_BACKFILL_INTERVAL": "1"}
    with running(connector):
        eventually(lambda: "Tasks" in site.table_names, "the base is ready")
        office.office.create_task("Aufmaß")
        eventually(lambda: waiting(connector) == 1, "it is in the spool")
    connector.restart(**settings, AIRTABLE_WRITE_EVERY_SECONDS="2")
    began = time.monotonic()
    with running(connector):
        eventually(lambda: len(by_key(site, "tasks")) == 1, "written when its time has come")
    assert time.monotonic() - began < 5


def test_an_engine_that_does_not_run_says_that_something_waits(
    connector: Connector, office: SandboxOffice, site: AirtableSite
) -> None:
    with running(connector):
        eventually(lambda: "Tasks" in site.table_names, "the base is ready")
        office.office.create_task("Aufmaß")
        eventually(lambda: waiting(connector) == 1, "it is in the spool")
    connector.restart(**site.environment(), ATTACHMENTS="false", AIRTABLE_WRITE_EVERY_SECONDS="3600")
    assert connector.engine.status().headline == "1 record waits to be stored"
