"""When a link shows its address."""

from __future__ import annotations

import pytest

from tray_connector.model.html_links import MOST_SHOWN, is_tracking, real_address
from tray_connector.model.mail_text import html_to_text


@pytest.mark.parametrize(
    ("mail", "text"),
    [
        ('<a href="https://we.tl/t-abc">The plans</a>.', "The plans <https://we.tl/t-abc>."),
        ('See<a href="https://a.de/x"> here </a>now', "See here <https://a.de/x> now"),
        ('<a href="https://www.example.com/">www.example.com</a>', "www.example.com"),
        ('<a href="http://example.com/a">https://example.com/a</a>', "https://example.com/a"),
        ('<a href="https://evil.example/">www.bank.example</a>', "www.bank.example <https://evil.example/>"),
        ('<a href="mailto:Jo@Example.com?subject=Hi">Jo</a>', "Jo <Jo@Example.com>"),
        ('<a href="mailto:jo@example.com">Write to jo@example.com</a>', "Write to jo@example.com"),
        ('<a href="https://a.de/x"><img src=a></a>', ""),
        ('<a href="#top">Top</a> <a href="javascript:x()">go</a> <a href="/x">rel</a> <a name=a>n</a>', "Top go rel n"),
        ('<a href="https://a.de/x">a</a> <a href="https://a.de/x">b</a>', "a <https://a.de/x> b"),
        ('<a href="https://a.de/x"><table><tr><td>Button</td></tr></table></a>', "Button <https://a.de/x>"),
        ('<a href="https://a.de/x">one<div>two</a> three</div>', "one\ntwo <https://a.de/x> three"),
        ('<a href="https://a.de/x">one<a href="https://a.de/y">two', "one <https://a.de/x>two <https://a.de/y>"),
        ('<a href="https://a.de/x y">bad</a>', "bad"),
    ],
)
def test_a_link_shows_its_address_where_that_says_more(mail: str, text: str) -> None:
    assert html_to_text(mail) == text


@pytest.mark.parametrize(
    "address",
    [
        "https://click.example.com/?qs=0123456789abcdef",
        "https://firm.us2.list-manage.com/track/click?u=1&id=2",
        "https://u123.ct.sendgrid.net/ls/click?upn=abc",
        "https://example.com/unsubscribe/42",
        "https://t2d857.emailsys.example/c/136/1071579/1264/0/4531494/4b337372eb.html",
        "https://mail.example.com/r?url=https%3A%2F%2Fexample.com",
        "https://example.com/" + "a1B2" * 20,
    ],
)
def test_addresses_that_only_count_clicks_are_left_out(address: str) -> None:
    assert is_tracking(address)
    assert html_to_text(f'<a href="{address}">Read more</a>') == "Read more"


@pytest.mark.parametrize(
    "address",
    [
        "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOpQrStUvWxYz012345/view?usp=sharing",
        "https://www.dropbox.com/scl/fi/abcdefghij/Plan.pdf?rlkey=0123456789abcdefghijklmno&dl=0",
        "https://firm.teamwork.com/app/tasks/12345678",
        "https://us02web.zoom.us/j/81234567890?pwd=abcDEF",
        "https://www.dhl.de/de/privatkunden/dhl-sendungsverfolgung.html?piececode=00340434161094042557",
        "https://news.example.org/2026/05/12/opening",
    ],
)
def test_addresses_a_person_sends_are_shown(address: str) -> None:
    assert html_to_text(f'<a href="{address.replace("&", "&amp;")}">here</a>') == f"here <{address}>"


def test_what_mail_filters_put_around_an_address_is_taken_off() -> None:
    safe = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fexample.com%2Fa%3Fb%3D1&data=05%7C02&x=0"
    assert real_address(safe) == "https://example.com/a?b=1"
    assert real_address("https://www.google.com/url?q=https://example.com/a&source=gmail") == "https://example.com/a"
    assert real_address("https://urldefense.com/v3/__https://example.com/a__;!!AbC$") == "https://example.com/a"
    assert html_to_text(f'<a href="{safe}">https://example.com/a?b=1</a>') == "https://example.com/a?b=1"


def test_a_newsletter_full_of_links_shows_none_of_their_addresses() -> None:
    links = [f'<p><a href="https://example.com/{number}">Item {number}</a>' for number in range(MOST_SHOWN + 1)]
    few = html_to_text("".join(links[:MOST_SHOWN]))
    assert few.count("<https://") == MOST_SHOWN
    assert html_to_text("".join(links)) == "\n\n".join(f"Item {number}" for number in range(MOST_SHOWN + 1))


def test_addresses_do_not_make_a_cell_long() -> None:
    address = "https://example.com/" + "plan-" * 9
    mail = f'<table><tr><td><a href="{address}">Plan</a><td>10 €</table>'
    assert html_to_text(mail) == f"Plan <{address}> | 10 €"
