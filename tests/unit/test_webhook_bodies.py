"""What is taken from a delivery's body: a kind and a valid id, or nothing; never anything else."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_connector.model.events import is_id
from tray_connector.webhooks.bodies import Reported, UnreadableBodyError, missive_report, teamwork_report

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
UUID = "5b0c2a6e-7a41-4f0e-9d55-2f6a1f3f9a10"

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "ID", "task", "Task", "event", "rule", "type", "conversation", "objectId", "x"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
headers = st.none() | st.text(max_size=20) | st.sampled_from(["TASK.UPDATED", "task.deleted", "PROJECT.CREATED"])
content_types = st.sampled_from([JSON, FORM, "application/xml", "", "x"])
bodies = (
    st.binary(max_size=200)
    | values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(st.sampled_from(["Task.ID", "ID", "objectId", "event", "é"]), st.text(max_size=8)).map(
        lambda pairs: urlencode(pairs).encode()
    )
)


def is_sound(reported: Reported) -> bool:
    if re.fullmatch(r"[A-Za-z0-9_.-]{1,60}", reported.name) is None:
        return False
    match reported.kind:
        case None:
            return reported.id == ""
        case "task":
            return reported.id.isascii() and reported.id.isdecimal() and is_id(reported.id) and reported.id[0] != "0"
        case _:
            return is_id(reported.id)


@given(headers, content_types, bodies)
def test_whatever_teamwork_sends_gives_a_valid_id_or_none(event: str | None, content_type: str, body: bytes) -> None:
    try:
        assert is_sound(teamwork_report(event, content_type, body))
    except UnreadableBodyError:
        assert content_type == JSON or body.lstrip()[:1] in (b"{", b"[")


@given(content_types, bodies)
def test_whatever_missive_sends_gives_a_valid_id_or_none(content_type: str, body: bytes) -> None:
    try:
        assert is_sound(missive_report(content_type, body))
    except UnreadableBodyError:
        assert content_type == JSON or body.lstrip()[:1] in (b"{", b"[")


@given(st.integers(1, 10**18), st.sampled_from(["CREATED", "UPDATED", "MOVED", "TAGGED", "COMPLETED"]), st.text())
def test_a_task_is_found_in_every_form(number: int, action: str, name: str) -> None:
    found = Reported(f"TASK.{action}", "task", str(number))
    for members in ({"id": number, "name": name}, {"name": name, "id": str(number)}):
        body = json.dumps({"eventCreator": {"id": 5}, "task": members, "id": 3}).encode()
        assert teamwork_report(f"TASK.{action}", JSON, body) == found
    form = f"EventCreator.ID=5&Task.ID={number}&Task.Name={quote_plus(name, errors='replace')}"
    assert teamwork_report(f"TASK.{action}", FORM, form.encode()) == found
    version_1 = f"AccountID=1&Event=TASK.{action}&ObjectID={number}&UserId=501"
    assert teamwork_report(None, FORM, version_1.encode()) == found


@pytest.mark.parametrize(
    ("event", "data", "kind", "found"),
    [
        ("TASK.DELETED", {"eventCreator": {"id": 5}, "id": 9001}, "task", "9001"),
        ("TASK.DELETED", {"id": "009001", "name": "weg"}, "task", "9001"),
        ("TASK.DELETED", {"task": {}, "id": 9001}, "task", "9001"),
        ("TASK.UPDATED", {"task": {"id": 0}}, None, ""),
        ("TASK.UPDATED", {"task": {"id": 9001.0}}, None, ""),
        ("TASK.UPDATED", {"task": {"id": "٣"}}, None, ""),
        ("TASK.UPDATED", {"task": {"id": "9001\n"}}, None, ""),
        ("TASK.UPDATED", {"task": {"id": 10**30}}, None, ""),
        ("TASKLIST.UPDATED", {"task": {"id": 9001}}, None, ""),
        (None, {"event": "task.updated", "objectId": 9001}, "task", "9001"),
        (None, {"id": 9001}, None, ""),
        ("\r\nX", {"task": {"id": 9001}}, "task", "9001"),
    ],
)
def test_a_task_event_in_json(event: str | None, data: dict[str, Any], kind: str | None, found: str) -> None:
    reported = teamwork_report(event, JSON, json.dumps(data).encode())
    assert (reported.kind, reported.id) == (kind, found)


def test_a_conversation_is_what_a_rule_reports() -> None:
    data = {"rule": {"type": "new_comment"}, "conversation": {"id": UUID}, "comment": {"id": "x"}}
    assert missive_report(JSON, json.dumps(data).encode()) == Reported("new_comment", "conversation", UUID)
    assert missive_report("", b"\xef\xbb\xbf" + json.dumps(data).encode()).kind is None
    assert missive_report(JSON, b"\xef\xbb\xbf" + json.dumps(data).encode()).id == UUID


def test_a_form_of_very_many_fields_is_not_taken_apart() -> None:
    with pytest.raises(UnreadableBodyError):
        teamwork_report("TASK.UPDATED", FORM, b"&".join([b"a=b"] * 20_000))
