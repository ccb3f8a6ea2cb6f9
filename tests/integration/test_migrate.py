"""Everything that is stored moves into another database, which then takes the place of the first one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import Connector, sandbox
from tests.support.migration import RULES, assert_same, execute, migrate, prepared, update
from tests.support.small_office import small_mailbox, small_office
from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.migrate import Phase


@pytest.fixture
def office(clock: FakeClock) -> Iterator[SandboxOffice]:
    with sandbox(clock, office=small_office(clock), mailbox=small_mailbox(clock)) as running:
        yield running


@pytest.fixture
def connector(office: SandboxOffice, tmp_path: Path, clock: FakeClock) -> Iterator[Connector]:
    """With everything stored, deleted records and label categories among it."""
    connector = Connector(office, tmp_path / "home", clock, ATTACHMENTS="false")
    connector.paths.categories_file.write_text(json.dumps(RULES), encoding="utf-8")
    connector.categories.reload()
    connector.sync()
    office.office.delete_task(office.office.live_tasks()[0].id)
    clock.advance(120)
    connector.sync()
    yield connector
    connector.close()


@pytest.fixture
def second(tmp_path: Path) -> Path:
    return tmp_path / "second.db"


def test_everything_is_in_the_other_database(connector: Connector, second: Path) -> None:
    report = migrate(connector, second)
    assert report.complete
    assert not report.switched
    assert_same(connector, second)
    tasks, emails = connector.rows("tasks", second), connector.rows("emails", second)
    assert report.compared.same == {"tasks": len(tasks), "emails": len(emails)}
    assert report.tally.written == len(tasks) + len(emails)
    assert any(row["deleted"] for row in tasks.values())
    assert any(row["Räume"] for row in tasks.values())


def test_after_the_switch_nothing_is_left_to_do(connector: Connector, second: Path) -> None:
    quiet = connector.sync()
    assert migrate(connector, second, switch=True).switched
    again = connector.sync()
    assert [lane.requests for lane in again.lanes] == [lane.requests for lane in quiet.lanes]
    assert sum(lane.dispatched.taken for lane in again.lanes) == 0
    assert_same(connector, second)


def test_nor_when_the_process_ends_in_between(connector: Connector, second: Path) -> None:
    connector.restart(ATTACHMENTS="false")
    quiet = connector.sync()
    migrate(connector, second)
    connector.restart(SQLITE_PATH=str(second), ATTACHMENTS="false")
    again = connector.sync()
    assert [lane.requests for lane in again.lanes] == [lane.requests for lane in quiet.lanes]
    assert sum(lane.dispatched.taken for lane in again.lanes) == 0


def test_after_the_switch_changes_go_into_the_new_database(
    connector: Connector, office: SandboxOffice, second: Path
) -> None:
    migrate(connector, second, switch=True)
    before = connector.rows("tasks")
    task = office.office.live_tasks()[0]
    office.office.edit_task(task.id, name="Nach dem Umzug")
    connector.sync()
    assert connector.rows("tasks", second)[str(task.id)]["name"] == "Nach dem Umzug"
    assert connector.rows("tasks") == before
    # And so it goes on in another process.
    connector.restart(SQLITE_PATH=str(second), ATTACHMENTS="false")
    assert sum(lane.dispatched.taken for lane in connector.sync().lanes) == 0


def test_what_changes_meanwhile_is_brought_over(connector: Connector, office: SandboxOffice, second: Path) -> None:
    new: list[int] = []

    def meanwhile(phase: Phase, done: int, _: int) -> None:
        if new or not done:
            return
        changed, gone = office.office.live_tasks()[-2:]
        new.append(office.office.create_task("Mitten im Umzug", tags=("R_101",)).id)
        office.office.edit_task(changed.id, name="Geändert", description="Neuer Text")
        office.office.delete_task(gone.id)
        office.mailbox.receive_mail(office.mailbox.conversations()[0].id, subject="Noch eine")
        connector.clock.wait(Stop(), 120)
        connector.sync()

    report = migrate(connector, second, meanwhile=meanwhile)
    assert report.complete
    assert new
    assert_same(connector, second)
    assert connector.rows("tasks", second)[str(new[0])]["Räume"] == ["R_101"]


def test_a_second_time_only_what_changed_is_written(connector: Connector, office: SandboxOffice, second: Path) -> None:
    migrate(connector, second)
    office.office.edit_task(office.office.live_tasks()[0].id, name="Anders", description="Und neuer Text")
    mails = [row["conversation_id"] for row in connector.rows("emails").values() if row["subject"] == "Bauantrag"]
    office.mailbox.label(mails[0], "R_102")
    connector.sync()
    connector.engine.reconcile(connector.stop)
    report = migrate(connector, second)
    assert report.tally.written == 1 + 12
    assert report.complete
    assert_same(connector, second)


def test_one_that_was_cut_off_goes_on_where_it_ended(connector: Connector, second: Path) -> None:
    stop = Stop()
    with pytest.raises(Stopped):
        migrate(connector, second, stop=stop, meanwhile=lambda _, done, __: stop.set() if done else None)
    already = len(connector.rows("tasks", second))
    assert already > 0
    report = migrate(connector, second)
    assert report.complete
    assert already + report.tally.written == sum(report.compared.same.values())
    assert_same(connector, second)


def test_what_waits_in_the_queue_is_not_lost_by_a_switch_by_hand(
    connector: Connector, office: SandboxOffice, second: Path
) -> None:
    task = office.office.create_task("Wartet noch")
    connector.clock.wait(Stop(), 1)
    teamwork = connector.engine.lanes[0]
    teamwork.poll(connector.stop)
    report = migrate(connector, second)
    assert report.anew == ("teamwork",)
    connector.sync()
    assert str(task.id) not in connector.rows("tasks", second)
    connector.restart(SQLITE_PATH=str(second), ATTACHMENTS="false")
    connector.sync()
    assert connector.rows("tasks")[str(task.id)]["name"] == "Wartet noch"


def test_what_waits_in_the_queue_goes_into_the_new_database(
    connector: Connector, office: SandboxOffice, second: Path
) -> None:
    task = office.office.create_task("Wartet noch")
    connector.clock.wait(Stop(), 1)
    connector.engine.lanes[0].poll(connector.stop)
    report = migrate(connector, second, switch=True)
    assert report.anew == ()
    connector.sync()
    assert connector.rows("tasks", second)[str(task.id)]["name"] == "Wartet noch"


def test_rows_from_elsewhere_stay_where_they_are(connector: Connector, second: Path) -> None:
    taken = next(iter(connector.rows("tasks")))
    prepared(
        connector,
        second,
        "INSERT INTO tasks (task_id, name) VALUES ('mine', 'Von Hand')",
        "INSERT INTO tasks (task_id, name, status) VALUES ('old', 'Veraltet', 'new')",
    )
    update(second, "tasks", "old", task_id=taken)
    report = migrate(connector, second)
    assert report.complete
    assert report.compared.others == {"tasks": 1, "emails": 0}
    rows = connector.rows("tasks", second)
    assert rows.pop("mine")["name"] == "Von Hand"
    assert rows == connector.rows("tasks")


def test_rows_that_only_the_origin_knows_move_too(connector: Connector, second: Path) -> None:
    execute(
        connector.settings.sqlite_path,
        "INSERT INTO tasks (task_id, name, tags, due_date, description)"
        """ VALUES ('old', 'Vor unserer Zeit', '["R_7", "x"]', '2020-01-31', 'Text')""",
    )
    for _ in range(2):
        report = migrate(connector, second)
        assert report.complete
        assert report.tally.unknown == {"tasks": 1}
        assert report.tally.split == 0
        row = connector.rows("tasks", second)["old"]
        assert (row["due_date"], row["tags"], row["Räume"]) == ("2020-01-31", ["R_7", "x"], ["R_7"])
        assert row["description"] == "Text"


def test_the_place_in_use_is_refused(connector: Connector) -> None:
    with pytest.raises(ConfigError, match="Everything is stored there already"):
        migrate(connector, connector.settings.sqlite_path)


def test_there_is_one_at_a_time(connector: Connector, second: Path) -> None:
    with connector.engine.writer.migrating, pytest.raises(TransientError, match="running already"):
        migrate(connector, second)
    assert migrate(connector, second).complete
