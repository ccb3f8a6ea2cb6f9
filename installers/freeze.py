"""The program as a folder that needs no Python: PyInstaller with `build.spec`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from installers.icons import make_icons
from installers.licences import write_licences
from installers.project import BUILD, HERE, NAME, ROOT, megabytes, run, say

SPEC = HERE / "build.spec"
FROZEN = BUILD / "frozen"
WORK = BUILD / "pyinstaller"
SMALLEST_STRIPPED = 200_000
"""Bytes. Smaller libraries hold nothing worth the call."""


def freeze() -> Path:
    """Make it for the system that this runs on; the folder."""
    make_icons()
    write_licences()
    say("PyInstaller collects the program ...")
    options = ("--noconfirm", "--clean", "--log-level", "WARN", "--workpath", WORK, "--distpath", FROZEN)
    run([sys.executable, "-m", "PyInstaller", *options, SPEC], {"PYTHONPATH": str(ROOT)})
    folder = FROZEN / NAME
    if sys.platform == "linux":
        strip(folder)
    say(f"{folder.relative_to(ROOT)}: {megabytes(folder):.0f} MB")
    return folder


def strip(folder: Path) -> None:
    """Leave out what only a debugger reads. Without the tool the package is larger and works the same."""
    tool = shutil.which("strip")
    if tool is None:
        say("The program `strip` (package binutils) is not there: the package becomes larger.")
        return
    for library in libraries(folder):
        run([tool, "--strip-unneeded", library])


def libraries(folder: Path) -> Iterator[Path]:
    """The large ones, but those that were patched when their wheel was made (``*.libs``): these do not survive it."""
    for path in folder.rglob("*.so*"):
        patched = any(part.endswith(".libs") for part in path.parts)
        if path.is_file() and not path.is_symlink() and not patched and os.path.getsize(path) > SMALLEST_STRIPPED:
            yield path
