"""``settings.json``: never lost, never overwritten when damaged."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.log_guard import ExpectLog
from tests.support.settings import load
from tray_connector.config.paths import Paths
from tray_connector.config.settings import save_settings
from tray_connector.config.settings_file import read_settings_file, write_settings_file
from tray_connector.model.errors import ConfigError

DAMAGED = [b"", b'{"APP_PORT": 60', b"[1]", b"\xff\xfe", b"[" * 100_000, b"null"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "settings.json"


def test_no_file_is_an_empty_one(path: Path) -> None:
    stored = read_settings_file(path)
    assert (stored.values, stored.newer, stored.notices) == ({}, False, ())


def test_the_file_is_the_users_alone(path: Path) -> None:
    write_settings_file(path, {"APP_PORT": 6000})
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_unknown_names_are_kept_and_told_quietly(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.parent.mkdir()
    path.write_text('{"FUTURE": {"deep": [1]}, "APP_PORT": 6000}')
    with caplog.at_level("INFO"):
        load(path.parent)
    assert "FUTURE" in caplog.text
    save_settings(Paths(path.parent), {"APP_PORT": 6001})
    assert json.loads(path.read_text()) == {"version": 1, "FUTURE": {"deep": [1]}, "APP_PORT": 6001}


def test_three_earlier_contents_are_kept(path: Path) -> None:
    for port in range(6001, 6007):
        write_settings_file(path, {"APP_PORT": port})
        write_settings_file(path, {"APP_PORT": port})  # the same again makes no generation
    ports = {entry.name: json.loads(entry.read_text())["APP_PORT"] for entry in path.parent.iterdir()}
    assert ports == {"settings.json": 6006, "settings.json.1": 6005, "settings.json.2": 6004, "settings.json.3": 6003}


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_file_is_set_aside_and_the_last_good_content_is_in_force(
    path: Path, content: bytes, expect_log: ExpectLog
) -> None:
    write_settings_file(path, {"APP_PORT": 6001})
    write_settings_file(path, {"APP_PORT": 6002})
    path.write_bytes(content)
    settings = load(path.parent)
    expect_log("The settings could not be read")
    assert settings.app_port == 6001
    (notice,) = settings.notices
    assert notice.code == "settings-damaged"
    (aside,) = (entry for entry in path.parent.iterdir() if "damaged" in entry.name)
    assert aside.name in notice.message
    assert aside.read_bytes() == content
    assert load(path.parent).notices == ()


def test_without_an_earlier_content_the_defaults_are_in_force(path: Path, expect_log: ExpectLog) -> None:
    path.parent.mkdir()
    path.write_bytes(b"{")
    assert load(path.parent).app_port == 5000
    expect_log("Every setting has its default again")


def test_several_damaged_files_of_one_time_are_all_kept(path: Path, expect_log: ExpectLog) -> None:
    path.parent.mkdir()
    for content in (b"{1", b"{2", b"{3"):
        path.write_bytes(content)
        os.utime(path, (1_800_000_000, 1_800_000_000))
        read_settings_file(path)
        expect_log("The settings could not be read")
    kept = {entry.read_bytes() for entry in path.parent.iterdir()}
    assert kept == {b"{1", b"{2", b"{3"}


@pytest.mark.parametrize("version", [2, "2", None, True])
def test_a_file_of_a_newer_version_is_used_but_not_changed(path: Path, version: object, expect_log: ExpectLog) -> None:
    path.parent.mkdir()
    content = json.dumps({"version": version, "APP_PORT": 6001})
    path.write_text(content)
    settings = load(path.parent)
    assert (settings.app_port, settings.read_only) == (6001, True)
    assert [notice.code for notice in settings.notices] == ["settings-newer"]
    with pytest.raises(ConfigError, match="newer version"):
        save_settings(Paths(path.parent), {"APP_PORT": 6002})
    assert path.read_text() == content
    expect_log("newer version")


def test_an_editors_byte_order_mark_is_no_damage(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b'\xef\xbb\xbf{"APP_PORT": 6001}')
    assert load(path.parent).app_port == 6001


def test_a_file_that_may_not_be_read_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"settings\.json cannot be used"):
        load(path.parent)


WRITER = """
import sys
from pathlib import Path
from tray_connector.config.settings_file import write_settings_file
path = Path(sys.argv[1])
print("ready", flush=True)
for count in range(1_000_000):
    write_settings_file(path, {"APP_PORT": 6000 + count % 1000, "NOTE": "x" * 5000})
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
def test_killing_the_writer_at_any_moment_leaves_a_whole_file(path: Path) -> None:
    for rounds in range(5):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            try:
                # A moment that differs from round to round, taken from the writer's own progress.
                wanted = 6000 + 3 * rounds
                while not path.exists() or json.loads(path.read_bytes())["APP_PORT"] < wanted:
                    assert process.poll() is None
            finally:
                process.send_signal(signal.SIGKILL)
        stored = read_settings_file(path)
        assert not stored.notices
        assert len(stored.values["NOTE"]) == 5000
        path.unlink()
