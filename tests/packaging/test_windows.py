"""The Windows installer under Wine: installed, used, replaced while the program runs, removed with and without data.

Wine is not Windows: what it cannot show is said in docs/packaging.md.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from installers.project import NAME, TITLE, VERSION
from installers.wine import PREFIX, PYTHON, QUIET
from tests.packaging.conftest import TASKS, installer, stored
from tests.support.processes import wait_until
from tray_connector.desktop.autostart_windows import RUN
from tray_connector.sandbox.running import SandboxOffice

pytestmark = [
    pytest.mark.packaging,
    pytest.mark.timeout(420),
    pytest.mark.skipif(sys.platform != "linux" or shutil.which("wine") is None, reason="installs under Wine"),
]
UNINSTALL = rf"Software\Microsoft\Windows\CurrentVersion\Uninstall\{TITLE}"
OWN = rf"Software\{TITLE}"
SECONDS = 120.0
KEEP_A_KEY = (
    "from tray_connector.config.credentials import KeyringCredentials as K; "
    "from tray_connector.config.paths import default_home; "
    "K(default_home()).set('PG_DSN', 'postgresql://nobody'); print('kept')"
)
IS_A_KEY_LEFT = KEEP_A_KEY.rpartition("K(")[0] + "print(K(default_home()).get('PG_DSN'))"


@dataclass(frozen=True)
class Windows:
    """One user of a Windows that is none."""

    environment: dict[str, str]

    @property
    def local(self) -> Path:
        """The folder that holds the user's programs and data."""
        return next((PREFIX / "drive_c" / "users").glob("*/AppData/Local"))

    @property
    def program(self) -> Path:
        return self.local / "Programs" / TITLE

    @property
    def home(self) -> Path:
        return self.local / TITLE

    @property
    def shortcuts(self) -> list[Path]:
        return list(
            (PREFIX / "drive_c" / "users").glob(f"*/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/{TITLE}.lnk")
        )

    def start(self, *words: str | Path, **environment: str) -> subprocess.Popen[str]:
        """Begin a Windows program."""
        return subprocess.Popen(
            ["wine", *map(str, words)],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )

    def run(self, *words: str | Path, code: int | None = 0, **environment: str) -> str:
        """A Windows program from its beginning to its end; what it said."""
        process = self.start(*words, **environment)
        said, _ = process.communicate(timeout=SECONDS)
        assert code is None or process.returncode == code, f"exit code {process.returncode}; it said:\n{said}"
        return said

    def command(self, *words: str, code: int | None = 0, **environment: str) -> str:
        """The installed program's command line."""
        return self.run(self.program / f"{NAME}.exe", *words, code=code, **environment)

    def registry(self, key: str, name: str = "") -> str:
        """A value of the user's; empty when there is none."""
        said = self.run("reg", "query", rf"HKCU\{key}", *(("/v", name) if name else ()), code=None)
        lines = [line.strip() for line in said.splitlines() if line.strip().startswith(name or "HKEY")]
        return lines[0].partition("REG_")[2].partition(" ")[2].strip() if lines and name else "".join(lines)

    def uninstall(self, *words: str) -> None:
        """As the system's list of programs does, without asking; it goes on by itself after the call."""
        self.run(self.program / "uninstall.exe", "/S", *words)
        wait_until(lambda: not self.program.exists(), 60, "the program's folder is gone")


@pytest.fixture(scope="module")
def setup() -> Path:
    return installer(f"TrayConnector-{VERSION}-Setup-wine-test.exe", "windows")


