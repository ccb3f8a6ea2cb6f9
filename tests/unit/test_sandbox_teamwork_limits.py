"""Limits and keys of the sandbox's Teamwork."""

from __future__ import annotations

import base64

import pytest

from tests.support.clock import FakeClock
from tests.support.teamwork_site import V3, teamwork_site
from tray_connector.sandbox.limits import RateLimiter, Window
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.teamwork import SANDBOX_KEY, TeamworkSwitches


def allowed(limiter: RateLimiter) -> bool:
    with limiter.request() as verdict:
        return verdict.allowed


def test_a_sliding_window_allows_a_full_burst_and_never_more_in_any_span() -> None:
    clock = FakeClock()
    limiter = RateLimiter([Window(3, 60), Window(5, 900)], clock=clock)
    assert [allowed(limiter) for _ in range(4)] == [True, True, True, False]
    clock.advance(59.9)
    assert not allowed(limiter)
    clock.advance(0.1)
    assert [allowed(limiter) for _ in range(3)] == [True, True, False]
    clock.advance(60)
    assert not allowed(limiter)
    assert limiter.violations == 4


def test_a_fixed_window_empties_all_at_once() -> None:
    clock = FakeClock()
    limiter = RateLimiter([Window(2, 60)], clock=clock, style="fixed")
    allowed(limiter)
    clock.advance(50)
    assert [allowed(limiter), allowed(limiter)] == [True, False]
    clock.advance(10)
    assert [allowed(limiter), allowed(limiter), allowed(limiter)] == [True, True, False]


def test_requests_at_one_time_are_limited_apart_from_the_windows_and_scale_leaves_them_alone() -> None:
    limiter = RateLimiter([Window(10, 60)], clock=FakeClock(), max_in_flight=2, scale=100)
    with limiter.request() as first, limiter.request() as second, limiter.request() as third:
        assert [first.allowed, second.allowed, third.allowed] == [True, True, False]
        assert third.crowded
        assert third.limit == 1000
    assert allowed(limiter)


def test_the_default_limit_is_150_a_minute_and_the_headers_are_on_every_answer() -> None:
    with teamwork_site() as site:
        for left in range(149, -1, -1):
            answer = site.send("GET", f"{V3}/me.json")
            assert answer.headers["X-RateLimit-Remaining"] == str(left)
        site.clock.advance(12.5)
        refused = site.send("GET", f"{V3}/me.json")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "48")
        assert refused.headers["X-RateLimit-Limit"] == "150"
        assert refused.headers["X-RateLimit-Reset"] == "48"
        assert refused.json()["errors"][0]["code"] == "429"
        assert site.service.limiter.violations == 1
        site.clock.advance(47.5)
        assert site.send("GET", f"{V3}/me.json").ok


def test_the_refusal_may_be_a_400_of_html_without_retry_after() -> None:
    switches = TeamworkSwitches(limit_status=400, retry_after=False, limit_body="html", rate_reset="epoch")
    clock = FakeClock()
    limiter = RateLimiter([Window(1, 60)], clock=clock, style="fixed")
    with teamwork_site(Office.generate(clock=clock), switches=switches, limiter=limiter) as site:
        site.get(f"{V3}/me.json")
        refused = site.send("GET", f"{V3}/me.json")
        assert refused.status_code == 400
        assert "Retry-After" not in refused.headers
        assert refused.headers["Content-Type"].startswith("text/html")
        assert int(refused.headers["X-RateLimit-Reset"]) == int(clock.now().timestamp()) + 60


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {SANDBOX_KEY}", 200),
        (basic(SANDBOX_KEY, ""), 200),
        (basic(SANDBOX_KEY, "x:y"), 200),
        (basic("another", "x"), 401),
        ("Bearer another", 401),
        ("Basic %%%", 401),
        ("Digest x", 401),
        ("", 401),
    ],
)
def test_the_key_is_taken_as_user_name_or_token(authorization: str, status: int) -> None:
    with teamwork_site() as site:
        site.session.headers["Authorization"] = authorization
        answer = site.send("GET", f"{V3}/me.json")
        assert answer.status_code == status
        if status == 401:
            assert set(answer.json()["errors"][0]) == {"id", "code", "title", "detail"}
            assert "X-RateLimit-Remaining" in answer.headers
        else:
            assert answer.json()["person"]["firstName"] == "Ida"
