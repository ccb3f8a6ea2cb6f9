"""Airtable's limits: never more than five calls a second, both kinds of 429, calls counted, waits that end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.airtable_base import BERLIN, STOP, by_key, destination, mail, task, write, written
from tests.support.clock import START, FakeClock
from tray_connector.config.clock import Stop, Stopped, SystemClock
from tray_connector.destinations.airtable.destination import AirtableDestination
from tray_connector.destinations.base import Write
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.sandbox.airtable_site import AirtableSite, AirtableSwitches
from tray_connector.sync.ledger import Ledger


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def site(clock: FakeClock) -> Iterator[AirtableSite]:
    with AirtableSite(clock, plan="free") as running:
        yield running


def test_the_limit_of_a_second_is_kept_by_everything_that_is_sent(site: AirtableSite, clock: FakeClock) -> None:
    with destination(site, clock, scale=1, plan="free") as made:
        made.ensure_categories(("Kunden", "Räume"), STOP)
        written(write(made, *(task(str(number)) for number in range(200))))
        made.check(STOP)
        made.counts(STOP)
    assert site.violations == 0


def test_ten_calls_take_little_more_than_a_second() -> None:
    clock = SystemClock()
    with AirtableSite(clock, plan="team", latency=0.03) as site, destination(site, clock, scale=1) as made:
        began = time.monotonic()
        written(write(made, *(task(str(number)) for number in range(70))))
        took = time.monotonic() - began
        assert site.violations == 0
        assert 1.0 < took < 2.5


def test_the_next_process_knows_the_calls_of_the_last(site: AirtableSite, clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    for _ in range(3):
        ledger = Ledger(path, clock)
        with destination(site, clock, scale=1, plan="free", log=ledger):
            pass
        ledger.close()
    assert site.violations == 0
    ledger = Ledger(path, clock)
    assert ledger.calls_in_month("destination", START.strftime("%Y-%m")) == sum(site.calls.values()) == 5
    ledger.close()


@pytest.mark.parametrize("body", ["singular", "plural"])
@pytest.mark.parametrize("extends", [False, True])
def test_a_lock_out_by_someone_else_is_waited_out_without_a_call(
    site: AirtableSite, clock: FakeClock, body: str, *, extends: bool
) -> None:
    site.switches = AirtableSwitches(limit_body="plural" if body == "plural" else "singular", lockout_extends=extends)
    with destination(site, clock, scale=1, plan="free") as made:
        clock.advance(5)
        for _ in range(6):
            site.service.limiter(site.base_id).refused()
        with pytest.raises(TransientError) as raised:
            write(made, task("26"))
        retry_at = raised.value.problem.retry_at
        assert raised.value.problem.code == "airtable-limit"
        assert retry_at is not None
        assert timedelta(seconds=30) < retry_at - clock.now() < timedelta(seconds=35)
        sent = made.requests_sent()
        for _ in range(3):
            clock.advance(5)
            with pytest.raises(TransientError) as raised:
                made.open(STOP)
            assert raised.value.problem.code == "airtable-limit"
        assert made.requests_sent() == sent
        clock.advance((retry_at - clock.now()).total_seconds())
        made.open(STOP)
        written(write(made, task("26")))


@pytest.mark.parametrize("body", ["singular", "plural"])
def test_a_spent_month_is_told_and_goes_on_when_it_turns(clock: FakeClock, body: str) -> None:
    switches = AirtableSwitches(quota_body="singular" if body == "singular" else "plural")
    with (
        AirtableSite(clock, plan="free", switches=switches, rate_scale=1000) as site,
        destination(site, clock, plan="free") as made,
    ):
        site.calls_this_month = 1_000
        with pytest.raises(TransientError, match="used up") as raised:
            write(made, task("26"))
        assert raised.value.problem.retry_at == datetime(2026, 10, 1, 0, 5, tzinfo=UTC)
        sent = made.requests_sent()
        with pytest.raises(TransientError, match="used up"):
            made.open(STOP)
        assert made.requests_sent() == sent
        clock.advance(1800)
        # The schema is answered although the month is spent: that alone is no sign of life.
        with pytest.raises(TransientError, match="used up"):
            made.open(STOP)
        clock.advance((datetime(2026, 10, 1, 0, 5, tzinfo=UTC) - clock.now()).total_seconds())
        made.open(STOP)
        written(write(made, task("26")))


def test_a_larger_plan_is_noticed_soon(clock: FakeClock) -> None:
    with AirtableSite(clock, plan="free", rate_scale=1000) as site, destination(site, clock, plan="free") as made:
        site.calls_this_month = 1_000
        with pytest.raises(TransientError, match="used up"):
            write(made, task("26"))
        site.plan = "team"
        clock.advance(1800)
        made.open(STOP)
        written(write(made, task("26")))


@pytest.mark.parametrize(("status", "kind"), [(500, "X"), (502, "X"), (503, "RETRIABLE_ERROR")])
def test_trouble_is_tried_again_a_few_times(site: AirtableSite, clock: FakeClock, status: int, kind: str) -> None:
    with destination(site, clock) as made:
        site.fail_next(status, kind, on="upsert", times=2, headers={"Retry-After": "3"})
        written(write(made, task("26")))
        site.fail_next(status, kind, on="upsert", times=3)
        with pytest.raises(TransientError) as raised:
            write(made, task("27"))
        assert raised.value.problem.code == "airtable-in-trouble"
        site.fail_next(503, kind, on="upsert", headers={"Retry-After": "600"})
        with pytest.raises(TransientError) as raised:
            write(made, task("27"))
        assert raised.value.problem.retry_at == clock.now() + timedelta(seconds=600)


def test_trouble_while_creating_is_not_repeated(site: AirtableSite, clock: FakeClock) -> None:
    site.fail_next(502, "X", on="create_table")
    with destination(site, clock, opened=False) as made:
        with pytest.raises(TransientError):
            made.open(STOP)
        assert made.requests_sent() == 2


@pytest.mark.parametrize("fault", ["drop", "lose", "cut"])
def test_a_lost_answer_doubles_no_row(site: AirtableSite, clock: FakeClock, fault: str) -> None:
    with destination(site, clock) as made:
        getattr(site.faults, fault)(site.when("upsert"))
        sent = made.requests_sent()
        with pytest.raises(TransientError) as raised:
            write(made, task("26"), task("27"))
        assert raised.value.unsure or fault == "cut"
        # The first try might still be under way: whoever asked for it asks again later.
        assert made.requests_sent() == sent + 1
        written(write(made, task("26"), task("27")))
    assert set(by_key(site, "tasks")) == {"26", "27"}


def test_a_dropped_reading_is_tried_again(site: AirtableSite, clock: FakeClock) -> None:
    with destination(site, clock) as made:
        written(write(made, mail("m1")))
        site.faults.drop(site.when("list"))
        assert made.counts(STOP) == {"tasks": 0, "emails": 1}


def test_the_server_goes_in_the_middle_and_comes_back(site: AirtableSite, clock: FakeClock) -> None:
    with destination(site, clock, scale=1) as made:
        site.faults.call(site.stop, site.when("upsert", at=4))
        with pytest.raises(TransientError):
            write(made, *(task(str(number)) for number in range(100)))
        with pytest.raises(TransientError) as raised:
            made.open(STOP)
        assert raised.value.problem.code == "airtable-unreachable"
        site.start()
        made.open(STOP)
        written(write(made, *(task(str(number)) for number in range(100))))
    assert len(by_key(site, "tasks")) == 100


def test_a_sign_in_page_is_recognised(site: AirtableSite, clock: FakeClock) -> None:
    with destination(site, clock) as made:
        site.faults.html(site.when("upsert"))
        with pytest.raises(TransientError, match="Someone else answers"):
            write(made, task("26"))
        site.faults.redirect("http://127.0.0.1:1/login", site.when("upsert"))
        with pytest.raises(TransientError, match="The token was not sent there"):
            write(made, task("26"))


@pytest.mark.parametrize("rows", [1, 100])
def test_a_stop_ends_a_silent_call_at_once(rows: int) -> None:
    clock, stop = SystemClock(), Stop()
    with AirtableSite(clock, plan="team", rate_scale=1000) as site, destination(site, clock) as made:
        site.faults.silence(site.when("upsert", times=None))
        ended: list[float] = []

        def work() -> None:
            with pytest.raises(Stopped):
                made.write([Write(task(str(number))) for number in range(rows)], stop)
            ended.append(time.monotonic())

        thread = threading.Thread(target=work)
        thread.start()
        deadline = time.monotonic() + 10
        while not site.faults.silent and time.monotonic() < deadline:
            time.sleep(0.01)
        asked = time.monotonic()
        stop.set()
        thread.join(5)
        assert ended
        assert ended[0] - asked < 0.5


def test_a_stop_ends_a_wait_for_the_limit_at_once() -> None:
    clock, stop = SystemClock(), Stop()
    with AirtableSite(clock, plan="team") as site, destination(site, clock, scale=1) as made:
        thread = threading.Timer(0.4, stop.set)
        thread.start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            made.write([Write(task(str(number))) for number in range(500)], stop)
        assert time.monotonic() - began < 1.0


def test_a_token_that_airtable_echoes_is_not_shown(site: AirtableSite, clock: FakeClock) -> None:
    with destination(site, clock) as made:
        site.fail_next(403, "INVALID_PERMISSIONS", f"The token {site.token} may not", on="upsert")
        with pytest.raises(ConfigError, match="may not") as raised:
            write(made, task("26"))
    assert site.token not in raised.value.problem.sentence()


def test_no_secret_is_shown(site: AirtableSite, clock: FakeClock) -> None:
    made = AirtableDestination(token="patGeheim", base_id="app1", zone=BERLIN, clock=clock, endpoint_url=site.url)
    with pytest.raises(Exception, match="refuses the token") as raised:
        made.open(STOP)
    made.close()
    assert "patGeheim" not in f"{raised.value!r} {made!r} {vars(made)!r} {made.place}"
