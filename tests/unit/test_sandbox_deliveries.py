"""The sandbox's way of delivering: retries, giving up, and the mischief tests ask for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from tests.support.registration import Sink, sink, wait_until
from tray_connector.sandbox.deliveries import Attempt, Deliveries, Parcel, Policy
from tray_connector.sandbox.faults import ALWAYS
from tray_connector.sandbox.server import SandboxServer

POLICY = Policy(0.3, (60.0, 300.0, 600.0), lambda status: status == 200)


@dataclass
class Ledger:
    """Wants everything and remembers how it ended."""

    wanted: bool = True
    given_up: list[Parcel] = field(default_factory=list)

    def wants(self, parcel: Parcel) -> bool:
        del parcel
        return self.wanted

    def ended(self, attempt: Attempt, *, given_up: bool) -> None:
        if given_up:
            self.given_up.append(attempt.parcel)


@dataclass
class Post:
    """Deliveries to a sink."""

    place: Sink
    server: SandboxServer
    ledger: Ledger
    deliveries: Deliveries

    def parcel(self, name: str = "a") -> Parcel:
        return Parcel("1", "TASK.CREATED", f"{self.server.url}/hook", {"X-Name": name}, name.encode(), name)

    def names(self) -> list[str]:
        return [request.headers["X-Name"] for request in self.place.received]


@pytest.fixture
def post() -> Iterator[Post]:
    with sink() as (place, server):
        ledger = Ledger()
        deliveries = Deliveries(POLICY, ledger, pace=2000)
        yield Post(place, server, ledger, deliveries)
        deliveries.stop()


def test_a_delivery_that_is_taken_is_sent_once(post: Post) -> None:
    post.deliveries.post(post.parcel())
    assert post.deliveries.settle()
    assert [(a.number, a.status, a.good) for a in post.deliveries.attempts] == [(1, 200, True)]
    assert post.place.received[0].body == b"a"


@pytest.mark.parametrize("status", [201, 204, 302, 404, 503])
def test_anything_else_is_tried_again_on_the_schedule_and_given_up(post: Post, status: int) -> None:
    post.place.status = status
    post.deliveries.post(post.parcel())
    assert post.deliveries.settle()
    attempts = post.deliveries.attempts
    assert [attempt.status for attempt in attempts] == [status] * 4
    waits = [after.at - before.at for before, after in pairwise(attempts)]
    assert all(wait >= planned / 2000 for wait, planned in zip(waits, POLICY.retries, strict=True))
    assert len({(request.body, request.headers["X-Name"]) for request in post.place.received}) == 1
    assert [parcel.delivery_id for parcel in post.ledger.given_up] == ["a"]


def test_a_receiver_that_is_too_slow_has_failed(post: Post) -> None:
    post.server.faults.silence(ALWAYS)
    post.deliveries.post(post.parcel())
    assert post.deliveries.settle()
    assert {attempt.status for attempt in post.deliveries.attempts} == {0}
    assert len(post.ledger.given_up) == 1


def test_a_receiver_that_is_not_there_has_failed(post: Post) -> None:
    post.server.stop()
    post.deliveries.post(post.parcel())
    assert post.deliveries.settle()
    assert [attempt.status for attempt in post.deliveries.attempts] == [0] * 4


def test_a_hook_that_is_gone_gets_no_further_try(post: Post) -> None:
    post.place.status = 500
    post.deliveries.pace = 100
    post.deliveries.post(post.parcel())
    post.place.wait_for(1)
    post.ledger.wanted = False
    assert post.deliveries.settle()
    assert len(post.place.received) == 1


def test_duplicates(post: Post) -> None:
    post.deliveries.copies = 3
    post.deliveries.post(post.parcel())
    assert post.deliveries.settle()
    assert post.names() == ["a"] * 3


def test_another_order_and_losses(post: Post) -> None:
    post.deliveries.hold()
    for name in "abc":
        post.deliveries.post(post.parcel(name))
    assert len(post.deliveries.held) == 3
    post.deliveries.release(lambda parcels: [parcels[2], parcels[0]])
    assert post.names() == ["c", "a"]
    post.deliveries.post(post.parcel("d"))
    assert post.deliveries.settle()
    assert post.names() == ["c", "a", "d"]


def test_anything_can_be_sent_once(post: Post) -> None:
    assert post.deliveries.send(f"{post.server.url}/forged", {"X-Name": "forged"}, b"{") == 200
    assert post.deliveries.send("http://127.0.0.1:1/", {}, b"") == 0
    assert post.deliveries.attempts == []


def test_stopping_forgets_what_is_due_and_ends_the_threads(post: Post) -> None:
    post.place.status = 500
    post.deliveries.pace = 1
    post.deliveries.post(post.parcel())
    post.place.wait_for(1)
    post.deliveries.stop()
    wait_until(lambda: all(thread.name != "sandbox-deliveries" for thread in threading.enumerate()))
    post.deliveries.post(post.parcel("b"))
    post.place.status = 200
    post.deliveries.start()
    post.deliveries.post(post.parcel("c"))
    assert post.deliveries.settle()
    assert post.names() == ["a", "c"]
