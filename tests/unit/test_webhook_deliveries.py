"""Repetitions are known, and an answer is never given for what is not durable yet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tests.support.log_guard import ExpectLog
from tests.support.processes import wait_until
from tests.support.webhooks import SECRETS, TOKEN, task_body
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.model.errors import TransientError
from tray_connector.sync.spool import Spool
from tray_connector.webhooks.deliveries import Counter, Mark, Recent, Refusals
from tray_connector.webhooks.deposit import WAITING_AT_MOST, Deposit, Wanted
from tray_connector.webhooks.health import Health
from tray_connector.webhooks.reception import Reception, Request
from tray_connector.webhooks.signatures import signature

KEEP = 100.0
TASK = Wanted("teamwork", "task", "1")


def stored() -> Future[None]:
    done: Future[None] = Future()
    done.set_result(None)
    return done


def same(answer: Future[None]) -> Future[None]:
    return answer


@given(
    st.lists(
        st.tuples(st.sampled_from("pq"), st.sampled_from([b"a", b"b"]), st.sampled_from([0.0, 60.0]), st.booleans())
    )
)
def test_a_repetition_is_the_same_as_the_last_one_stored_at_its_place_within_the_time(
    deliveries: list[tuple[str, bytes, float, bool]],
) -> None:
    clock = FakeClock()
    recent = Recent(clock)
    last: dict[str, tuple[bytes, float, bool]] = {}
    for place, content, passed, fails in deliveries:
        clock.advance(passed)
        answer = stored()
        if fails:
            answer = Future()
            answer.set_exception(TransientError("x", "x"))
        before = last.get(place)
        now = clock.monotonic()
        expected = before is not None and before[0] == content and now < before[1] + KEEP and before[2]
        found = recent.store(Mark(place, content, KEEP), partial(same, answer))
        assert found[1] is expected
        if not expected:
            assert found[0] is answer
            last[place] = (content, now, not fails)


def test_only_so_many_are_remembered() -> None:
    recent = Recent(FakeClock(), most=3)
    for number in range(10):
        recent.store(Mark(str(number), b"", KEEP), stored)
        assert len(recent) <= 3
    assert recent.store(Mark("9", b"", KEEP), stored)[1]
    assert not recent.store(Mark("0", b"", KEEP), stored)[1]


def test_what_is_over_is_forgotten() -> None:
    clock = FakeClock()
    recent = Recent(clock)
    for number in range(10):
        recent.store(Mark(str(number), b"", KEEP), stored)
    clock.advance(KEEP)
    recent.store(Mark("x", b"", KEEP), stored)
    assert len(recent) == 1


def test_refusals_are_limited_within_a_minute() -> None:
    clock = FakeClock()
    refusals = Refusals(clock, most=2)
    assert [refusals.too_many() for _ in range(4)] == [False, False, True, True]
    clock.advance(60)
    assert [refusals.too_many() for _ in range(3)] == [False, False, True]


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool(tmp_path / "spool", SystemClock())
    yield spool
    spool.close()


@pytest.fixture
def deposit(spool: Spool) -> Iterator[Deposit]:
    deposit = Deposit(spool, SystemClock(), lambda: 3)
    yield deposit
    deposit.close()


def reception_of(spool: Spool, deposit: Deposit) -> Reception:
    clock = FakeClock()
    counter = Counter(clock)
    return Reception(
        secrets=SECRETS,
        deposit=deposit,
        counter=counter,
        recent=Recent(clock),
        refusals=Refusals(clock),
        on_delivery=lambda _, __: None,
        health=Health(spool, clock, counter, dict),
        answer_within=0.05,
    )


def test_a_repetition_is_not_acknowledged_before_the_first_is_durable(spool: Spool, deposit: Deposit) -> None:
    reception = reception_of(spool, deposit)
    body = task_body(1)
    headers = {"HTTP_X_PROJECTS_SIGNATURE": signature(TOKEN, body), "HTTP_X_PROJECTS_EVENT": "TASK.UPDATED"}
    request = Request("POST", SECRETS.teamwork_path, {**headers, "HTTP_X_PROJECTS_DELIVERY": "d-1"}, body)
    for _ in range(3):
        # Nobody stores anything yet.
        assert reception.answer(request).status is HTTPStatus.SERVICE_UNAVAILABLE
    deposit.start()
    wait_until(lambda: spool.contains("teamwork", "1"), 5, "the event")
    assert reception.answer(request).status is HTTPStatus.OK
    counts = reception.counter.view()
    assert (counts.unstored, counts.accepted, counts.duplicates) == (3, 0, 1)


def test_what_comes_together_is_stored_together(spool: Spool, deposit: Deposit) -> None:
    waiting = [deposit.put(Wanted("teamwork", "task", str(1 + number // 2))) for number in range(50)]
    waiting += [deposit.put(Wanted("missive", "conversation", "c-1"))]
    assert not any(each.done() for each in waiting)
    deposit.start()
    for each in waiting:
        each.result(5)
    events = spool.listing()
    assert {event.id for event in events} == {str(number) for number in range(1, 26)} | {"c-1"}
    assert {(event.payload, event.read_number) for event in events} == {(None, 3)}


def test_more_than_can_wait_is_sent_back_at_once(deposit: Deposit) -> None:
    waiting = [deposit.put(TASK) for _ in range(WAITING_AT_MOST)]
    assert isinstance(deposit.put(TASK).exception(0), TransientError)
    deposit.start()
    assert all(each.exception(5) is None for each in waiting)
    assert deposit.put(TASK).exception(5) is None


def test_closing_stores_what_has_come_and_takes_no_more(spool: Spool, deposit: Deposit) -> None:
    waiting = [deposit.put(Wanted("teamwork", "task", str(number + 1))) for number in range(300)]
    deposit.start()
    deposit.close()
    deposit.close()
    assert all(each.exception(0) is None for each in waiting)
    assert isinstance(deposit.put(TASK).exception(0), TransientError)
    assert spool.counts().total == 300


def test_a_read_that_was_begun_before_the_delivery_does_not_satisfy_it(spool: Spool, tmp_path: Path) -> None:
    numbers = iter((5, 9))
    deposit = Deposit(spool, SystemClock(), lambda: next(numbers))
    deposit.start()
    for number in (5, 9):
        deposit.put(TASK).result(5)
        assert [event.read_number for event in spool.listing()] == [number]
    deposit.close()


def test_a_spool_that_is_gone_is_no_acknowledgement(spool: Spool, deposit: Deposit, expect_log: ExpectLog) -> None:
    deposit.start()
    spool.close()
    assert isinstance(deposit.put(TASK).exception(5), Exception)
    expect_log("could not be queued", level=40)


def test_the_spool_is_let_go_on_by_the_thread_that_puts(spool: Spool, deposit: Deposit) -> None:
    # Whoever waits for events is woken by a delivery.
    deposit.start()
    with ThreadPoolExecutor(1) as pool:
        woken = pool.submit(spool.wait_ready, "teamwork", Stop(), 10.0)
        threading.Event().wait(0.02)
        deposit.put(TASK).result(5)
        assert woken.result(5)
