"""Where the holder of a home may listen."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

LONGEST_SOCKET_PATH = 100
"""Bytes; the operating systems allow 104 to 108."""


def addresses_for(home: Path) -> Iterator[str]:
    """Addresses to try, best first. The one in use stands in the holder's note, so nobody need guess it.

    A socket lies in the home itself where the path is short enough and the file system knows sockets, else in a
    folder of the user's own.
    """
    digest = hashlib.blake2b(str(home).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    if sys.platform == "win32":
        yield rf"\\.\pipe\tray-connector-{digest}"
        return
    if _is_short(home / "channel"):
        yield str(home / "channel")
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    for folder in (runtime, tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the folder below it is private
        private = Path(folder) / f"tray-connector-{os.getuid()}"
        if os.path.isabs(folder) and _is_short(private / digest) and _is_private(private):
            yield str(private / digest)


def _is_short(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def _is_private(folder: Path) -> bool:
    """Make the folder; whether it is the user's alone, and no link that somebody else laid there."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o077
