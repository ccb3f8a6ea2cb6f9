"""The spool's files: written whole or not at all, read, counted, set aside."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import re
import stat
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tray_connector.config.commit_points import passing
from tray_connector.config.private_files import FILE_MODE, make_private_folder
from tray_connector.model.errors import TransientError
from tray_connector.model.events import SOURCES, SourceName, is_id
from tray_connector.sync.spool_index import Stamp

if sys.platform == "darwin":
    from fcntl import F_FULLFSYNC, fcntl

logger = logging.getLogger(__name__)

EVENT, RETRY, TEMPORARY = ".evt", ".retry", ".tmp"
MAX_BYTES = 64 * 1024 * 1024
"""No record is as large: a file beyond it is not ours."""
SPARE = 1_000
"""Files kept to be written over: two pages."""
LAST_MOMENT = 253_402_300_799.0
"""The end of the year 9999."""
_SET_ASIDE = re.compile(r"(\d{6,12})-(?:(teamwork|missive)-)?")
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
_NOT_ALLOWED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


class Content(NamedTuple):
    """A file as it was read."""

    data: bytes
    stamp: Stamp
    modified: float


class UnreadableFile(Exception):  # noqa: N818 - a finding, handled where it is raised
    """The file is no event. The text says why."""

    def __init__(self, reason: str, modified: float | None = None) -> None:
        super().__init__(reason)
        self.modified = modified
        """When the broken content was written, in seconds since the epoch; None when no content would be right."""


def suffix(retry: bool) -> str:
    """How the file's name ends."""
    return RETRY if retry else EVENT


def parse_name(name: str) -> tuple[str, bool] | None:
    """(what stands before the suffix, whether it is a `.retry`); None for a file that is none of ours."""
    for ending, retry in ((EVENT, False), (RETRY, True)):
        if name.endswith(ending):
            return name[: -len(ending)], retry
    return None


def stamp_of(status: os.stat_result) -> Stamp:
    """Tells one content of a file from the next."""
    return status.st_mtime_ns, status.st_size, status.st_ino


