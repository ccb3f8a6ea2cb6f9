"""What the disk itself takes: files made, made durable, renamed and removed, as the spool does, without the spool."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.clocking import seconds_of

FILES = 1_000
CONTENT = b"x" * 2_500
AT_ONCE = 4


def files_per_second(folder: Path) -> float:
    """The rate at which small files can come and go in `folder`. Nothing on it can carry events faster."""
    folder.mkdir()
    paths = [f"{folder}{os.sep}{number}" for number in range(FILES)]

    def come_and_go() -> None:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(make, paths))
        for path in paths:
            os.unlink(path + ".evt")

    return FILES / seconds_of(come_and_go)


def make(path: str) -> None:
    """One durable file under its last name."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        os.write(handle, CONTENT)
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(path, path + ".evt")
