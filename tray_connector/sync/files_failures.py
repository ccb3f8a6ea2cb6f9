"""What a failed try means for a file: when it is tried again, and when it counts as failed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from tray_connector.config.clock import Clock
from tray_connector.model.backoff import next_try
from tray_connector.model.errors import ConnectorError, RecordError
from tray_connector.sync.ledger_files import GONE, FileEntry, State

logger = logging.getLogger(__name__)

REFUSED_TRIES, TRIES = 3, 8
"""Failures after which a file counts as failed: where it was refused, and where something broke off (2.5 hours)."""
IN_A_ROW = 3
"""So many different files that fail one after the other are no trouble of theirs."""
_OWN = ("files-silent", "files-dropped", "files-cut", "files-in-trouble", "files-too-large")


@dataclass(frozen=True, slots=True)
class FilesDone:
    """What was done, in files."""

    tried: int = 0
    stored: int = 0
    failed: int = 0

    def __add__(self, other: FilesDone) -> FilesDone:
        return FilesDone(self.tried + other.tried, self.stored + other.stored, self.failed + other.failed)


class Failures:
    """Judges failures of files. One thread at a time."""

    def __init__(self, clock: Clock, luck: Callable[[], float]) -> None:
        self._clock = clock
        self._luck = luck

    def after(self, entry: FileEntry, error: ConnectorError) -> FileEntry:
        """The entry after one more failure. It is told in the log when it counts as failed from now on."""
        problem, refused = error.problem, isinstance(error, RecordError)
        attempts = entry.attempts + 1
        given_up = entry.state == "failed" or attempts >= (REFUSED_TRIES if refused else TRIES)
        due = next_try(self._clock.now(), attempts, self._luck(), retry_at=problem.retry_at, refused=refused)
        if given_up and entry.state != "failed":
            logger.warning(
                "The file %s of the e-mail %s is not stored: %s",
                entry.attachment_id,
                entry.email_id,
                problem.sentence(),
            )
        state: State = "failed" if given_up else "waiting"
        return replace(
            entry,
            state=state,
            noted=entry.noted and entry.state == state,
            attempts=attempts,
            due=due.timestamp(),
            code=problem.code,
            reason=problem.message or problem.title,
        )


def is_its_own(error: ConnectorError) -> bool:
    """Whether the error may concern this one file only."""
    return isinstance(error, RecordError) or error.problem.code in _OWN


def gone(entry: FileEntry) -> FileEntry:
    """Nobody can bring this file back; it is not asked for any more."""
    logger.info("The e-mail %s is gone, and with it the file %s", entry.email_id, entry.attachment_id)
    reason = "Missive knows the e-mail no longer."
    return replace(entry, state="failed", noted=False, due=None, code=GONE, reason=reason)


def unnamed(entry: FileEntry) -> RecordError:
    """Missive shows the e-mail without this file."""
    return RecordError(
        "file-unnamed",
        "Missive does not show a file",
        f"The e-mail {entry.email_id} is there without it.",
        "It is looked for again.",
    )


def refused(status: int) -> RecordError:
    """Also a new address was of no use."""
    return RecordError(
        "file-refused",
        "Missive's file store does not give a file",
        f"It answered {status} to a new address.",
        "It is tried again.",
    )


def odd_length(found: int, expected: int) -> RecordError:
    """Two downloads gave different bytes, and not as many as Missive says."""
    return RecordError(
        "file-length",
        "A file arrives incomplete",
        f"{found:,} bytes came where Missive names {expected:,}.",
        "It is tried again.",
    )
