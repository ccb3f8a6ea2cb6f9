"""Tables are made and upgraded by themselves; what the user added stays; what is in the way is named all at once."""

from __future__ import annotations

import pytest

from tests.support.postgres import Database
from tests.support.sql_places import opened, statements_in, write
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.base import Write, Written
from tray_connector.destinations.column_kinds import COLUMNS_OF, Kind
from tray_connector.destinations.postgres import PostgresDestination
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.model.records import COLUMNS, Task

TASK = Task(task_id="1", name="x", tags=("R_1",))
TYPES = {
    Kind.TEXT: ("text", None),
    Kind.INTEGER: ("integer", None),
    Kind.BOOLEAN: ("boolean", "false"),
    Kind.TIME: ("timestamp with time zone", None),
    Kind.DATE: ("date", None),
    Kind.LIST: ("text[]", "'{}'::text[]"),
}


def open_once(database: Database, schema: str = "public") -> str:
    destination = PostgresDestination(database.dsn(), schema, SystemClock())
    try:
        identity = destination.open(Stop())
    finally:
        destination.close()
    assert identity.place == destination.place == f"postgres:127.0.0.1:{database.server.port}/{database.name}/{schema}"
    return identity.instance


def columns(database: Database, table: str, schema: str = "public") -> dict[str, tuple[str, str | None, bool]]:
    """Name → type, default, never null; in the table's order."""
    found = database.query(
        "SELECT attname, format_type(atttypid, atttypmod), pg_get_expr(adbin, adrelid), attnotnull FROM pg_attribute"
        " LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum"
        " WHERE attrelid = (SELECT oid FROM pg_class WHERE relname = %s AND relnamespace ="
        " (SELECT oid FROM pg_namespace WHERE nspname = %s)) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        table,
        schema,
    )
    return {row[0]: row[1:] for row in found}


@pytest.mark.parametrize("schema", ["public", 'Büro 100% "neu"'])
def test_the_tables_are_those_of_the_design(database: Database, schema: str) -> None:
    open_once(database, schema)
    for table, kinds in COLUMNS_OF.items():
        found = columns(database, table, schema)
        assert list(found) == list(kinds)
        for name, kind in kinds.items():
            declared, default = TYPES[kind]
            if name in ("task_id", "email_id", "attachment_id") and name == next(iter(kinds)):
                assert found[name] == ("text", None, True)
            elif (table, name) == ("attachments", "state"):
                assert found[name] == ("text", "'waiting'::text", True)
            elif (table, name) == ("attachments", "byte_size"):
                assert found[name] == ("bigint", None, False)
            else:
                assert found[name] == (declared, default, kind in (Kind.LIST, Kind.BOOLEAN))


def test_what_people_ask_for_is_found_by_an_index(database: Database) -> None:
    open_once(database)
    for question, index in {
        "tasks WHERE updated_at > now()": "tasks_updated_at",
        "tasks WHERE due_date < now()": "tasks_due_date",
        "tasks WHERE project_id = '7'": "tasks_project_id",
        "tasks WHERE tags @> '{R_1}'": "tasks_tags",
        "tasks WHERE deleted": "tasks_deleted_at",
        "emails WHERE received_at > now()": "emails_received_at",
        "emails WHERE conversation_id = 'c'": "emails_conversation_id",
        "emails WHERE labels @> '{R_1}'": "emails_labels",
        "attachments WHERE email_id = 'm'": "attachments_email_id",
    }.items():
        database.execute(f"ALTER DATABASE {database.name} SET enable_seqscan = off")
        plan = database.query(f"EXPLAIN SELECT * FROM {question}")  # noqa: S608 - the test's own words
        assert f"tray_connector_{index}" in str(plan)


def test_the_instance_stays_while_the_tables_do_and_each_schema_has_its_own(database: Database) -> None:
    first = open_once(database)
    assert open_once(database) == first
    assert open_once(database, "other") != first
    database.execute("ALTER SCHEMA public RENAME TO moved", "CREATE SCHEMA public")
    assert open_once(database) != first