def modified(status: os.stat_result) -> float:
    """Modification time in seconds since the epoch, exact to the microsecond, within what a `datetime` can hold."""
    return min(max(status.st_mtime_ns // 1000 / 1_000_000, 0.0), LAST_MOMENT)


def disk_trouble(error: OSError, folder: Path) -> TransientError:
    """What the user is told when the queue's folder cannot be used."""
    words = f"{error.filename or folder}: {error.strerror or error}"
    if error.errno in _FULL:
        hint = "Make room on the disk. Nothing is lost: what could not be queued is read again."
        return TransientError("spool-disk-full", "The disk is full", words, hint)
    if error.errno in _NOT_ALLOWED:
        hint = f"Give yourself the right to read and write in {folder}."
        return TransientError("spool-not-allowed", "The queue's folder cannot be used", words, hint)
    hint = f"Check the disk and the folder {folder}. It is tried again by itself."
    return TransientError("spool-disk", "The queue's folder cannot be used", words, hint)


class SpoolFiles:
    """`<folder>/{teamwork,missive}/<id>.{evt,retry}`, and `unreadable/`. Methods raise OSError.

    Temporary files lie in a folder of their own, so that whoever watches the others sees each event once, complete.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.temporary = folder / "tmp"
        self.unreadable = folder / "unreadable"
        self.set_aside_counts: dict[SourceName | None, int] = {}
        """Files in `unreadable/`, per source; None = put there by somebody else."""
        self._number = 0
        self._spare: deque[str] = deque()
        """Files of ended events in the temporary folder, to be written over: made and removed anew they cost twice the
        time, and on some file systems far more."""
        self._spares = itertools.count()

    def prepare(self) -> None:
        """Make the folders that are missing; remove what a crash left half written."""
        self.make_folders()
        self.recount()
        for name in os.listdir(self.temporary):
            (self.temporary / name).unlink(missing_ok=True)
        for source in SOURCES:
            for name in os.listdir(self.folder / source):
                if name.endswith(TEMPORARY):
                    # A folder named so harms nobody.
                    with contextlib.suppress(IsADirectoryError, PermissionError):
                        (self.folder / source / name).unlink(missing_ok=True)

    def make_folders(self) -> None:
        """Make the folders that are missing, for the user alone."""
        for folder in (self.temporary, self.unreadable, *(self.folder / source for source in SOURCES)):
            make_private_folder(folder)

    def path(self, source: SourceName, key: str, retry: bool) -> str:
        """Where the event lies."""
        return f"{self.folder}{os.sep}{source}{os.sep}{key}{suffix(retry)}"

    def scan(self, source: SourceName) -> Iterator[tuple[str, os.stat_result]]:
        """(name, status) of what has one of our endings, whatever it is. Looks into none of them."""
        with os.scandir(self.folder / source) as entries:
            for entry in entries:
                if entry.name.endswith((EVENT, RETRY)):
                    with contextlib.suppress(FileNotFoundError):
                        # On Windows the status in the listing itself lacks the file's number.
                        yield entry.name, os.stat(entry.path, follow_symlinks=False)

    def write_temporary(self, source: SourceName, key: str, data: bytes, modified_at: float | None) -> str:
        """A complete, durable file with this content (and modification time), ready for `install`; its path."""
        path, handle = self._open_temporary(source, key)
        try:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(handle, rest) :]
                os.ftruncate(handle, len(data))
                passing("spool.fsync")
                _make_durable(handle)
            finally:
                os.close(handle)
            if modified_at is not None:
                set_modified(path, modified_at)
        except BaseException:
            self.drop(path)
            raise
        return path

    def _open_temporary(self, source: SourceName, key: str) -> tuple[str, int]:
        flags = os.O_WRONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        with contextlib.suppress(IndexError, FileNotFoundError):
            path = self._spare.popleft()
            handle = os.open(path, flags)
            if _is_ours_alone(os.fstat(handle)):
                return path, handle
            os.close(handle)
            os.unlink(path)
        path = f"{self.temporary}{os.sep}{source}-{key}{TEMPORARY}"
        return path, os.open(path, flags | os.O_CREAT, FILE_MODE)

    def drop(self, path: str) -> None:
        """Remove a temporary file; what cannot be removed now goes when the spool is opened next."""
        with contextlib.suppress(OSError):
            os.unlink(path)

    def drop_spares(self) -> None:
        """Remove the files kept to be written over."""
        with contextlib.suppress(IndexError):
            while True:
                self.drop(self._spare.popleft())

    def install(self, temporary: str, source: SourceName, key: str, *, before: bool | None, retry: bool) -> None:
        """Put the temporary file in place. `before`: whether the id's file is a `.retry`; None = it has none.

        In between the id has either the old content or the new one, in one file.
        """
        if before is not None and before != retry:
            if retry:
                self.replace(temporary, source, key, False)
                temporary = self.path(source, key, False)
            else:
                passing("spool.replace")
                with contextlib.suppress(FileNotFoundError):
                    os.replace(self.path(source, key, True), self.path(source, key, False))
        self.replace(temporary, source, key, retry)

    def replace(self, temporary: str, source: SourceName, key: str, retry: bool) -> None:
        """Rename the temporary file to the event's name, over what lies there."""
        passing("spool.replace")
        os.replace(temporary, self.path(source, key, retry))
        passing("spool.replaced")

    def read(self, source: SourceName, key: str, retry: bool) -> Content:
        """The file's content. `UnreadableFile` for what is no plain file; FileNotFoundError when it is gone."""
        path = self.path(source, key, retry)
        try:
            with open(path, "rb") as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode):
                    raise UnreadableFile("not a plain file")
                if status.st_size > MAX_BYTES:
                    raise UnreadableFile(f"larger than {MAX_BYTES // 1024 // 1024} MB")
                return Content(file.read(), stamp_of(status), modified(status))
        except PermissionError as error:
            # Windows answers so for a folder. When it is our own folder that is closed, this raises.
            os.listdir(self.folder / source)
            raise UnreadableFile(error.strerror or "not allowed") from error
        except IsADirectoryError as error:
            raise UnreadableFile("a folder") from error

    def stamp(self, source: SourceName, key: str, retry: bool) -> Stamp | None:
        """The file's stamp now; None when it is gone."""
        try:
            return stamp_of(os.stat(self.path(source, key, retry)))
        except FileNotFoundError:
            return None

    def status(self, source: SourceName, name: str) -> os.stat_result | None:
        """What lies under this name; None when nothing does."""
        try:
            return os.lstat(f"{self.folder}{os.sep}{source}{os.sep}{name}")
        except FileNotFoundError:
            return None

    def remove(self, source: SourceName, key: str, retry: bool) -> None:
        """Remove the file; gone already is as good."""
        path = self.path(source, key, retry)
        passing("spool.remove")
        with contextlib.suppress(FileNotFoundError):
            if len(self._spare) >= SPARE:
                os.unlink(path)
                return
            spare = f"{self.temporary}{os.sep}{next(self._spares)}{TEMPORARY}"
            os.replace(path, spare)
            passing("spool.removed")
            self._spare.append(spare)

    def set_aside(self, source: SourceName, name: str, reason: str) -> None:
        """Move what cannot be read into `unreadable/`, under a number, over nothing; say so once in the log."""
        make_private_folder(self.unreadable)
        short = os.fsdecode(os.fsencode(name)[:150])
        target = self.unreadable / short
        while os.path.lexists(target) or target.name == short:
            self._number += 1
            target = self.unreadable / f"{self._number:06d}-{source}-{short}"
        passing("spool.set-aside")
        try:
            (self.folder / source / name).rename(target)
        except FileNotFoundError:
            return
        self.set_aside_counts[source] += 1
        logger.warning("A file of the queue cannot be read (%s); it lies in %s now", reason, ascii(str(target)))

    def recount(self) -> None:
        """Look at what lies in `unreadable/`."""
        self.set_aside_counts = dict.fromkeys((*SOURCES, None), 0)
        for name in os.listdir(self.unreadable):
            match = _SET_ASIDE.match(name)
            source = next((source for source in SOURCES if match and match[2] == source), None)
            self.set_aside_counts[source] += 1
            self._number = max(self._number, int(match[1]) if match else 0)

    def clear_unreadable(self) -> int:
        """Delete the files in `unreadable/`; how many. Folders are left to whoever made them."""
        removed = 0
        for entry in list(os.scandir(self.unreadable)):
            if not entry.is_dir(follow_symlinks=False):
                os.unlink(entry.path)
                removed += 1
        self.recount()
        return removed


def set_modified(path: str, moment: float) -> None:
    """Set a file's modification time."""
    nanoseconds = round(moment * 1_000_000) * 1000
    os.utime(path, ns=(nanoseconds, nanoseconds))


def is_event_file(stem: str, status: os.stat_result) -> bool:
    """Whether a name before its ending and a status can belong to an event."""
    return is_id(stem) and stat.S_ISREG(status.st_mode)


def _is_ours_alone(status: os.stat_result) -> bool:
    # A file dropped in from outside may have a second name, or be open to others.
    return status.st_nlink == 1 and (os.name == "nt" or stat.S_IMODE(status.st_mode) == FILE_MODE)


def _make_durable(handle: int) -> None:
    if sys.platform == "darwin":
        # Plain fsync leaves the data in the drive's own memory there.
        fcntl(handle, F_FULLFSYNC)
    else:
        os.fsync(handle)
