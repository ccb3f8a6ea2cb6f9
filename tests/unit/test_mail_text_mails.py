"""Real mails: the expected text, and the words that a browser shows."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tray_connector.model.html_render import Renderer
from tray_connector.model.html_style import collect_styles
from tray_connector.model.html_tokens import tokens
from tray_connector.model.mail_text import html_to_text

MAILS = Path(__file__).parents[1] / "data" / "mails"
NAMES = sorted(path.stem for path in MAILS.glob("*.html"))
WORD = re.compile(r"\w+")
UNPRINTED = re.compile("[\u00ad\u034f\u200b\u2060\ufeff]")
NUMBERS = re.compile(r"(?m)^[> ]*\d+\. ")

BROWSER_GLITCHES = {
    # The browser's text has letters of size zero, which a person does not see ("fi" + "sh" are what is left).
    "zero-font": (Counter(["file", "sharing"]), Counter(["fish"])),
}


def read(name: str) -> str:
    return (MAILS / name).read_bytes().decode("utf-8")


def without_addresses(html: str) -> str:
    renderer = Renderer(collect_styles(html))
    for token in tokens(html):
        renderer.take(token)
    renderer.text()
    return renderer.lines.text(addresses=False)


def words(text: str) -> Counter[str]:
    return Counter(WORD.findall(UNPRINTED.sub("", text).lower()))


def test_there_are_enough_mails_and_each_has_its_source_named() -> None:
    sources = read("SOURCES.md")
    assert len(NAMES) >= 20
    assert [name for name in NAMES if f"`{name}.html`" not in sources] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_real_mail_reads_as_expected(name: str) -> None:
    assert html_to_text(read(f"{name}.html")) + "\n" == read(f"{name}.txt")


@pytest.mark.parametrize("name", NAMES)
def test_the_words_of_a_real_mail_are_those_a_browser_shows(name: str) -> None:
    seen = words(read(f"{name}.seen.txt"))
    ours = words(NUMBERS.sub("", without_addresses(read(f"{name}.html"))))
    lost, added = BROWSER_GLITCHES.get(name, (Counter(), Counter()))
    numbers = words("\n".join(NUMBERS.findall(read(f"{name}.txt"))))
    assert (seen - ours - numbers, ours - seen) == (lost, added)


@pytest.mark.parametrize(
    ("name", "phrases"),
    [
        (
            "receipt-mailgen",
            ["Item | Description | Price", "V8. | $10.99", "Go to Dashboard <https://mailgen.js/confirm"],
        ),
        (
            "invoice-columns",
            ["Article | Price | Taxes | Amount | Total", "- At vero", "2. At vero", "here <test@example"],
        ),
        ("payment-table", ["19/08/2016 08:11:28 | 103349.35 (USD ) | 1.11127", "IBAN: ES00"]),
        ("mjml-table", ["Year | Language | Inspired from", "1995 | PHP | C, Shell Unix"]),
        ("reply-gmail", ["\n> Hello! How are you?\n"]),
        ("reply-sparrow", ["\n> > Hi"]),
        ("reply-outlook-2003", ["Alex\n\n---\nFrom: Alexander L"]),
        ("newsletter-webinar", ["- Develop a disaster checklist\n", "Register Today"]),
        ("notification-russian", ["Профиль | Сообщения | Контакты | Сообщества"]),
        ("welcome-papertrail", ["- Add systems <https://papertrailapp.com/systems/setup>. Aggregate"]),
        ("list-thunderbird", ["wrote:\n\n> Dear CFRG,\n>\n> This email"]),
        ("react-vercel", ["browser: https://vercel.com/teams/invite/foo"]),
    ],
)
def test_phrases_of_real_mails_are_laid_out_as_people_read_them(name: str, phrases: list[str]) -> None:
    text = html_to_text(read(f"{name}.html"))
    assert [phrase for phrase in phrases if phrase not in text] == []


@pytest.mark.parametrize(
    ("name", "phrases"),
    [
        ("newsletter-webinar", ["Upcoming Webinar", "list-manage", "PREVIEW", "display:"]),
        ("newsletter-french", ["emailsys2a", "background-table"]),
        ("react-stripe", ["You're now ready to make live transactions with Stripe!\n\nThanks"]),
        ("zero-font", ["aring"]),
        ("reply-outlook-thread", ["Font Definitions", "behavior"]),
        ("advertisement-simulator", ["/Comet /x"]),
    ],
)
def test_hidden_phrases_of_real_mails_stay_hidden(name: str, phrases: list[str]) -> None:
    text = html_to_text(read(f"{name}.html"))
    assert [phrase for phrase in phrases if phrase in text] == []


def test_a_mail_of_pictures_has_no_text() -> None:
    assert html_to_text(read("pictures-only.html")) == ""