@pytest.mark.parametrize(
    "damage",
    [
        "ALTER TABLE tasks DROP COLUMN priority",
        "DROP TABLE emails",
        'ALTER TABLE tasks DROP COLUMN "R"',
        "DROP SCHEMA public CASCADE",
    ],
)
def test_a_database_that_lost_something_of_ours_is_mended_and_counts_as_another(
    database: Database, damage: str
) -> None:
    with opened(database, ["R"]) as destination:
        write(destination, Write(TASK, {"R": ("R_1",)}))
    first = open_once(database)
    database.execute(damage)
    second = open_once(database)
    assert second != first
    assert open_once(database) == second
    with opened(database, ["R"]) as destination:
        assert write(destination, Write(TASK, {"R": ("R_1",)})) == [Written()]
    assert set(columns(database, "tasks")) == {*COLUMNS["tasks"], "R"}
    assert database.rows("tasks")["1"]["R"] == ["R_1"]


@pytest.mark.parametrize(
    "damage",
    [
        "ALTER TABLE tasks DROP COLUMN priority",
        "DROP TABLE tasks",
        'ALTER TABLE tasks DROP COLUMN "R"',
        "DROP SCHEMA public CASCADE",
    ],
)
def test_what_disappears_while_we_write_is_made_again_when_opened_again(database: Database, damage: str) -> None:
    with opened(database, ["R"]) as destination:
        before = destination.open(Stop())
        destination.ensure_categories(["R"], Stop())
        database.execute(damage)
        with pytest.raises(TransientError) as caught:
            write(destination, *(Write(Task(task_id=str(n)), {"R": ()}) for n in range(600)))
        assert caught.value.problem.code == "postgres-tables-changed"
        assert destination.open(Stop()).instance != before.instance
        destination.ensure_categories(["R"], Stop())
        assert write(destination, Write(TASK, {"R": ()})) == [Written()]


def test_an_index_that_somebody_dropped_stays_dropped(database: Database) -> None:
    first = open_once(database)
    database.execute("DROP INDEX tray_connector_tasks_tags")
    assert open_once(database) == first
    assert database.query("SELECT to_regclass('tray_connector_tasks_tags')") == [(None,)]


def test_tables_of_a_newer_version_are_left_alone(database: Database) -> None:
    open_once(database)
    database.execute("UPDATE tray_connector_meta SET value = '99' WHERE key = 'schema_version'")
    with pytest.raises(ConfigError, match="newer Tray Connector"):
        open_once(database)


def test_what_the_user_keeps_in_the_schema_survives(database: Database) -> None:
    database.execute(
        "CREATE TABLE tasks (task_id varchar(40) PRIMARY KEY, \"Notiz\" text, name text, CHECK (name <> 'nie'))",
        "INSERT INTO tasks VALUES ('1', 'meins', 'alt')",
        "CREATE VIEW mine AS SELECT task_id, \"Notiz\" FROM tasks",
        "CREATE TABLE log (task_id text)",
        "CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO log VALUES (new.task_id); RETURN new; END $$",
        "CREATE TRIGGER mine AFTER INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION noted()",
        "CREATE INDEX my_index ON tasks (\"Notiz\")",
    )  # fmt: skip
    with opened(database, ["Räume"]) as destination:
        assert database.rows("tasks")["1"]["tags"] == []
        assert write(destination, Write(TASK, {"Räume": ("R_1",)})) == [Written()]
    row = database.rows("tasks")["1"]
    assert (row["Notiz"], row["name"], row["Räume"]) == ("meins", "x", ["R_1"])
    assert database.query("SELECT * FROM mine") == [("1", "meins")]
    assert database.query("SELECT * FROM log") == [("1",)]


IN_THE_WAY = [
    ("CREATE VIEW emails AS SELECT 1 AS email_id", "a view named emails"),
    ("CREATE SEQUENCE tasks", "a sequence named tasks"),
    ("CREATE TABLE other (x text); CREATE INDEX tasks ON other (x)", "an index named tasks"),
    (
        "CREATE TABLE tasks (id integer PRIMARY KEY, title text)",
        "tasks is not ours: it has no column task_id",
    ),
    ("CREATE TABLE tasks (task_id integer PRIMARY KEY)", "the key tasks.task_id is integer, expected is text"),
    ("CREATE TABLE tasks (task_id text)", "tasks.task_id is neither the primary key nor unique"),
    ("CREATE TABLE tasks (task_id text UNIQUE DEFERRABLE)", "tasks.task_id is neither the primary key nor unique"),
    ("CREATE TABLE tasks (task_id text, x text, PRIMARY KEY (task_id, x))", "tasks.task_id is neither"),
    ("CREATE TABLE tasks (task_id text PRIMARY KEY, tags text)", "tasks.tags is text, expected is text[]"),
    ("CREATE TABLE tasks (task_id text PRIMARY KEY, created_at timestamp)", "expected is timestamptz"),
    (
        "CREATE TABLE tasks (task_id text PRIMARY KEY, url text GENERATED ALWAYS AS ('x') STORED)",
        "tasks.url is computed (text), expected is text",
    ),
    (
        "CREATE TABLE emails (email_id text PRIMARY KEY, mine text NOT NULL)",
        "emails.mine must not be null and has no default",
    ),
    ("CREATE TABLE tray_connector_meta (key text PRIMARY KEY)", "tray_connector_meta is not ours"),
]


