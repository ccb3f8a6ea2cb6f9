"""`Part`: a file on its way to the disk, which a cut or a crash leaves so that it can go on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.commit_points import passing
from tray_connector.config.private_files import FILE_MODE, replace_file
from tray_connector.sources.file_host import Held

EVERY = 4 * 1024 * 1024
"""Bytes after which what came is made durable, and a crash loses no more."""
_BLOCK = 1024 * 1024
PART, NOTE = ".part", ".json"


class Part:
    """The bytes that came so far, and beside them a note how many are sure. Implements `file_host.Target`.

    One thread at a time. `check` is called now and then with the bytes to come at least; it raises to end the
    download. Raises OSError.
    """

    def __init__(self, place: Path, check: Callable[[int], None]) -> None:
        """`place` is the path without ending."""
        self._bytes = place.with_name(place.name + PART)
        self._note = place.with_name(place.name + NOTE)
        self._check = check
        self._file: BinaryIO | None = None
        self._held = self._read_note()
        self._sure = self._held.size
        self._digest = hashlib.sha256()
        self._hashed = 0

    def _read_note(self) -> Held:
        try:
            data = json.loads(self._note.read_bytes())
            size, etag, length = data["size"], data["etag"], data["length"]
            if not isinstance(size, int) or not isinstance(length, int) or not isinstance(etag, str | None):
                return Held()
            # A power cut may have left bytes behind the sure ones that were never written.
            return Held(size, etag, length) if 0 < size <= min(self._bytes.stat().st_size, length) else Held()
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return Held()

    def held(self) -> Held:
        """See `file_host.Target`."""
        return self._held

    def begin(self, held: Held) -> None:
        """See `file_host.Target`."""
        self._check((held.length or 0) - held.size)
        if self._file is None:
            self._file = os.fdopen(os.open(self._bytes, _FLAGS, FILE_MODE), "r+b", buffering=0)
        self._file.truncate(held.size)
        self._file.seek(held.size)
        self._held = held
        if self._hashed != held.size:
            self._digest, self._hashed = hashlib.sha256(), 0

    def write(self, chunk: bytes) -> None:
        """See `file_host.Target`."""
        if self._file is None:
            raise ValueError("the download was not begun")
        rest = memoryview(chunk)
        while rest:
            rest = rest[self._file.write(rest) :]
        if self._hashed == self._held.size:
            self._digest.update(chunk)
            self._hashed += len(chunk)
        size = self._held.size + len(chunk)
        self._held = Held(size, self._held.etag, self._held.length)
        if size - self._sure >= EVERY:
            self._check(0)
            self._make_sure()

    def _make_sure(self) -> None:
        if self._file is None or self._held.length is None:
            return
        passing("part.fsync")
        os.fsync(self._file.fileno())
        note = {"size": self._held.size, "etag": self._held.etag, "length": self._held.length}
        replace_file(self._note, json.dumps(note).encode())
        self._sure = self._held.size

    def keep(self) -> None:
        """Leave what came so that another try goes on there."""
        try:
            if self._held.size:
                self._make_sure()
        finally:
            self._close()

    def digest(self, stop: Stop) -> tuple[str, int]:
        """The sha256 in hexadecimal digits, and the size. Reads again what came before a restart."""
        size = self._held.size
        if self._hashed != size:
            self._digest, self._hashed = hashlib.sha256(), 0
            with self._bytes.open("rb") as file:
                while block := file.read(_BLOCK):
                    if stop.is_set():
                        raise Stopped
                    self._digest.update(block)
                    self._hashed += len(block)
        return self._digest.hexdigest(), self._hashed

    def move_to(self, target: Path) -> None:
        """Make it durable and give it its final name."""
        if self._file is None:
            # It was complete before a restart.
            self._file = self._bytes.open("r+b", buffering=0)
        passing("part.fsync")
        os.fsync(self._file.fileno())
        self._close()
        passing("part.replace")
        self._bytes.replace(target)
        passing("part.replaced")
        self._note.unlink(missing_ok=True)

    def discard(self) -> None:
        """Remove it; a later download begins anew."""
        self._close()
        self._held = Held()
        self._sure = 0
        self._bytes.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()


_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
