"""A listener at work, and the services' side of it: signed requests over real HTTP."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.events import SourceName
from tray_connector.sync.spool import Spool
from tray_connector.webhooks.bodies import Reported
from tray_connector.webhooks.listener import Listener
from tray_connector.webhooks.server import HOST
from tray_connector.webhooks.signatures import Secrets, signature

TOKEN = "whsec-example-1"
HAND = "rule-secret-example"
SECRETS = Secrets("installation7", "pathsecret99", TOKEN, HAND)
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
DEADLINE = 10.0


@dataclass(frozen=True)
class Answered:
    """What came back."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@contextmanager
def listening(
    spool: Spool,
    clock: Clock,
    *,
    secrets: Secrets = SECRETS,
    last_read_number: Callable[[], int] = lambda: 7,
    on_delivery: Callable[[SourceName, Reported], None] = lambda _, __: None,
    health: Callable[[], Mapping[str, Any]] = dict,
) -> Iterator[Listener]:
    """A listener on some free port, running in a thread of its own."""
    listener = Listener(
        spool,
        clock,
        secrets,
        port=0,
        port_fixed=True,
        last_read_number=last_read_number,
        on_delivery=on_delivery,
        health=health,
    )
    listener.open()
    stop, failures = Stop(), []

    def run() -> None:
        try:
            listener.run(stop)
        except BaseException as error:  # noqa: BLE001 - carried over to the test
            failures.append(error)

    thread = threading.Thread(target=run, name="listener-under-test")
    thread.start()
    try:
        yield listener
    finally:
        stop.set()
        thread.join(DEADLINE)
        listener.close()
    assert not thread.is_alive()
    assert not failures


def send(port: int, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Answered:
    """One request on a connection of its own."""
    with closing(http.client.HTTPConnection(HOST, port, timeout=DEADLINE)) as connection:
        connection.request(method, path, body, dict(headers or {}))
        answer = connection.getresponse()
        return Answered(answer.status, answer.read(), {key.lower(): value for key, value in answer.getheaders()})


def teamwork(
    port: int,
    body: bytes,
    *,
    event: str | None = "TASK.UPDATED",
    delivery: str | None = None,
    content_type: str = JSON,
    signed: str | None = "",
    path: str = SECRETS.teamwork_path,
) -> Answered:
    """As Teamwork sends it. `signed` "" = rightly, None = not at all."""
    headers = {"Content-Type": content_type, "User-Agent": "projects-webhooks/dcf10f0"}
    right = signature(TOKEN, body) if signed == "" else signed
    pairs = (("X-Projects-Event", event), ("X-Projects-Delivery", delivery), ("X-Projects-Signature", right))
    headers.update({name: value for name, value in pairs if value is not None})
    return send(port, "POST", path, body, headers)


def missive(
    port: int,
    body: bytes,
    *,
    signed: str | None = None,
    path: str = SECRETS.missive_path,
    content_type: str = JSON,
) -> Answered:
    """As Missive sends it: without a signature, or with one ("" = the right one)."""
    headers = {"Content-Type": content_type}
    if signed is not None:
        headers["X-Hook-Signature"] = f"sha256={signature(HAND, body)}" if signed == "" else signed
    return send(port, "POST", path, body, headers)


def task_body(task_id: int, name: str = "Dach prüfen") -> bytes:
    """A task event, version 2, as JSON."""
    creator = {"id": 501, "firstName": "Ada", "lastName": "Byron", "avatar": ""}
    return json.dumps({"eventCreator": creator, "task": {"id": task_id, "name": name}, "users": []}).encode()


def conversation_id(number: int) -> str:
    """A UUID, the same for the same number."""
    return str(uuid5(NAMESPACE_URL, f"conversation {number}"))


def rule_body(conversation: str, rule: str = "incoming_email", **more: object) -> bytes:
    """What a rule of Missive sends."""
    data = {"rule": {"id": conversation_id(0), "type": rule}, "conversation": {"id": conversation}, **more}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
