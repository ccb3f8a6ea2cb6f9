"""One bad row harms no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sqlite_files import execute, opened, query, row, write
from tray_connector.config.clock import Stop, Stopped
from tray_connector.destinations.base import RowMissing, Write, Written
from tray_connector.model.errors import RecordError
from tray_connector.model.records import Attachment, Email, Stored, Task


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "connector.db"


def tasks(count: int) -> list[Task]:
    return [Task(task_id=str(number), name=f"Task {number}") for number in range(count)]


def stored_ids(path: Path) -> set[object]:
    return {row[0] for row in query(path, "SELECT task_id FROM tasks UNION ALL SELECT email_id FROM emails")}


BAD: list[tuple[Stored, str]] = [
    (Task(task_id="bad", name="\ud800"), "name: "),
    (Task(task_id="bad", tags=("ok", "x\udfff")), "tags: "),
    (Task(task_id="bad", progress=2**63), "progress: "),
    (Task(task_id="\ud800"), "task_id: "),
    (Task(task_id="bad", created_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))), "out of range"),
    (Email(email_id="bad", conversation_id="c", attachments=(Attachment(attachment_id="x", filename="\ud800"),)), ""),
]


@pytest.mark.parametrize(("record", "reason"), BAD)
def test_a_value_that_cannot_be_stored_is_named(path: Path, record: Stored, reason: str) -> None:
    with opened(path) as destination:
        good = tasks(3)
        outcomes = write(destination, Write(good[0]), Write(record), *map(Write, good[1:]))
    assert outcomes[0] == outcomes[2] == outcomes[3] == Written()
    refused = outcomes[1]
    assert isinstance(refused, RecordError)
    assert reason in refused.problem.message
    assert refused.problem.code == "sqlite-row-refused"
    assert stored_ids(path) == {"0", "1", "2"}


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


class Kept:
    """What one row is expected to become."""

    def __init__(self, write: Write, *, bad: bool) -> None:
        self.write = write
        self.bad = bad


def rows() -> st.SearchStrategy[list[Kept]]:
    good = st.builds(Task, task_id=st.integers(0, 30).map(str), name=st.text("ab", min_size=1, max_size=3))
    spoil: list[Callable[[Task], Task]] = [
        lambda task: replace(task, name="\ud800"),
        lambda task: replace(task, progress=2**64),
        lambda task: replace(task, tags=("\udfff",)),
    ]
    whole = good.map(lambda task: Kept(Write(task), bad=False))
    bad = st.tuples(good, st.sampled_from(spoil)).map(lambda pair: Kept(Write(pair[1](pair[0])), bad=True))
    return st.lists(whole | whole | bad | good.map(lambda t: Kept(Write(t, columns=("name",)), bad=False)), max_size=60)


def expectation(batch: Sequence[Kept]) -> dict[str, str | None]:
    """The table after the rows were written one by one, without the bad ones."""
    table: dict[str, str | None] = {}
    for kept in batch:
        record = kept.write.record
        assert isinstance(record, Task)
        if not kept.bad and (kept.write.columns is None or record.task_id in table):
            table[record.task_id] = record.name
    return table


@settings(max_examples=60, deadline=None)
@given(rows())
def test_any_batch_with_bad_rows_stores_exactly_the_good_ones(batch: list[Kept]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "connector.db")
        with opened(path) as destination:
            outcomes = write(destination, *(kept.write for kept in batch))
        found = query(path, "SELECT task_id, name FROM tasks")
        assert sorted(found) == sorted(expectation(batch).items())
    for kept, outcome in zip(batch, outcomes, strict=True):
        assert isinstance(outcome, RecordError) is kept.bad
        if kept.write.columns is None and not kept.bad:
            assert outcome == Written()


def test_rows_that_are_missing_are_told_from_those_that_are_there(path: Path) -> None:
    with opened(path) as destination:
        write(destination, *map(Write, tasks(700)))
        execute(path, "DELETE FROM tasks WHERE task_id % 2 = 0")
        changed = [Write(replace(task, name="new"), columns=("name",)) for task in tasks(700)]
        outcomes = write(destination, *changed)
        assert outcomes == [RowMissing(), Written()] * 350
        assert destination.present("tasks", [str(n) for n in range(1_500)], Stop()) == {
            str(n) for n in range(1, 700, 2)
        }
        assert destination.counts(Stop()) == {"tasks": 350, "emails": 0}
    assert row(path, "tasks", "699")["name"] == "new"


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


def test_nothing_to_write_is_nothing(path: Path) -> None:
    with opened(path) as destination:
        assert write(destination) == []


def test_times_of_the_year_one_are_written_with_four_digits(path: Path) -> None:
    with opened(path) as destination:
        write(destination, Write(Task(task_id="1", created_at=datetime(1, 1, 1, tzinfo=UTC))))
    assert row(path, "tasks", "1")["created_at"] == "0001-01-01T00:00:00Z"
