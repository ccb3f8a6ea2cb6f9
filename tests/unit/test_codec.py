"""Records survive the way to disk and back, and hashes tell change from no change."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given

from tests.support.records import records, tasks
from tray_connector.model.codec import (
    content_hash,
    from_json,
    kind_of,
    large_hash,
    time_from_text,
    time_to_text,
    to_json,
    without_large,
)
from tray_connector.model.records import Record, Task


@given(records)
def test_a_record_comes_back_from_json_as_it_was(record: Record) -> None:
    text = json.dumps(to_json(record))
    assert from_json(kind_of(record), json.loads(text)) == record


@given(records)
def test_the_hash_is_that_of_the_content(record: Record) -> None:
    copy = from_json(kind_of(record), to_json(record))
    assert content_hash(copy) == content_hash(record)


@given(tasks)
def test_any_change_changes_the_hash(task: Task) -> None:
    assert content_hash(replace(task, tags=(*task.tags, "neu"))) != content_hash(task)
    assert content_hash(replace(task, progress=(task.progress or 0) + 1)) != content_hash(task)


@given(tasks)
def test_the_ledgers_form_lacks_only_the_large_fields(task: Task) -> None:
    small = without_large(task)
    assert small == replace(task, description=None)
    assert large_hash(replace(task, name="anders")) == large_hash(task)
    assert large_hash(replace(task, description=(task.description or "") + "!")) != large_hash(task)


def test_unknown_members_of_a_newer_version_are_ignored() -> None:
    assert from_json("task", {"task_id": "1", "mood": "good"}) == Task(task_id="1")


@pytest.mark.parametrize("data", [{}, {"task_id": "1", "created_at": "gestern"}, {"task_id": "1", "tags": 5}])
def test_what_is_no_record_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        from_json("task", data)


def test_times_are_written_in_utc_and_whole_seconds() -> None:
    summer = datetime(2026, 7, 1, 12, 0, 0, 900_000, timezone(timedelta(hours=2)))
    assert time_to_text(summer) == "2026-07-01T10:00:00Z"
    assert time_from_text("2026-07-01T12:00:00+02:00") == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        time_from_text("2026-07-01T12:00:00")
