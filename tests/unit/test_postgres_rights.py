"""A role that may not do something gets the exact statements for an administrator, and goes on once they were run."""

from __future__ import annotations

import pytest

from tests.support.postgres import Database
from tests.support.sql_places import opened, statements_in, write
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.destinations.base import FileRow, Write, Written
from tray_connector.destinations.postgres import PostgresDestination
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConfigError
from tray_connector.model.records import Attachment, Email, Task

TASK = Task(task_id="1")
FILE = Attachment(attachment_id="a1")
MAIL = Email(email_id="m1", conversation_id="c", attachments=(FILE,))


def checked(database: Database, dsn: str, schema: str = "public") -> list[CheckLine]:
    return list(PostgresDestination(dsn, schema, SystemClock()).check(Stop()))


def refused(dsn: str, schema: str = "public") -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        PostgresDestination(dsn, schema, SystemClock()).open(Stop())
    assert caught.value.problem.code in {"postgres-right-missing", "postgres-tables-denied"}
    return caught.value


@pytest.mark.parametrize("schema", ["public", "büro", "Our Own"])
def test_a_role_that_may_not_make_tables_gets_the_statements(database: Database, schema: str) -> None:
    dsn = database.create_role("reader")
    problem = refused(dsn, schema).problem
    assert "permission denied for" in problem.message
    line = checked(database, dsn, schema)[-1]
    assert (line.ok, line.passing, line.hint) == (False, False, problem.hint)
    database.execute(statements_in(problem.hint))
    with opened(database, dsn=dsn, schema=schema) as destination:
        assert write(destination, Write(TASK), Write(MAIL), Write(TASK, columns=("name",))) == [Written()] * 3
        destination.note_files([FileRow(FILE, "m1", "failed")], Stop())
        assert write(destination, Write(Email(email_id="m1", conversation_id="c"))) == [Written()]
    assert database.rows("attachments", schema) == {}
    assert all(line.ok for line in checked(database, dsn, schema))


def test_a_category_needs_the_owner_of_the_tables(database: Database) -> None:
    dsn = database.create_role("reader")
    database.execute(statements_in(refused(dsn).problem.hint))
    with opened(database, dsn=dsn) as destination:
        with pytest.raises(ConfigError) as caught:
            destination.ensure_categories(["Räume", 'a "b"'], Stop())
        problem = caught.value.problem
        assert problem.title == "The role may not add the columns of the label categories"
        assert statements_in(problem.hint).count("ADD COLUMN") == 4
        with pytest.raises(ConfigError):
            write(destination, Write(TASK, {"Räume": ("R_1",)}))
        database.execute(statements_in(problem.hint))
        destination.ensure_categories(["Räume", 'a "b"'], Stop())
        assert write(destination, Write(TASK, {"Räume": ("R_1",), 'a "b"': ()})) == [Written()]
    assert database.rows("tasks")["1"]["Räume"] == ["R_1"]


def test_missing_rights_are_named_all_at_once(database: Database) -> None:
    with opened(database):
        pass
    dsn = database.create_role("reader", "REVOKE ALL ON SCHEMA public FROM PUBLIC", "GRANT SELECT ON tasks TO {role}")
    problem = refused(dsn).problem
    for words in (
        "USAGE on the schema public",
        "SELECT, INSERT, UPDATE on tray_connector_meta",
        "INSERT, UPDATE on tasks",
        "SELECT, INSERT, UPDATE, DELETE on attachments",
    ):
        assert words in problem.message
    database.execute(statements_in(problem.hint))
    with opened(database, dsn=dsn) as destination:
        assert write(destination, Write(TASK)) == [Written()]


def test_a_right_that_is_taken_away_while_we_write_is_named_and_nothing_is_refused_for_it(database: Database) -> None:
    dsn = database.create_role("reader")
    database.execute(statements_in(refused(dsn).problem.hint))
    with opened(database, dsn=dsn) as destination:
        database.execute("REVOKE UPDATE ON tasks FROM PUBLIC", f"REVOKE INSERT ON tasks FROM reader_{database.name}")
        with pytest.raises(ConfigError) as caught:
            write(destination, *(Write(Task(task_id=str(number))) for number in range(700)))
        assert caught.value.problem.message == f"The role reader_{database.name} lacks INSERT on tasks."
        database.execute(statements_in(caught.value.problem.hint))
        assert write(destination, Write(TASK)) == [Written()]


def test_a_database_that_is_set_to_read_only_is_named(database: Database) -> None:
    with opened(database):
        pass
    database.execute(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    with pytest.raises(ConfigError) as caught:
        PostgresDestination(database.dsn(), "public", SystemClock()).open(Stop())
    assert caught.value.problem.code == "postgres-read-only"
    assert [line.ok for line in checked(database, database.dsn())] == [False]


def test_a_database_that_cannot_hold_every_character_is_named(database: Database) -> None:
    database.server.drop_database(database.name)
    database.server.execute(f"CREATE DATABASE {database.name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(ConfigError) as caught:
        PostgresDestination(database.dsn(), "public", SystemClock()).open(Stop())
    assert caught.value.problem.code == "postgres-encoding"
    assert "LATIN1" in caught.value.problem.message


def test_the_check_says_what_is_there_and_changes_nothing(database: Database) -> None:
    address = f"127.0.0.1:{database.server.port}/{database.name}"
    first = checked(database, database.dsn(), "new")
    assert [line.ok for line in first] == [True, True]
    assert first[0].message.startswith(f"Connected to {address} as postgres: PostgreSQL ")
    assert first[1].message == "Tables can be made in the schema new"
    assert database.query("SELECT 1 FROM pg_namespace WHERE nspname = 'new'") == []
    with opened(database, schema="new") as destination:
        write(destination, *(Write(Task(task_id=str(number))) for number in range(1_204)))
        for line in (destination.check(Stop())[2], checked(database, database.dsn(), "new")[2]):
            assert line.message == "Rows: 1,204 tasks, 0 e-mails"
        assert all(line.ok for line in destination.check(Stop()))
        other = checked(database, database.dsn(), "new")[3]
        assert (other.ok, other.passing) == (False, True)
        assert other.message.startswith("Another Tray Connector writes into this database: tray-connector on ")
        assert destination.verify(Stop())
    assert len(checked(database, database.dsn(), "new")) == 3
