"""Files and folders that only the user may read, and files that are replaced whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tray_connector.config.commit_points import passing
from tray_connector.model.errors import ConfigError

FOLDER_MODE = 0o700
FILE_MODE = 0o600
FORGOTTEN = 3600.0
"""Seconds after which a half-written file is nobody's any more: its writer died."""


def make_private_folder(folder: Path) -> None:
    """Make the folder and those above it that are missing; what is made here is the user's alone. OSError.

    A folder that is there already keeps its mode: it may be one the user shares on purpose.
    """
    missing = [folder]
    while not missing[-1].parent.exists():
        missing.append(missing[-1].parent)
    for step in reversed(missing):
        step.mkdir(mode=FOLDER_MODE, exist_ok=True)


def replace_file(path: Path, content: bytes) -> None:
    """Write the file so that at any moment, power cuts included, either the old or the new content is there. OSError.

    The new file is the user's alone (0600). What earlier writers that died left beside it is removed.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")  # made with 0600
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            passing("file.fsync")
            os.fsync(file.fileno())
        passing("file.replace")
        temporary.replace(path)
        passing("file.replaced")
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    _remove_forgotten(path)


def _remove_forgotten(path: Path) -> None:
    # What cannot be removed harms nobody.
    with suppress(OSError), os.scandir(path.parent) as found:
        now = path.stat().st_mtime
        for each in found:
            ours = each.name.startswith(f".{path.name}.") and each.name.endswith(".tmp")
            if ours and now - each.stat(follow_symlinks=False).st_mtime > FORGOTTEN:
                os.unlink(each.path)


def export_file(path: Path, content: bytes) -> None:
    """`replace_file` at a place that the user named. ConfigError when it cannot be written there."""
    try:
        replace_file(path, content)
    except OSError as error:
        raise ConfigError(
            "export-unwritable",
            f"{path.name} cannot be written",
            f"{path}: {error.strerror or error}.",
            "Choose another folder.",
        ) from error


def set_aside(path: Path) -> Path:
    """Rename a damaged file after the time of its last change; whatever bears that name already is kept. OSError."""
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    stem = f"{path.name}.damaged-{changed:%Y%m%dT%H%M%SZ}"
    aside = path.with_name(stem)
    count = 1
    while aside.exists():
        count += 1
        aside = path.with_name(f"{stem}-{count}")
    return path.rename(aside)


def sync_folder(folder: Path) -> None:
    """Make renames within the folder durable, where the operating system knows how (not Windows). OSError."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
