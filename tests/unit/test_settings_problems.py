"""Wrong configurations: every problem at once, with the setting, what is wrong, and what is accepted."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.settings import SOURCES, load
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.setting_problems import SettingProblem
from tray_connector.config.setting_table import BY_NAME, SETTINGS, Setting
from tray_connector.config.setting_types import Refused
from tray_connector.config.settings import SettingsError, load_settings


def problems(home: Path, environ: dict[str, str] | None = None, dotenv: str | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(home, environ, dotenv=dotenv)
    return [problem.sentence() for problem in caught.value.problems]


def test_all_wrong_values_are_told_at_once_with_their_place(tmp_path: Path) -> None:
    Paths(tmp_path).settings_file.write_text(json.dumps({"LOG_LEVEL": "LOUD", "MISSIVE_TEAMS": {"a": 1}}))
    told = problems(tmp_path, {"TIMEZONE": "Europe/Berln", "APP_PORT": "65536"}, dotenv="DISABLE_WEBHOOKS=maybe\n")
    assert sorted(told) == [
        'APP_PORT is wrong. "65536" from the environment is too large. Accepted: a whole number from 1 to 65,535.',
        'DISABLE_WEBHOOKS is wrong. "maybe" from the .env file is neither yes nor no. '
        "Accepted: true, false, yes, no, on, off, 1 or 0.",
        'LOG_LEVEL is wrong. "LOUD" from settings.json is none of these words. '
        "Accepted: DEBUG, INFO, WARNING, ERROR or CRITICAL.",
        'MISSIVE_TEAMS is wrong. "dict" from settings.json is no form for it. Accepted: ids, separated by commas.',
        'TIMEZONE is wrong. "Europe/Berln" from the environment is no time zone; Europe/Berlin is one. '
        "Accepted: an IANA time zone such as Europe/Berlin.",
    ]


def test_one_problem_is_the_error_itself(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, {"APP_PORT": "http"})
    (problem,) = caught.value.problems
    assert isinstance(problem, SettingProblem)
    assert problem.setting == "APP_PORT"
    assert caught.value.problem.title == "APP_PORT is wrong"


@pytest.mark.parametrize(
    "url",
    [
        "office.teamwork.com", "http://office.teamwork.com", "ftp://office.teamwork.com", "https://",
        "https://user:hunter22@office.teamwork.com", "https://office.teamwork.com?x=1", "https://a b.com",
        "https://a.com:port", "https://[::1", "http://127.0.0.1.evil.com", "http://localhost.evil.com",
        "https:office.teamwork.com", "https://a.com\\@b.com", "https://a.com#x",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(tmp_path: Path, url: str) -> None:
    (told,) = problems(tmp_path, {"TEAMWORK_BASE_URL": url})
    assert told.startswith("TEAMWORK_BASE_URL is wrong.")
    assert "Accepted: an https:// address" in told
    assert "hunter22" not in told


@pytest.mark.parametrize(
    ("url", "value"),
    [
        ("https://office.teamwork.com/", "https://office.teamwork.com"),
        ("https://office.de/teamwork//", "https://office.de/teamwork"),
        ("http://127.0.0.1:8123/", "http://127.0.0.1:8123"),
        ("http://localhost:8123/v1", "http://localhost:8123/v1"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("HTTPS://Office.teamwork.com", "HTTPS://Office.teamwork.com"),
    ],
)
def test_addresses_that_are_accepted(tmp_path: Path, url: str, value: str) -> None:
    assert load(tmp_path, {"TEAMWORK_BASE_URL": url}).teamwork_base_url == value


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("TEAMWORK_PROCESS_AFTER", "31.02.2026"), ("TEAMWORK_PROCESS_AFTER", "2026-9-1"),
        ("TEAMWORK_PROCESS_AFTER", "yesterday"), ("MISSIVE_PROCESS_AFTER", "01.01.0001"),
        ("MISSIVE_PROCESS_AFTER", "9999-12-31"), ("MISSIVE_TEAMS", "../x"), ("TEAMWORK_PROJECTS", "1;2"),
        ("TIMEZONE", "../../etc/passwd"), ("TIMEZONE", "Europe"), ("TIMEZONE", "CEST+2:00"), ("APP_PORT", "5000.5"),
        ("APP_PORT", "1_0"), ("PERIODIC_BACKFILL_INTERVAL", "0"), ("PERIODIC_BACKFILL_INTERVAL", "nan"),
        ("PERIODIC_BACKFILL_INTERVAL", "inf"), ("WALK_INTERVAL_MINUTES", "-1"), ("REMOVAL_GUARD_PERCENT", "101"),
        ("AIRTABLE_PLAN", "gold"), ("MISSIVE_SCOPE", "private"), ("DB_BACKEND", "mysql"), ("RATE_SCALE", "0"),
        ("PG_SCHEMA", "ä" * 32), ("AIRTABLE_TASKS_TABLE", "a\nb"), ("SQLITE_PATH", "a\0b"),
    ],
)  # fmt: skip
def test_other_values_that_are_refused(tmp_path: Path, name: str, text: str) -> None:
    (told,) = problems(tmp_path, {name: text})
    assert told.startswith(f"{name} is wrong.")
    assert f"Accepted: {BY_NAME[name].kind.accepts}." in told


@pytest.mark.parametrize("name", ["TEAMWORK_API_KEY", "MISSIVE_API_TOKEN", "NGROK_AUTHTOKEN"])
def test_a_wrong_secret_is_not_repeated(tmp_path: Path, name: str) -> None:
    (told,) = problems(tmp_path, {name: "sésame ouvre-toi"})
    assert told.startswith(f"{name} is wrong. The value from the environment holds a character")
    assert "ouvre" not in told


def test_a_secret_in_the_settings_file_is_a_problem_of_its_own(tmp_path: Path) -> None:
    Paths(tmp_path).settings_file.write_text(json.dumps({"TEAMWORK_API_KEY": "twp_hidden"}))
    (told,) = problems(tmp_path)
    assert told.startswith("TEAMWORK_API_KEY stands in settings.json.")
    assert "twp_hidden" not in told


def test_limits_are_changed_for_servers_on_this_machine_only(tmp_path: Path) -> None:
    local = {
        **SOURCES,
        "TEAMWORK_BASE_URL": "http://127.0.0.1:8001",
        "MISSIVE_BASE_URL": "http://127.0.0.1:8002/v1",
        "RATE_SCALE": "100",
    }
    assert load(tmp_path, local).rate_scale == 100
    for name, value in (
        ("TEAMWORK_BASE_URL", "https://office.teamwork.com"),
        ("MISSIVE_BASE_URL", ""),
        ("DB_BACKEND", "airtable"),
    ):
        (told,) = problems(tmp_path, {**local, name: value})
        assert told.startswith('RATE_SCALE is wrong. "100" from the environment is for test servers')
    assert load(tmp_path, {**SOURCES, "RATE_SCALE": "1.0"}).rate_scale == 1


def test_a_dotenv_line_that_cannot_be_read_is_told_by_number_only(tmp_path: Path) -> None:
    (told,) = problems(tmp_path, dotenv="# keys\n\nTEAMWORK_API_KEY='twp_open\nAPP_PORT=6000\n")
    assert told.startswith(".env cannot be read. Line 3 cannot be read.")
    assert "twp_open" not in told


def test_a_dotenv_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"TIMEZONE=\xff\xfe")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load_settings(environ={}, paths=Paths(tmp_path), dotenv=tmp_path / ".env", credentials=MemoryCredentials())


@given(st.sampled_from(SETTINGS), st.text().map(str.strip).filter(bool))
def test_any_text_is_read_or_refused(setting: Setting, text: str) -> None:
    with contextlib.suppress(Refused):
        setting.read(text)
