"""Addresses in memory: how long they count, and how many are kept."""

from __future__ import annotations

import pytest

from tests.support.clock import FakeClock
from tray_connector.sync.files_addresses import by_email
from tray_connector.sync.files_links import Links, good_until

HOST = "https://files.example/id/plan.pdf"


def expiring(clock: FakeClock, seconds: int) -> str:
    return f"{HOST}?Expires={int(clock.now().timestamp()) + seconds}&Signature=x"


def test_an_address_counts_until_a_minute_before_it_expires() -> None:
    clock = FakeClock()
    links = Links(clock)
    links.keep({"a": expiring(clock, 300)})
    assert links.fresh("a") == expiring(clock, 300)
    assert links.fresh("a", 200) is not None
    assert links.fresh("a", 301) is None
    clock.advance(240)
    assert links.fresh("a") is not None
    clock.advance(1)
    assert links.fresh("a") is None


def test_the_other_signature_names_its_time_too() -> None:
    clock = FakeClock()
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    url = f"{HOST}?X-Amz-Date={stamp}&X-Amz-Expires=900&X-Amz-Signature=x"
    assert good_until(url, clock.now()) == clock.now().timestamp() + 900


@pytest.mark.parametrize(
    "query", ["", "?Expires=soon", "?X-Amz-Expires=900", "?X-Amz-Date=x&X-Amz-Expires=1", "?Expires=" + "9" * 400]
)
def test_an_address_that_does_not_say_is_used_for_a_while(query: str) -> None:
    clock = FakeClock()
    links = Links(clock)
    links.keep({"a": HOST + query})
    assert links.fresh("a") is not None
    if len(query) < 100:
        clock.advance(1200)
        assert links.fresh("a") is None


def test_an_address_that_cannot_be_read_is_used_for_a_while() -> None:
    clock = FakeClock()
    assert good_until("https://[broken", clock.now()) > clock.now().timestamp()


def test_what_came_first_is_kept_and_what_expired_makes_room() -> None:
    clock = FakeClock()
    links = Links(clock, most=3)
    links.keep({key: expiring(clock, 300) for key in "abcd"})
    assert [key for key in "abcd" if links.fresh(key)] == ["a", "b", "c"]
    links.keep({"a": expiring(clock, 900), "e": expiring(clock, 900)})
    assert links.fresh("a") == expiring(clock, 900)
    assert links.fresh("e") is None
    links.forget("b")
    links.forget("b")
    clock.advance(290)
    links.keep({"f": expiring(clock, 300), "g": expiring(clock, 300)})
    assert [key for key in "abcefg" if links.fresh(key)] == ["a", "f", "g"]


def test_ten_emails_are_one_request_whatever_their_files() -> None:
    items = [(f"m{number // 3}", number) for number in range(100)]
    groups = list(by_email(items))
    assert [each for group in groups for each in group] == list(range(100))
    assert [len({each // 3 for each in group}) for group in groups] == [10, 10, 10, 4]
    assert list(by_email([])) == []