@pytest.fixture
def windows(setup: Path) -> Iterator[Windows]:
    """A user who has neither the program nor data of it."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "USER", "LANG") if name in os.environ}
    windows = Windows({**environment, **QUIET, "PYTHONPATH": f"Z:{Path(__file__).parents[2]}".replace("/", "\\")})
    # Wine's own processes keep the streams of whoever starts them first: let it be one that nobody listens to.
    nobody = subprocess.DEVNULL
    for command in (["wineserver", "--persistent"], ["wine", "cmd", "/c", "ver"]):
        subprocess.run(command, env=windows.environment, check=True, stdin=nobody, stdout=nobody, stderr=nobody)
    assert not windows.program.exists()
    shutil.rmtree(windows.home, ignore_errors=True)
    yield windows
    subprocess.run(["wineserver", "-k"], env=windows.environment, check=False)
    shutil.rmtree(windows.program, ignore_errors=True)
    shutil.rmtree(windows.home, ignore_errors=True)


def test_it_is_installed_used_replaced_and_removed(windows: Windows, setup: Path, office: SandboxOffice) -> None:
    windows.run(setup, "/S")
    names = {path.name for path in windows.program.iterdir()}
    assert names == {f"{TITLE}.exe", f"{NAME}.exe", "uninstall.exe", "_internal"}
    assert windows.registry(UNINSTALL, "DisplayVersion") == VERSION
    assert windows.registry(UNINSTALL, "QuietUninstallString").endswith('uninstall.exe" /S')
    assert len(windows.shortcuts) == 1
    assert windows.registry(RUN, TITLE) == ""

    told = first_json(windows.command("self-test", "--json", "--strict"))
    assert told["ok"], told
    assert "packaged" in told["parts"][0]["detail"]

    given = {**office.environment(), "PYTHONUTF8": "1"}
    service = windows.start(windows.program / f"{NAME}.exe", "run", **given)
    reading = Reading(service)
    wait_until(lambda: in_step(windows), 60, "the service is in step")
    (windows.program / "_internal" / "of-an-older-version.txt").write_text("x", encoding="utf-8")
    windows.run("reg", "add", rf"HKCU\{UNINSTALL}", "/v", "DisplayVersion", "/d", "0.0.1", "/f")
    (windows.home / "settings.json").write_text('{"TIMEZONE": "Europe/Vienna"}', encoding="utf-8")

    windows.run(setup, "/S", "/AUTOSTART")
    code, said = reading.end(10)
    assert code == 0, said
    assert not (windows.program / "_internal" / "of-an-older-version.txt").exists()
    assert windows.registry(UNINSTALL, "DisplayVersion") == VERSION
    assert "Vienna" in (windows.home / "settings.json").read_text(encoding="utf-8")
    assert stored(windows.home / "data" / "connector.db") == TASKS
    assert windows.registry(RUN, TITLE).endswith(rf'\{TITLE}\{TITLE}.exe" --autostart')

    windows.uninstall()
    assert [windows.registry(key) for key in (UNINSTALL, OWN)] == ["", ""]
    assert windows.registry(RUN, TITLE) == ""
    assert not windows.shortcuts
    assert stored(windows.home / "data" / "connector.db") == TASKS


def test_data_and_keys_go_when_that_is_asked_for(windows: Windows, setup: Path) -> None:
    windows.run(setup, "/S")
    assert "kept" in windows.run(PYTHON / "python.exe", "-c", KEEP_A_KEY)
    windows.command("status", code=None)
    assert windows.home.exists()
    windows.uninstall("/REMOVEDATA", "/REMOVEKEYS")
    wait_until(lambda: not windows.home.exists(), 20, "the data is gone")
    assert windows.run(PYTHON / "python.exe", "-c", IS_A_KEY_LEFT).strip().endswith("None")


def first_json(said: str) -> dict[str, Any]:
    """The answer; Wine may say something after it."""
    answer: dict[str, Any] = json.JSONDecoder().raw_decode(said)[0]
    return answer


class Reading:
    """Takes what a process says, so that it never waits for somebody to read it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: list[str] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            self._lines.extend(stream)

    def end(self, seconds: float) -> tuple[int, str]:
        """Its exit code, and all that it said."""
        code = self._process.wait(seconds)
        self._thread.join(seconds)
        return code, "".join(self._lines)


def in_step(windows: Windows) -> bool:
    """What the running program says of itself."""
    try:
        return bool(first_json(windows.command("status", "--json", code=None))["state"] == "in step")
    except ValueError:
        return False
