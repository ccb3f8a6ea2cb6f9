"""A real Secret Service: gnome-keyring on a session bus of the test's own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")),
    reason="needs gnome-keyring and dbus (apt packages of these names)",
)

WITHOUT = "exec {python} -c {script}"
LOCKED = "gnome-keyring-daemon --start --components=secrets >/dev/null 2>&1; exec {python} -c {script}"
UNLOCKED = (
    "printf 'test-password' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "
    "exec {python} -c {script}"
)
ROUND_TRIP = """
import json
from pathlib import Path
from tray_connector.config.credentials import KeyringCredentials
store = KeyringCredentials(Path("/home/one"))
said = [store.get("TEAMWORK_API_KEY")]
store.set("TEAMWORK_API_KEY", "Schlüssel " + "x" * 3000)
said.append(len(store.get("TEAMWORK_API_KEY") or ""))
said.append(KeyringCredentials(Path("/home/two")).get("TEAMWORK_API_KEY"))
store.set("TEAMWORK_API_KEY", "second")
said.append(KeyringCredentials(Path("/home/one")).get("TEAMWORK_API_KEY"))
store.delete("TEAMWORK_API_KEY")
store.delete("TEAMWORK_API_KEY")
said.append(store.get("TEAMWORK_API_KEY"))
print(json.dumps(said))
"""
ONE_CALL = """
import json
from pathlib import Path
from tray_connector.config.credentials import KeyringCredentials
from tray_connector.model.errors import ConnectorError
store = KeyringCredentials(Path("/home/one"))
try:
    print(json.dumps(["value", store.get("TEAMWORK_API_KEY")]))
except ConnectorError as error:
    print(json.dumps(["error", error.problem.code]))
"""


def run(shell: str, script: str, home: Path, *, bus: bool = True) -> object:
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700, parents=True)
    environ = {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_DATA_HOME": str(home / "data"),
        "PATH": os.environ["PATH"],
        "SCRIPT": script,
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "LANG": "C.UTF-8",
    }
    command = ["bash", "-c", shell.format(python=sys.executable, script='"$SCRIPT"')]
    if bus:
        command = ["dbus-run-session", "--", *command]
    answer = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    said: object = json.loads(answer.stdout)
    return said


def test_a_secret_is_kept_and_forgotten(tmp_path: Path) -> None:
    assert run(UNLOCKED, ROUND_TRIP, tmp_path / "home") == [None, 3010, None, "second", None]


def test_a_keyring_that_nobody_can_unlock_is_locked(tmp_path: Path) -> None:
    # There is no collection yet and no display on which to ask for its password.
    assert run(LOCKED, ONE_CALL, tmp_path / "home") == ["error", "keyring-locked"]


def test_without_a_session_bus_there_is_no_keyring(tmp_path: Path) -> None:
    assert run(WITHOUT, ONE_CALL, tmp_path / "home", bus=False) == ["value", None]
