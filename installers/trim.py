"""What PyInstaller collects and the program has no use for. Plain lists in, plain lists out: used by `build.spec`."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatch
from pathlib import PurePosixPath

Entry = tuple[str, str, str]
"""Place in the package, place on this machine, kind."""
Imports = Callable[[str], Iterable[tuple[str, str | None]]]
"""PyInstaller's own: names and places of the libraries that a file loads, directly or by way of others."""
LANGUAGES = ("de",)
"""Languages of Qt's own words; English needs none."""
UNUSED = (
    "*/plugins/platformthemes/*qgtk3*",
    "*/plugins/platforminputcontexts/*virtualkeyboard*",
    "*/plugins/platforms/*eglfs*",
    "*/plugins/platforms/*linuxfb*",
    "*/plugins/platforms/*minimal*",
    "*/plugins/platforms/*vkkhr*",
    "*/plugins/platforms/*vnc*",
    "*/plugins/platforms/*direct2d*",
    "*/plugins/egldeviceintegrations/*",
    "*/plugins/generic/*",
    "*/plugins/imageformats/*qpdf*",
    "*/plugins/imageformats/*qtga*",
    "*/plugins/imageformats/*qtiff*",
    "*/plugins/imageformats/*qwbmp*",
    "*/plugins/imageformats/*qwebp*",
    "*/plugins/imageformats/*qicns*",
    "*/plugins/networkinformation/*",
    "*/plugins/tls/*",
    "*/qml/*",
    "*opengl32sw*",
)
"""Plugins that no part of the program asks for, and a renderer for Qt Quick. Qt has no part in our TLS."""
QT_UNUSED = re.compile(
    r"(^|/)(lib)?Qt6?(Qml|Quick|Pdf|VirtualKeyboard|Eglfs|EglFS|Labs|Bodymovin|ShaderTools|3D|Multimedia|WebEngine|"
    r"OpenGLWidgets|Test|Designer|Help|Sql|Concurrent)[A-Za-z]*[.\d]*(so|dll|dylib|$|\.|/)"
)
LIBRARY = re.compile(r"\.so(\.[\d.]+)?$")


def trimmed(binaries: Sequence[Entry], datas: Sequence[Entry], imports: Imports) -> tuple[list[Entry], list[Entry]]:
    """Those that stay: what is of use, and the libraries of the machine that it loads."""
    useful = [entry for entry in binaries if wanted(entry[0])]
    paths = [path for name, path, kind in useful if LIBRARY.search(path) and not is_from_system((name, path, kind))]
    needed = {name for path in paths for name, _ in imports(path)}
    kept = [entry for entry in useful if not is_from_system(entry) or entry[0] in needed]
    there = {place(entry[0]) for entry in kept}
    return kept, [entry for entry in datas if wanted(entry[0]) and leads_somewhere(entry, there)]


def is_from_system(entry: Entry) -> bool:
    """Whether PyInstaller took a Linux library from the machine because something loads it. Python's own is loaded by
    the program's starter, of which nothing is known yet.
    """
    name, _, kind = entry
    return (
        kind == "BINARY" and "/" not in name and LIBRARY.search(name) is not None and not name.startswith("libpython")
    )


def place(name: str) -> str:
    """With slashes on every system."""
    return name.replace("\\", "/")


def wanted(name: str) -> bool:
    """Whether the file is of use."""
    path = place(name)
    if "/translations/" in path and path.startswith("PySide6"):
        return PurePosixPath(path).name in {f"qtbase_{language}.qm" for language in LANGUAGES}
    return not any(fnmatch(path, pattern) for pattern in UNUSED) and QT_UNUSED.search(path) is None


def leads_somewhere(entry: Entry, there: set[str]) -> bool:
    """A link to a library that was left out is left out as well."""
    name, target, kind = entry
    if kind != "SYMLINK" or not LIBRARY.search(name):
        return True
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), target)) in there
