"""kill -9 of a process that takes deliveries and stores them: what it answered with 200 is not lost.

`python -m benchmarks --only webhook-kills` does the same two hundred times.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks.office import OfficeProcess, Size
from benchmarks.webhook_kills import CONVERSATIONS, TASKS, lives
from tests.support.processes import SOURCE

LIVES = 5


@pytest.fixture(autouse=True)
def where_the_benchmarks_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """They start processes of their own by the name of a module."""
    monkeypatch.chdir(SOURCE)


def test_nothing_accepted_is_lost_by_a_kill(tmp_path: Path) -> None:
    conversations = LIVES * CONVERSATIONS
    with OfficeProcess(Size(tasks=2 * LIVES * TASKS, conversations=conversations, messages=conversations)) as office:
        result = lives(tmp_path, office.environment, LIVES)
    assert result.lost == set()
    assert len(result.accepted) >= LIVES


def test_the_speed_of_deliveries_can_be_measured(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command.main(["--quick", "--only", "webhooks", "--folder", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    for name in ("Deliveries accepted and durable", "Delivery to row in SQLite, e-mails, median"):
        assert sum(line.startswith(name) for line in lines) == 1
