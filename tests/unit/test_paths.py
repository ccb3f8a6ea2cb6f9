"""Where things lie."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from tray_connector.config.paths import Paths, default_home
from tray_connector.model.errors import ConfigError


def test_the_environment_names_the_home_then_the_dotenv_then_the_platform(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(f"TRAY_CONNECTOR_HOME={tmp_path / 'b'}\n")
    assert Paths.find({"TRAY_CONNECTOR_HOME": str(tmp_path / "a")}, dotenv).home == tmp_path / "a"
    assert Paths.find({"TRAY_CONNECTOR_HOME": " "}, dotenv).home == tmp_path / "b"
    assert Paths.find({}, tmp_path / "none").home == Paths.find({}).home == default_home()


def test_a_home_is_always_absolute() -> None:
    assert Paths.find({"TRAY_CONNECTOR_HOME": "here"}).home == Path.cwd() / "here"
    assert Paths.find({"TRAY_CONNECTOR_HOME": "~/there"}).home == Path.home() / "there"


@pytest.mark.skipif(sys.platform != "linux", reason="the platform's own place")
def test_the_platforms_place_is_below_the_users_data_folder() -> None:
    assert default_home() == Path.home() / ".local" / "share" / "tray-connector"


def test_the_places_are_those_of_the_contract(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    places = {name: getattr(paths, name).relative_to(tmp_path).as_posix() for name in dir(paths) if is_place(name)}
    assert places == {
        "settings_file": "settings.json",
        "categories_file": "label_categories.json",
        "data": "data",
        "database": "data/connector.db",
        "spool": "data/queue/spool",
        "ledger": "data/ledger.db",
        "people": "data/teamwork_people.json",
        "tags": "data/teamwork_tags.json",
        "installation": "data/installation_id",
        "webhooks": "data/webhooks.json",
        "tunnel": "data/ngrok",
        "attachments": "data/attachments",
        "logs": "logs",
        "log_file": "logs/app.log",
        "lock": "lock",
    }


def is_place(name: str) -> bool:
    return isinstance(getattr(Paths, name), property)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_what_is_made_is_the_users_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        paths = Paths(tmp_path / "deep" / "Büro Home")
        paths.create()
        paths.create()
    finally:
        os.umask(old)
    for folder in (paths.home, paths.data, paths.spool, paths.spool.parent, paths.logs):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="The data folder cannot be made"):
        Paths(tmp_path / "file" / "home").create()
