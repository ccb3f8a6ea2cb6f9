"""How the text of a mail is laid out: blocks, lists, quotes, tables, white space."""

from __future__ import annotations

import pytest

from tray_connector.model.mail_text import html_to_text


def test_paragraphs_have_a_blank_line_between_them_and_divisions_none() -> None:
    assert html_to_text("<p>a</p><p>b</p><div>c</div><div>d</div>") == "a\n\nb\n\nc\nd"


def test_line_breaks_count_and_more_than_one_blank_line_does_not() -> None:
    assert html_to_text("a<br>b<br></div><div>c<br><br><br><br>d") == "a\nb\nc\n\nd"
    assert html_to_text("<div>a</div><div><br></div><div>b</div>") == "a\n\nb"


def test_lists_have_bullets_numbers_and_indents() -> None:
    mail = "<ul><li>a<li>b<ol start=3><li>c</li><li value=9>d</ol><li><p>e</p></ul><ol type=a><li>x<li>y</ol>"
    assert html_to_text(mail) == "- a\n- b\n  3. c\n  9. d\n\n- e\n\na. x\nb. y"


def test_a_list_without_bullets_has_none() -> None:
    assert html_to_text("<ul style='list-style:none'><li>Home<li>Shop</ul>") == "Home\nShop"


def test_items_of_definition_lists_stay_in_their_own_list() -> None:
    assert html_to_text("<dl><dt>a<dd>b<dl><dt>c<dd>d</dl>e</dl>") == "a\n  b\n\n  c\n    d\n\n  e"


def test_quotes_are_marked_as_deep_as_they_are() -> None:
    mail = "Yes<blockquote type=cite style='border:none'><p>Shall we?</p><blockquote>Hm</blockquote></blockquote>Bye"
    assert html_to_text(mail) == "Yes\n\n> Shall we?\n>\n> > Hm\n\nBye"


def test_a_block_quote_used_as_an_indent_is_not_a_quote() -> None:
    assert html_to_text('<blockquote style="margin:0 0 0 40px;border:none;padding:0px">a</blockquote>') == "a"


def test_the_bar_and_the_rule_of_outlook_show_what_is_quoted() -> None:
    bar = "<div style='border:none;border-left:solid blue 1.5pt;padding:0cm 0cm 0cm 4.0pt'>"
    rule = "<div style='border:none;border-top:solid #E1E1E1 1.0pt'>"
    mail = f"<p>Fine</p>{bar}{rule}<p class=MsoNormal>From: A</p></div><p class=MsoNormal>How?</p></div>"
    assert html_to_text(mail) == "Fine\n\n> ---\n> From: A\n> How?"


def test_a_rule_is_shown_between_texts_only() -> None:
    assert html_to_text("<hr>a<hr>b") == "a\n---\nb"


def test_a_description_with_amounts_is_one_row() -> None:
    mail = "<table><tr><td><p>Plan<br><small>2 copies</small></p><td>7%<td>10,24&nbsp;€</table>"
    assert html_to_text(mail) == "Plan 2 copies | 7% | 10,24 €"


def test_a_table_inside_a_cell_keeps_its_rows() -> None:
    inner = "<table><tr><td>1<td>2<tr><td>3<td>4<tr><td>5<td>6<tr><td>7<td>8</table>"
    assert html_to_text(f"<table><tr><td>{inner}<td>right</table>") == "1 | 2\n3 | 4\n5 | 6\n7 | 8\nright"


def test_text_between_cells_is_kept() -> None:
    text = html_to_text("<table><tr>stray<td>a</td>lost<td>b</td></tr>end</table>after")
    assert text.split() == ["stray", "a", "lost", "b", "end", "after"]


def test_cells_without_a_table_are_not_glued() -> None:
    assert html_to_text("<td>Netto</td><td>100</td>") == "Netto | 100"


def test_preformatted_text_keeps_its_white_space() -> None:
    assert html_to_text("<pre>a\n  b\r\n\tc</pre>") == "a\n  b\n\tc"
    assert html_to_text('<div style="white-space: pre-wrap">a  b\nc</div>') == "a  b\nc"
    assert html_to_text('<div style="white-space:pre-line">a   b\n c</div>') == "a b\nc"


def test_styles_decide_what_is_a_block() -> None:
    assert html_to_text('<span style="display:block">a</span><span>b</span>') == "a\nb"
    assert html_to_text('<div style="display:inline">a</div><div style="display:inline">b</div>') == "ab"


def test_character_references_are_resolved_once() -> None:
    assert html_to_text("&amp;lt; &#8364; &#x20AC; &copy 2026 &nosuch; &euro;") == "&lt; € € © 2026 &nosuch; €"


@pytest.mark.parametrize("number", ["9" * 5_000, "0" * 5_000 + "65", "x" + "F" * 5_000, "1114112", "xD800"])
def test_impossible_character_numbers_are_replaced(number: str) -> None:
    assert html_to_text(f"a&#{number};b") == "a\ufffdb"


def test_no_control_character_and_no_half_of_a_pair_comes_through() -> None:
    assert html_to_text("a\x00\x01\x02b\ud83d \x1b[31mc") == "ab\ufffd [31mc"


def test_an_emoji_sent_as_a_picture_is_kept() -> None:
    assert html_to_text('Thanks <img alt="👍" src="cid:1"><img alt="Logo" src="cid:2">') == "Thanks 👍"


def test_formatting_closed_inside_a_block_does_not_break_the_line() -> None:
    assert html_to_text("<font style='font-size:1px'><font size=3><div>a</font> b</div>") == "a b"
    assert html_to_text("<span style='white-space:normal'><p>a</span> b</p>") == "a b"


def test_an_invisible_element_closed_inside_a_block_hides_nothing_more() -> None:
    assert html_to_text("<font style='display:none'><div>a</font>b</div>c").split() == ["b", "c"]


def test_text_areas_and_buttons_show_their_words() -> None:
    assert (
        html_to_text("<textarea>a &lt; <b></textarea><input type=submit value=Send><input value=x>")
        == "a < <b>\n\nSend"
    )
