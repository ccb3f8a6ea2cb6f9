"""Which value is in force, and what depends on what."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.support.settings import SOURCES, load
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.setting_table import SETTINGS
from tray_connector.config.settings import Settings, SettingsError, save_settings


def store(home: Path, **values: object) -> None:
    home.mkdir(exist_ok=True)
    Paths(home).settings_file.write_text(json.dumps(values), encoding="utf-8")


def test_every_setting_has_its_attribute_and_the_other_way_round() -> None:
    ours = {"home", "keyring_problem", "notices", "read_only", "origins"}
    assert {f.name for f in fields(Settings)} - ours == {setting.attribute for setting in SETTINGS}


def test_every_setting_is_told_in_one_sentence_and_its_default_is_right() -> None:
    for setting in SETTINGS:
        assert setting.help.endswith("."), setting.name
        assert setting.kind.accepts, setting.name
        if setting.default is not None:
            setting.read(setting.default)
        assert not (setting.secret and setting.default), setting.name


def test_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path / "home")
    values = {f.name: getattr(settings, f.name) for f in fields(Settings)}
    given = {name: value for name, value in values.items() if value not in (None, frozenset(), (), {})}
    data = tmp_path / "home" / "data"
    assert given == {
        "home": tmp_path / "home",
        "missive_base_url": "https://public.missiveapp.com/v1",
        "db_backend": "sqlite",
        "sqlite_path": data / "connector.db",
        "airtable_emails_table": "Emails",
        "airtable_tasks_table": "Tasks",
        "airtable_plan": "free",
        "airtable_write_every_seconds": 0,
        "pg_schema": "public",
        "missive_scope": "all",
        "disable_webhooks": False,
        "app_port": 5000,
        "periodic_backfill_interval": 5,
        "backfill_overlap_seconds": 120,
        "walk_interval_minutes": 15,
        "removal_guard_percent": 5,
        "missive_backfill_days": 30,
        "include_completed_tasks_on_initial_sync": True,
        "attachments": True,
        "attachments_path": data / "attachments",
        "attachment_max_mb": 100,
        "disk_reserve_mb": 1000,
        "timezone": ZoneInfo("Europe/Berlin"),
        "log_level": "INFO",
        "rate_scale": 1,
        "read_only": False,
    }
    assert settings.origin("TIMEZONE") == "default"


def test_the_environment_comes_before_the_dotenv_the_file_and_the_keyring(tmp_path: Path) -> None:
    store(tmp_path, MISSIVE_BACKFILL_DAYS=3, APP_PORT=7003, TIMEZONE="Europe/Vienna")
    keyring = MemoryCredentials({"TEAMWORK_API_KEY": "from-keyring", "MISSIVE_API_TOKEN": "from-keyring"})
    settings = load(
        tmp_path,
        {"MISSIVE_BACKFILL_DAYS": "1", "TEAMWORK_API_KEY": "from-environment"},
        dotenv="MISSIVE_BACKFILL_DAYS=2\nAPP_PORT=7002\n",
        credentials=keyring,
    )
    assert (settings.missive_backfill_days, settings.origin("MISSIVE_BACKFILL_DAYS")) == (1, "environment")
    assert (settings.app_port, settings.origin("app_port")) == (7002, ".env")
    assert (settings.timezone.key, settings.origin("TIMEZONE")) == ("Europe/Vienna", "settings")
    assert (settings.teamwork_api_key, settings.origin("TEAMWORK_API_KEY")) == ("from-environment", "environment")
    assert (settings.missive_api_token, settings.origin("MISSIVE_API_TOKEN")) == ("from-keyring", "keyring")


def test_an_empty_text_is_not_set(tmp_path: Path) -> None:
    store(tmp_path, TIMEZONE="", LOG_LEVEL=None)
    settings = load(tmp_path, {"APP_PORT": "", "TEAMWORK_API_KEY": "  "}, dotenv="APP_PORT=6000\nMISSIVE_TEAMS=\n")
    assert settings.app_port == 6000
    assert settings.teamwork_api_key is None
    assert settings.timezone.key == "Europe/Berlin"
    assert settings.missive_teams == frozenset()


def test_pasted_white_space_is_trimmed(tmp_path: Path) -> None:
    settings = load(tmp_path, {"TEAMWORK_API_KEY": " twp_1 \n", "TEAMWORK_BASE_URL": " https://a.teamwork.com/ "})
    assert settings.teamwork_api_key == "twp_1"
    assert settings.teamwork_base_url == "https://a.teamwork.com"


def test_the_settings_file_may_hold_numbers_truth_values_and_lists(tmp_path: Path) -> None:
    store(tmp_path, DISABLE_WEBHOOKS=True, PERIODIC_BACKFILL_INTERVAL=2.5, TEAMWORK_PROJECTS=["12", "13"])
    settings = load(tmp_path)
    assert settings.disable_webhooks is True
    assert settings.periodic_backfill_interval == 2.5
    assert settings.teamwork_projects == {"12", "13"}


@pytest.mark.parametrize(
    ("environ", "backend"),
    [
        ({}, "sqlite"),
        ({"AIRTABLE_API_KEY": "pat1"}, "sqlite"),
        ({"AIRTABLE_BASE_ID": "app1"}, "sqlite"),
        ({"AIRTABLE_API_KEY": "pat1", "AIRTABLE_BASE_ID": "app1"}, "airtable"),
        ({"AIRTABLE_API_KEY": "pat1", "AIRTABLE_BASE_ID": "app1", "DB_BACKEND": "SQLite"}, "sqlite"),
        ({"DB_BACKEND": "postgres"}, "postgres"),
    ],
)
def test_airtable_is_the_default_when_both_its_keys_are_set(
    tmp_path: Path, environ: dict[str, str], backend: str
) -> None:
    assert load(tmp_path, environ).db_backend == backend


def test_airtables_key_may_come_from_the_keyring(tmp_path: Path) -> None:
    keyring = MemoryCredentials({"AIRTABLE_API_KEY": "pat1"})
    assert load(tmp_path, {"AIRTABLE_BASE_ID": "app1"}, credentials=keyring).db_backend == "airtable"


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, 5),
        ({"DISABLE_WEBHOOKS": "yes", "NGROK_AUTHTOKEN": "2abc"}, 5),
        ({"NGROK_AUTHTOKEN": "2abc"}, 60),
        ({"PUBLIC_URL": "https://hooks.office.de"}, 60),
        ({"PUBLIC_URL": "https://hooks.office.de", "PERIODIC_BACKFILL_INTERVAL": "7"}, 7),
    ],
)
def test_polling_is_quicker_without_webhooks(tmp_path: Path, environ: dict[str, str], seconds: float) -> None:
    assert load(tmp_path, environ).periodic_backfill_interval == seconds


@pytest.mark.parametrize("text", ["01.09.2026", "1.9.2026", "2026-09-01"])
def test_a_day_begins_at_midnight_of_the_time_zone(tmp_path: Path, text: str) -> None:
    berlin = load(tmp_path, {"TEAMWORK_PROCESS_AFTER": text})
    assert berlin.teamwork_process_after == datetime(2026, 8, 31, 22, tzinfo=UTC)
    tokyo = load(tmp_path, {"MISSIVE_PROCESS_AFTER": text, "TIMEZONE": "Asia/Tokyo"})
    assert tokyo.missive_process_after == datetime(2026, 8, 31, 15, tzinfo=UTC)


def test_relative_paths_count_from_the_working_folder_and_in_the_file_from_the_home(tmp_path: Path) -> None:
    store(tmp_path, ATTACHMENTS_PATH="files")
    settings = load(tmp_path, {"SQLITE_PATH": "here.db"})
    assert settings.sqlite_path == Path.cwd() / "here.db"
    assert settings.attachments_path == tmp_path / "files"
    assert load(tmp_path, {"SQLITE_PATH": "~/x.db"}).sqlite_path == Path.home() / "x.db"


def test_no_secret_is_shown(tmp_path: Path) -> None:
    environ = {**SOURCES, "PG_DSN": "postgresql://u:hunter22@h/d", "NGROK_AUTHTOKEN": "2abcdef"}
    settings = load(tmp_path, environ)
    for secret in ("twp_secret", "missive_pat-secret", "hunter22", "2abcdef"):
        assert secret not in repr(settings)
    assert settings.secrets() == set(environ.values()) - {SOURCES["TEAMWORK_BASE_URL"]}


def test_everything_that_is_missing_is_told_at_once(tmp_path: Path) -> None:
    settings = load(tmp_path, {"DB_BACKEND": "airtable"})
    assert not settings.has_sources
    with pytest.raises(SettingsError) as caught:
        settings.require_sources()
    assert [problem.title for problem in caught.value.problems] == [
        "TEAMWORK_BASE_URL is not set",
        "TEAMWORK_API_KEY is not set",
        "MISSIVE_API_TOKEN is not set",
    ]
    with pytest.raises(SettingsError, match=r"AIRTABLE_API_KEY is not set.*AIRTABLE_BASE_ID is not set"):
        settings.require_destination()
    complete = load(tmp_path, SOURCES)
    complete.require_sources()
    complete.require_destination()
    assert complete.has_sources


def test_saved_settings_are_read_again(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "home")
    save_settings(paths, {"TIMEZONE": "Europe/Zurich", "APP_PORT": 6001, "MISSIVE_TEAMS": ["a-1", "b-2"]})
    save_settings(paths, {"APP_PORT": None})
    settings = load(paths.home)
    assert settings.timezone.key == "Europe/Zurich"
    assert settings.app_port == 5000
    assert settings.missive_teams == {"a-1", "b-2"}


def test_a_wrong_value_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="APP_PORT is wrong"):
        save_settings(Paths(tmp_path), {"APP_PORT": 0, "TIMEZONE": "Europe/Zurich"})
    assert not Paths(tmp_path).settings_file.exists()


@pytest.mark.parametrize("name", ["TEAMWORK_API_KEY", "PG_DSN", "NO_SUCH_THING"])
def test_secrets_and_unknown_names_are_never_saved(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        save_settings(Paths(tmp_path), {name: "x"})
    assert not Paths(tmp_path).settings_file.exists()
