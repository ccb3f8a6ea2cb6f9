"""The known traps of HTML mail, one by one."""

from __future__ import annotations

import pytest

from tray_connector.model.mail_text import html_to_text


@pytest.mark.parametrize("depth", [84, 300, 3_000])
def test_text_below_many_nested_tables_is_kept(depth: int) -> None:
    mail = "<table><tr><td>" * depth + "deep" + "</td></tr></table>" * depth + "after"
    assert html_to_text(mail) == "deep\nafter"


def test_text_below_many_unclosed_paragraphs_is_kept() -> None:
    text = html_to_text("<p><b>word" * 1_000)
    assert text.split() == ["word"] * 1_000


def test_unclosed_fonts_leave_only_their_text() -> None:
    text = html_to_text("".join(f"<p><font color=#{number}>w{number}" for number in range(4_000)))
    assert text.split() == [f"w{number}" for number in range(4_000)]


def test_tags_inside_tags_end_like_in_a_browser() -> None:
    assert html_to_text("before <a <a <a title='x'>link</a> after") == "before link after"


def test_a_wrapper_with_no_font_size_is_not_hidden_where_the_size_is_set_again() -> None:
    mail = '<div style="font-size:0px"><table><tr><td style="font-size:0">lost<div style="font-size:13px">Hello</div>'
    assert html_to_text(mail) == "Hello"


@pytest.mark.parametrize("inside", ["<table><tr><td>Hello</td></tr></table>", "<font size=2>Hello</font>"])
def test_tables_and_font_elements_start_with_a_size_of_their_own(inside: str) -> None:
    assert html_to_text(f'<div style="font-size:0">{inside}</div>') == "Hello"


def test_relative_sizes_of_nothing_stay_nothing() -> None:
    assert html_to_text('<p style="font-size:0">a<span style="font-size:2em">b</span></p>c') == "c"


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY : NONE !important",
        "display:none;display:none",
        "color:red;visibility:hidden",
        "opacity:0",
        "opacity: 0.0",
        "max-height:0;overflow:hidden",
        "overflow:hidden;max-height:0px;font-size:1px",
        "height:0;overflow:hidden",
        "/* block */display:/**/none",
        "font-family:&quot;A;B&quot;;display:none",
    ],
)
def test_hidden_text_is_left_out(style: str) -> None:
    assert html_to_text(f'<div style="{style}">secret<p>more</p></div>shown') == "shown"


@pytest.mark.parametrize(
    "style",
    ["mso-hide:all", "max-height:0", "opacity:0.5", "display:block", "max-height:10px;overflow:hidden", "height:0"],
)
def test_text_that_only_seems_hidden_is_kept(style: str) -> None:
    assert html_to_text(f'<div style="{style}">shown</div>') == "shown"


def test_a_visible_part_of_an_invisible_whole_is_kept() -> None:
    mail = '<div style="visibility:hidden">a<span style="visibility:visible">b</span></div>'
    assert html_to_text(mail) == "b"


def test_simple_rules_of_style_sheets_hide() -> None:
    mail = """<style><!-- .pre, p.x, #y { display:none !important } --></style>
    <p class="big pre" style="display:block">1</p><p class=x>2</p><div class=x>3</div><p id=y>4</p>"""
    assert html_to_text(mail) == "3"


@pytest.mark.parametrize(
    "rule",
    ["@media print{.a{display:none}}", ".b .a{display:none}", ".a:hover{display:none}", "*{display:none}"],
)
def test_rules_for_other_circumstances_hide_nothing(rule: str) -> None:
    assert html_to_text(f"<style>{rule}</style><p class=a>shown") == "shown"


def test_a_style_sheet_after_the_text_counts_too() -> None:
    assert html_to_text("<p class=a>hidden<p>shown<style>.a{display:none}</style>") == "shown"


def test_conditional_comments_for_other_programs_show_what_browsers_show() -> None:
    mail = (
        "<!--[if mso]><p>Word</p><![endif]-->"
        "<!--[if !mso]><!--><p>others</p><!--<![endif]-->"
        "<![if !supportLists]>1. <![endif]>item"
    )
    assert html_to_text(mail) == "others\n\n1. item"


def test_nothing_is_put_where_a_comment_or_an_inline_tag_stands() -> None:
    assert html_to_text("Hello <!-- -->x, <b>S</b>onn<!-- a -->tag") == "Hello x, Sonntag"


def test_a_row_of_data_stands_on_one_line() -> None:
    mail = "<table><tr><td>Netto<td>100<td>Brutto<td>119<tr><td>a<td><p>b<tr><td><td>only</table>"
    assert html_to_text(mail) == "Netto | 100 | Brutto | 119\na | b\nonly"


def test_cells_that_are_layout_stand_on_lines_of_their_own() -> None:
    long = "word " * 60
    mail = f"<table><tr><td>{long}</td><td>b</td><td>c</td></tr></table>"
    assert html_to_text(mail) == f"{long.strip()}\nb\nc"


def test_blank_lines_of_word_are_kept_and_its_paragraphs_have_no_margin() -> None:
    mail = (
        "<p class=MsoNormal>one<o:p></o:p></p><p class=MsoNormal>two</p><p class=MsoNormal><o:p>&nbsp;</o:p></p>three"
    )
    assert html_to_text(mail) == "one\ntwo\n\nthree"


def test_bullets_of_word_become_bullets() -> None:
    mail = (
        "<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><![if !supportLists]><span style='mso-list:Ignore'>"
        "·<span style='font:7.0pt \"Times New Roman\"'>&nbsp;&nbsp; </span></span><![endif]>Milk</p>"
        "<p class=MsoListParagraph style='mso-list:l0 level2 lfo1'><span style='mso-list:Ignore'>o<span>&nbsp; </span>"
        "</span>fresh</p>"
    )
    assert html_to_text(mail) == "- Milk\n  - fresh"


def test_a_charset_inside_the_mail_is_ignored() -> None:
    assert html_to_text('<?xml version="1.0" encoding="latin-1"?><meta charset="latin-1"><p>Grüße') == "Grüße"


def test_text_survives_a_broken_frame() -> None:
    mail = "<html><head><title>no</title><body>one<body><p>two</p></body></html>three"
    assert html_to_text(mail) == "one\n\ntwo\n\nthree"


def test_an_address_is_not_torn_by_what_looks_like_an_entity() -> None:
    text = html_to_text('<a href="https://example.com/x?a=1&copy=2&amp;lt=3">here</a>')
    assert text == "here <https://example.com/x?a=1&copy=2&lt=3>"


def test_padding_of_preheaders_is_dropped_and_emoji_stay_whole() -> None:
    family = "\U0001f469\u200d\U0001f467"
    mail = f"Now&nbsp;&zwnj;&nbsp;\u200c\u034f \u00ad\ufeff\u200b so\u00adon {family} می\u200cخواهم"
    assert html_to_text(mail) == f"Now soon {family} می\u200cخواهم"


@pytest.mark.parametrize(
    "mail", ["", " \n", "<img src=a.png alt='Our summer sale'>", "<p>&nbsp;</p><br><br>", "<", "&#0"]
)
def test_a_mail_without_text_gives_none_or_what_little_there_is(mail: str) -> None:
    assert html_to_text(mail) in {"", "<", "\ufffd"}
