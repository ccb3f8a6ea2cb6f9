"""What a migration does when something is not as it should be: it names it, loses nothing, and switches to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tests.support.migration import assert_same, delete, execute, migrate, prepared, update
from tests.support.small_office import small_mailbox, small_office
from tray_connector.destinations.sqlite import SqliteDestination
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.sandbox.faults import ALWAYS
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.migrate import Migration
from tray_connector.sync.migrate_compare import words_of


@pytest.fixture
def office(clock: FakeClock) -> Iterator[SandboxOffice]:
    with sandbox(clock, office=small_office(clock), mailbox=small_mailbox(clock)) as running:
        yield running


@pytest.fixture
def connector(office: SandboxOffice, tmp_path: Path, clock: FakeClock) -> Iterator[Connector]:
    connector = Connector(office, tmp_path / "home", clock, ATTACHMENTS="false")
    connector.sync()
    yield connector
    connector.close()


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return tmp_path / "second.db"


def some(connector: Connector, table: str) -> str:
    """A record that has a text."""
    body = "description" if table == "tasks" else "body_text"
    return next(key for key, row in connector.rows(table).items() if row[body])


def trigger(event: str, key: str, change: str) -> str:
    """The target has its own mind about a row."""
    begin = f"CREATE TRIGGER t{event}{key} AFTER {event} ON tasks WHEN new.task_id = '{key}'"
    return begin + f" BEGIN UPDATE tasks SET {change} WHERE task_id = new.task_id; END"  # noqa: S608 - a test's own words


def test_a_record_that_is_refused_is_named_and_nothing_is_switched(connector: Connector, second: Path) -> None:
    refused = some(connector, "tasks")
    guard = (
        f"CREATE TRIGGER t BEFORE INSERT ON tasks WHEN new.task_id = '{refused}' BEGIN SELECT RAISE(ABORT, 'no'); END"
    )
    prepared(connector, second, guard)
    report = migrate(connector, second, switch=True)
    assert not report.complete
    assert not report.switched
    (named,) = report.tally.refused.values()
    assert (named.key, named.name) == (refused, connector.rows("tasks")[refused]["name"])
    assert len(connector.rows("tasks", second)) == len(connector.rows("tasks")) - 1
    assert connector.engine.writer.place == f"sqlite:{connector.settings.sqlite_path}"
    # Whoever switches by hand in spite of it finds everything looked through.
    execute(second, "DROP TRIGGER t")
    connector.restart(SQLITE_PATH=str(second), ATTACHMENTS="false")
    connector.sync()
    assert refused in connector.rows("tasks")


def test_it_is_complete_once_the_reason_is_gone(connector: Connector, second: Path) -> None:
    guard = "CREATE TRIGGER t BEFORE INSERT ON emails BEGIN SELECT RAISE(ABORT, 'no'); END"
    prepared(connector, second, guard)
    emails = len(connector.rows("emails"))
    assert len(migrate(connector, second).tally.refused) == emails
    execute(second, "DROP TRIGGER t")
    report = migrate(connector, second)
    assert report.complete
    assert report.tally.written == emails
    assert_same(connector, second)


def test_what_the_target_makes_of_a_value_is_named(connector: Connector, second: Path) -> None:
    changed, cut = list(connector.rows("tasks"))[:2]
    prepared(
        connector,
        second,
        *(
            trigger(event, key, change)
            for key, change in ((changed, "name = 'anders'"), (cut, "description = 'gekürzt'"))
            for event in ("INSERT", "UPDATE")
        ),
    )
    report = migrate(connector, second, switch=True)
    assert not report.switched
    assert sorted(words_of(report.compared.differences)) == sorted(
        [f"task {changed}: differs in name", f"task {cut}: differs in its texts"]
    )


def test_rows_that_vanished_from_the_target_come_back(connector: Connector, second: Path) -> None:
    migrate(connector, second)
    gone, changed = list(connector.rows("emails"))[:2]
    delete(second, "emails", gone)
    update(second, "emails", changed, subject="von Hand")
    report = migrate(connector, second)
    assert report.complete
    assert report.mended == 2
    assert_same(connector, second, "tasks", "emails")


def test_a_target_that_was_emptied_or_replaced_is_filled_again(connector: Connector, second: Path) -> None:
    migrate(connector, second)
    execute(second, "DELETE FROM emails", "DELETE FROM tasks")
    assert migrate(connector, second).complete
    assert_same(connector, second, "tasks", "emails")
    for path in second.parent.glob("second.db*"):
        path.unlink()
    report = migrate(connector, second)
    assert report.tally.written == sum(report.compared.same.values()) > 0
    assert_same(connector, second)


def test_texts_that_somebody_changed_at_the_origin_are_read_again(connector: Connector, second: Path) -> None:
    task, email = some(connector, "tasks"), some(connector, "emails")
    rows = connector.rows("tasks") | connector.rows("emails")
    update(connector.settings.sqlite_path, "tasks", task, description="kaputt")
    update(connector.settings.sqlite_path, "emails", email, body_text=None, body_html="kaputt")
    report = migrate(connector, second)
    assert report.complete
    assert (report.tally.read_again, report.tally.requests) == (2, 2)
    assert connector.rows("tasks", second)[task] == rows[task]
    assert connector.rows("emails", second)[email] == rows[email]


def test_so_are_records_whose_row_somebody_removed_from_the_origin(connector: Connector, second: Path) -> None:
    task, email = some(connector, "tasks"), some(connector, "emails")
    rows = connector.rows("tasks") | connector.rows("emails")
    delete(connector.settings.sqlite_path, "tasks", task)
    delete(connector.settings.sqlite_path, "emails", email)
    report = migrate(connector, second)
    assert (report.complete, report.tally.read_again) == (True, 2)
    assert connector.rows("tasks", second)[task] == rows[task]
    assert connector.rows("emails", second)[email] == rows[email]


def test_what_the_service_does_not_show_any_more_is_kept_as_it_is(
    connector: Connector, office: SandboxOffice, second: Path
) -> None:
    kept, lost = [key for key, row in connector.rows("emails").items() if row["body_text"]][:2]
    for key in (kept, lost):
        office.mailbox.delete_message(key)
    update(connector.settings.sqlite_path, "emails", kept, body_text="was noch da ist")
    delete(connector.settings.sqlite_path, "emails", lost)
    report = migrate(connector, second)
    assert report.complete
    assert (report.tally.kept_as_read, report.tally.lost) == (1, 1)
    assert connector.rows("emails", second)[kept]["body_text"] == "was noch da ist"
    assert lost not in connector.rows("emails", second)


def test_when_the_service_is_down_all_else_is_copied_and_the_next_run_goes_on(
    connector: Connector, office: SandboxOffice, second: Path
) -> None:
    email = some(connector, "emails")
    update(connector.settings.sqlite_path, "emails", email, body_html="kaputt")
    faults = office.missive.server.faults
    faults.status(503, ALWAYS)
    with pytest.raises(TransientError, match="Missive"):
        migrate(connector, second)
    assert len(connector.rows("emails", second)) == len(connector.rows("emails")) - 1
    faults.clear()
    report = migrate(connector, second)
    assert (report.complete, report.tally.written, report.tally.read_again) == (True, 1, 1)


def test_without_the_service_it_says_what_is_missing(connector: Connector, second: Path) -> None:
    task = some(connector, "tasks")
    update(connector.settings.sqlite_path, "tasks", task, description="x")
    connector.restart(TEAMWORK_API_KEY="", ATTACHMENTS="false")
    with pytest.raises(ConfigError, match="Some texts must be read from Teamwork again"):
        migrate(connector, second)


def test_a_target_that_is_gone_in_the_middle_leaves_the_origin_in_use(connector: Connector, second: Path) -> None:
    def vanish(_: str, done: int, __: int) -> None:
        if done:
            for path in second.parent.glob("second.db*"):
                path.unlink(missing_ok=True)

    with pytest.raises((TransientError, ConfigError)):
        migrate(connector, second, switch=True, meanwhile=vanish)
    assert connector.engine.writer.place == f"sqlite:{connector.settings.sqlite_path}"
    connector.sync()
    report = migrate(connector, second, switch=True)
    assert report.switched
    assert_same(connector, second)


def test_when_the_settings_cannot_be_written_nothing_is_switched(connector: Connector, second: Path) -> None:
    def refuse() -> None:
        raise ConfigError("settings-newer", "The settings are from a newer version")

    migration = Migration(connector.engine, SqliteDestination(second, connector.clock), connector.clock)
    with pytest.raises(ConfigError, match="newer version"):
        migration.run(connector.stop, refuse)
    before = connector.rows("tasks", second)
    task = connector.office.office.live_tasks()[0]
    connector.office.office.edit_task(task.id, name="Am alten Ort")
    connector.sync()
    assert connector.task(task.id)["name"] == "Am alten Ort"
    assert connector.rows("tasks", second) == before
