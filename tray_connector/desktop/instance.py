"""One process per home: the lock, and the note that says who holds it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from tray_connector.config.clock import Clock
from tray_connector.config.paths import HOME_VARIABLE
from tray_connector.config.private_files import replace_file
from tray_connector.model.codec import time_from_text, time_to_text
from tray_connector.model.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that works in this home."""

    pid: int
    started: datetime
    address: str | None
    """Where it takes commands; None while it is only starting."""
    token: str
    """Proves to the holder, and to the caller, that the other may read this user's files."""
    doing: str
    """Its command."""


class Hold:
    """The lock, held by this process."""

    def __init__(self, holder: Holder, note: Path) -> None:
        self.holder = holder
        self._note = note

    def announce(self, address: str) -> None:
        """From now on commands are taken here. OSError."""
        self.holder = replace(self.holder, address=address)
        write_note(self._note, self.holder)


class Instance:
    """The lock on a home. The operating system frees it when its process dies, however it dies."""

    def __init__(self, lock_file: Path, clock: Clock) -> None:
        self._lock_file = lock_file
        self._note = lock_file.with_suffix(".json")
        self._clock = clock

    @contextmanager
    def held(self, doing: str) -> Iterator[Hold | None]:
        """Hold the lock while inside. Gives None, and holds nothing, when another process has it.

        ConfigError when the home cannot be written.
        """
        lock = FileLock(self._lock_file, mode=0o600)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield None
            return
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            hold = self._begin(doing)
            try:
                yield hold
            finally:
                self._note.unlink(missing_ok=True)
        finally:
            lock.release()

    def _begin(self, doing: str) -> Hold:
        now = self._clock.now().replace(microsecond=0)
        holder = Holder(os.getpid(), now, None, secrets.token_hex(16), doing)
        try:
            for half in self._note.parent.glob(f".{self._note.name}.*.tmp"):
                half.unlink()  # of one that was killed while it wrote its note
            write_note(self._note, holder)
        except OSError as error:
            raise self._unwritable(error) from error
        return Hold(holder, self._note)

    def _unwritable(self, error: OSError) -> ConfigError:
        return ConfigError(
            "home-unwritable",
            "The data folder cannot be written",
            f"{error.filename or self._lock_file}: {error.strerror or error}",
            f"Give yourself the right to write there and free some space, or name another folder in {HOME_VARIABLE}.",
        )

    def note(self) -> Holder | None:
        """Who holds the lock, for one who could not get it; None while the note is just being written.

        A killed process leaves its note behind: only one that answers at its address is there.
        """
        try:
            data = json.loads(self._note.read_text(encoding="utf-8"))
            address = data["address"]
            return Holder(
                int(data["pid"]),
                time_from_text(data["started"]),
                None if address is None else str(address),
                str(data["token"]),
                str(data["doing"]),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError):
            return None


def write_note(path: Path, holder: Holder) -> None:
    """Replace the note. OSError."""
    note = {
        "pid": holder.pid,
        "started": time_to_text(holder.started),
        "address": holder.address,
        "token": holder.token,
        "doing": holder.doing,
    }
    replace_file(path, json.dumps(note).encode())
