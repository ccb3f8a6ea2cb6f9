"""Windows: an installer by NSIS around the frozen program."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from installers.freeze import freeze
from installers.icons import ICO
from installers.project import DIST, HERE, VERSION, BuildError, run, say

SCRIPT = HERE / "windows" / "setup.nsi"
USUAL_PLACE = Path("NSIS") / "makensis.exe"
SIGN = "WINDOWS_SIGN_COMMAND"
"""Environment variable: a command that signs the file whose path is added to it. Without it nothing is signed."""


def make_setup() -> Path:
    """Make ``dist/TrayConnector-VERSION-Setup.exe``; on Linux one for tests, whose name says so."""
    if sys.platform == "win32":
        folder, made = freeze(), DIST / f"TrayConnector-{VERSION}-Setup.exe"
    else:
        from installers.wine import freeze_under_wine  # noqa: PLC0415 - has no use on Windows

        folder, made = freeze_under_wine(), DIST / f"TrayConnector-{VERSION}-Setup-wine-test.exe"
    for program in folder.glob("*.exe"):
        sign(program)
    pack(folder, made, VERSION)
    sign(made)
    return made


def pack(folder: Path, made: Path, version: str) -> None:
    """Make an installer of this folder."""
    say("NSIS packs it ...")
    values = {"VERSION": version, "FOLDER": folder, "OUT": made, "ICON": ICO}
    if sys.platform != "win32":
        values["TARGET"] = "amd64-unicode"  # Wine has no 32 bits; NSIS for Windows brings only those
    defines = [f"-D{name}={value}" for name, value in values.items()]
    run([makensis(), "-V2", "-WX", "-INPUTCHARSET", "UTF8", *defines, SCRIPT])


def makensis() -> str:
    """Where NSIS's compiler is."""
    found = shutil.which("makensis")
    if found:
        return found
    for variable in ("PROGRAMFILES(X86)", "PROGRAMFILES"):
        place = Path(os.environ.get(variable, "")) / USUAL_PLACE
        if os.environ.get(variable) and place.is_file():
            return str(place)
    raise BuildError("NSIS is not installed: https://nsis.sourceforge.io, or on Debian: apt-get install nsis")


def sign(file: Path) -> None:
    """Sign it, where there is something to sign with."""
    command = os.environ.get(SIGN, "").split()
    if command:
        run([*command, file])
