"""The category file under an editor: nothing of others is lost, nothing wrong is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import FakeClock
from tests.support.log_guard import ExpectLog
from tray_connector.config.categories_editing import (
    ChangedOutsideError,
    export_categories,
    import_categories,
    open_categories,
    save_categories,
)
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.model.categories import CategoriesError, parse_categories
from tray_connector.model.category_draft import (
    DraftCategory,
    draft_of,
    file_text,
    merged,
    name_problems,
    writable,
)
from tray_connector.model.errors import ConfigError

ROOMS = DraftCategory("Räume", ("R_*",))


@pytest.fixture
def file(tmp_path: Path) -> CategoriesFile:
    return CategoriesFile(tmp_path / "home" / "label_categories.json", FakeClock())


def test_the_first_categories_make_the_file(file: CategoriesFile) -> None:
    opened = open_categories(file)
    assert (opened.draft, opened.content, opened.problem) == ((), None, None)
    saved = save_categories(file, (ROOMS,), None)
    assert json.loads(file.path.read_bytes()) == {"Räume": ["R_*"]}
    assert saved.content == file.path.read_bytes()
    assert file.current.matching("R_101") == ("Räume",)
    assert save_categories(file, (), saved.content).draft == ()


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(file: CategoriesFile) -> None:
    content = save_categories(file, (ROOMS,), None).content
    file.path.write_text('{"Gebäude": "B*"}', encoding="utf-8")
    with pytest.raises(ChangedOutsideError):
        save_categories(file, (ROOMS,), content)
    file.path.unlink()
    with pytest.raises(ChangedOutsideError):
        save_categories(file, (ROOMS,), content)
    assert not file.path.exists()


def test_a_broken_file_is_set_aside_when_it_is_replaced(file: CategoriesFile, expect_log: ExpectLog) -> None:
    save_categories(file, (ROOMS,), None)
    file.path.write_text('{"Räume": [', encoding="utf-8")
    opened = open_categories(file)
    assert opened.draft == (ROOMS,)
    assert opened.problem is not None
    save_categories(file, opened.draft, opened.content)
    (aside,) = file.path.parent.glob("*.damaged-*")
    assert aside.read_text("utf-8") == '{"Räume": ['
    expect_log("Label categories")


def test_wrong_names_are_not_written(file: CategoriesFile) -> None:
    with pytest.raises(CategoriesError):
        save_categories(file, (DraftCategory("deleted"),), None)
    assert not file.path.exists()


def test_an_older_connectors_file_is_imported(tmp_path: Path) -> None:
    old = tmp_path / "label_categories.json"
    old.write_text('\ufeff{"Räume": "R_*", "Kunden": ["K1", "K2"]}', encoding="utf-8")
    assert import_categories(old) == (ROOMS, DraftCategory("Kunden", ("K1", "K2")))
    export_categories(tmp_path / "copy.json", import_categories(old))
    assert parse_categories((tmp_path / "copy.json").read_text("utf-8")).names == ("Räume", "Kunden")


@pytest.mark.parametrize("content", [b"\xff\xfe{", b"[]", b"{", b""])
def test_what_holds_no_categories_is_refused(tmp_path: Path, content: bytes) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(content)
    with pytest.raises(ConfigError):
        import_categories(other)
    with pytest.raises(ConfigError):
        import_categories(tmp_path / "missing.json")
    with pytest.raises(ConfigError):
        import_categories(tmp_path)


def test_problems_are_told_by_the_position_of_the_name() -> None:
    problems = name_problems(["Räume", "räume", "", "Deleted", "x" * 64, "Gebäude", "Räume"])
    assert {position: problem.code.removeprefix("categories-") for position, problem in problems.items()} == {
        1: "name-case",
        2: "name-empty",
        3: "name-taken",
        4: "name-long",
        6: "name-repeated",
    }
    assert problems[1].message == "“räume” and “Räume” would be one column"
    assert problems[6].message == "“Räume” stands already"
    assert problems[2].message == "The name is empty"


def test_what_cannot_stand_in_a_line_becomes_a_question_mark() -> None:
    assert writable((DraftCategory("x", ("a\nb\u2029", "c")),)) == (DraftCategory("x", ("a?b?", "c")),)


def test_categories_of_the_same_name_are_put_together() -> None:
    more = (DraftCategory("Räume", ("X", "R_*")), DraftCategory("Neu", ("N",)))
    assert merged((ROOMS,), more) == (DraftCategory("Räume", ("R_*", "X")), DraftCategory("Neu", ("N",)))


@given(st.lists(st.text()))
def test_what_has_no_problem_can_be_saved(names: list[str]) -> None:
    problems = name_problems(names)
    assert problems.keys() <= set(range(len(names)))
    draft = tuple(DraftCategory(name, ("*",)) for name in names)
    if not problems:
        assert draft_of(parse_categories(file_text(draft)).patterns) == draft
    assert not name_problems([name for position, name in enumerate(names) if position not in problems])