@pytest.mark.parametrize(("statement", "words"), IN_THE_WAY)
def test_what_is_in_the_way_is_named_and_left_alone(database: Database, statement: str, words: str) -> None:
    database.execute(statement)
    before = database.query("SELECT relname FROM pg_class ORDER BY relname")
    with pytest.raises(ConfigError) as caught:
        open_once(database)
    problem = caught.value.problem
    assert words in problem.message
    assert database.query("SELECT relname FROM pg_class ORDER BY relname") == before
    lines = PostgresDestination(database.dsn(), "public", SystemClock()).check(Stop())
    assert [line.ok for line in lines] == [False]
    assert words in lines[0].message
    database.execute(statements_in(problem.hint))
    open_once(database)


def test_all_that_is_in_the_way_is_named_at_once(database: Database) -> None:
    database.execute(
        "CREATE TABLE tasks (task_id text PRIMARY KEY, tags text, due_date timestamptz, deleted integer)",
        "CREATE TABLE emails (email_id text PRIMARY KEY, labels jsonb)",
    )
    with pytest.raises(ConfigError) as caught:
        open_once(database)
    assert caught.value.problem.message == (
        "emails.labels is jsonb, expected is text[]; tasks.tags is text, expected is text[];"
        " tasks.due_date is timestamp with time zone, expected is date; tasks.deleted is integer, expected is boolean"
    )


ODD_NAMES = [
    "Räume",
    'mit "Zitat"',
    "it's",
    "select",
    "a b.c;--",
    "[x]",
    "100 %",
    "%s",
    "?",
    "名前",
    "RÄUME ü",
    "Ctid ",
]


def test_any_category_name_becomes_a_column(database: Database) -> None:
    with opened(database, ODD_NAMES) as destination:
        assigned = {name: (name,) for name in ODD_NAMES}
        assert write(destination, Write(TASK, assigned), Write(TASK, assigned, columns=())) == [Written()] * 2
        destination.ensure_categories(ODD_NAMES, Stop())
        (row,) = next(iter(destination.rows("tasks", Stop())))
        assert row.categories == assigned
    assert {name: database.rows("tasks")["1"][name] for name in ODD_NAMES} == {name: [name] for name in ODD_NAMES}
    assert columns(database, "emails")["Räume"] == ("text[]", "'{}'::text[]", True)


def test_a_new_category_is_an_empty_list_and_a_removed_one_keeps_its_column(database: Database) -> None:
    with opened(database, ["A"]) as destination:
        write(destination, Write(TASK, {"A": ("R_1",)}))
        destination.ensure_categories(["B"], Stop())
        assert (database.rows("tasks")["1"]["A"], database.rows("tasks")["1"]["B"]) == (["R_1"], [])
        write(destination, Write(TASK, {"B": ("R_1",)}))
    assert (database.rows("tasks")["1"]["A"], database.rows("tasks")["1"]["B"]) == (["R_1"], ["R_1"])


def test_a_column_of_the_user_with_another_type_is_never_taken_for_a_category(database: Database) -> None:
    with opened(database) as destination:
        write(destination, Write(TASK))
        database.execute('ALTER TABLE tasks ADD COLUMN "Notiz" text', "UPDATE tasks SET \"Notiz\" = 'meins'")
        for name in ("Notiz", "xmin", "NAME"):
            with pytest.raises(ConfigError) as caught:
                destination.ensure_categories(["Neu", name], Stop())
            assert name in caught.value.problem.message
        assert "Neu" not in columns(database, "tasks")
        with pytest.raises(ConfigError):
            write(destination, Write(TASK, {"Notiz": ("R_1",)}))
        assert write(destination, Write(TASK)) == [Written()]
    assert database.rows("tasks")["1"]["Notiz"] == "meins"


def test_categories_that_nobody_announced_get_their_columns_with_the_write(database: Database) -> None:
    with opened(database) as destination:
        assert write(destination, Write(TASK, {"Räume": ("R_1",)})) == [Written()]
    assert database.rows("tasks")["1"]["Räume"] == ["R_1"]
