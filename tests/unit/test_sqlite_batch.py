"""What is particular to SQLite of: one bad row harms no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sqlite_files import execute, opened, query, write
from tray_connector.config.clock import Stop, Stopped
from tray_connector.destinations.base import Write, Written
from tray_connector.model.errors import RecordError
from tray_connector.model.records import Attachment, Email, Task


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "connector.db"


def tasks(count: int) -> list[Task]:
    return [Task(task_id=str(number), name=f"Task {number}") for number in range(count)]


def stored_ids(path: Path) -> set[object]:
    return {row[0] for row in query(path, "SELECT task_id FROM tasks UNION ALL SELECT email_id FROM emails")}


TRIGGER = "CREATE TRIGGER guard BEFORE INSERT ON tasks WHEN new.name = 'Task 7' BEGIN SELECT {}; END"
OWN_RULES = {
    "unique": "CREATE UNIQUE INDEX mine ON tasks (CASE name WHEN 'Task 7' THEN 'Task 3' ELSE name END)",
    "abort": TRIGGER.format("RAISE(ABORT, 'not this one')"),
    "fail": TRIGGER.format("RAISE(FAIL, 'not this one')"),
    "ignore": TRIGGER.format("RAISE(IGNORE)"),
    "rollback": TRIGGER.format("RAISE(ROLLBACK, 'not this one')"),
    "broken": TRIGGER.format("json(new.name)"),
}


@pytest.mark.parametrize("rule", OWN_RULES)
def test_a_rule_that_the_user_added_refuses_one_row_only(path: Path, rule: str) -> None:
    with opened(path) as destination:
        execute(path, OWN_RULES[rule])
        outcomes = write(destination, *map(Write, tasks(20)))
        assert isinstance(outcomes[7], RecordError)
        assert [number for number, outcome in enumerate(outcomes) if outcome != Written()] == [7]
        assert stored_ids(path) == {str(number) for number in range(20) if number != 7}
        execute(path, "DROP INDEX mine" if rule == "unique" else "DROP TRIGGER guard")
        assert write(destination, *map(Write, tasks(20))) == [Written()] * 20


def test_a_mail_is_not_stored_without_its_attachments(path: Path) -> None:
    with opened(path) as destination:
        execute(path, "CREATE TRIGGER guard BEFORE INSERT ON attachments BEGIN SELECT RAISE(ABORT, 'no files'); END")
        file = Attachment(attachment_id="a1", filename="x")
        mails = [Email(email_id=f"m{n}", conversation_id="c", attachments=(file,) * (n == 1)) for n in range(4)]
        outcomes = write(destination, *map(Write, mails))
    refused = outcomes[1]
    assert isinstance(refused, RecordError)
    assert refused.problem.message == "no files"
    assert stored_ids(path) == {"m0", "m2", "m3"}


def test_a_stop_ends_a_large_write_and_leaves_nothing_half_done(path: Path) -> None:
    stop = Stop()

    with opened(path) as destination:
        many = [Write(task) for task in tasks(3_000)]
        connection = destination._opened
        assert connection is not None
        connection.set_trace_callback(lambda sql: stop.set() if "1400" in sql else None)
        with pytest.raises(Stopped):
            destination.write(many, stop)
        connection.set_trace_callback(None)
        assert destination.counts(Stop()) == {"tasks": 0, "emails": 0}
        assert write(destination, *many) == [Written()] * 3_000


def test_lists_are_json_and_keys_are_text(path: Path) -> None:
    with opened(path) as destination:
        mail = Email(email_id="1", conversation_id="c", to_names=("", "Büro"))
        write(destination, Write(mail), Write(Task(task_id="007")))
    assert query(path, "SELECT to_names, typeof(email_id) FROM emails") == [('["", "Büro"]', "text")]
    assert query(path, "SELECT task_id, typeof(task_id), typeof(deleted), tags FROM tasks") == [
        ("007", "text", "integer", "[]")
    ]
