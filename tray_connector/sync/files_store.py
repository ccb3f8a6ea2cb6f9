"""`FileStore`: the folder of the files, each content once, under names that every file system takes."""

from __future__ import annotations

import errno
import hashlib
import os
import re
import shutil
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tray_connector.config.clock import Stop
from tray_connector.config.private_files import make_private_folder, sync_folder
from tray_connector.model.errors import TransientError
from tray_connector.sync.files_part import NOTE, PART, Part
from tray_connector.sync.ledger_files import Content

MEGABYTE = 1024 * 1024
PARTIAL = ".partial"
"""The folder of what is on its way, within the same file system."""
_SUFFIX = re.compile(r"\.([A-Za-z0-9]{1,10})\s*$", re.ASCII)


class FileStore:
    """Safe from any thread. Raises TransientError ``files-disk`` (less than `reserve` bytes would stay free) and
    ``files-folder`` (anything else the disk refuses).
    """

    def __init__(self, folder: Path, *, reserve: int, free: Callable[[Path], int] | None = None) -> None:
        self.folder = folder
        self._reserve = reserve
        self._free = free or (lambda place: shutil.disk_usage(place).free)
        self._lock = threading.Lock()

    def clean(self, wanted: Collection[str]) -> None:
        """Remove what is left of downloads of other attachments than these."""
        kept = {part_name(key) + ending for key in wanted for ending in (PART, NOTE)}
        with self._translated(), suppress(FileNotFoundError), os.scandir(self.folder / PARTIAL) as found:
            for each in found:
                if each.name not in kept and each.is_file(follow_symlinks=False):
                    os.unlink(each.path)

    def has(self, content: Content) -> bool:
        """Whether it lies there, as large as it was."""
        try:
            return (self.folder / content.path).stat().st_size == content.byte_size
        except (OSError, ValueError):
            return False

    @contextmanager
    def part(self, attachment_id: str, expected: int) -> Iterator[Part]:
        """What came so far of this attachment, of which so many bytes are expected; kept where the block fails."""
        with self._translated():
            folder = self.folder / PARTIAL
            make_private_folder(folder)
            part = Part(folder / part_name(attachment_id), self.ensure_room)
            self.ensure_room(expected - part.held().size)
            try:
                yield part
            finally:
                part.keep()

    def ensure_room(self, size: int) -> None:
        """Raise unless so many bytes more may be stored."""
        free = self._free(self.folder)
        if free - max(0, size) < self._reserve:
            raise TransientError(
                "files-disk",
                "The disk is too full for attachments",
                f"{free // MEGABYTE:,} MB are free in {self.folder}, and {self._reserve // MEGABYTE:,} MB shall stay "
                "free.",
                "Make room, or set DISK_RESERVE_MB lower. The attachments wait and go on by themselves.",
            )

    def store(self, part: Part, filename: str | None, stop: Stop) -> Content:
        """Give a complete part its final name; a content that is there already is not stored twice."""
        sha256, size = part.digest(stop)
        with self._translated(), self._lock:
            folder = self.folder / sha256[:2]
            make_private_folder(folder)
            there = _find(folder, sha256)
            target = there or folder / (sha256 + safe_suffix(filename))
            if there is not None and there.stat().st_size == size:
                part.discard()
            else:
                part.move_to(target)
                sync_folder(folder)
                sync_folder(self.folder)
        return Content(sha256, size, f"{sha256[:2]}/{target.name}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise disk_trouble(error, self.folder) from error


def _find(folder: Path, sha256: str) -> Path | None:
    with os.scandir(folder) as found:
        names = sorted(each.name for each in found if each.name.startswith(sha256))
    return folder / names[0] if names else None


def part_name(attachment_id: str) -> str:
    """A name for what is on its way: ids differ in case, which not every file system keeps apart."""
    return hashlib.sha256(attachment_id.encode()).hexdigest()[:32]


def safe_suffix(filename: str | None) -> str:
    """The ending of a file's name by which programs know it, such as ``.pdf``; nothing where it is none."""
    found = _SUFFIX.search(filename or "")
    return f".{found[1].lower()}" if found else ""


def disk_trouble(error: OSError, folder: Path) -> TransientError:
    """The disk or the folder refuses; the attachments wait."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return TransientError(
            "files-disk",
            "The disk is too full for attachments",
            f"{folder}: {error.strerror}",
            "Make room. The attachments wait and go on by themselves.",
        )
    return TransientError(
        "files-folder",
        "The folder for attachments cannot be used",
        f"{error.filename or folder}: {error.strerror or error}",
        "Check the folder and its rights, or name another one in ATTACHMENTS_PATH. The attachments wait.",
    )
