"""A desktop of its own: screen, window manager, tray, notifications, keyring and accessibility bus."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tests.support.processes import wait_until

PROGRAMS = (
    "Xvfb",
    "openbox",
    "trayer",
    "dunst",
    "xdotool",
    "import",
    "dbus-daemon",
    "gnome-keyring-daemon",
    "secret-tool",
)
LAUNCHER = Path("/usr/libexec/at-spi-bus-launcher")
SIZE = (1280, 900)
DUNST = """
[global]
origin = top-left
offset = 16x16
history_length = 50
"""


def missing() -> list[str]:
    """What this computer lacks for a desktop."""
    return [name for name in PROGRAMS if shutil.which(name) is None] + ([] if LAUNCHER.exists() else ["at-spi2-core"])


class Desk:
    """Stands while inside. Its programs know nothing of the desktop that the tests were started from."""

    def __init__(self, folder: Path, *, tray: bool = True) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}
        self._tray = tray
        self._ends = ExitStack()

    def __enter__(self) -> Self:
        try:
            self._begin()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def _begin(self) -> None:
        home, runtime = self.folder / "home", self.folder / "run"
        for path in (home / ".config" / "dunst", runtime):
            path.mkdir(parents=True)
        runtime.chmod(0o700)
        (home / ".config" / "dunst" / "dunstrc").write_text(DUNST, encoding="utf-8")
        leave_out = ("DBUS_", "XDG_", "QT_", "DISPLAY", "WAYLAND_DISPLAY", "LC_", "LANG")
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(leave_out)}
        self.environment |= {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_CURRENT_DESKTOP": "Openbox",
            "LANG": "C.UTF-8",
            "DISPLAY": self._screen(),
            "QT_QPA_PLATFORM": "xcb",
            "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
        }
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._bus()
        self._unlock_keyring()
        for command in (["openbox"], ["dunst"], [str(LAUNCHER), "--launch-immediately"]):
            self.start(*command)
        if self._tray:
            self.show_tray()

    def show_tray(self) -> None:
        """Bring up the panel with the tray."""
        self.start(
            *("trayer", "--edge", "top", "--align", "right", "--SetDockType", "true"),
            *("--widthtype", "request", "--height", "32"),
        )

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Begin a program that ends with the desk."""
        process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder
        )
        self._ends.callback(end, process)
        return process

    def ask(self, *command: str) -> str:
        """What a program says; it must succeed."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False, timeout=20)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
        return done.stdout

    def picture(self, path: Path, box: tuple[int, int, int, int] | None = None) -> None:
        """The screen as a PNG, or what lies in a box of it: x, y, width, height."""
        crop = () if box is None else ("-crop", f"{box[2]}x{box[3]}+{max(box[0], 0)}+{max(box[1], 0)}", "+repage")
        self.ask("import", "-window", "root", *crop, str(path))

    def _screen(self) -> str:
        read, write = os.pipe()
        with os.fdopen(read, "rb") as told:
            process = subprocess.Popen(
                ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{SIZE[0]}x{SIZE[1]}x24", "-nolisten", "tcp"],
                pass_fds=(write,),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            os.close(write)
            self._ends.callback(end, process)
            return f":{told.readline().decode().strip()}"

    def _bus(self) -> str:
        process = subprocess.Popen(
            ["dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address=1"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._ends.callback(end, process)
        assert process.stdout is not None
        with process.stdout as told:
            return told.readline().decode().strip()

    def _unlock_keyring(self) -> None:
        # The first unlocking of a fresh home makes the login collection with this password.
        keyring = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._ends.callback(end, keyring)
        assert keyring.stdin is not None
        keyring.stdin.write(b"desk")
        keyring.stdin.close()
        keyring.stdin = None
        wait_until(self._has_keyring, 10, "the keyring answers")

    def _has_keyring(self) -> bool:
        listing = self.ask(
            *("dbus-send", "--session", "--print-reply", "--dest=org.freedesktop.DBus"),
            *("/org/freedesktop/DBus", "org.freedesktop.DBus.ListNames"),
        )
        return "org.freedesktop.secrets" in listing


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask it, and then insist."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
