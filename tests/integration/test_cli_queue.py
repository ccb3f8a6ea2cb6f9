"""`queue list|retry|discard`: what waits, and why."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.clock import START
from tests.support.command_line import CommandLine, Said
from tray_connector.cli.words import moment
from tray_connector.model.codec import time_to_text
from tray_connector.model.errors import Problem
from tray_connector.model.events import Event

BERLIN = ZoneInfo("Europe/Berlin")
MAIL = "7d1b0f5c-5b9e-4b71-9f6e-0123456789ab"
FAILED = Event(source="teamwork", kind="task", id="2600", since=START, title="Angebot \x1b[31mDachsanierung")
FRESH = Event(source="missive", kind="conversation", id=MAIL, since=START + timedelta(minutes=5))
REFUSED = Problem("sqlite-value", "The database refuses this record", "datatype mismatch", "It is tried again daily.")


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> CommandLine:
    """A home without keys: what waits is seen without them."""
    return CommandLine(tmp_path / "home", monkeypatch, capfd)


class Waiting:
    """Two events wait, one of them after a failure."""

    def __init__(self, cli: CommandLine) -> None:
        self.next_try = cli.queue(FAILED, problem=REFUSED)
        cli.queue(FRESH)
        self._cli = cli

    def __call__(self, line: str) -> Said:
        return self._cli(line)


@pytest.fixture
def waiting(cli: CommandLine) -> Waiting:
    return Waiting(cli)


def test_nothing_waits(cli: CommandLine) -> None:
    assert cli("queue list").out == "Nothing is waiting.\n"
    assert cli("queue list --json").data == []
    for line in ("queue retry", "queue discard --all"):
        assert (cli(line).code, cli(line).out) == (0, "Nothing is waiting.\n")


def test_what_waits_is_shown_with_its_reason(waiting: Waiting) -> None:
    assert waiting("queue list").out == (
        "2 records wait to be stored.\n"
        "\n"
        "teamwork  2600  Angebot  [31mDachsanierung\n"
        f"    waits since 2026-09-02 12:00:00, tried 1 time, next try {moment(waiting.next_try, BERLIN)}\n"
        "    The database refuses this record. datatype mismatch. It is tried again daily.\n"
        "\n"
        f"missive  {MAIL}\n"
        "    waits since 2026-09-02 12:05:00, not tried yet\n"
    )


def test_what_waits_as_json(waiting: Waiting) -> None:
    failed, fresh = waiting("queue list --json").data
    assert failed == {
        "source": "teamwork",
        "id": "2600",
        "title": "Angebot \x1b[31mDachsanierung",
        "since": "2026-09-02T10:00:00Z",
        "attempts": 1,
        "next_try": time_to_text(waiting.next_try),
        "reason": "The database refuses this record. datatype mismatch. It is tried again daily.",
    }
    assert (fresh["title"], fresh["attempts"], fresh["next_try"], fresh["reason"]) == (None, 0, None, None)


def test_one_source_only(waiting: Waiting) -> None:
    assert [event["id"] for event in waiting("queue list --source missive --json").data] == [MAIL]


def test_some_or_all_are_tried_again(waiting: Waiting) -> None:
    assert waiting("queue retry 2600").out == "1 record is tried again at the next sync.\n"
    assert "next try now" in waiting("queue list").out
    assert waiting("queue retry --json").data == {"count": 2}


def test_some_are_discarded_and_the_others_stay(waiting: Waiting) -> None:
    said = waiting(f"queue discard {MAIL}")
    assert said.out.startswith("1 event discarded. What they stand for stays at its source")
    assert [event["id"] for event in waiting("queue list --json").data] == ["2600"]


def test_all_are_discarded_only_when_that_is_said(waiting: Waiting) -> None:
    refused = waiting("queue discard")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == "Say which: tray-connector queue discard ID …, or --all\n"
    assert len(waiting("queue list --json").data) == 2
    assert waiting("queue discard --all --json").data == {"count": 2, "unreadable": 0}
    assert waiting("queue list --json").data == []


def test_an_unknown_id_changes_nothing(waiting: Waiting) -> None:
    for action in ("retry", "discard"):
        said = waiting(f"queue {action} 2600 77")
        assert (said.code, said.out) == (2, "")
        assert said.err == "Nothing waits under 77. See: tray-connector queue list\n"
        assert waiting(f"queue {action} 77 --json").data == {"count": 0, "unknown": ["77"]}
    assert len(waiting("queue list --json").data) == 2


def test_files_that_cannot_be_read_are_shown_and_can_be_deleted(cli: CommandLine) -> None:
    cli.queue(FRESH)
    folder = cli.paths.spool / "unreadable"
    (folder / "teamwork-99.evt").write_text("nonsense")
    said = cli("queue list")
    assert said.out.endswith(
        f"1 file that cannot be read lies in {folder}. To delete: tray-connector queue discard --all\n"
    )
    assert "1 unreadable file" in cli("status").out
    assert "1 unreadable file deleted.\n" in cli("queue discard --all").out
    assert not list(folder.iterdir())
