"""What holds for any input, and for any simple mail."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tray_connector.model.mail_text import html_to_text

FLOW = ["b", "p", "br", "ul", "ol", "li", "div", "span", "font", "pre", "hr", "blockquote", "body", "dd", "dl", "h1"]
TABLES = ["td", "tr", "table", "th", "tbody", "caption"]
ODD = ["a", "style", "script", "title", "textarea", "img", "input", "o:p", "template", "center", "xmp", "option"]
NAMES = st.sampled_from(FLOW + TABLES + ODD)
ATTRIBUTES = st.sampled_from(
    [
        "",
        " style='display:none'",
        " style=visibility:hidden",
        ' style="font-size:0"',
        " style='white-space:pre;mso-list:Ignore'",
        " class=MsoNormal",
        " class='a b'",
        " href=https://example.com/x",
        ' href="mailto:a@b',
        " start=9999999999 value=²",
        " hidden",
        " <",
        "/",
        " alt=👍",
    ]
)
PIECES = st.one_of(
    st.builds(lambda name, rest: f"<{name}{rest}>", NAMES, ATTRIBUTES),
    st.builds(lambda name: f"</{name}>", NAMES),
    st.sampled_from(
        [
            "<",
            ">",
            "&",
            "&#",
            "&#x;",
            "<!--",
            "-->",
            "<![if x]>",
            "]]>",
            "{",
            "}",
            ".a{display:none}",
            "/*",
            '"',
            "'",
            "</",
        ]
    ),
    st.text(max_size=8),
)
WORDS = st.text(st.characters(categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=8)
BLOCKS = st.sampled_from(["p", "div", "td", "li", "h1", "blockquote", "section", "th", "pre", "center"])
INLINES = st.sampled_from(["b", "span", "font", "em", "i"])


def soup(word: str) -> st.SearchStrategy[str]:
    return st.one_of(
        st.just(f"{word} "),
        BLOCKS.map(lambda name: f"<{name}>{word}</{name}>"),
        INLINES.map(lambda name: f"<{name}>{word}</{name}> "),
        BLOCKS.map(lambda name: f"<table><tr><td><{name} class=x>{word} "),
        INLINES.map(lambda name: f"<{name} style='color:red'>{word} <!-- no --><style>p{{}}</style>"),
    )


@given(st.text())
def test_any_text_has_a_plain_text(html: str) -> None:
    html_to_text(html).encode("utf-8")


@settings(max_examples=400)
@given(st.lists(PIECES, max_size=40))
def test_any_soup_of_tags_has_a_plain_text(pieces: list[str]) -> None:
    text = html_to_text("".join(pieces))
    text.encode("utf-8")
    assert text == text.strip("\n")
    assert "\n\n\n" not in text
    assert not {"\x00", "\x01", "\x02"} & set(text)


@given(st.lists(WORDS.flatmap(lambda word: st.tuples(st.just(word), soup(word)))))
def test_every_visible_word_appears_in_order(parts: list[tuple[str, str]]) -> None:
    text = html_to_text("".join(markup for _, markup in parts))
    shown = [word for word in text.replace("|", " ").split() if word not in {"-", ">"}]
    assert shown == [word for word, _ in parts]


@given(st.lists(WORDS, min_size=1), st.sampled_from(["style", "script", "title", "template"]))
def test_no_hidden_word_appears(hidden: list[str], name: str) -> None:
    inside = " ".join(hidden)
    mail = f"<{name}>{inside}</{name}><!-- {inside} --><div style='display:none'><p>{inside}</p></div>~"
    assert html_to_text(mail) == "~"
