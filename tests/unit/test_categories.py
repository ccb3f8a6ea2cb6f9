from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_connector.model.categories import Categories, CategoriesError, compile_pattern, parse_categories

OFFICE = '{"Kunden": ["Kunde1", "Kunde2"], "Räume": "R_*", "Gebäude": ["Building_A", "Building_?"]}'
DEFAULTS = Path(__file__).parents[2] / "resources" / "label_categories.default.json"


def matches_by_definition(pattern: str, label: str) -> bool:
    """The definition, word by word, without any regard for speed."""
    if not pattern:
        return not label
    if pattern[0] == "*":
        return any(matches_by_definition(pattern[1:], label[skip:]) for skip in range(len(label) + 1))
    return bool(label) and pattern[0] in ("?", label[0]) and matches_by_definition(pattern[1:], label[1:])


def problems_of(text: str) -> list[tuple[str, int, int]]:
    with pytest.raises(CategoriesError) as caught:
        parse_categories(text)
    assert caught.value.problem is caught.value.problems[0]
    return [
        (problem.code.removeprefix("categories-"), problem.line, problem.column) for problem in caught.value.problems
    ]


@given(st.text("ab*?[\n", max_size=7), st.text("ab[\n", max_size=9))
def test_a_pattern_matches_what_its_definition_says(pattern: str, label: str) -> None:
    assert compile_pattern(pattern)(label) == matches_by_definition(pattern, label)


@given(st.text(max_size=20))
def test_a_pattern_without_wildcards_matches_itself_alone(label: str) -> None:
    literal = label.replace("*", "+").replace("?", "+")
    assert compile_pattern(literal)(literal)
    assert not compile_pattern(literal)(literal + "x")


@pytest.mark.parametrize(
    ("pattern", "label", "matches"),
    [
        ("R_*", "R_", True),
        ("R_*", "r_101", False),
        ("R_*", "xR_101", False),
        ("R_*", "R_1\n2", True),
        ("Building_?", "Building_", False),
        ("Building_?", "Building_AB", False),
        ("Building_?", "Building_\n", True),
        ("?", "é", True),
        ("[ab].*", "a.x", False),
        ("[ab].*", "[ab].x", True),
        ("*", "", True),
        ("aba*aba", "aba", False),
    ],
)
def test_patterns(pattern: str, label: str, matches: bool) -> None:
    assert compile_pattern(pattern)(label) is matches


@pytest.mark.parametrize("pattern", ["*a" * 50 + "b", "*?a" * 50 + "b", "a*" * 50 + "b", "**********b?"])
def test_many_stars_on_a_long_label_are_quick(pattern: str) -> None:
    begin = time.perf_counter()
    assert not compile_pattern(pattern)("a" * 100_000)
    assert time.perf_counter() - begin < 1


def test_labels_go_into_every_category_they_match_in_their_order_without_repeats() -> None:
    categories = parse_categories(OFFICE)
    assert categories.names == ("Kunden", "Räume", "Gebäude")
    labels = ("R_2", "Kunde2", "other", "R_1", "R_2", "Building_A")
    assert categories.assign(labels) == {"Kunden": ("Kunde2",), "Räume": ("R_2", "R_1"), "Gebäude": ("Building_A",)}
    assert parse_categories('{"A": "*1", "B": "x*"}').matching("x1") == ("A", "B")


def test_every_category_is_a_member_when_nothing_matches() -> None:
    assert parse_categories(OFFICE).assign(()) == {"Kunden": (), "Räume": (), "Gebäude": ()}
    assert Categories().assign(("x",)) == {}


def test_the_version_changes_with_the_meaning_only() -> None:
    version = parse_categories('{"A": ["x", "y"], "B": "z"}').version
    assert parse_categories(' { "B":["z"],\n"A":["y","x","x"]}').version == version
    assert parse_categories('{"A": ["x", "y"], "B": "Z"}').version != version
    assert parse_categories('{"A": ["x", "y"], "b": "z"}').version != version
    assert parse_categories("{}").version == Categories().version == ""


