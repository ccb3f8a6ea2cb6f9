"""Watches processes and files while the program works: what is there for a moment only counts as well."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PAUSE = 0.004


@contextmanager
def _again_and_again(look: Callable[[], None]) -> Iterator[None]:
    over = threading.Event()

    def run() -> None:
        while not over.wait(PAUSE):
            look()

    thread = threading.Thread(target=run, name="watching")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        look()


@contextmanager
def command_lines() -> Iterator[set[bytes]]:
    """Those of all processes of this machine, as they come and go."""
    seen: set[bytes] = set()

    def look() -> None:
        for name in os.listdir("/proc"):
            if name.isdigit():
                with suppress(OSError):
                    seen.add(Path("/proc", name, "cmdline").read_bytes())

    with _again_and_again(look):
        yield seen


@contextmanager
def modes_below(folder: Path) -> Iterator[dict[Path, int]]:
    """The widest permissions that anything below (and the folder itself) had, by path."""
    widest: dict[Path, int] = {}

    def look() -> None:
        for path in (folder, *folder.rglob("*")):
            with suppress(OSError):
                widest[path] = widest.get(path, 0) | stat.S_IMODE(path.lstat().st_mode)

    with _again_and_again(look):
        yield widest
