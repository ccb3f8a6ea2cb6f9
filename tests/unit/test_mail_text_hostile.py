"""Mails built to hurt: the time must grow with the input, not with its square."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tray_connector.model.mail_text import html_to_text

SLACK = 3.5
"""Twice the input may take this many times as long: 2 plus the noise of a busy machine; a square would take 4."""

SAFE = "https://safelinks.protection.outlook.com/?"

HOSTILE: dict[str, Callable[[int], str]] = {
    "nested divisions": lambda n: "<div>" * n + "x" + "</div>" * n,
    "nested tables": lambda n: "<table><tr><td>a<td>b" * (n // 4),
    "nested quotes": lambda n: "<blockquote>a" * (n // 4),
    "nested lists": lambda n: "<ul><li>a" * (n // 4),
    "tags in tags": lambda n: "<a <a " * n,
    "open links": lambda n: "<a href=http://a.de>x" * (n // 2),
    "links around blocks": lambda n: "<a href=http://a.de/b><div>z" * (n // 4) + "</a>" * (n // 4),
    "unclosed fonts": lambda n: "<p><font color=#1>x" * (n // 2),
    "hidden fonts around blocks": lambda n: "<font style='visibility:hidden'><div>" * (n // 4) + "</font>" * (n // 4),
    "plain spans in a styled one": lambda n: "<span style=display:none>" + "<span>" * n + "</span>" * n,
    "less-than signs": lambda n: "<" * (2 * n),
    "end tags of nothing": lambda n: "</x>" * n,
    "broken end tags": lambda n: "</" * (4 * n),
    "entities": lambda n: "&amp;&#x41;&notanent &lt" * n,
    "ampersands": lambda n: "&" * (8 * n),
    "digits": lambda n: "&#" + "9" * (20 * n),
    "comments": lambda n: "<!--" * (20 * n),
    "open styles": lambda n: "<style>" * (8 * n),
    "many styles": lambda n: "<style>a{}</style>" * (n // 2),
    "braces": lambda n: "<style>" + "a{" * (4 * n) + "</style>",
    "comments of styles": lambda n: "<style>" + "/*" * (10 * n) + "</style>",
    "rules": lambda n: (
        "<style>" + "".join(f".c{i}{{display:none}}" for i in range(n)) + "</style>" + "<b class=c1>" * n
    ),
    "an attribute": lambda n: '<p style="' + "a:b;" * (10 * n) + '">x',
    "attributes": lambda n: "<p " + "a=b " * (4 * n) + ">x",
    "open quotes": lambda n: '<a b="' * (8 * n),
    "spaces in a tag": lambda n: "<p " + " " * (40 * n),
    "classes": lambda n: '<p class="' + "c " * (20 * n) + '">x',
    "an address": lambda n: '<a href="' + "http://" * (20 * n) + '">x</a>',
    "wrapped addresses": lambda n: f'<a href="{SAFE * 60}">x</a>' * (n // 40),
    "joiners": lambda n: "\u200c" * (40 * n) + "x",
    "line breaks": lambda n: "<br>" * n,
    "preformatted lines": lambda n: "<pre>" + "\n" * (2 * n),
    "cells": lambda n: "<table><tr>" + "<td>a" * n,
    "rows": lambda n: "<tr>" * (n // 2),
    "bold paragraphs": lambda n: "<b><p></b>" * (n // 2),
}


def seconds(mail: str) -> float:
    began = time.process_time()
    html_to_text(mail)
    return time.process_time() - began


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_takes_time_in_step_with_its_length(name: str) -> None:
    build = HOSTILE[name]
    once, twice = build(12_000), build(24_000)
    assert any(
        # An instant is instant whatever the ratio; a busy moment may spoil one try, a square spoils all.
        (long := seconds(twice)) < 0.1 or long < SLACK * seconds(once)
        for _ in range(4)
    )


def test_a_hundred_thousand_nested_divisions_are_no_depth() -> None:
    assert html_to_text("<div>" * 100_000 + "x") == "x"


def test_deep_quotes_do_not_multiply_the_text() -> None:
    mail = "<blockquote>a" * 20_000
    assert len(html_to_text(mail)) < 4 * len(mail)


def test_a_newsletter_of_five_megabytes_is_read_whole() -> None:
    style = "font-family:Helvetica,Arial,sans-serif;font-size:14px;line-height:150%;color:#202020;padding:9px 18px"
    block = (
        f'<table width="100%" style="{style}"><tbody><tr><td valign="top" class="mcnTextContent" style="{style}">'
        '<h2 style="margin:0">Offer NUMBER</h2><p>Text with <a href="https://click.example.com/NUMBER">a link</a> and '
        "<b>more</b> &amp; more.</p></td></tr></tbody></table>"
    )
    count = 5_000_000 // len(block)
    mail = "".join(block.replace("NUMBER", str(number)) for number in range(count))
    began = time.process_time()
    text = html_to_text(mail)
    assert time.process_time() - began < 15
    assert text.count("Offer ") == count
    assert text.count("Text with a link and more & more.") == count
