"""The log as it is read while it is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tray_connector.config import log_lines
from tray_connector.config.clock import Stop
from tray_connector.config.log_lines import LogLook, LogPlace, parse_line, read_log


def line(message: str) -> str:
    return json.dumps({"time": "2026-09-02T08:00:01.250Z", "level": "INFO", "logger": "a.b", "message": message}) + "\n"


def add(file: Path, *messages: str) -> None:
    with file.open("a", encoding="utf-8") as stream:
        stream.writelines(map(line, messages))


def look(file: Path, place: LogPlace | None = None) -> LogLook:
    return read_log(file, place, Stop())


def said(found: LogLook) -> list[str]:
    return [line.message for line in found.lines]


def test_a_line_is_read_as_it_was_written() -> None:
    found = parse_line(line("Grüße an ALLE"))
    assert (found.level, found.logger, found.message) == ("INFO", "a.b", "Grüße an ALLE")
    assert found.at == datetime(2026, 9, 2, 8, 0, 1, tzinfo=UTC)
    assert "grüsse" in found.searched


@pytest.mark.parametrize("text", ["no json", "[1]", '{"time": 7}', "[" * 100_000, '{"time": "never", "level": null}'])
def test_what_is_no_line_of_ours_is_shown_all_the_same(text: str) -> None:
    assert parse_line(text).at is None


def test_new_lines_follow_once_they_are_whole(tmp_path: Path) -> None:
    file = tmp_path / "app.log"
    assert look(file) == LogLook((), LogPlace(), whole=True)
    add(file, "one", "two")
    first = look(file)
    assert (said(first), first.whole) == (["one", "two"], True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(line("three")[:20])
        stream.flush()
        half = look(file, first.place)
        assert (said(half), half.whole) == ([], False)
        stream.write(line("three")[20:])
    assert said(look(file, half.place)) == ["three"]


def test_a_rotated_log_goes_on(tmp_path: Path) -> None:
    file, older = tmp_path / "app.log", tmp_path / "app.log.1"
    add(file, "one")
    first = look(file)
    add(file, "two")
    file.rename(older)
    add(file, "three")
    second = look(file, first.place)
    assert (said(second), second.whole) == (["two", "three"], False)
    assert said(look(file)) == ["one", "two", "three"]
    file.write_text(line("anew"), encoding="utf-8")
    assert said(look(file, LogPlace(second.place.file, 10_000))) == ["anew"]


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_lines, "MOST_BYTES", 2_000)
    monkeypatch.setattr(log_lines, "MOST_LINES", 10)
    file = tmp_path / "app.log"
    add(file, "begin")
    place = look(file).place
    add(file, *(f"line {number}" for number in range(200)))
    found = look(file, place)
    assert found.whole
    assert said(found) == [f"line {number}" for number in range(190, 200)]
    assert said(look(file)) == said(found)
