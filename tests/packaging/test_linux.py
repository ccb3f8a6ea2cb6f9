"""The Debian package on this machine: installed, used on a desktop, replaced while it runs, removed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from installers.project import NAME, VERSION
from tests.conftest import HOMES
from tests.desktop.desk import Desk, missing
from tests.desktop.reader import Reader
from tests.desktop.user import User
from tests.packaging.conftest import TASKS, installer, stored
from tests.support.processes import Program, Programs, wait_until
from tray_connector.config.paths import Paths
from tray_connector.sandbox.running import SandboxOffice

PROGRAM = Path("/usr/bin") / NAME
FOLDER = Path("/usr/lib") / NAME
LOOKED_AT = (Path("/usr"), Path("/etc"), Path("/opt"))
MOST_INSTALLED, MOST_DOWNLOAD = 200e6, 80e6
QUICKEST_OF = 3
START_SECONDS = 2.0

pytestmark = [
    pytest.mark.packaging,
    pytest.mark.timeout(300),
    pytest.mark.skipif(sys.platform != "linux" or shutil.which("dpkg") is None, reason="packages of Debian"),
]
needs_root = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root may install packages")
needs_desk = pytest.mark.skipif(bool(missing()), reason=f"this computer lacks {', '.join(missing())}")


@pytest.fixture
def deb() -> Path:
    return installer(f"{NAME}_{VERSION}_*.deb", "linux")


def dpkg(*words: str | Path) -> str:
    """What it says; it must succeed."""
    command = ["dpkg", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files() -> set[Path]:
    """Everything that is installed on this machine, but what Python and the desktop note beside it."""
    found = (
        Path(folder) / name for top in LOOKED_AT for folder, folders, names in os.walk(top) for name in names + folders
    )
    return {path for path in found if "__pycache__" not in path.parts and path.suffix != ".cache"}


@pytest.fixture
def installed(deb: Path) -> Iterator[Path]:
    """The package, which is installed while the test runs; afterwards nothing of it may be left."""
    if PROGRAM.exists() or FOLDER.exists():
        pytest.skip(f"{NAME} is installed on this machine already")
    before = files()
    dpkg("-i", deb)
    try:
        yield deb
    finally:
        dpkg("-r", NAME)
    assert files() - before == set()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with Desk(tmp_path / "desk") as desk:
        yield desk


@pytest.fixture
def programs(desk: Desk, tmp_path: Path) -> Iterator[Programs]:
    below = {name: str(tmp_path / "desk" / "home" / place) for name, place in HOMES.items() if name.startswith("XDG_")}
    environment = {**below, **desk.environment, "QT_QPA_PLATFORM": "xcb"}
    with Programs(tmp_path / "desk" / "home" / "connector", tmp_path, environment, [str(PROGRAM)]) as programs:
        yield programs


@pytest.fixture
def user(desk: Desk, tmp_path: Path) -> Iterator[User]:
    with Reader(desk.environment["DBUS_SESSION_BUS_ADDRESS"]) as reader:
        yield User(desk, reader, Path(os.environ.get("DESKTOP_PICTURES") or tmp_path / "pictures"))


def test_the_package_is_small_and_describes_itself(deb: Path, tmp_path: Path) -> None:
    assert deb.stat().st_size < MOST_DOWNLOAD
    subprocess.run(["dpkg-deb", "--extract", deb, tmp_path], check=True)
    below = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in below) < MOST_INSTALLED
    assert (
        subprocess.run(["dpkg-deb", "-f", deb, "Version"], capture_output=True, text=True, check=True).stdout.strip()
        == VERSION
    )
    share = tmp_path / "usr" / "share"
    for entry in share.glob("applications/*.desktop"):
        subprocess.run(["desktop-file-validate", entry], check=True)
    assert {path.parent.parent.name for path in share.glob(f"icons/hicolor/*/apps/{NAME}.*")} >= {
        "16x16",
        "48x48",
        "256x256",
        "scalable",
    }
    assert not [path for path in tmp_path.rglob("*") if path.is_symlink() and not path.exists()]
    assert not [path for path in below if path.suffix == ".ts" or path.name == ".env"]


def test_the_libraries_that_users_may_replace_are_files_of_their_own(deb: Path, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "--extract", deb, tmp_path], check=True)
    internal = tmp_path / "usr" / "lib" / NAME / "_internal"
    for name in ("libQt6Core.so.6", "libQt6Widgets.so.6", "libpyside6.abi3.so*", "libpq*.so*", "libpython3*.so*"):
        assert list(internal.rglob(name)), name
    packed = share_file(tmp_path)
    text = subprocess.run(["gzip", "-dc", packed], capture_output=True, text=True, check=True).stdout
    for word in (
        "PySide6_Essentials 6.11",
        "psycopg-binary",
        "GNU LESSER GENERAL PUBLIC LICENSE",
        "requests 2",
        "PyInstaller",
    ):
        assert word in text, word
    assert (internal / "LICENSE").is_file()


def share_file(tree: Path) -> Path:
    return next((tree / "usr" / "share" / "doc" / NAME).glob("THIRD-PARTY*"))


@needs_root
@needs_desk
def test_it_is_installed_used_replaced_and_removed(
    installed: Path, user: User, programs: Programs, office: SandboxOffice
) -> None:
    told = json.loads(programs.run("self-test", "--json", "--strict", "--tray").out)
    assert told["ok"], told
    assert "packaged" in told["parts"][0]["detail"]

    assert min(start_and_quit(user, programs) for _ in range(QUICKEST_OF)) < START_SECONDS

    given = office.environment()
    (programs.home / "preferences.json").write_text('{"assistant_done": true, "start_with_system": true}', "utf-8")
    program = programs.start(**given)
    wait_until(lambda: user.icon() is not None, 20, "an icon in the tray")
    wait_until(lambda: stored(Paths(programs.home).database) == TASKS, 30, "all tasks are stored")
    entry = Path(user.desk.environment["HOME"]) / ".config" / "autostart" / f"{NAME}.desktop"
    wait_until(entry.exists, 10, "the program starts with the desktop")
    assert f"Exec={FOLDER / NAME} --autostart" in entry.read_text("utf-8")
    user.desk.ask("desktop-file-validate", str(entry))
    wait_until(lambda: programs.start("status").wait(10) == 0, 30, "everything is in step")

    dpkg("-i", installed)
    assert program.wait(10) == 0
    assert stored(Paths(programs.home).database) == TASKS
    program = programs.start(**given)
    wait_until(lambda: user.icon() is not None, 20, "an icon in the tray")
    programs.run("quit")
    assert program.wait(5) == 0
    assert not program.err


def start_and_quit(user: User, programs: Programs) -> float:
    """Seconds from the start of the installed program to its icon in the tray."""
    began = time.monotonic()
    program: Program = programs.start("--autostart")
    wait_until(lambda: user.icon() is not None, 20, "an icon in the tray")
    took = time.monotonic() - began
    programs.run("quit")
    assert program.wait(5) == 0
    return took
