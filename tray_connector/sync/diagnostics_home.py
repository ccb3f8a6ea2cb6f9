"""Program, files, log and crash for the diagnostics."""

from __future__ import annotations

import locale
import os
import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from tray_connector import __version__
from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.logs import KEPT
from tray_connector.config.paths import Paths

PACKAGE = "tray-connector"
LOG_BYTES = 5_000_000
"""Of the log, the newest."""
CRASH_BYTES = 500_000
FILES = 1_000
"""Files that are listed."""


def program(paths: Paths) -> dict[str, object]:
    """What runs here, and on what."""
    return {
        "version": __version__,
        "python": sys.version,
        "system": platform.platform(),
        "machine": platform.machine(),
        "locale": locale.setlocale(locale.LC_CTYPE),
        "packed": bool(getattr(sys, "frozen", False)),
        "sqlite": sqlite3.sqlite_version,
        "packages": _packages(),
        "data folder": str(paths.home),
        "free bytes": _free(paths.home),
        "processors": os.cpu_count(),
    }


def _packages() -> dict[str, str]:
    try:
        wanted = requires(PACKAGE) or []
    except PackageNotFoundError:
        wanted = []
    found = {}
    for requirement in wanted:
        name = requirement.partition(";")[0].strip()
        for mark in "[<>=!~ ":
            name = name.partition(mark)[0]
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _free(folder: Path) -> int | str:
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        return str(error)


def files_below(paths: Paths, stop: Stop) -> str:
    """A line for each file of the home; the many of the queue and of e-mails are not listed. `Stopped` in between."""
    lines: list[str] = []
    for file in _walk(paths.home, {paths.spool, paths.attachments}):
        if stop.is_set():
            raise Stopped
        if len(lines) == FILES:
            lines.append("…")
            break
        try:
            found = file.stat(follow_symlinks=False)
        except OSError as error:
            lines.append(f"{file.relative_to(paths.home).as_posix()}: {error.strerror}")
            continue
        changed = datetime.fromtimestamp(found.st_mtime, UTC)
        name = file.relative_to(paths.home).as_posix()
        lines.append(f"{stat.filemode(found.st_mode)} {found.st_size:>12,} {changed:%Y-%m-%d %H:%M:%S}Z {name}")
    return "\n".join(lines or ["The data folder is empty, or cannot be read."]) + "\n"


def _walk(home: Path, skipped: set[Path]) -> Iterator[Path]:
    for folder, folders, files in os.walk(home):
        place = Path(folder)
        folders[:] = sorted(name for name in folders if place / name not in skipped)
        yield from (place / name for name in sorted(files))


def log_texts(paths: Paths, stop: Stop, troubles: list[str]) -> dict[str, str]:
    """The newest `LOG_BYTES` of the log and its older files, by name in the bundle. `Stopped` in between."""
    texts: dict[str, str] = {}
    left = LOG_BYTES
    for number in range(KEPT + 1):
        if stop.is_set():
            raise Stopped
        file = paths.log_file if number == 0 else paths.log_file.with_name(f"{paths.log_file.name}.{number}")
        text = _end_of(file, left, troubles)
        if text is None:
            continue
        texts[f"logs/{file.name}"] = text
        left -= len(text)
        if left <= 0:
            break
    return texts


def crash_texts(paths: Paths, troubles: list[str]) -> dict[str, str]:
    """What the interpreter wrote when it died, by name in the bundle."""
    files = sorted(paths.logs.glob("crash*.txt"))
    texts = {f"logs/{file.name}": _end_of(file, CRASH_BYTES, troubles) for file in files}
    return {name: text for name, text in texts.items() if text}


def _end_of(file: Path, most: int, troubles: list[str]) -> str | None:
    """The last bytes of a file, from the beginning of a line; None when there is none, or it may not be read."""
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - most))
            content = stream.read(most)
    except FileNotFoundError:
        return None
    except OSError as error:
        troubles.append(f"{file.name} cannot be read: {error.strerror or error}.")
        return None
    if size > most:
        content = content.partition(b"\n")[2]
    return content.decode("utf-8", "replace")
