"""The benchmarks run; how fast is for `python -m benchmarks` to say."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.figures import Figure, at_least, at_most
from benchmarks.floor import missive_floor, pages, teamwork_floor
from benchmarks.office import Size, count, made
from benchmarks.spool import compared
from tests.support.clock import FakeClock
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office


def test_the_quick_form_prints_one_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code = command.main(["--quick", "--only", "sqlite", "spool", "pipeline", "--folder", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "measured", "goal", "met"]
    for name in (
        "SQLite alone, tasks, new",
        "Page in memory to row, 500 tasks changed",
        "Spool, 500 events wait: take ten",
    ):
        assert sum(line.startswith(name) for line in lines) == 1
    assert code == any(line.rstrip().endswith("NO") for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--only", "nothing"])
    assert "pipeline" in capsys.readouterr().err


def test_a_goal_is_met_at_its_very_value() -> None:
    assert at_least("rate", 1000, 1000, "rows/s") == Figure("rate", "1,000 rows/s", "at least 1,000 rows/s", True)
    assert at_most("peak", 150.1, 150, "MB", "of it") == Figure("peak", "150.1 MB (of it)", "at most 150 MB", False)
    assert Figure("time", "3 s").verdict == ""
    assert compared("take", [2.0, 9.0, 2.0], [1.0, 1.0, 1.0]).verdict == "yes"


@pytest.mark.parametrize(("items", "needed"), [(0, 1), (1, 1), (10, 1), (11, 2), (47, 5)])
def test_even_an_empty_list_takes_one_request_to_see(items: int, needed: int) -> None:
    assert pages(items, 10) == needed


def test_the_floor_is_the_formula_of_the_sizes() -> None:
    clock = FakeClock()
    office = Office.generate(clock=clock, tasks=1_001, people=501)
    assert teamwork_floor(office) == 3 + 2 + 1 + 2
    mailbox = Mailbox(clock=clock)
    for number in range(51):
        mailbox.add_conversation(f"Vorgang {number}", mails=11 if number == 0 else 1)
    # All and the team Planung hold all of them; the other team, Trash and Spam nothing.
    assert missive_floor(mailbox) == (2 + 2 + 1 + 1 + 1) + (50 + 2) + 7 + 2


def test_requests_are_counted_by_the_servers_and_once() -> None:
    with made(Size(tasks=1, conversations=1)) as sandbox:
        assert (count(sandbox).teamwork, count(sandbox).missive) == (0, 0)
