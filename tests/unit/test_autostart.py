"""The autostart entry: written, verified, repaired, and left off where the user turned it off."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_connector.desktop.autostart import Autostart, autostart_folder, own_command, repair
from tray_connector.desktop.autostart_linux import DesktopEntry, exec_line, parse_exec
from tray_connector.desktop.autostart_macos import LaunchAgent
from tray_connector.desktop.autostart_windows import APPROVED, RUN, RunKey
from tray_connector.model.errors import ConfigError

HERE = ("/opt/Tray Connector/tray-connector", "--autostart")
ELSEWHERE = ("/run/.mount_x/tray-connector", "--autostart")


class MemoryRegistry:
    """Registry values in a dictionary."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str | bytes] = {}

    def read(self, key: str, name: str) -> str | bytes | None:
        return self.values.get((key, name))

    def write(self, key: str, name: str, value: str | bytes) -> None:
        self.values[key, name] = value

    def delete(self, key: str, name: str) -> None:
        self.values.pop((key, name), None)


@pytest.fixture(params=["linux", "macos", "windows"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Autostart, Autostart]:
    """The same entry as seen by the program here and by one installed elsewhere."""
    registry = MemoryRegistry()
    match request.param:
        case "linux":
            return DesktopEntry(HERE, tmp_path), DesktopEntry(ELSEWHERE, tmp_path)
        case "macos":
            return LaunchAgent(HERE, tmp_path), LaunchAgent(ELSEWHERE, tmp_path)
    return RunKey(HERE, registry), RunKey(ELSEWHERE, registry)


def test_an_entry_is_made_and_taken_away(pair: tuple[Autostart, Autostart]) -> None:
    here, _ = pair
    assert here.look().standing == "absent"
    here.enable()
    assert here.look().standing == "right"
    here.disable()
    here.disable()
    assert here.look().standing == "absent"


def test_an_entry_that_leads_elsewhere_is_repaired_at_the_start(pair: tuple[Autostart, Autostart]) -> None:
    here, elsewhere = pair
    elsewhere.enable()
    assert here.look().standing == "stale"
    assert repair(here, wanted=True).standing == "right"
    assert repair(here, wanted=True).standing == "right"


def test_an_entry_that_is_not_wanted_goes(pair: tuple[Autostart, Autostart]) -> None:
    here, _ = pair
    here.enable()
    assert repair(here, wanted=False).standing == "absent"
    assert repair(here, wanted=False).standing == "absent"


@pytest.mark.parametrize("line", ["Hidden=true", "X-GNOME-Autostart-enabled=false"])
def test_what_the_user_turned_off_on_linux_stays_off(tmp_path: Path, line: str) -> None:
    entry = DesktopEntry(HERE, tmp_path)
    entry.enable()
    file = tmp_path / "tray-connector.desktop"
    text = file.read_text(encoding="utf-8").replace("X-GNOME-Autostart-enabled=true", "")
    file.write_text(text + line + "\n", encoding="utf-8")
    assert repair(entry, wanted=True).standing == "off"
    entry.enable()  # the user says so, in our own window
    assert entry.look().standing == "right"


def test_what_the_user_turned_off_in_the_task_manager_stays_off() -> None:
    registry = MemoryRegistry()
    entry = RunKey(HERE, registry)
    entry.enable()
    registry.values[APPROVED, "Tray Connector"] = bytes((3,)) + bytes(11)
    assert repair(entry, wanted=True).standing == "off"
    entry.enable()
    assert entry.look().standing == "right"
    assert registry.values[RUN, "Tray Connector"] == '"/opt/Tray Connector/tray-connector" --autostart'


def test_the_desktop_entry_starts_what_it_names(tmp_path: Path) -> None:
    entry = DesktopEntry(HERE, tmp_path / "config" / "autostart")
    entry.enable()
    file = tmp_path / "config" / "autostart" / "tray-connector.desktop"
    assert 'Exec="/opt/Tray Connector/tray-connector" --autostart' in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert entry.look().command == HERE


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp"))), min_size=1, max_size=4))
def test_any_command_can_be_written_and_read_back(command: list[str]) -> None:
    assert parse_exec(exec_line(command)) == tuple(command)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "autostart").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigError, match="autostart entry"):
        DesktopEntry(HERE, tmp_path / "autostart").enable()


def test_the_lasting_place_of_the_program_is_started(tmp_path: Path) -> None:
    script = tmp_path / "tray-connector"
    script.touch()
    assert own_command(str(script), {}, frozen=False, executable="python3") == (str(script), "--autostart")
    assert own_command("-m", {}, frozen=False, executable="python3") == (
        "python3", "-m", "tray_connector", "--autostart",
    )  # fmt: skip
    assert own_command("x", {}, frozen=True, executable="/opt/x/tray")[0] == "/opt/x/tray"
    image = {"APPIMAGE": "/home/ida/Tray.AppImage"}
    assert own_command("/run/.mount/x", image, frozen=True, executable="/run/.mount/x")[0] == image["APPIMAGE"]


def test_the_folder_follows_the_environment(tmp_path: Path) -> None:
    assert autostart_folder({"XDG_CONFIG_HOME": str(tmp_path)}) == tmp_path / "autostart"
    assert autostart_folder({"XDG_CONFIG_HOME": "relative"}) == Path.home() / ".config" / "autostart"


def test_an_entry_whose_program_was_removed_is_one_that_desktops_pass_over(tmp_path: Path) -> None:
    DesktopEntry(HERE, tmp_path).enable()
    lines = (tmp_path / "tray-connector.desktop").read_text(encoding="utf-8").splitlines()
    assert "TryExec=/opt/Tray Connector/tray-connector" in lines


def test_the_packaged_program_starts_without_a_console_on_windows(tmp_path: Path) -> None:
    console, windowed = tmp_path / "tray-connector.exe", tmp_path / "Tray Connector.exe"
    assert own_command("", {}, frozen=True, executable=str(console)) == (str(console), "--autostart")
    windowed.touch()
    assert own_command("", {}, frozen=True, executable=str(console)) == (str(windowed), "--autostart")
