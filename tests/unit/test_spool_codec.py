"""An event's file: exact in both directions, and nothing foreign gets in."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import START
from tests.support.events import REFUSED, task_event
from tests.support.records import conversations, emails, tasks
from tray_connector.model.codec import kind_of
from tray_connector.model.errors import InternalError, Problem
from tray_connector.model.events import Event
from tray_connector.model.records import Record, Task, key_of
from tray_connector.sync.spool_codec import decode_event, encode_event, event_from_json, event_to_json

moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - strategy bounds are naive
problems = st.builds(Problem, st.text(), st.text(), st.text(), st.text(), st.none() | moments)


@st.composite
def events(draw: st.DrawFn) -> Event:
    record: Record = draw(tasks | emails | conversations)
    kind = kind_of(record)
    assert kind in ("task", "email", "conversation")
    return Event(
        source="teamwork" if kind == "task" else "missive",
        kind=kind,  # type: ignore[arg-type]  # kind_of answers a plain str
        id=key_of(record),
        payload=draw(st.sampled_from([record, None])),
        read_number=draw(st.integers(0, 2**53)),
        since=draw(moments),
        title=draw(st.none() | st.text()),
        rewrite=draw(st.booleans()),
        attempts=draw(st.integers(0, 100)),
        next_try=draw(st.none() | moments),
        last_error=draw(st.none() | problems),
    )


@given(events())
def test_an_event_comes_back_as_it_went(event: Event) -> None:
    assert event_from_json(json.loads(encode_event(event))) == event


def test_half_a_character_does_not_break_a_file() -> None:
    event = task_event(name="broken \ud800 emoji")
    assert decode(encode_event(event)) == event


def test_an_empty_file_asks_for_a_fresh_read() -> None:
    for content in (b"", b" \r\n", b"\xef\xbb\xbf"):
        assert decode(content) == Event(source="teamwork", kind="task", id="1", since=START, read_number=42)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    event = task_event()
    assert decode(b"\xef\xbb\xbf" + encode_event(event)) == event


def decode(content: bytes) -> Event:
    return decode_event("teamwork", "1", content, modified=START, last_read=lambda: 42)


def changed(**members: object) -> bytes:
    return json.dumps(event_to_json(task_event()) | members).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\x00" * 300,
        b"\xff\xfe",
        b"[]",
        b"[" * 100_000,
        b'{"schema": 1}',
        changed(schema=2),
        changed(schema=None),
        changed(id="2"),
        changed(id="../1"),
        changed(source="missive", kind="conversation"),
        changed(source=["teamwork"]),
        changed(kind="email"),
        changed(since=None),
        changed(since="2026-09-02T10:00:00"),
        changed(since="0001-01-01T00:00:00+05:00"),
        changed(attempts="3"),
        changed(attempts=True),
        changed(title=3),
        changed(payload=3),
        changed(payload={"name": "no id"}),
        changed(payload={"task_id": "2"}),
        changed(payload={"task_id": "1", "name": 3}),
        changed(payload={"task_id": "1", "progress": "half"}),
        changed(payload={"task_id": "1", "tags": [1]}),
        changed(payload={"task_id": "1", "created_at": "soon"}),
        changed(last_error={"code": "x"}),
        changed(next_try=5),
    ],
)
def test_what_is_no_event_is_refused_with_a_reason(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(content)


def test_an_event_that_has_no_file_is_our_own_mistake() -> None:
    for event in (
        task_event("../1"),
        Event(source="teamwork", kind="email", id="1", since=START),
        Event(source="teamwork", kind="task", id="1", since=START, payload=Task(task_id="2")),
    ):
        with pytest.raises(InternalError):
            event_to_json(event)


def test_the_form_is_small_and_named() -> None:
    assert event_to_json(task_event(name=None, read=0)) == {
        "schema": 1,
        "source": "teamwork",
        "kind": "task",
        "id": "1",
        "since": "2026-09-02T10:00:00+00:00",
    }
    assert event_to_json(Event(source="teamwork", kind="task", id="1", since=START, last_error=REFUSED))["last_error"]
