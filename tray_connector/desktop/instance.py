"""One process per home: the lock, and the note that says who holds it."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from tray_connector.config.clock import Clock
from tray_connector.config.private_files import replace_file
from tray_connector.model.codec import time_from_text, time_to_text


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that works in this home."""

    pid: int
    started: datetime
    address: str | None
    """Where it takes commands; None for a command that will soon have ended."""
    token: str
    """Proves to the holder, and to the caller, that the other may read this user's files."""
    doing: str


class Instance:
    """The lock on a home. The operating system frees it when its process dies, however it dies."""

    def __init__(self, lock_file: Path, clock: Clock) -> None:
        self._lock = FileLock(lock_file, mode=0o600)
        self._note = lock_file.with_suffix(".json")
        self._clock = clock

    @contextmanager
    def held(self, doing: str, address: str | None = None) -> Iterator[Holder | None]:
        """Hold the lock while inside. Gives None, and holds nothing, when another process has it."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            yield None
            return
        try:
            holder = Holder(
                os.getpid(), self._clock.now().replace(microsecond=0), address, secrets.token_hex(16), doing
            )
            replace_file(self._note, json.dumps(as_json(holder)).encode())
            yield holder
        finally:
            self._note.unlink(missing_ok=True)
            self._lock.release()

    def holder(self) -> Holder | None:
        """Who holds the lock now; None when nobody does. A note left behind by a killed process counts for nothing."""
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return read_note(self._note)
        self._lock.release()
        return None


def as_json(holder: Holder) -> dict[str, object]:
    """The note's form."""
    return {
        "pid": holder.pid,
        "started": time_to_text(holder.started),
        "address": holder.address,
        "token": holder.token,
        "doing": holder.doing,
    }


def read_note(path: Path) -> Holder | None:
    """The note, or None while it is just being written."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        address = data["address"]
        return Holder(
            int(data["pid"]),
            time_from_text(data["started"]),
            None if address is None else str(address),
            str(data["token"]),
            str(data["doing"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
