"""The listener over real HTTP: what is accepted, what is refused, what lies in the spool then."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.webhooks import (
    FORM,
    SECRETS,
    Answered,
    conversation_id,
    listening,
    missive,
    rule_body,
    send,
    task_body,
    teamwork,
)
from tray_connector.model.events import SourceName
from tray_connector.sync.spool import Spool
from tray_connector.webhooks.deliveries import REFUSALS
from tray_connector.webhooks.listener import Listener

BARE = "/webhook/missive"
DELETED = b'{"eventCreator":{"id":501,"firstName":"Ada","lastName":"Byron","avatar":""},"id":9001}'
FORM_UPDATED = b"EventCreator.ID=501&Task.ID=9001&Task.Name=Write+release+notes&Task.ProjectID=77"
FORM_DELETED = b"EventCreator.FirstName=Ada&EventCreator.ID=501&EventCreator.LastName=Byron&ID=9001"
VERSION_1 = b"accountId=343429&event=TASK.UPDATED&objectId=9001&userId=501&projectId=77"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def spool(tmp_path: Path, clock: FakeClock) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", clock)
    yield spool
    spool.close()


@pytest.fixture
def told() -> list[SourceName]:
    return []


@pytest.fixture
def listener(spool: Spool, clock: FakeClock, told: list[SourceName]) -> Iterator[Listener]:
    with listening(
        spool, clock, on_delivery=lambda source, _: told.append(source), health=lambda: {"mode": "webhooks"}
    ) as listener:
        yield listener


def ids(spool: Spool) -> list[str]:
    return sorted(event.id for event in spool.listing())


@pytest.mark.parametrize(
    ("event", "content_type", "body"),
    [
        ("TASK.UPDATED", "application/json", task_body(9001)),
        ("TASK.CREATED", "application/json; charset=utf-8", task_body(9001)),
        ("task.completed", "text/plain", task_body(9001)),
        ("TASK.DELETED", "application/json", DELETED),
        ("TASK.UPDATED", FORM, FORM_UPDATED),
        ("TASK.DELETED", FORM, FORM_DELETED),
        (None, FORM, VERSION_1),
        (None, "application/json", task_body(9001)),
    ],
)
def test_a_task_is_to_be_read_afresh(
    listener: Listener, spool: Spool, event: str | None, content_type: str, body: bytes
) -> None:
    answer = teamwork(listener.port, body, event=event, content_type=content_type)
    assert answer.status == 200
    (queued,) = spool.listing()
    assert (queued.source, queued.kind, queued.id, queued.payload, queued.read_number) == (
        "teamwork",
        "task",
        "9001",
        None,
        7,
    )
    assert listener.counts().accepted == 1


@pytest.mark.parametrize("rule", ["incoming_email", "label_change", "conversation_closed", "outgoing_email"])
def test_a_conversation_is_to_be_read_afresh(listener: Listener, spool: Spool, rule: str) -> None:
    assert missive(listener.port, rule_body(conversation_id(1), rule)).status == 200
    (queued,) = spool.listing()
    assert (queued.source, queued.kind, queued.id, queued.payload) == (
        "missive",
        "conversation",
        conversation_id(1),
        None,
    )


def test_a_rule_made_by_hand_uses_the_bare_path_with_its_signature(listener: Listener, spool: Spool) -> None:
    assert missive(listener.port, rule_body(conversation_id(1)), path=BARE, signed="").status == 200
    assert ids(spool) == [conversation_id(1)]


@pytest.mark.parametrize(
    ("sender", "signed", "path", "status"),
    [
        (teamwork, None, SECRETS.teamwork_path, 401),
        (teamwork, "0" * 64, SECRETS.teamwork_path, 401),
        (teamwork, "ä", SECRETS.teamwork_path, 401),
        (teamwork, "", "/webhook/teamwork/anothersite", 404),
        (teamwork, "", "/webhook/teamwork", 404),
        (missive, None, BARE, 401),
        (missive, None, BARE + "/", 401),
        (missive, None, f"{BARE}/installation7-wrong", 401),
        (missive, None, f"{BARE}/installation7", 401),
        (missive, "sha256=" + "0" * 64, BARE, 401),
        (missive, "sha256=" + "0" * 64, SECRETS.missive_path, 401),
        (missive, "", f"{BARE}/{'x' * 3000}", 200),
    ],
)
def test_only_what_is_authentic_is_taken(
    listener: Listener, sender: Callable[..., Answered], signed: str | None, path: str, status: int
) -> None:
    body = task_body(1) if sender is teamwork else rule_body(conversation_id(1))
    assert sender(listener.port, body, signed=signed, path=path).status == status
    assert json.loads(send(listener.port, "GET", "/health").body)["queue"] == (status == 200)
    assert listener.counts().accepted == (status == 200)
    assert listener.counts().refused == (status == 401 or "another" in path)


def test_the_signature_of_another_body_is_refused(listener: Listener, spool: Spool) -> None:
    first = task_body(1)
    signed = "597a18d80bc1609eef3377c7864090c629988c197516a33b8a05491f2197dca7"
    assert teamwork(listener.port, DELETED, event="TASK.DELETED", signed=signed).status == 200
    assert teamwork(listener.port, first, signed=signed).status == 401
    assert ids(spool) == ["9001"]


def test_a_delivery_sent_again_is_taken_once(listener: Listener, spool: Spool, clock: FakeClock) -> None:
    for _ in range(3):
        assert teamwork(listener.port, task_body(1), delivery="15ff4a7e-3ef9-44a6-b773-21a305ccf19d").status == 200
        assert missive(listener.port, rule_body(conversation_id(1))).status == 200
    counts = listener.counts()
    assert (counts.accepted, counts.duplicates) == (2, 4)

    spool.discard(None)
    assert teamwork(listener.port, task_body(1), delivery="15ff4a7e-3ef9-44a6-b773-21a305ccf19d").status == 200
    assert ids(spool) == []
    clock.advance(20 * 60)
    assert missive(listener.port, rule_body(conversation_id(1))).status == 200
    assert ids(spool) == [conversation_id(1)]


def test_a_label_set_again_after_it_was_taken_away_is_news(listener: Listener, spool: Spool) -> None:
    labelled = rule_body(conversation_id(1), "label_change", shared_labels=["A"])
    bare = rule_body(conversation_id(1), "label_change", shared_labels=[])
    for body in (labelled, bare, labelled):
        spool.discard(None)
        assert missive(listener.port, body).status == 200
        assert ids(spool) == [conversation_id(1)]
    assert listener.counts().duplicates == 0


def test_the_same_task_in_another_delivery_is_news(listener: Listener, spool: Spool) -> None:
    for delivery in ("a", "b", None, None):
        spool.discard(None)
        assert teamwork(listener.port, task_body(1), delivery=delivery).status == 200
        assert ids(spool) == ["1"]


@pytest.mark.parametrize(
    ("event", "content_type", "body"),
    [
        ("PROJECT.UPDATED", "application/json", b'{"eventCreator":{"id":1},"project":{"id":77}}'),
        ("TASKLIST.DELETED", "application/json", b'{"id":77}'),
        ("COMMENT.CREATED", FORM, b"Comment.ID=5&Comment.ObjectID=9001&EventCreator.ID=1"),
        (None, "application/json", b'{"id":77}'),
        ("TASK.UPDATED", "application/json", b'{"task":{"id":"../../etc/passwd"}}'),
        ("TASK.UPDATED", "application/json", b'{"task":{"id":true}}'),
        ("TASK.UPDATED", "application/json", b'{"task":{"id":-4}}'),
        ("TASK.UPDATED", "application/json", b"[]"),
        ("TASK.UPDATED", "application/xml", b"<task><id>9001</id></task>"),
        ("TASK.UPDATED", FORM, b"\xff\xfe=%ff"),
        ("TASK.UPDATED", FORM, b""),
    ],
)
def test_what_concerns_nothing_that_is_synced_is_thanked_for(
    listener: Listener, spool: Spool, event: str | None, content_type: str, body: bytes
) -> None:
    assert teamwork(listener.port, body, event=event, content_type=content_type).status == 200
    assert ids(spool) == []
    assert (listener.counts().unknown, listener.counts().accepted) == (1, 0)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b""),
        ("text/plain", b"test"),
        ("application/json", b"{}"),
        ("application/json", b'{"rule":{},"conversation":{"id":"../x"}}'),
        ("application/json", b'{"rule":[],"conversation":{"id":5}}'),
        ("application/json", b'{"conversation":null}'),
        ("application/json", b'"validation"'),
    ],
)
def test_the_trial_that_saving_a_rule_sends_succeeds(
    listener: Listener, spool: Spool, content_type: str, body: bytes
) -> None:
    assert missive(listener.port, body, content_type=content_type).status == 200
    assert ids(spool) == []


@pytest.mark.parametrize(
    "body", [b'{"task":', b"{\xff}", b"[" * 200_000, b'{"task":{"id":' + b"9" * 5000 + b"}}", b'{"a":' * 50_000]
)
def test_a_body_that_cannot_be_read_is_answered_400(listener: Listener, spool: Spool, body: bytes) -> None:
    assert teamwork(listener.port, body).status == 400
    assert missive(listener.port, body).status == 400
    assert ids(spool) == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("POST", "/webhook", 404),
        ("GET", SECRETS.teamwork_path, 405),
        ("GET", BARE, 405),
        ("PUT", SECRETS.missive_path, 405),
        ("POST", "/health", 405),
        ("POST", SECRETS.teamwork_path + "/more", 404),
        ("GET", "/health/x", 404),
    ],
)
def test_there_is_nothing_else(listener: Listener, method: str, path: str, status: int) -> None:
    answer = send(listener.port, method, path)
    assert answer.status == status
    assert "server" not in answer.headers
    if status == 405:
        assert answer.headers["allow"] == ("GET" if path == "/health" else "POST")


def test_health_tells_what_waits_and_when_something_came(
    listener: Listener, spool: Spool, clock: FakeClock, told: list[SourceName]
) -> None:
    assert json.loads(send(listener.port, "GET", "/health?x=1").body) == {
        "status": "ok",
        "queue": 0,
        "last_delivery": None,
        "mode": "webhooks",
    }
    clock.advance(60)
    teamwork(listener.port, task_body(1))
    missive(listener.port, rule_body(conversation_id(1)))
    found = json.loads(send(listener.port, "GET", "/health").body)
    assert (found["queue"], found["last_delivery"]) == (2, "2026-09-02T10:01:00Z")
    counts = listener.counts()
    assert counts.last_teamwork == counts.last_missive == counts.last_delivery == clock.now()
    assert told == ["teamwork", "missive"]


def test_many_refusals_are_limited_and_authentic_deliveries_are_not(
    listener: Listener, spool: Spool, clock: FakeClock
) -> None:
    found = [teamwork(listener.port, task_body(1), signed="0" * 64).status for _ in range(REFUSALS + 5)]
    assert found == [401] * REFUSALS + [429] * 5
    assert missive(listener.port, rule_body(conversation_id(1)), path=BARE).status == 429
    assert [teamwork(listener.port, task_body(n)).status for n in range(1, 6)] == [200] * 5
    assert send(listener.port, "GET", "/health").status == 200
    assert listener.counts().refused == REFUSALS + 6
    clock.advance(61)
    assert teamwork(listener.port, task_body(1), signed="0" * 64).status == 401


def test_no_secret_is_in_a_log_line_or_an_answer(
    listener: Listener, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level("DEBUG")
    port, body = listener.port, rule_body(conversation_id(1))
    answers = [
        missive(port, body),
        missive(port, body, signed="sha256=00"),
        missive(port, b"{", signed=""),
        missive(port, body, path=f"{BARE}/installation7-pathsecret98"),
        send(port, "GET", SECRETS.missive_path),
        send(port, "POST", SECRETS.missive_path + "/x"),
        teamwork(port, task_body(1)),
        teamwork(port, task_body(1), signed="00"),
    ]
    written = caplog.text + repr(SECRETS) + "".join(f"{a.body!r} {a.headers}" for a in answers)
    for secret in ("pathsecret9", "whsec-example", "rule-secret"):
        assert secret not in written
    assert len(caplog.records) >= 5
