from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.log_guard import ExpectLog
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.model.category_rules import CategoryProblem


class Changes:
    """Waits, with a deadline, until something holds after a change was announced."""

    def __init__(self) -> None:
        self.count = 0
        self._condition = threading.Condition()

    def __call__(self) -> None:
        with self._condition:
            self.count += 1
            self._condition.notify_all()

    def until(self, holds: Callable[[], bool]) -> None:
        with self._condition:
            assert self._condition.wait_for(holds, timeout=15)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "label_categories.json"


def put(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text, "utf-8")


def test_no_file_means_no_categories(path: Path) -> None:
    file = CategoriesFile(path, FakeClock())
    assert file.current.names == ()
    assert file.problem is None
    assert not path.parent.exists()


def test_a_broken_file_keeps_the_last_good_one_in_force_over_a_restart(path: Path, expect_log: ExpectLog) -> None:
    put(path, '{"Räume": "R_*"}')
    file = CategoriesFile(path, FakeClock())
    put(path, '{"Räume": "R_*",\n')
    assert file.reload().names == ("Räume",)
    problem = file.problem
    assert isinstance(problem, CategoryProblem)
    assert (problem.line, problem.column) == (2, 1)
    again = CategoriesFile(path, FakeClock())
    assert again.current == file.current
    assert again.problem == problem
    expect_log("not valid JSON")
    put(path, '{"Kunden": "K*"}')
    assert again.reload().names == ("Kunden",)
    assert again.problem is None


def test_a_removed_file_means_no_categories_also_after_a_restart(path: Path) -> None:
    put(path, '{"Räume": "R_*"}')
    file = CategoriesFile(path, FakeClock())
    path.unlink()
    assert file.reload().names == ()
    assert CategoriesFile(path, FakeClock()).current.names == ()


def test_a_file_in_another_encoding_is_named_with_the_place(path: Path, expect_log: ExpectLog) -> None:
    put(path, "")
    path.write_bytes(b'{"A": "x",\n "R\xe4ume": "R_*"}')
    problem = CategoriesFile(path, FakeClock()).problem
    assert isinstance(problem, CategoryProblem)
    assert (problem.code, problem.line, problem.column) == ("categories-encoding", 2, 4)
    expect_log("UTF-8")


def test_a_byte_order_mark_does_no_harm(path: Path) -> None:
    put(path, '\ufeff{"Räume": "R_*"}')
    assert CategoriesFile(path, FakeClock()).current.names == ("Räume",)


def test_a_folder_in_place_of_the_file_is_a_problem(path: Path, expect_log: ExpectLog) -> None:
    path.mkdir(parents=True)
    problem = CategoriesFile(path, FakeClock()).problem
    assert problem is not None
    assert problem.code == "categories-unreadable"
    expect_log("cannot be read")


def test_a_change_is_announced_once(path: Path) -> None:
    changes, clock = Changes(), FakeClock()
    file = CategoriesFile(path, clock, on_change=changes)
    put(path, '{"Räume": "R_*"}')
    clock.advance(60)
    file.reload()
    file.reload()
    assert changes.count == 1
    assert file.loaded_at == clock.now()


@pytest.mark.parametrize("place", ["home", "old"])
def test_the_file_of_an_older_connector_is_taken_over(path: Path, tmp_path: Path, place: str) -> None:
    old = tmp_path / place / "data" / "label_categories.json"
    put(old, '{"Räume": "R_*"}')
    file = CategoriesFile(path, FakeClock(), old_folders=[tmp_path / "old"])
    assert file.current.names == ("Räume",)
    assert path.read_bytes() == old.read_bytes()
    if os.name != "nt":
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_file_of_an_older_connector_is_taken_over_only_once(path: Path) -> None:
    put(path.parent / "data" / "label_categories.json", '{"Räume": "R_*"}')
    file = CategoriesFile(path, FakeClock())
    path.unlink()
    file.reload()
    assert CategoriesFile(path, FakeClock()).current.names == ()


def test_an_existing_file_wins_over_that_of_an_older_connector(path: Path) -> None:
    put(path, '{"Kunden": "K*"}')
    put(path.parent / "data" / "label_categories.json", '{"Räume": "R_*"}')
    assert CategoriesFile(path, FakeClock()).current.names == ("Kunden",)


def test_every_way_of_changing_the_file_is_noticed(path: Path, expect_log: ExpectLog) -> None:
    changes = Changes()
    file = CategoriesFile(path, FakeClock(), on_change=changes)
    with file.watch():
        put(path, '{"Made": "x"}')
        changes.until(lambda: file.current.names == ("Made",))
        put(path, '{"Edited": "x"}')
        changes.until(lambda: file.current.names == ("Edited",))
        other = path.with_name("4913")
        put(other, '{"Replaced": "x"}')
        other.replace(path)
        changes.until(lambda: file.current.names == ("Replaced",))
        put(path, "{")
        changes.until(lambda: file.problem is not None)
        expect_log("not valid JSON")
        assert file.current.names == ("Replaced",)
        path.unlink()
        changes.until(lambda: file.problem is None and file.current.names == ())
        put(path, '{"Back": "x"}')
        changes.until(lambda: file.current.names == ("Back",))
    threads = [thread.name for thread in threading.enumerate()]
    assert f"watch {path.name}" not in threads
