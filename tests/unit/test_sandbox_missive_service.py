"""The sandbox Missive's door: token, limits, and the host of the attachments."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.clock import FakeClock
from tests.support.missive_site import ask, fetch, read
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.limits import MISSIVE_WINDOWS, Window
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_files import mail_file
from tray_connector.sandbox.missive_site import MissiveSite
from tray_connector.sandbox.missive_switches import MissiveSwitches


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def mailbox(clock: FakeClock) -> Mailbox:
    return Mailbox(clock=clock)


@pytest.fixture
def site(mailbox: Mailbox) -> Iterator[MissiveSite]:
    with MissiveSite(mailbox) as running:
        yield running


def test_a_missing_and_a_wrong_token_get_the_same_401(site: MissiveSite) -> None:
    body = {"error": {"message": "Authentication token is invalid or has been revoked"}}
    for token in ("", "wrong"):
        answer = ask(site, "organizations", token=token)
        assert (answer.status_code, answer.json()) == (401, body)
    assert ask(site, "organizations").status_code == 200


def test_hooks_are_not_listed_and_unknown_paths_are_not_there(site: MissiveSite) -> None:
    assert ask(site, "hooks").status_code == 404
    assert ask(site, "conversations/x/y/z").status_code == 404


def test_the_windows_are_those_of_the_documentation() -> None:
    assert [(window.limit, window.seconds) for window in MISSIVE_WINDOWS] == [(300, 60), (900, 900)]


def test_a_429_carries_the_four_headers_and_ends_when_they_say(mailbox: Mailbox, clock: FakeClock) -> None:
    with MissiveSite(mailbox, windows=(Window(3, 60), Window(5, 900))) as site:
        assert [ask(site, "organizations").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = ask(site, "organizations")
        assert answer.headers["Retry-After"] == "60"
        assert answer.headers["X-RateLimit-Limit"] == "3"
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        assert int(answer.headers["X-RateLimit-Reset"]) == mailbox.now() + 60
        assert "message" in answer.json()["error"]
        clock.advance(60)
        assert [ask(site, "organizations").status_code for _ in range(3)] == [200, 200, 429]
        assert int(ask(site, "organizations").headers["Retry-After"]) == 840
        assert site.service.limiter.violations == 4


def test_a_200_carries_rate_headers_only_when_switched_on(site: MissiveSite) -> None:
    assert "X-RateLimit-Remaining" not in ask(site, "organizations").headers
    site.service.switches = MissiveSwitches(rate_headers_on_200=True)
    assert ask(site, "organizations").headers["X-RateLimit-Remaining"] == "298"


def test_more_than_five_at_one_time_are_refused(site: MissiveSite) -> None:
    with ExitStack() as under_way:
        for _ in range(4):
            under_way.enter_context(site.service.limiter.request())
        assert ask(site, "users").status_code == 200
        under_way.enter_context(site.service.limiter.request())
        assert ask(site, "users").status_code == 429
    assert ask(site, "users").status_code == 200


def test_a_fault_between_two_pages_is_scripted_at_the_server(site: MissiveSite, mailbox: Mailbox) -> None:
    first, second = (mailbox.add_conversation(at=mailbox.now() - age).id for age in (60, 30))
    site.server.faults.call(lambda: mailbox.receive_mail(first), When("/v1/conversations"))
    site.server.faults.status(503, When("/v1/users"))
    assert [each["id"] for each in read(site, "conversations", {"all": "true"})] == [second, first]
    assert [each["id"] for each in read(site, "conversations", {"all": "true"})] == [first, second]
    assert [ask(site, "users").status_code for _ in range(2)] == [503, 200]


def test_every_read_gives_a_new_address_for_the_same_attachment(site: MissiveSite, mailbox: Mailbox) -> None:
    message = mailbox.add_conversation(files=["Lieferschein 1187.pdf", "logo.png"]).message_ids[0]
    first, second = (read(site, f"messages/{message}")["attachments"] for _ in range(2))
    assert [file["id"] for file in first] == [file["id"] for file in second]
    assert not {file["url"] for file in first} & {file["url"] for file in second}
    pdf, png = first
    assert (pdf["filename"], pdf["extension"], pdf["media_type"], pdf["sub_type"]) == (
        "Lieferschein 1187.pdf", "pdf", "application", "pdf",
    )  # fmt: skip
    assert (png["width"], png["height"], pdf["width"]) == (160, 60, None)
    assert set(parse_qs(urlsplit(pdf["url"]).query)) == {"Expires", "Signature", "Key-Pair-Id"}
    assert urlsplit(pdf["url"]).netloc != urlsplit(site.url).netloc
    for file, start in ((pdf, b"%PDF-1.4"), (png, b"\x89PNG\r\n")):
        answer = fetch(file["url"])
        assert answer.status_code == 200
        assert answer.content.startswith(start)
        assert len(answer.content) == file["size"]
        assert answer.headers["Content-Type"] == f"{file['media_type']}/{file['sub_type']}"


def test_an_address_expires(site: MissiveSite, mailbox: Mailbox, clock: FakeClock) -> None:
    site.attachments.lifetime = 100
    message = mailbox.add_conversation(files=["Plan.pdf"]).message_ids[0]
    url = read(site, f"messages/{message}")["attachments"][0]["url"]
    clock.advance(100)
    assert fetch(url).status_code == 200
    clock.advance(1)
    assert fetch(url).status_code == 403
    assert fetch(read(site, f"messages/{message}")["attachments"][0]["url"]).status_code == 200


def test_a_forged_address_is_denied_and_a_deleted_file_is_gone(site: MissiveSite, mailbox: Mailbox) -> None:
    message = mailbox.add_conversation(files=["Plan.pdf"]).message_ids[0]
    url = read(site, f"messages/{message}")["attachments"][0]["url"]
    assert fetch(url.replace("Expires=1", "Expires=2")).status_code == 403
    assert fetch(url.partition("?")[0]).status_code == 403
    mailbox.delete_message(message)
    assert fetch(url).status_code == 404


def test_the_attachment_host_notices_a_leaked_token(site: MissiveSite, mailbox: Mailbox) -> None:
    message = mailbox.add_conversation(files=["Plan.pdf"]).message_ids[0]
    url = read(site, f"messages/{message}")["attachments"][0]["url"]
    fetch(url)
    assert site.attachments.authorized == 0
    fetch(url, token=site.token)
    assert site.attachments.authorized == 1


def test_a_large_attachment_has_exactly_its_size(site: MissiveSite, mailbox: Mailbox) -> None:
    large = mail_file(mailbox.new_id(), "Film.zip", size=5_000_000)
    message = mailbox.add_conversation(files=[large]).message_ids[0]
    (file,) = read(site, f"messages/{message}")["attachments"]
    assert file["size"] == len(fetch(file["url"]).content) == 5_000_000
