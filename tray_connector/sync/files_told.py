"""`Teller`: brings the states of files from the ledger into the destination."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from tray_connector.config.clock import Clock, Stop
from tray_connector.destinations.base import FileRow, FileState
from tray_connector.model.records import Attachment, Email
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_files import FileEntry, State

BATCH = 200
EVERY = 1.0
"""Seconds between two writings while files come in."""
_STATES: dict[State, FileState] = {
    "stored": "stored",
    "too_large": "too_large",
    "failed": "failed",
    "waiting": "waiting",
}


class TakesStates(Protocol):
    """The writer; or a destination that a migration fills."""

    def note_files(self, files: Sequence[FileRow], stop: Stop) -> None:
        """See `Destination.note_files`."""
        ...


class Teller:
    """One thread at a time."""

    def __init__(self, ledger: Ledger, writer: TakesStates, clock: Clock) -> None:
        self._ledger = ledger
        self._writer = writer
        self._clock = clock
        self._told_at = clock.monotonic()

    def tell_now_and_then(self, stop: Stop) -> None:
        """The same as `tell`, not more often than once a second."""
        if self._clock.monotonic() - self._told_at >= EVERY:
            self.tell(stop)

    def tell(self, stop: Stop) -> None:
        """Write every state that the destination does not know. Raises what the destination raises."""
        book = self._ledger.files
        while entries := book.untold(BATCH):
            named = attachments_of(self._ledger, entries)
            rows = [row for entry in entries if (row := self._row(entry, named)) is not None]
            if rows:
                self._writer.note_files(rows, stop)
            book.told(entries)
        self._told_at = self._clock.monotonic()

    def _row(self, entry: FileEntry, named: dict[tuple[str, str], Attachment]) -> FileRow | None:
        attachment = named.get((entry.email_id, entry.attachment_id))
        if attachment is None or entry.state not in _STATES:
            return None
        content = self._ledger.files.content(entry.attachment_id) if entry.state == "stored" else None
        return FileRow(
            attachment,
            entry.email_id,
            _STATES[entry.state],
            sha256=None if content is None else content.sha256,
            path=None if content is None else content.path,
        )


def attachments_of(ledger: Ledger, entries: Sequence[FileEntry]) -> dict[tuple[str, str], Attachment]:
    """What the stored e-mails say of these files, by e-mail and attachment."""
    known = ledger.entries("emails", {entry.email_id for entry in entries})
    return {
        (key, attachment.attachment_id): attachment
        for key, found in known.items()
        if isinstance(found.record, Email)
        for attachment in found.record.attachments
    }
