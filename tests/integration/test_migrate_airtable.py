"""Out of an Airtable base that has seen other times, and into one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tests.support.log_guard import ExpectLog
from tests.support.migration import assert_same, execute, migrate
from tests.support.small_office import small_mailbox, small_office
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.sandbox.airtable_site import AirtableSite
from tray_connector.sandbox.faults import ALWAYS
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.assemble import destination_of
from tray_connector.sync.migrate import Migration, Phase
from tray_connector.sync.migrate_report import MigrationReport


@pytest.fixture
def office(clock: FakeClock) -> Iterator[SandboxOffice]:
    with sandbox(clock, office=small_office(clock), mailbox=small_mailbox(clock)) as running:
        yield running


@pytest.fixture
def site(office: SandboxOffice) -> AirtableSite:
    return office.airtable


@pytest.fixture
def connector(office: SandboxOffice, tmp_path: Path, clock: FakeClock) -> Iterator[Connector]:
    """Into SQLite, with the base at hand."""
    settings = {**office.airtable_environment(), "DB_BACKEND": "sqlite"}
    connector = Connector(office, tmp_path / "home", clock, **settings)
    connector.sync()
    yield connector
    connector.close()


def into_base(connector: Connector, *, switch: bool = True) -> MigrationReport:
    settings = replace(connector.settings, db_backend="airtable")
    target = destination_of(settings, connector.clock, connector.engine.ledger)
    return Migration(connector.engine, target, connector.clock).run(connector.stop, (lambda: None) if switch else None)


def by_key(site: AirtableSite, table: str) -> dict[str, dict[str, Any]]:
    key = "id" if table == "Tasks" else "Email ID"
    return {str(row.fields.get(key)): dict(row.fields) for row in site.table(table)}


def test_rows_that_only_airtable_knows_come_along(
    office: SandboxOffice, site: AirtableSite, tmp_path: Path, clock: FakeClock
) -> None:
    with_base = office.airtable_environment()
    connector = Connector(office, tmp_path / "home", clock, **with_base)
    connector.sync()
    site.add_records(
        "Emails",
        [
            {"Email ID": "old-1", "Subject": "Aus alter Zeit", "To": "a@example.com, b@example.com", "Draft": True},
            {"Email ID": "old-2", "Subject": "Noch eine", "Thread ID": "t", "Sent At": "2020-01-31T10:00:00.000Z"},
            {"Subject": "Ohne Schlüssel"},
        ],
    )
    report = migrate(connector, tmp_path / "second.db", switch=True)
    assert (report.complete, report.switched) == (True, True)
    assert report.tally.unknown == {"emails": 2}
    assert report.tally.split == 1
    rows = connector.rows("emails", tmp_path / "second.db")
    assert rows["old-1"]["to_addresses"] == ["a@example.com", "b@example.com"]
    assert rows["old-2"]["sent_at"] == "2020-01-31T10:00:00Z"
    assert len(rows) == report.compared.same["emails"] == len(site.table("Emails")) - 1
    assert sum(lane.dispatched.taken for lane in connector.sync().lanes) == 0
    connector.close()


def test_into_a_base_that_holds_rows_already(connector: Connector, site: AirtableSite, expect_log: ExpectLog) -> None:
    into_base(connector, switch=False)
    before = {table: len(site.table(table)) for table in ("Tasks", "Emails")}
    key = str(site.table("Tasks")[0].fields["id"])
    site.add_records("Tasks", [{"id": key, "name": "Doppelt"}, {"id": "mine", "name": "Von Hand"}])
    execute(connector.paths.ledger, "DELETE FROM destinations WHERE place LIKE 'airtable:%'", foreign_keys=True)
    report = into_base(connector)
    expect_log("1 key has several rows")
    assert report.complete
    assert report.compared.others["tasks"] == 2
    assert {table: len(site.table(table)) for table in before} == {**before, "Tasks": before["Tasks"] + 2}
    connector.office.office.edit_task(int(key), name="Weiter geht es")
    connector.sync()
    assert by_key(site, "Tasks")["mine"]["name"] == "Von Hand"
    assert sum(row.fields.get("name") == "Weiter geht es" for row in site.table("Tasks")) == 1


def test_when_airtable_is_away_in_the_middle_nothing_is_doubled(connector: Connector, site: AirtableSite) -> None:
    settings = replace(connector.settings, db_backend="airtable")
    target = destination_of(settings, connector.clock, connector.engine.ledger)

    def meanwhile(_: Phase, done: int, __: int) -> None:
        if done:
            site.faults.status(503, ALWAYS)

    migration = Migration(connector.engine, target, connector.clock, meanwhile)
    with pytest.raises(TransientError):
        migration.run(connector.stop, lambda: None)
    assert connector.engine.writer.place.startswith("sqlite:")
    there = len(site.table("Tasks"))
    assert there > 0
    site.faults.clear()
    report = into_base(connector)
    assert report.switched
    assert len(site.table("Tasks")) == report.compared.same["tasks"]
    assert len(site.table("Emails")) == report.compared.same["emails"]
    assert report.tally.written == sum(report.compared.same.values()) - there


def test_a_column_of_the_wrong_type_is_told_before_anything_is_written(
    connector: Connector, site: AirtableSite
) -> None:
    site.add_table("Tasks", [{"name": "id", "type": "singleLineText"}, {"name": "progress", "type": "checkbox"}])
    with pytest.raises(ConfigError, match="progress"):
        into_base(connector)
    assert site.table("Tasks") == []


def test_a_base_that_was_emptied_fills_itself_again(connector: Connector, site: AirtableSite) -> None:
    into_base(connector)
    connector.restart(**connector.office.airtable_environment())
    connector.sync()
    rows = by_key(site, "Emails")
    site.remove_records("Emails", [row.id for row in site.table("Emails")])
    connector.restart(**connector.office.airtable_environment())
    connector.sync()
    assert by_key(site, "Emails").keys() == rows.keys()


def test_files_go_along_to_another_disk_table_and_follow_into_the_base(
    connector: Connector, site: AirtableSite, tmp_path: Path
) -> None:
    asked = len(connector.office.missive.attachment_server.requests)
    second = tmp_path / "second.db"
    report = migrate(connector, second, switch=True)
    assert (report.complete, report.files) == (True, 0)
    files = connector.rows("attachments", second)
    assert files
    assert all(row["state"] == "stored" and row["path"] for row in files.values())
    assert_same(connector, second)
    assert connector.sync().exit_code() == 0
    assert len(connector.office.missive.attachment_server.requests) == asked
    report = into_base(connector)
    assert report.files == len(files)
    assert connector.sync().exit_code() == 0
    assert site.settle()
    held = sum(len(row.fields.get("Attachments", ())) for row in site.table("Emails"))
    assert held == sum(not row["inline"] for row in files.values())
