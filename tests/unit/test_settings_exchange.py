"""Files that bring settings, and the export that carries no secret."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tray_connector.config.paths import Paths
from tray_connector.config.settings import save_settings
from tray_connector.config.settings_exchange import LONGEST, export_settings, recognise
from tray_connector.model.errors import ConfigError


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_an_old_env_brings_settings_secrets_and_the_categories_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "data" / "label_categories.json", '{"Räume": "R_*"}')
    file = write(
        tmp_path / ".env", "TEAMWORK_API_KEY=twp_1\nAPP_PORT=5001\nFLASK_ENV=x\nTRAY_CONNECTOR_HOME=/x\nPG_DSN=\n"
    )
    found = recognise(file)
    assert found.kind == "env"
    assert found.texts == {"TEAMWORK_API_KEY": "twp_1", "APP_PORT": "5001"}
    assert found.secret_names == ("TEAMWORK_API_KEY",)
    assert found.unknown == ("FLASK_ENV",)
    assert found.categories == '{"Räume": "R_*"}'
    assert "twp_1" not in repr(found)


def test_wrong_values_are_named_and_left_out_and_secrets_not_repeated(tmp_path: Path) -> None:
    found = recognise(
        write(tmp_path / "old.env", "APP_PORT=99999\nTEAMWORK_API_KEY=two words\nTIMEZONE=Europe/Berlin\n")
    )
    assert found.texts == {"TIMEZONE": "Europe/Berlin"}
    assert [problem.title for problem in found.problems] == ["APP_PORT is wrong", "TEAMWORK_API_KEY is wrong"]
    assert "old.env" in found.problems[0].message
    assert "two words" not in " ".join(problem.sentence() for problem in found.problems)


def test_an_export_comes_back_whole_and_without_secrets(tmp_path: Path) -> None:
    paths = Paths(tmp_path / "home")
    values = {"MISSIVE_TEAMS": ["a1", "b2"], "APP_PORT": 5001, "ATTACHMENTS": False, "TIMEZONE": "Europe/Vienna"}
    save_settings(paths, values)
    target = tmp_path / "out.json"
    assert export_settings(paths.settings_file, target) == 4
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    data = json.loads(target.read_text(encoding="utf-8"))
    data["settings"]["TEAMWORK_API_KEY"] = "sneaked-in"
    found = recognise(write(target, json.dumps(data)))
    assert found.kind == "settings"
    assert found.texts == {
        "MISSIVE_TEAMS": "a1,b2", "APP_PORT": "5001", "ATTACHMENTS": "false", "TIMEZONE": "Europe/Vienna",
    }  # fmt: skip


def test_categories_alone_are_recognised(tmp_path: Path) -> None:
    found = recognise(write(tmp_path / "label_categories.json", '{"Kunden": ["Ahlers"]}'))
    assert (found.kind, found.categories, dict(found.texts)) == ("categories", '{"Kunden": ["Ahlers"]}', {})


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("notes.txt", "nothing of ours", "import-foreign"),
        ("broken.json", '{"Räume": ', "categories-"),
        ("list.json", "[1, 2]", "categories-"),
        (".env", "", "import-foreign"),
        ("large.env", "X=" + "y" * LONGEST, "import-foreign"),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, name: str, text: str, code: str) -> None:
    with pytest.raises(ConfigError) as caught:
        recognise(write(tmp_path / name, text))
    assert caught.value.problem.code.startswith(code)


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        recognise(tmp_path / ".env")


def test_an_export_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        export_settings(tmp_path / "settings.json", tmp_path / "missing" / "out.json")
