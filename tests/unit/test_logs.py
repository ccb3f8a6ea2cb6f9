"""The log: one JSON object a line, rotated, private, without secrets."""

from __future__ import annotations

import io
import json
import logging
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.log_guard import ExpectLog
from tests.support.settings import SOURCES, load
from tray_connector.config import logs
from tray_connector.config.logs import start_logging
from tray_connector.config.paths import Paths
from tray_connector.config.redaction import MASK, Redactor

log = logging.getLogger("tray_connector.test")
DSN = "host=db user=office password='p a ss' dbname=x"


def lines(paths: Paths) -> list[dict[str, Any]]:
    return [json.loads(line) for line in paths.log_file.read_text(encoding="utf-8").splitlines()]


def test_a_line_is_a_json_object(tmp_path: Path, expect_log: ExpectLog) -> None:
    paths = Paths(tmp_path)
    terminal = io.StringIO()
    with start_logging(paths, load(tmp_path, {"LOG_LEVEL": "info"}), terminal=terminal):
        log.debug("not kept")
        log.info("Büro\nzweite Zeile %d", 7)
        try:
            raise ValueError("broken")
        except ValueError:
            log.warning("it failed", exc_info=True)
    expect_log("it failed")
    info, warning = lines(paths)
    assert (info["level"], info["logger"], info["thread"]) == ("INFO", "tray_connector.test", "MainThread")
    assert info["message"] == "Büro\nzweite Zeile 7"
    assert info["time"].endswith("Z")
    assert "ValueError: broken" in warning["error"]
    assert terminal.getvalue() == "warning: it failed\n"


def test_verbose_shows_everything_on_the_terminal(tmp_path: Path, expect_log: ExpectLog) -> None:
    terminal = io.StringIO()
    with start_logging(Paths(tmp_path), load(tmp_path), verbose=True, terminal=terminal):
        log.debug("detail")
        try:
            raise ValueError("broken")
        except ValueError:
            log.exception("it failed")
    expect_log("it failed", level=logging.ERROR)
    assert terminal.getvalue().startswith("debug: detail\nerror: it failed\nTraceback")


def test_no_secret_reaches_the_log_or_the_terminal(tmp_path: Path, expect_log: ExpectLog) -> None:
    paths = Paths(tmp_path)
    terminal = io.StringIO()
    with start_logging(paths, load(tmp_path, {**SOURCES, "PG_DSN": DSN}), terminal=terminal):
        log.warning("key %s, login %s", "twp_secret", "p a ss")
        try:
            raise RuntimeError(f"refused: {DSN}")
        except RuntimeError:
            log.exception("Authorization: Bearer missive_pat-secret")
    expect_log("key")
    expect_log("Authorization", level=logging.ERROR)
    for text in (paths.log_file.read_text(), terminal.getvalue()):
        assert MASK in text
        for secret in ("twp_secret", "p a ss", "missive_pat-secret"):
            assert secret not in text


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_log_is_the_users_alone(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "home")
    with start_logging(paths, load(paths.home)):
        log.info("x")
    assert stat.S_IMODE(paths.log_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.logs.stat().st_mode) == 0o700


def test_the_file_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LARGEST", 2000)
    paths = Paths(tmp_path)
    with start_logging(paths, load(tmp_path)):
        for count in range(200):
            log.info("line %d", count)
    kept = sorted(entry.name for entry in paths.logs.iterdir())
    assert kept == ["app.log", *(f"app.log.{number}" for number in range(1, 6))]
    assert all(entry.stat().st_size <= 2000 for entry in paths.logs.iterdir())


def test_everything_is_as_before_at_the_end(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("urllib3").level)
    first = start_logging(Paths(tmp_path), load(tmp_path))
    with start_logging(Paths(tmp_path), load(tmp_path)):
        assert len(root.handlers) == len(before[1]) + 2  # the second call ended the first
    first.close()
    assert (root.level, root.handlers, logging.getLogger("urllib3").level) == before


def test_work_goes_on_without_a_log_file(tmp_path: Path, expect_log: ExpectLog) -> None:
    paths = Paths(tmp_path)
    paths.log_file.mkdir(parents=True)
    terminal = io.StringIO()
    with start_logging(paths, load(tmp_path), terminal=terminal):
        log.info("x")
    expect_log("The log file cannot be written")
    assert "The log file cannot be written" in terminal.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic aHVudGVyMjI6eA==", "{'Authorization': 'Bearer hunter22-abc'}", "got Bearer hunter22",
        "postgresql://office:hunter22@db/x", "host=db password=hunter22", "password='hunter22'",
        "https://a.com/?api_key=hunter22&x=1", '{"secret": "hunter22"}', "connect with hunter22", "hunter22%2Fx",
    ],
)  # fmt: skip
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    cleaned = Redactor(["hunter22/x", "connect with hunter22"])(text)
    assert "hunter22" not in cleaned
    assert "aHVudGVyMjI6eA" not in cleaned
    assert MASK in cleaned


@pytest.mark.parametrize(
    "text", ["Teamwork refuses the key", "read 20 basic things", "https://a.com:8080/x@y", "token 3 of 9", "a: b"]
)
def test_what_does_not_is_left_alone(text: str) -> None:
    assert Redactor(["abc", ""])(text) == text


@given(st.text(min_size=4, alphabet=st.characters(exclude_categories=["Cs"])))
def test_a_known_secret_is_masked_whatever_it_holds(secret: str) -> None:
    redact = Redactor()
    redact.learn([secret])
    assert redact(f"<{secret}>") == f"<{MASK}>"
    assert redact(json.dumps({"x": secret})) == json.dumps({"x": MASK})
