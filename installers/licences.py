"""The licences of everything that is shipped inside the packages, in one text file."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

from installers.project import BUILD, HERE, NAME, TITLE, VERSION

FILE = BUILD / "licences" / "THIRD-PARTY-LICENCES.txt"
SYSTEMS = {"linux": "Linux", "win32": "Windows", "darwin": "Darwin"}
RULE = "=" * 100
WORDS = ("LICENSE", "LICENCE", "COPYING", "NOTICE")
HEAD = f"""{TITLE} {VERSION} itself is under the MIT licence, see LICENSE.

It contains the software listed here, unchanged, under the licences that follow.

Qt and PySide6 (LGPL version 3) and psycopg (LGPL version 3) lie as separate files in the folder `_internal` beside the
program (on macOS in `Contents/Frameworks`). You may replace them there with versions of your own that have the same
interface; nothing in the program checks them. Their sources: https://download.qt.io/official_releases/ and
https://github.com/psycopg/psycopg. The text of the LGPL, and of the GPL that it refers to, stands at the end.
"""
PYTHON = """Python, with OpenSSL (Apache License 2.0), SQLite (public domain), zlib, libffi, expat, bzip2 and xz as its
makers deliver it. Licence: https://docs.python.org/3/license.html
"""
BOOTLOADER = """The program's starter comes from PyInstaller (GPL version 2 or later) with its Bootloader Exception,
which allows to distribute it with programs under any licence."""


def write_licences(folders: Sequence[str] = (), system: str = sys.platform) -> Path:
    """Write the file from what is installed here, or in these folders of packages for another system."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    packages = sorted(shipped(folders or sys.path, system), key=lambda found: found.name.lower())
    parts = [
        *(HEAD, PYTHON, python_licence(), BOOTLOADER),
        *(f"{RULE}\n{each.name} {each.version}\n{licence_name(each)}\n\n{''.join(texts(each))}" for each in packages),
        *(f"{RULE}\n{name}\n\n{read(HERE / 'licences' / f'{name}.txt')}" for name in ("LGPL-3.0", "GPL-3.0")),
    ]
    FILE.write_text("\n".join(parts), encoding="utf-8")
    return FILE


def python_licence() -> str:
    """The text that lies beside the standard library, where there is one."""
    for folder in (Path(sys.base_prefix), *(Path(path) for path in sys.path if path)):
        for name in ("LICENSE.txt", "LICENSE"):
            if (folder / name).is_file() and "PYTHON SOFTWARE FOUNDATION" in read(folder / name):
                return read(folder / name)
    return ""


def shipped(folders: Sequence[str], system: str = sys.platform) -> list[Distribution]:
    """Our package's requirements with the tray, and theirs in turn, as far as they apply to the system."""
    there = {plain(dist.name): dist for dist in reversed(list(distributions(path=list(folders))))}
    ours = next(dist for dist in distributions(name=NAME) if dist.requires)
    marks = {
        "sys_platform": system,
        "platform_system": SYSTEMS[system],
        "os_name": "nt" if system == "win32" else "posix",
    }
    found: dict[str, Distribution] = {}
    waiting = [(ours, frozenset({"tray"}))]
    while waiting:
        dist, extras = waiting.pop()
        for line in dist.requires or ():
            wanted = Requirement(line)
            name = plain(wanted.name)
            applies = wanted.marker is None or any(
                wanted.marker.evaluate({**marks, "extra": extra}) for extra in (extras or {""})
            )
            if applies and name in there and name not in found:
                found[name] = there[name]
                waiting.append((there[name], frozenset(wanted.extras)))
    found.pop(NAME, None)
    return list(found.values())


def plain(name: str) -> str:
    """The name of a package as it is compared."""
    return name.lower().replace("_", "-").replace(".", "-")


def licence_name(dist: Distribution) -> str:
    """As its makers name it."""
    for field in ("License-Expression", "License"):
        for text in dist.metadata.get_all(field) or ():
            return f"Licence: {text.splitlines()[0]}"
    classes = [each for each in dist.metadata.get_all("Classifier") or () if "License" in each]
    return f"Licence: {', '.join(each.rpartition('::')[2].strip() for each in classes) or 'see its text'}"


def texts(dist: Distribution) -> Iterator[str]:
    """What it ships of licences and notices; the two (L)GPL texts stand once, at the end."""
    for file in dist.files or ():
        if file.name.upper().startswith(WORDS) and ".dist-info" in str(file):
            text = read(Path(str(dist.locate_file(file))))
            if "GNU LESSER GENERAL PUBLIC LICENSE" not in text:
                yield f"{text.strip()}\n\n"


def read(path: Path) -> str:
    """Whatever its encoding."""
    return path.read_text(encoding="utf-8", errors="replace")
