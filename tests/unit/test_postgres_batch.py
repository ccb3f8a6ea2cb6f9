"""What is particular to PostgreSQL of: one bad row harms no other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.support.postgres import Database
from tests.support.processes import wait_until
from tests.support.sql_places import opened, write
from tray_connector.config.clock import Stop, Stopped
from tray_connector.destinations.base import RowMissing, StoredRow, Write, Written
from tray_connector.destinations.postgres import PostgresDestination
from tray_connector.model.errors import RecordError
from tray_connector.model.records import Attachment, Email, Task


def tasks(count: int) -> list[Task]:
    return [Task(task_id=str(number), name=f"Task {number}") for number in range(count)]


def stored_ids(database: Database) -> set[str]:
    return {row[0] for row in database.query("SELECT task_id FROM tasks UNION ALL SELECT email_id FROM emails")}


def trigger(body: str, when: str = "BEFORE") -> tuple[str, str]:
    return (
        f"CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN new; END $$",
        f"CREATE TRIGGER guard {when} INSERT OR UPDATE ON tasks FOR EACH ROW"
        " WHEN (new.name = 'Task 7') EXECUTE FUNCTION guard()",
    )


OWN_RULES = {
    "unique": ("CREATE UNIQUE INDEX mine ON tasks ((CASE name WHEN 'Task 7' THEN 'Task 3' ELSE name END))",),
    "check": ("ALTER TABLE tasks ADD CONSTRAINT mine CHECK (name <> 'Task 7')",),
    "deferred": (
        "CREATE TABLE names (name text PRIMARY KEY)",
        "INSERT INTO names SELECT 'Task ' || n FROM generate_series(0, 19) AS n WHERE n <> 7",
        "GRANT SELECT ON names TO PUBLIC",
        "ALTER TABLE tasks ADD CONSTRAINT mine FOREIGN KEY (name) REFERENCES names DEFERRABLE INITIALLY DEFERRED",
    ),
    "raise": trigger("RAISE 'not this one';"),
    "skip": trigger("RETURN NULL;"),
    "divide": trigger("new.name = 1 / 0;"),
    "no such table": trigger("INSERT INTO nowhere VALUES (1);"),
    "no right": trigger("RAISE insufficient_privilege;"),
    "row security": (
        "ALTER TABLE tasks ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE tasks FORCE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON tasks USING (name <> 'Task 7')",
    ),
}
CLEAN = {
    "unique": "DROP INDEX mine",
    "check": "ALTER TABLE tasks DROP CONSTRAINT mine",
    "deferred": "ALTER TABLE tasks DROP CONSTRAINT mine",
    "row security": "ALTER TABLE tasks DISABLE ROW LEVEL SECURITY",
}


@pytest.mark.parametrize("rule", OWN_RULES)
def test_a_rule_that_the_user_added_refuses_one_row_only(database: Database, rule: str) -> None:
    """The owner of the tables is an ordinary role: nothing binds the superuser."""
    dsn = database.create_role("connector", f"GRANT ALL ON DATABASE {database.name} TO {{role}}")
    with opened(database, dsn=dsn, schema="own") as destination:
        database.execute("SET search_path TO own", *OWN_RULES[rule])
        outcomes = write(destination, *map(Write, tasks(20)))
        refused = outcomes[7]
        assert isinstance(refused, RecordError)
        assert refused.problem.code == "postgres-row-refused"
        assert refused.problem.message
        assert [number for number, outcome in enumerate(outcomes) if outcome != Written()] == [7]
        assert set(database.rows("tasks", "own")) == {str(number) for number in range(20) if number != 7}
        database.execute("SET search_path TO own", CLEAN.get(rule, "DROP TRIGGER guard ON tasks"))
        assert write(destination, *map(Write, tasks(20))) == [Written()] * 20


def test_a_refusal_names_the_column_and_what_the_database_says(database: Database) -> None:
    with opened(database) as destination:
        database.execute("ALTER TABLE tasks ALTER COLUMN priority SET NOT NULL, ALTER COLUMN priority SET DEFAULT ''")
        (refused,) = write(destination, Write(Task(task_id="1")))
        assert isinstance(refused, RecordError)
        message = 'priority: null value in column "priority" of relation "tasks" violates not-null constraint'
        assert refused.problem.message.startswith(message)


def test_a_mail_is_not_stored_without_its_attachments(database: Database) -> None:
    with opened(database) as destination:
        database.execute("ALTER TABLE attachments ADD CONSTRAINT mine CHECK (filename <> 'x')")
        mails = [
            Email(
                email_id=f"m{n}",
                conversation_id="c",
                attachments=(Attachment(attachment_id=f"a{n}", filename="x" if n == 1 else "y"),),
            )
            for n in range(4)
        ]
        outcomes = write(destination, *map(Write, mails))
    assert [isinstance(outcome, RecordError) for outcome in outcomes] == [False, True, False, False]
    assert stored_ids(database) == {"m0", "m2", "m3"}
    assert set(database.rows("attachments")) == {"a0", "a2", "a3"}


def test_many_bad_rows_among_many_good_ones(database: Database) -> None:
    with opened(database) as destination:
        database.execute("ALTER TABLE tasks ADD CONSTRAINT mine CHECK (name NOT LIKE '%5')")
        outcomes = write(destination, *map(Write, tasks(1_200)))
    assert [isinstance(outcome, RecordError) for outcome in outcomes] == [number % 10 == 5 for number in range(1_200)]
    assert len(stored_ids(database)) == 1_080


def test_nul_is_left_out_of_texts_and_lists_and_refused_in_a_key(database: Database) -> None:
    task = Task(task_id="1", name="a\0b", description="\0", tags=("x\0", "\0"))
    file = Attachment(attachment_id="f", filename="Pl\0an.pdf")
    mail = Email(email_id="m", conversation_id="c\0", body_text="Guten\0 Tag", attachments=(file,))
    bad = Task(task_id="2\0")
    categories = {"Räume": ("R\0_1",)}
    with opened(database, ["Räume"]) as destination:
        writes = [Write(task, categories), Write(bad), Write(bad, columns=("name",)), Write(mail)]
        outcomes = write(destination, *writes)
        assert [isinstance(outcome, RecordError) for outcome in outcomes] == [False, True, True, False]
        assert list(destination.rows("tasks", Stop())) == [[destination.as_held(StoredRow(task, categories))]]
        assert destination.present("tasks", ["1", "2\0", "\ud800"], Stop()) == {"1"}
    row = database.rows("tasks")["1"]
    assert (row["name"], row["description"], row["tags"], row["Räume"]) == ("ab", None, ["x", ""], ["R_1"])
    assert database.rows("emails")["m"]["body_text"] == "Guten Tag"
    assert database.rows("attachments")["f"]["filename"] == "Plan.pdf"


def test_a_text_of_ten_megabytes_is_stored(database: Database) -> None:
    with opened(database) as destination:
        body = "Grüße \\ \" { } , '\n\t" * 500_000
        assert write(destination, Write(Email(email_id="m", conversation_id="c", body_html=body, to_names=(body,))))
        (row,) = next(iter(destination.rows("emails", Stop())))
    assert isinstance(row.record, Email)
    assert (row.record.body_html, row.record.to_names) == (body, (body,))


def test_what_others_store_that_python_cannot_hold_reads_as_empty(database: Database) -> None:
    with opened(database) as destination:
        database.execute(
            "INSERT INTO tasks (task_id, created_at, start_date, due_date, updated_at, name, tags) VALUES"
            " ('1', 'infinity', '-infinity', '20000-01-01', '2026-01-05 08:30:00.7+01', '', '{{a,b},{c,d}}')"
        )
        (row,) = next(iter(destination.rows("tasks", Stop())))
    assert isinstance(row.record, Task)
    assert (row.record.created_at, row.record.start_date, row.record.due_date, row.record.name) == (None,) * 4
    assert row.record.updated_at is not None
    assert row.record.updated_at.isoformat() == "2026-01-05T07:30:00+00:00"


def test_a_stop_ends_a_large_write_and_leaves_nothing_half_done(database: Database) -> None:
    stop = Stop()
    with opened(database) as destination:
        database.execute(*trigger("PERFORM pg_sleep(60);"))

        def stop_it() -> None:
            wait_until(lambda: sleeping(database), 10, "the trigger runs")
            stop.set()

        waiting = threading.Thread(target=stop_it)
        waiting.start()
        with pytest.raises(Stopped):
            destination.write([Write(task) for task in tasks(3_000)], stop)
        waiting.join()
        database.execute("DROP TRIGGER guard ON tasks")
        assert destination.counts(Stop()) == {"tasks": 0, "emails": 0}
        assert write(destination, *map(Write, tasks(3_000))) == [Written()] * 3_000


def sleeping(database: Database) -> bool:
    return database.query("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != []


def test_rows_that_someone_deleted_are_told_while_a_trigger_skips_another(database: Database) -> None:
    with opened(database) as destination:
        write(destination, *map(Write, tasks(10)))
        database.execute("DELETE FROM tasks WHERE task_id = '3'", *trigger("RETURN NULL;"))
        outcomes = write(destination, *(Write(task, columns=("name",)) for task in tasks(10)))
    assert outcomes[3] == RowMissing()
    assert isinstance(outcomes[7], RecordError)
    assert [number for number, outcome in enumerate(outcomes) if outcome != Written()] == [3, 7]


def test_two_destinations_of_one_program_write_two_schemas(database: Database, tmp_path: Path) -> None:
    with opened(database, schema="a") as first, opened(database, schema="b") as second:
        assert isinstance(first, PostgresDestination)
        assert write(first, Write(Task(task_id="1"))) == write(second, Write(Task(task_id="2"))) == [Written()]
    assert (set(database.rows("tasks", "a")), set(database.rows("tasks", "b"))) == ({"1"}, {"2"})
