"""The settings as they are shown: text, origin, trouble; and preferences, which are none of them."""

from __future__ import annotations

from pathlib import Path

from keyring.errors import InitError, KeyringLocked

from tests.support.keyrings import LockedKeyring
from tray_connector.config.credentials import Credentials, KeyringCredentials, MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.preferences import Preferences, preferences_file, read_preferences, write_preferences
from tray_connector.config.settings import load_right_settings, save_settings
from tray_connector.config.settings_view import SettingsView, view_settings


def view(home: Path, environ: dict[str, str] | None = None, credentials: Credentials | None = None) -> SettingsView:
    return view_settings(
        environ=environ or {}, paths=Paths(home), dotenv=None, credentials=credentials or MemoryCredentials()
    )


def test_each_value_has_its_origin(tmp_path: Path) -> None:
    save_settings(Paths(tmp_path), {"APP_PORT": 5001, "MISSIVE_TEAMS": ["a", "b"]})
    found = view(tmp_path, {"TIMEZONE": "Europe/Vienna"}, MemoryCredentials({"PG_DSN": "host=x"}))
    assert (found["APP_PORT"].text, found["APP_PORT"].origin) == ("5001", "settings")
    assert found["MISSIVE_TEAMS"].text == "a,b"
    assert found["TIMEZONE"].is_fixed
    assert (found["PG_DSN"].text, found["PG_DSN"].origin, found["PG_DSN"].is_set) == ("", "keyring", True)
    assert not found["LOG_LEVEL"].is_set
    assert "host=x" not in repr(found)


def test_wrong_values_are_shown_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"APP_PORT": "x", "TEAMWORK_API_KEY": "in the open"}', encoding="utf-8")
    found = view(tmp_path)
    assert found["APP_PORT"].text == "x"
    assert found["APP_PORT"].problem is not None
    secret = found["TEAMWORK_API_KEY"].problem
    assert secret is not None
    assert secret.code == "setting-secret-in-file"


def test_a_locked_keyring_is_asked_once_and_said(tmp_path: Path) -> None:
    errors: list[KeyringLocked | InitError] = [KeyringLocked("locked") for _ in range(9)]
    backend = LockedKeyring(errors)
    found = view(tmp_path, credentials=KeyringCredentials(tmp_path, backend=backend))
    assert found.keyring_problem is not None
    assert backend.calls == ["get"]


def test_the_destination_follows_the_rule(tmp_path: Path) -> None:
    assert view(tmp_path).backend == "sqlite"
    airtable = {"AIRTABLE_API_KEY": "pat", "AIRTABLE_BASE_ID": "app"}
    assert view(tmp_path, airtable).backend == "airtable"
    assert view(tmp_path, {**airtable, "DB_BACKEND": "SQLite"}).backend == "sqlite"


def test_typed_values_count_as_if_they_were_saved(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    save_settings(paths, {"APP_PORT": 5001, "PUBLIC_URL": "https://old.example.com"})
    settings, problems = load_right_settings(
        environ={"TIMEZONE": "Europe/Vienna"},
        paths=paths,
        dotenv=None,
        credentials=MemoryCredentials({"TEAMWORK_API_KEY": "kept", "MISSIVE_API_TOKEN": "old"}),
        typed={"PUBLIC_URL": "", "APP_PORT": " 5002 ", "TIMEZONE": "Europe/Rome", "TEAMWORK_API_KEY": "",
               "MISSIVE_API_TOKEN": "new", "LOG_LEVEL": "loud"},
    )  # fmt: skip
    assert (settings.public_url, settings.app_port, settings.timezone.key) == (None, 5002, "Europe/Vienna")
    assert (settings.teamwork_api_key, settings.missive_api_token) == ("kept", "new")
    assert [problem.title for problem in problems] == ["LOG_LEVEL is wrong"]


def test_preferences_survive_what_is_odd_in_their_file(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "home")
    assert read_preferences(paths) == Preferences()
    wanted = Preferences(language="de", theme="dark", notify_attention=False, assistant_done=True)
    write_preferences(paths, wanted)
    assert read_preferences(paths) == wanted
    preferences_file(paths).write_text('{"language": "fr", "theme": "light", "notify_stopped": 1}', encoding="utf-8")
    assert read_preferences(paths) == Preferences(theme="light")
    preferences_file(paths).write_text("[", encoding="utf-8")
    assert read_preferences(paths) == Preferences()