def test_more_labels_than_are_remembered_are_still_right() -> None:
    categories = parse_categories('{"Even": "*0"}')
    for number in range(45_000):
        assert categories.matching(f"l{number}") == (("Even",) if number % 10 == 0 else ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("json", 1, 1)]),
        ('{"A": "x",\n "B": }', [("json", 2, 7)]),
        ('{"A": "x"} y', [("json", 1, 12)]),
        ("[" * 100_000, [("json", 1, 1)]),
        ("[]", [("form", 1, 1)]),
        ("null", [("form", 1, 1)]),
        ('{"": "x",\n\n  " ": "x"}', [("name-empty", 1, 2), ("name-empty", 3, 3)]),
        ('{"A": "x",\n  "A": "y"}', [("name-repeated", 2, 3)]),
        ('{"Straße": "x", "STRASSE": "y"}', [("name-case", 1, 17)]),
        ('{"Räume": "x", "Ra\\u0308ume": "y"}', [("name-case", 1, 16)]),
        ('{"Status": "x"}', [("name-taken", 1, 2)]),
        ('{"email id": "x", "TAGIDS": "x", "Attachments": "x"}', [("name-taken", 1, n) for n in (2, 19, 34)]),
        ('{"in_reply_to": "x", "Source Links": "x", "ctid": "x"}', [("name-taken", 1, n) for n in (2, 22, 43)]),
        ('{"' + "ä" * 31 + 'xy": "x"}', [("name-long", 1, 2)]),
        ('{"a\\nb": "x", "c\\ud800": "x"}', [("name-characters", 1, 2), ("name-characters", 1, 15)]),
        ('{"A": ["x", ""],\n "B": " "}', [("pattern-empty", 1, 13), ("pattern-empty", 2, 7)]),
        ('{"A": 3, "B": ["x", null, ["y"], {"z": 1}]}', [("pattern-form", 1, n) for n in (7, 21, 27, 34)]),
        ('{"A": 1' + "0" * 6000 + "}", [("pattern-form", 1, 7)]),
        ('{"ä": "\\"}{", "name": ""}', [("name-taken", 1, 15), ("pattern-empty", 1, 23)]),
    ],
)
def test_a_problem_is_named_with_its_place(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert problems_of(text) == expected


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = '{\r\n  "Räume": "",\r\n  "räume": "x",\r\n  "Status": 1\r\n}'
    expected = [("pattern-empty", 2, 12), ("name-case", 3, 3), ("name-taken", 4, 3), ("pattern-form", 4, 13)]
    assert problems_of(text) == expected


def test_a_name_of_63_bytes_an_empty_list_and_a_byte_order_mark_are_fine() -> None:
    categories = parse_categories("\ufeff" + json.dumps({"ä" * 31 + "x": [], 'Ordner "neu"': "*"}))
    assert categories.names == ("ä" * 31 + "x", 'Ordner "neu"')


def outcome(text: str) -> Categories | CategoriesError:
    try:
        return parse_categories(text)
    except CategoriesError as error:
        return error


@given(st.text(max_size=40))
def test_any_text_is_either_categories_or_an_error_with_a_place(text: str) -> None:
    result = outcome(text)
    assert isinstance(result, Categories) or (result.line >= 1 and result.column >= 1)


NAMES = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=10).map(lambda name: f"x-{name}")


@given(st.dictionaries(NAMES, st.lists(st.text(min_size=1).filter(str.strip), max_size=3), max_size=4), st.booleans())
def test_what_json_writes_is_read_alike(patterns: dict[str, list[str]], ascii_only: bool) -> None:
    text = json.dumps(patterns, ensure_ascii=ascii_only, indent=2)
    categories = outcome(text)
    if isinstance(categories, CategoriesError):
        assert {problem.code for problem in categories.problems} <= {"categories-name-case"}
        return
    assert {name: list(values) for name, values in categories.patterns.items()} == {
        name: list(dict.fromkeys(values)) for name, values in patterns.items()
    }


def test_the_default_categories_are_valid() -> None:
    assert parse_categories(DEFAULTS.read_text("utf-8")).matching("R_101") == ("Räume",)
