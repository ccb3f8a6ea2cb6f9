"""The sandbox's Airtable: calls a second and a month, and records a base."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.support.airtable_sandbox import api_of, ask, mail_base, refused
from tests.support.clock import FakeClock
from tray_connector.config.clock import Stop
from tray_connector.sandbox.airtable_limits import LockingLimiter
from tray_connector.sandbox.airtable_site import AirtableSite, AirtableSwitches

RATE = (429, "RATE_LIMIT_REACHED")
SPENT = {
    "errors": [
        {
            "error": "PUBLIC_API_BILLING_LIMIT_EXCEEDED",
            "message": "API billing plan limit exceeded. You've reached the maximum number of requests allowed for "
            "this month.",
        }
    ]
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def statuses(site: AirtableSite, number: int) -> list[int]:
    """So many lists, one after the other."""
    return [ask(site, "GET", "{base}/Emails").status_code for _ in range(number)]


def test_the_sixth_call_in_a_second_locks_all_out_for_thirty(clock: FakeClock) -> None:
    with mail_base(clock, rate_scale=1) as site:
        assert statuses(site, 6) == [200] * 5 + [429]
        answer = ask(site, "GET", "meta/bases/{base}/tables")
        assert refused(answer) == RATE
        assert answer.json()["error"]["message"] == "Rate limit exceeded. Please try again later"
        assert "Retry-After" not in answer.headers
        clock.advance(29.5)
        assert statuses(site, 1) == [429]
        clock.advance(0.5)
        assert statuses(site, 5) == [200] * 5
        assert (site.violations, site.refused) == (3, {"RATE_LIMIT_REACHED": 3})


def test_the_window_slides(clock: FakeClock) -> None:
    with mail_base(clock, rate_scale=1) as site:
        for _ in range(3):
            assert statuses(site, 1) == [200]
            clock.advance(0.2)
        assert statuses(site, 2) == [200, 200]
        clock.advance(0.4)
        assert statuses(site, 2) == [200, 429]


def test_a_client_that_keeps_five_a_second_is_never_refused(clock: FakeClock) -> None:
    with mail_base(clock, rate_scale=1) as site:
        for _ in range(20):
            assert statuses(site, 5) == [200] * 5
            clock.wait(Stop(), 1.0)
        assert site.violations == 0


def test_the_scale_multiplies_the_limit_and_shortens_the_lock_out(clock: FakeClock) -> None:
    with mail_base(clock, rate_scale=3) as site:
        assert statuses(site, 16) == [200] * 15 + [429]
        clock.advance(10)
        assert statuses(site, 1) == [200]


def test_what_is_not_documented_about_the_lock_out_is_a_switch(clock: FakeClock) -> None:
    switches = AirtableSwitches(limit_body="plural", retry_after=True, lockout_extends=True)
    with mail_base(clock, rate_scale=1, switches=switches) as site:
        statuses(site, 6)
        clock.advance(20)
        answer = ask(site, "GET", "{base}/Emails")
        assert answer.json()["errors"][0]["error"] == "RATE_LIMIT_REACHED"
        assert answer.headers["Retry-After"] == "30"
        clock.advance(29)
        assert statuses(site, 1) == [429]


def test_schema_calls_may_be_outside_the_limit_of_the_base(clock: FakeClock) -> None:
    with mail_base(clock, rate_scale=1, switches=AirtableSwitches(schema_counts_for_rate=False)) as site:
        assert statuses(site, 5) == [200] * 5
        assert ask(site, "GET", "meta/bases/{base}/tables").status_code == 200
        assert statuses(site, 1) == [429]


def test_a_user_has_fifty_calls_a_second_over_all_bases(clock: FakeClock) -> None:
    with mail_base(clock, rate_scale=1) as site:
        assert [ask(site, "GET", "meta/whoami").status_code for _ in range(51)] == [200] * 50 + [429]
        assert statuses(site, 1) == [429]


def test_a_limiter_that_is_never_asked_too_much_has_no_violations(clock: FakeClock) -> None:
    limiter = LockingLimiter(clock, 2, scale=0.5)
    assert limiter.refused() is None
    assert limiter.refused() == 60.0
    clock.advance(60)
    assert limiter.refused() is None
    assert limiter.violations == 1


def test_the_month_of_a_free_workspace_ends_after_a_thousand_calls(clock: FakeClock) -> None:
    with mail_base(clock, plan="free") as site:
        site.calls_this_month = 998
        assert statuses(site, 2) == [200, 200]
        answer = ask(site, "PATCH", "{base}/Emails", {"records": []})
        assert (answer.status_code, answer.json()) == (429, SPENT)
        assert ask(site, "GET", "meta/bases/{base}/tables").status_code == 200
        assert ask(site, "GET", "meta/whoami").status_code == 200
        assert site.refused == {"PUBLIC_API_BILLING_LIMIT_EXCEEDED": 1}
        clock.advance((datetime(2026, 10, 1, tzinfo=UTC) - clock.now()).total_seconds())
        assert statuses(site, 1) == [200]
        assert site.calls_this_month == 1


def test_the_quota_may_speak_in_the_other_form_and_end_with_another_plan(clock: FakeClock) -> None:
    with mail_base(clock, plan="free", switches=AirtableSwitches(quota_body="singular")) as site:
        site.calls_this_month = 1000
        assert refused(ask(site, "GET", "{base}/Emails")) == (429, "PUBLIC_API_BILLING_LIMIT_EXCEEDED")
        site.plan = "team"
        assert statuses(site, 1) == [200]


def test_a_team_over_its_quota_is_slowed_to_two_a_second(clock: FakeClock) -> None:
    with mail_base(clock, rate_scale=1) as site:
        site.calls_this_month = 100_000
        assert statuses(site, 3) == [200, 200, 429]
        site.plan = "business"
        assert statuses(site, 1) == [200]


def test_refused_calls_count_for_the_month_unless_switched_off(clock: FakeClock) -> None:
    with mail_base(clock, rate_scale=1) as site:
        statuses(site, 7)
        assert site.calls_this_month == 7
        site.switches = AirtableSwitches(limited_count_for_quota=False, schema_counts_for_quota=False)
        statuses(site, 2)
        clock.advance(30)
        ask(site, "GET", "meta/bases")
        assert (site.calls_this_month, site.calls["list"]) == (7, 9)


def test_a_free_base_takes_a_thousand_records_over_all_tables(clock: FakeClock) -> None:
    with mail_base(clock, plan="free") as site, api_of(site) as api:
        site.add_records("Table 1", [{"Name": "x"}] * 995)
        table = api.table(site.base_id, "Emails")
        five = [{"fields": {"Email ID": f"m{number}"}} for number in range(5)]
        table.batch_upsert(five, ["Email ID"])
        answer = ask(site, "POST", "{base}/Emails", {"fields": {"Email ID": "m5"}})
        assert refused(answer) == (422, "LIMIT_EXCEEDED")
        assert len(table.batch_upsert(five, ["Email ID"])["updatedRecords"]) == 5
        site.switches = AirtableSwitches(record_cap="ignored")
        assert ask(site, "POST", "{base}/Emails", {"fields": {"Email ID": "m5"}}).status_code == 200
