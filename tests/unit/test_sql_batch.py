"""One bad row harms no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sql_places import BOTH, Place, write
from tray_connector.config.clock import Stop
from tray_connector.destinations.base import RowMissing, Write, Written
from tray_connector.model.errors import RecordError
from tray_connector.model.records import Attachment, Email, Stored, Task


def tasks(count: int) -> list[Task]:
    return [Task(task_id=str(number), name=f"Task {number}") for number in range(count)]


def stored_ids(place: Place) -> set[object]:
    return {row[0] for row in place.query("SELECT task_id FROM tasks UNION ALL SELECT email_id FROM emails")}


BAD: list[tuple[Stored, str]] = [
    (Task(task_id="bad", name="\ud800"), "name: "),
    (Task(task_id="bad", tags=("ok", "x\udfff")), "tags: "),
    (Task(task_id="bad", progress=2**63), "progress: "),
    (Task(task_id="\ud800"), "task_id: "),
    (Task(task_id="bad", created_at=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))), "out of range"),
    (Email(email_id="bad", conversation_id="c", attachments=(Attachment(attachment_id="x", filename="\ud800"),)), ""),
]


@BOTH
@pytest.mark.parametrize(("record", "reason"), BAD)
def test_a_value_that_cannot_be_stored_is_named(place: Place, record: Stored, reason: str) -> None:
    with place.opened() as destination:
        good = tasks(3)
        outcomes = write(destination, Write(good[0]), Write(record), *map(Write, good[1:]))
    assert outcomes[0] == outcomes[2] == outcomes[3] == Written()
    refused = outcomes[1]
    assert isinstance(refused, RecordError)
    assert reason in refused.problem.message
    assert refused.problem.code == f"{place.kind}-row-refused"
    assert stored_ids(place) == {"0", "1", "2"}


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


@BOTH
def test_any_batch_with_bad_rows_stores_exactly_the_good_ones(place: Place) -> None:
    with place.opened() as destination:

        @settings(max_examples=60)
        @given(rows())
        def stores(batch: list[Kept]) -> None:
            place.execute("DELETE FROM tasks")
            outcomes = write(destination, *(kept.write for kept in batch))
            assert sorted(place.query("SELECT task_id, name FROM tasks")) == sorted(expectation(batch).items())
            for kept, outcome in zip(batch, outcomes, strict=True):
                assert isinstance(outcome, RecordError) is kept.bad
                if kept.write.columns is None and not kept.bad:
                    assert outcome == Written()

        stores()


@BOTH
def test_rows_that_are_missing_are_told_from_those_that_are_there(place: Place) -> None:
    with place.opened() as destination:
        write(destination, *map(Write, tasks(700)))
        place.execute("DELETE FROM tasks WHERE CAST(task_id AS integer) % 2 = 0")
        changed = [Write(replace(task, name="new"), columns=("name",)) for task in tasks(700)]
        outcomes = write(destination, *changed)
        assert outcomes == [RowMissing(), Written()] * 350
        assert destination.present("tasks", [str(n) for n in range(1_500)], Stop()) == {
            str(n) for n in range(1, 700, 2)
        }
        assert destination.counts(Stop()) == {"tasks": 350, "emails": 0}
    assert place.row("tasks", "699")["name"] == "new"


@BOTH
def test_nothing_to_write_is_nothing(place: Place) -> None:
    with place.opened() as destination:
        assert write(destination) == []


@BOTH
def test_times_of_the_year_one_are_written_with_four_digits(place: Place) -> None:
    with place.opened() as destination:
        write(destination, Write(Task(task_id="1", created_at=datetime(1, 1, 1, tzinfo=UTC))))
    assert place.row("tasks", "1")["created_at"] == "0001-01-01T00:00:00Z"
