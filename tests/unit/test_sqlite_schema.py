"""Tables are made and upgraded by themselves; what the user added stays; what is in the way is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sqlite_files import execute, opened, query, row, write
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.base import Write, Written
from tray_connector.destinations.sqlite import SqliteDestination
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.model.records import COLUMNS, Task

ATTACHMENTS = "attachment_id email_id filename content_type byte_size sha256 path inline state"
TASK = Task(task_id="1", name="x", tags=("R_1",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "connector.db"


def open_once(path: Path) -> str:
    destination = SqliteDestination(path, SystemClock())
    identity = destination.open(Stop())
    destination.close()
    assert identity.place == f"sqlite:{path.resolve()}"
    return identity.instance


def columns(path: Path, table: str) -> list[object]:
    return [found[0] for found in query(path, "SELECT name FROM pragma_table_info(?)", table)]


def test_the_tables_have_the_columns_of_the_design_in_order(path: Path) -> None:
    open_once(path)
    assert columns(path, "tasks") == list(COLUMNS["tasks"])
    assert columns(path, "emails") == list(COLUMNS["emails"])
    assert columns(path, "attachments") == ATTACHMENTS.split()
    keys = query(
        path,
        "SELECT m.name, x.name FROM sqlite_master m, pragma_table_info(m.name) x WHERE x.pk AND m.type = 'table'"
        " AND m.name NOT LIKE 'tray%' ORDER BY m.name",
    )
    assert keys == [("attachments", "attachment_id"), ("emails", "email_id"), ("tasks", "task_id")]


def test_the_instance_stays_while_the_database_does(path: Path) -> None:
    first = open_once(path)
    assert open_once(path) == first
    path.rename(path.with_name("moved.db"))
    assert open_once(path) != first


@pytest.mark.parametrize(
    "damage",
    [
        "ALTER TABLE tasks DROP COLUMN priority",
        "DROP TABLE emails",
        "ALTER TABLE tasks DROP COLUMN R",
        "DROP TABLE tasks",
    ],
)
def test_a_database_that_lost_something_of_ours_is_mended_and_counts_as_another(path: Path, damage: str) -> None:
    with opened(path, ["R"]) as destination:
        write(destination, Write(TASK, {"R": ("R_1",)}))
    first = open_once(path)
    execute(path, damage)
    second = open_once(path)
    assert second != first
    assert open_once(path) == second
    with opened(path, ["R"]) as destination:
        assert write(destination, Write(TASK, {"R": ("R_1",)})) == [Written()]
    assert set(columns(path, "tasks")) == {*COLUMNS["tasks"], "R"}
    assert row(path, "tasks", "1")["R"] == ["R_1"]


@pytest.mark.parametrize(
    "damage", ["ALTER TABLE tasks DROP COLUMN priority", "DROP TABLE attachments", "DROP TABLE tasks"]
)
def test_what_disappears_while_we_write_is_made_again_when_opened_again(path: Path, damage: str) -> None:
    with opened(path) as destination:
        before = destination.open(Stop())
        execute(path, "ALTER TABLE emails DROP COLUMN url" if damage == "DROP TABLE attachments" else damage)
        if damage == "DROP TABLE attachments":
            execute(path, damage, "ALTER TABLE tasks DROP COLUMN url")
        with pytest.raises(TransientError) as caught:
            write(destination, Write(TASK))
        assert caught.value.problem.code == "sqlite-tables-changed"
        assert destination.open(Stop()).instance != before.instance
        assert write(destination, Write(TASK)) == [Written()]


def test_rows_columns_indexes_and_tables_of_the_user_survive_an_upgrade(path: Path) -> None:
    execute(
        path,
        "CREATE TABLE tasks (task_id TEXT PRIMARY KEY, Notiz TEXT, name TEXT)",
        "INSERT INTO tasks VALUES ('1', 'meins', 'alt')",
        "CREATE TABLE mine (x)",
        "CREATE INDEX my_index ON tasks (Notiz)",
    )
    with opened(path) as destination:
        assert row(path, "tasks", "1")["tags"] == []
        write(destination, Write(TASK))
    assert (row(path, "tasks", "1")["Notiz"], row(path, "tasks", "1")["name"]) == ("meins", "x")
    assert query(path, "SELECT count(*) FROM sqlite_master WHERE name IN ('mine', 'my_index')") == [(2,)]


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE VIEW emails AS SELECT 1 AS email_id"], "a view named emails"),
        (["CREATE VIRTUAL TABLE tasks USING fts5(task_id)"], "a virtual table named tasks"),
        (["CREATE TABLE other (x)", "CREATE INDEX tasks ON other (x)"], "an index named tasks"),
        (["CREATE TABLE tasks (id INTEGER PRIMARY KEY, title TEXT)"], "without the column task_id"),
        (["CREATE TABLE tasks (task_id INTEGER PRIMARY KEY)"], "task_id does not hold text"),
        (["CREATE TABLE tasks (task_id TEXT)"], "neither the primary key nor unique"),
        (["CREATE TABLE tasks (task_id TEXT, x, PRIMARY KEY (task_id, x))"], "neither the primary key nor unique"),
        (["CREATE TABLE tasks (task_id TEXT PRIMARY KEY, tag_ids INTEGER)"], "tag_ids does not have the type TEXT"),
        (["CREATE TABLE tasks (task_id TEXT PRIMARY KEY, progress TEXT)"], "progress does not have the type INTEGER"),
        (["CREATE TABLE tasks (task_id TEXT PRIMARY KEY, url TEXT AS ('x'))"], "url does not have the type TEXT"),
        (["CREATE TABLE tray_connector_meta (x)"], "tray_connector_meta is not ours"),
    ],
)
def test_what_is_in_the_way_is_named_and_left_alone(path: Path, statements: list[str], words: str) -> None:
    execute(path, *statements)
    before = query(path, "SELECT * FROM sqlite_master")
    with pytest.raises(ConfigError) as caught:
        open_once(path)
    assert words in caught.value.problem.message
    assert "Rename" in caught.value.problem.hint
    assert query(path, "SELECT * FROM sqlite_master") == before
    lines = SqliteDestination(path, SystemClock()).check(Stop())
    assert [line.ok for line in lines] == [False]
    assert words in lines[0].message


def test_a_key_that_is_unique_by_an_index_is_accepted(path: Path) -> None:
    execute(path, "CREATE TABLE tasks (task_id TEXT, x)", "CREATE UNIQUE INDEX my_key ON tasks (task_id)")
    with opened(path) as destination:
        assert write(destination, Write(TASK), Write(TASK)) == [Written()] * 2


ODD_NAMES = ["Räume", 'mit "Zitat"', "it's", "select", "a b.c;--", "[x]", "100 %", "?", "名前", "`", "RÄUME ü"]


def test_any_category_name_becomes_a_column(path: Path) -> None:
    with opened(path, ODD_NAMES) as destination:
        assigned = {name: (name,) for name in ODD_NAMES}
        assert write(destination, Write(TASK, assigned), Write(TASK, assigned, columns=())) == [Written()] * 2
        destination.ensure_categories(ODD_NAMES, Stop())
    assert {name: row(path, "tasks", "1")[name] for name in ODD_NAMES} == {name: [name] for name in ODD_NAMES}
    assert set(ODD_NAMES) <= set(columns(path, "emails"))


def test_a_new_category_is_an_empty_list_and_a_removed_one_keeps_its_column(path: Path) -> None:
    with opened(path, ["A"]) as destination:
        write(destination, Write(TASK, {"A": ("R_1",)}))
        destination.ensure_categories(["B"], Stop())
        assert (row(path, "tasks", "1")["A"], row(path, "tasks", "1")["B"]) == (["R_1"], [])
        write(destination, Write(TASK, {"B": ("R_1",)}))
    assert (row(path, "tasks", "1")["A"], row(path, "tasks", "1")["B"]) == (["R_1"], ["R_1"])


def test_a_category_spelled_in_another_case_uses_the_same_column(path: Path) -> None:
    with opened(path, ["Kunden"]) as destination:
        destination.ensure_categories(["kunden"], Stop())
        assert write(destination, Write(TASK, {"kunden": ("K",)})) == [Written()]
    assert row(path, "tasks", "1")["Kunden"] == ["K"]


def test_a_column_of_the_user_with_other_content_is_never_taken_for_a_category(path: Path) -> None:
    with opened(path) as destination:
        write(destination, Write(TASK))
        execute(path, "ALTER TABLE tasks ADD COLUMN Notiz TEXT", "UPDATE tasks SET Notiz = 'meins'")
        with pytest.raises(ConfigError) as caught:
            destination.ensure_categories(["Neu", "notiz"], Stop())
        assert "Notiz" in caught.value.problem.message
        assert "Neu" not in columns(path, "tasks")
        with pytest.raises(ConfigError):
            write(destination, Write(TASK, {"notiz": ("R_1",)}))
    assert row(path, "tasks", "1")["Notiz"] == "meins"


def test_categories_that_nobody_announced_get_their_columns_with_the_write(path: Path) -> None:
    with opened(path) as destination:
        assert write(destination, Write(TASK, {"Räume": ("R_1",)})) == [Written()]
    assert row(path, "tasks", "1")["Räume"] == ["R_1"]
