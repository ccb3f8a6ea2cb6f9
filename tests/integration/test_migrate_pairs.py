"""From any database to any other, with everything."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tests.support.log_guard import ExpectLog
from tests.support.migration import RULES
from tests.support.postgres import Database
from tests.support.small_office import small_mailbox, small_office
from tray_connector.config.settings import Backend
from tray_connector.model.records import Table
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.assemble import destination_of
from tray_connector.sync.migrate import Migration
from tray_connector.sync.migrate_report import MigrationReport

BACKENDS: tuple[Backend, ...] = ("sqlite", "postgres", "airtable")
LONG = "Ein langer Absatz, der sich wiederholt. " * 3000
"""More than Airtable holds."""


@pytest.fixture
def office(clock: FakeClock) -> Iterator[SandboxOffice]:
    with sandbox(clock, office=small_office(clock), mailbox=small_mailbox(clock)) as running:
        hostile = running.office.create_task("Sonder\x0bzeichen", description="a\x0bb\nc\x7f", tags=("R_101",))
        running.office.create_task("Lang", description=LONG)
        running.office.edit_task(hostile.id, progress=50)
        running.mailbox.add_conversation("Roman", at=running.mailbox.now() - 60)
        running.mailbox.receive_mail(
            running.mailbox.conversations()[0].id, html=f"<p>{LONG}</p>", text=LONG, at=running.mailbox.now() - 30
        )
        yield running


@pytest.fixture
def everywhere(office: SandboxOffice, database: Database) -> dict[str, str]:
    """The settings of all three databases."""
    return {**office.airtable_environment(), "PG_DSN": database.dsn(), "ATTACHMENTS": "false"}


Open = Callable[[Backend], Connector]


@pytest.fixture
def opened(office: SandboxOffice, tmp_path: Path, clock: FakeClock, everywhere: dict[str, str]) -> Iterator[Open]:
    """A connector that stores into the database of one's choice."""
    with ExitStack() as stack:

        def opened(backend: Backend) -> Connector:
            connector = Connector(office, tmp_path / "home", clock, **{**everywhere, "DB_BACKEND": backend})
            stack.callback(connector.close)
            return connector

        yield opened


def filled(connector: Connector, clock: FakeClock) -> Connector:
    connector.paths.categories_file.write_text(json.dumps(RULES), encoding="utf-8")
    connector.categories.reload()
    report = connector.sync()
    assert report.exit_code() == 0, report.errors
    connector.office.office.delete_task(connector.office.office.live_tasks()[0].id)
    clock.advance(120)
    connector.sync()
    return connector


def migrate(connector: Connector, backend: Backend, file: Path | None = None) -> MigrationReport:
    settings = replace(connector.settings, db_backend=backend, sqlite_path=file or connector.settings.sqlite_path)
    target = destination_of(settings, connector.clock, connector.engine.ledger)
    return Migration(connector.engine, target, connector.clock).run(connector.stop, lambda: None)


@pytest.mark.parametrize(("origin", "target"), list(permutations(BACKENDS, 2)))
def test_everything_moves_and_the_next_sync_has_nothing_to_do(
    opened: Open, clock: FakeClock, origin: Backend, target: Backend
) -> None:
    connector = filled(opened(origin), clock)
    quiet = connector.sync()
    report = migrate(connector, target)
    tables: tuple[Table, ...] = ("tasks", "emails")
    counts = {table: connector.engine.ledger.count(table) for table in tables}
    assert (report.complete, report.switched, report.mended) == (True, True, 0)
    assert report.compared.same == counts
    assert report.compared.others == {"tasks": 0, "emails": 0}
    again = connector.sync()
    # It is opened once more: Airtable's schema, and a look whether there are rows.
    assert again.destination_requests <= (3 if target == "airtable" else 10)
    assert [lane.requests for lane in again.lanes] == [lane.requests for lane in quiet.lanes]
    assert sum(lane.dispatched.taken for lane in again.lanes) == 0
    assert target != "airtable" or connector.sync().destination_requests == 0


def test_all_the_way_round_nothing_is_lost(opened: Open, tmp_path: Path, clock: FakeClock) -> None:
    connector = filled(opened("sqlite"), clock)
    before = {table: connector.rows(table) for table in ("tasks", "emails")}
    assert max(len(row["body_text"] or "") for row in before["emails"].values()) > 100_000
    for backend in ("postgres", "airtable"):
        assert migrate(connector, backend).switched
    report = migrate(connector, "sqlite", tmp_path / "again.db")
    assert report.complete
    assert 3 <= report.tally.read_again <= 5
    assert report.tally.requests <= 4
    assert {table: connector.rows(table, tmp_path / "again.db") for table in before} == before


@pytest.mark.parametrize("statement", ["DELETE FROM tasks", "DROP TABLE emails", "DROP SCHEMA public CASCADE"])
def test_a_postgresql_that_was_emptied_or_replaced_fills_itself_again(
    opened: Open, database: Database, expect_log: ExpectLog, statement: str
) -> None:
    connector = opened("postgres")
    connector.sync()
    before = {table: database.rows(table).keys() for table in ("tasks", "emails")}
    database.execute(statement, "CREATE SCHEMA IF NOT EXISTS public")
    for _ in range(3):
        connector.sync()
    assert {table: database.rows(table).keys() for table in before} == before
    if not statement.startswith("DELETE"):
        expect_log("A table was changed by another program")
