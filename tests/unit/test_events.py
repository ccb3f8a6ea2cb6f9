"""Two events of one id become one, and nothing newer is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_connector.model.errors import Problem
from tray_connector.model.events import Event, is_id, merge, version
from tray_connector.model.records import Task

T0 = datetime(2026, 9, 2, 10, tzinfo=UTC)
FAILED = Problem("teamwork-silent", "Teamwork does not answer", "", "")


def read(number: int, *, name: str = "A", changed: int = 0, **more: object) -> Event:
    task = replace(Task(task_id="7", name=name, updated_at=T0 + timedelta(seconds=changed)), **more)  # type: ignore[arg-type]
    return Event(source="teamwork", kind="task", id="7", payload=task, read_number=number, since=T0, title=name)


def request(number: int) -> Event:
    return Event(source="teamwork", kind="task", id="7", read_number=number, since=T0)


def waiting(event: Event) -> Event:
    return replace(event, attempts=3, next_try=T0 + timedelta(hours=1), last_error=FAILED)


def test_newer_content_replaces_the_older_and_is_tried_at_once() -> None:
    merged = merge(waiting(read(1)), read(2, name="B", changed=5))
    assert isinstance(merged.payload, Task)
    assert merged.payload.name == "B"
    assert (merged.attempts, merged.next_try, merged.last_error) == (0, None, None)


def test_the_same_content_again_does_not_undo_a_back_off() -> None:
    merged = merge(waiting(read(1)), read(2))
    assert (merged.attempts, merged.last_error) == (3, FAILED)
    assert merged.read_number == 2


def test_an_older_read_changes_nothing() -> None:
    assert merge(read(5, name="B", changed=5), read(6, name="A")) == read(5, name="B", changed=5)


def test_with_equal_change_time_the_later_read_wins() -> None:
    merged = merge(read(1, name="A"), read(2, name="B"))
    assert merged.title == "B"


def test_a_request_for_a_fresh_read_survives_a_payload_that_was_read_before_it() -> None:
    assert merge(request(4), read(4)).payload is None
    assert merge(request(4), read(3, name="B")).payload is None


def test_a_payload_read_after_the_request_satisfies_it() -> None:
    assert merge(request(4), read(5)).payload is not None


def test_a_request_replaces_a_payload_and_ends_the_back_off() -> None:
    merged = merge(waiting(read(1)), request(1))
    assert (merged.payload, merged.next_try) == (None, None)


def test_a_deletion_keeps_an_edit_that_still_waits() -> None:
    merged = merge(read(1, name="Neuer Name"), read(2, name="x", status="deleted", deleted=True, deleted_at=T0))
    assert isinstance(merged.payload, Task)
    assert (merged.payload.name, merged.payload.deleted, merged.payload.status) == ("Neuer Name", True, "deleted")


def test_the_wait_counts_from_the_first_event() -> None:
    merged = merge(read(1), replace(read(2, name="B"), since=T0 + timedelta(hours=2)))
    assert merged.since == T0


def test_a_rewrite_is_not_forgotten() -> None:
    assert merge(replace(read(1), rewrite=True), read(2, name="B")).rewrite
    merged = merge(waiting(read(1)), replace(read(2), rewrite=True))
    assert (merged.rewrite, merged.next_try) == (True, None)


steps = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("AB"), st.booleans()), min_size=1, max_size=8)


@given(steps)
def test_whatever_arrives_the_newest_read_or_a_fresh_one_stands(arrivals: list[tuple[int, str, bool]]) -> None:
    """Reads are numbered in the order of their requests; each is a payload or a request for a fresh one."""
    held: Event | None = None
    newest: Event | None = None
    asked = 0
    for number, (changed, name, fresh) in enumerate(arrivals, start=1):
        event = request(number) if fresh else read(number, name=name, changed=changed)
        if fresh:
            asked = number
        elif newest is None or version(event) >= version(newest):
            newest = event
        held = event if held is None else merge(held, event)
    assert held is not None
    if held.payload is None:
        return
    assert held.read_number > asked
    assert newest is not None
    if asked == 0:
        assert held.title == newest.title


@pytest.mark.parametrize("text", ["9001", "5b0c2a6e-7a41-4f0e-9d55-2f6a1f3f9a10"])
def test_ids_of_both_services_are_ids(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize("text", ["", "..", "../x", "a/b", "a\\b", "a.evt", "-x", "x" * 101, "a\n", "ä"])
def test_what_could_leave_the_folder_is_no_id(text: str) -> None:
    assert not is_id(text)
