"""The words of the command line, and the shapes of what it prints."""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tray_connector.cli.console import printable
from tray_connector.cli.failures import failure_json, our_mistake
from tray_connector.cli.parser import UsageError, build_parser
from tray_connector.cli.tables import GAP, Column, fit, table_lines
from tray_connector.cli.words import moment, number
from tray_connector.model.errors import Problem
from tray_connector.sync.durations import parse_duration

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 9, 2, 10, 0, 30, 500_000, tzinfo=UTC)


def parse(line: str) -> argparse.Namespace:
    return build_parser().parse_args(line.split())


def refusal(line: str) -> str:
    with pytest.raises(UsageError) as found:
        parse(line)
    return str(found.value)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("30m", timedelta(minutes=30)),
        ("45 min", timedelta(minutes=45)),
        ("1h", timedelta(hours=1)),
        ("2D", timedelta(days=2)),
    ],
)
def test_a_pause_lasts_as_long_as_was_typed(text: str, length: timedelta) -> None:
    assert parse_duration(text).end(NOW, BERLIN) == NOW.replace(microsecond=0) + length


def test_until_tomorrow_is_six_in_the_morning_here_also_when_the_clocks_change() -> None:
    tomorrow = parse_duration("tomorrow")
    assert tomorrow.end(NOW, BERLIN) == datetime(2026, 9, 3, 4, 0, tzinfo=UTC)
    after_midnight_here = datetime(2026, 9, 2, 22, 30, tzinfo=UTC)
    assert tomorrow.end(after_midnight_here, BERLIN) == datetime(2026, 9, 4, 4, 0, tzinfo=UTC)
    before_winter_time = datetime(2026, 10, 24, 12, 0, tzinfo=UTC)
    assert tomorrow.end(before_winter_time, BERLIN) == datetime(2026, 10, 25, 5, 0, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "0m", "30", "3y", "-1h", "1.5h", "99999m", "²m", "soon"])
def test_what_is_no_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match=r"is no duration; use for example 30m, 1h, 2d or tomorrow"):
        parse_duration(text)


def test_a_backfill_begins_on_a_day_in_either_way_of_writing() -> None:
    assert (
        parse("backfill --since 24.12.2025").since == parse("backfill --since 2025-12-24").since == date(2025, 12, 24)
    )
    assert parse("backfill --days 30").days == 30


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("nonsense", "invalid choice: 'nonsense'"),
        ("sync", "--once"),
        ("backfill --since 2026-13-01", "'2026-13-01' is no day of the calendar; use DD.MM.YYYY or YYYY-MM-DD"),
        ("backfill --days 0", "'0' is not a whole number from 1 to 36500"),
        ("backfill --days 99999999999", "is not a whole number"),
        ("backfill --days 3 --all", "not allowed with"),
        ("backfill --source airtable", "invalid choice: 'airtable'"),
        ("pause --for ever", "'ever' is no duration"),
        ("queue", "action"),
        ("categories list", "invalid choice: 'list'"),
    ],
)
def test_wrong_words_are_told_in_one_sentence_with_a_hint(line: str, reason: str) -> None:
    told = refusal(line)
    assert reason in told
    assert "\n" not in told
    assert "See: tray-connector" in told
    assert told.endswith("--help")


def test_verbose_counts_before_and_behind_the_command() -> None:
    assert [parse(line).verbose for line in ("status", "--verbose status", "status --verbose")] == [False, True, True]


def test_every_command_has_the_same_switches() -> None:
    for line in ("run", "pause", "demo", "queue list", ""):
        arguments = parse(line)
        assert (arguments.json, arguments.verbose) == (False, False)


def test_numbers_and_times_in_sentences() -> None:
    assert [number(count, "record", "records") for count in (0, 1, 1204)] == ["0 records", "1 record", "1,204 records"]
    assert moment(NOW, BERLIN) == "2026-09-02 12:00:30"
    assert moment(None, BERLIN) == "never"


def test_texts_from_outside_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\x07\r\u202ec\u200b") == "a [31mb   c "
    assert printable("Räume: 50 €, 漢字 🎉\nnext") == "Räume: 50 €, 漢字 🎉\nnext"


def test_a_mistake_of_ours_is_named_without_what_it_said() -> None:
    problem = our_mistake(ValueError("Bearer secret")).problem
    assert problem.message == "ValueError"
    assert "secret" not in problem.sentence()


PROBLEM = Problem("teamwork-key-refused", "Teamwork refuses the key", "401", "Make a new one.")


def test_a_failed_command_still_answers_in_its_json_form() -> None:
    told = {"code": "teamwork-key-refused", "title": "Teamwork refuses the key", "message": "401"}
    status, sync, check, queue = (failure_json(name, [PROBLEM]) for name in ("status", "sync", "check", "queue"))
    assert isinstance(status, dict)
    assert (status["state"], status["headline"]) == ("stopped", "Stopped: Teamwork refuses the key")
    contract = {"last_verified", "next_poll", "paused_until", "queue", "webhooks", "calls_month", "pid"}
    assert contract <= status.keys()
    assert isinstance(sync, dict)
    assert (sync["read"], sync["requests"]) == (0, {"teamwork": 0, "missive": 0, "destination": 0})
    assert check == [{"name": "Teamwork refuses the key", "ok": False, "message": "401", "hint": "Make a new one."}]
    assert queue == {"problems": [{**told, "hint": "Make a new one."}]}


CELLS = st.text(alphabet=st.sampled_from("aä漢🎉 \n\té"), max_size=40)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=5), st.integers(min_value=1, max_value=200))
def test_a_table_is_never_wider_than_the_terminal(rows: list[list[str]], width: int) -> None:
    columns = [Column("name", 6), Column("due", 10), Column("labels", 4)]
    narrowest = 6 + 10 + 4 + 2 * len(GAP)
    for line in table_lines(columns, rows, width):
        assert cell_len(line) <= max(width, narrowest)
        assert "\n" not in line


def test_a_column_keeps_its_least_and_gets_what_it_needs_where_there_is_room() -> None:
    rows = [["Vergabevermerk Heizung und Sanitär", "2026-11-23", "KGR_410"]]
    columns = [Column("name", 8), Column("due_date", 10), Column("labels", 4)]
    wide, narrow = (table_lines(columns, rows, width)[1] for width in (80, 35))
    assert wide == "Vergabevermerk Heizung und Sanitär  2026-11-23  KGR_410"
    assert narrow == "Vergabevermer…  2026-11-23  KGR_410"


def test_a_text_is_fitted_to_the_cell() -> None:
    assert [fit("Bauamt", size) for size in (8, 6, 4, 1)] == ["Bauamt  ", "Bauamt", "Bau…", "…"]
    assert fit("漢字漢字", 4) == "漢… "
