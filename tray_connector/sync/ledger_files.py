"""`FileBook`: what became of each file of the stored e-mails, per destination; and which contents lie on this disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Literal

from tray_connector.destinations.base import FileState
from tray_connector.sync.ledger_rows import chunks

State = FileState | Literal["sent", "there"]
"""``sent``: Airtable took the address, and whether it fetched the file is not verified yet; ``there``: it did."""
GONE = "file-gone"
"""The reason of a file whose e-mail the source knows no longer: nobody can bring it back."""
_COLUMNS = "email_id, id, state, noted, attempts, due, code, reason, file_id"


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file of one e-mail, as far as it got in the bound destination."""

    email_id: str
    attachment_id: str
    state: State = "waiting"
    noted: bool = True
    """Whether the destination was told of the state; a new row says ``waiting`` by itself."""
    attempts: int = 0
    due: float | None = 0.0
    """When it is its turn, in seconds since the epoch; None = never, as things are."""
    code: str = ""
    reason: str = ""
    """Why the last try failed, for people."""
    file_id: str | None = None
    """The destination's own id of the file (Airtable)."""


@dataclass(frozen=True, slots=True)
class EmailFiles:
    """The files of an e-mail whose row was written whole: all that are wanted, and what is known of some."""

    email_id: str
    attachment_ids: tuple[str, ...]
    known: tuple[FileEntry, ...] = ()
    """Those that were written (or refused) along with the row."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file on this disk."""

    sha256: str
    byte_size: int
    path: str
    """Below `ATTACHMENTS_PATH`, with ``/``."""


@dataclass(frozen=True, slots=True)
class FileCounts:
    """Files that are not where they shall be."""

    waiting: int = 0
    failed: int = 0
    """Tried several times and given up for the time being; those that nobody can bring back do not count."""


class FileBook:
    """A part of the ledger. Safe from any thread."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
        rows: Callable[[str, Sequence[Any]], list[tuple[Any, ...]]],
        bound: Callable[[], int],
        shown: Callable[[], int | None],
    ) -> None:
        self._transaction = transaction
        self._rows = rows
        self._bound = bound
        self._shown = shown

    def keep(self, connection: sqlite3.Connection, files: Sequence[EmailFiles]) -> None:
        """Within a transaction of the ledger: these and no others are the files of these e-mails.

        What was told of them is told again: their rows may have been removed meanwhile.
        """
        if not files:
            return
        number = self._bound()
        wanted = {(each.email_id, key) for each in files for key in each.attachment_ids}
        gone = []
        for chunk in chunks([each.email_id for each in files]):
            marks = ",".join("?" * len(chunk))
            sql = f"SELECT email_id, id FROM files WHERE destination = ? AND email_id IN ({marks})"  # noqa: S608 - marks only
            gone += [row for row in connection.execute(sql, (number, *chunk)) if row not in wanted]
        delete = "DELETE FROM files WHERE destination = ? AND email_id = ? AND id = ?"
        connection.executemany(delete, [(number, *row) for row in gone])
        connection.executemany(
            "INSERT INTO files (destination, email_id, id, due) VALUES (?, ?, ?, 0) "
            "ON CONFLICT (destination, email_id, id) DO UPDATE SET noted = state = 'waiting', "
            "due = CASE WHEN code = ? THEN 0 ELSE due END",
            [(number, each.email_id, key, GONE) for each in files for key in each.attachment_ids],
        )
        self._update(connection, [entry for each in files for entry in each.known])

    def drop(self, connection: sqlite3.Connection, email_ids: Collection[str]) -> None:
        """Within a transaction of the ledger: the rows of these e-mails are gone."""
        keys = [(self._bound(), key) for key in email_ids]
        connection.executemany("DELETE FROM files WHERE destination = ? AND email_id = ?", keys)

    def due(self, at: float, limit: int, states: Collection[State] = ("waiting", "failed")) -> list[FileEntry]:
        """What is due at this moment (seconds since the epoch): first what was never tried, oldest first."""
        marks = ",".join("?" * len(states))
        sql = (
            f"SELECT {_COLUMNS} FROM files WHERE destination = ? AND due <= ? AND state IN ({marks}) "  # noqa: S608 - fixed
            "ORDER BY due, number LIMIT ?"
        )
        return [_entry(row) for row in self._rows(sql, (self._bound(), at, *states, limit))]

    def of_emails(self, email_ids: Collection[str]) -> dict[str, list[FileEntry]]:
        """All files of these e-mails."""
        found: dict[str, list[FileEntry]] = {key: [] for key in email_ids}
        for chunk in chunks(email_ids):
            marks = ",".join("?" * len(chunk))
            sql = f"SELECT {_COLUMNS} FROM files WHERE destination = ? AND email_id IN ({marks}) ORDER BY number"  # noqa: S608 - fixed
            for row in self._rows(sql, (self._bound(), *chunk)):
                found[row[0]].append(_entry(row))
        return found

    def settle(self, entries: Sequence[FileEntry], content: Content | None = None) -> None:
        """Note what became of them, and which content they were found to have. What is no longer wanted stays away."""
        with self._transaction() as connection:
            self._update(connection, entries)
            if content is not None:
                row = (content.sha256, content.byte_size, content.path)
                connection.executemany(
                    "INSERT OR REPLACE INTO contents VALUES (?, ?, ?, ?)",
                    [(entry.attachment_id, *row) for entry in entries],
                )

    def _update(self, connection: sqlite3.Connection, entries: Sequence[FileEntry]) -> None:
        number = self._bound()
        connection.executemany(
            "UPDATE files SET state = ?, noted = ?, attempts = ?, due = ?, code = ?, reason = ?, file_id = ? "
            "WHERE destination = ? AND email_id = ? AND id = ?",
            [(*_values(entry), number, entry.email_id, entry.attachment_id) for entry in entries],
        )

    def untold(self, limit: int) -> list[FileEntry]:
        """Files whose state the destination does not know."""
        sql = f"SELECT {_COLUMNS} FROM files WHERE destination = ? AND noted = 0 ORDER BY number LIMIT ?"  # noqa: S608 - fixed
        return [_entry(row) for row in self._rows(sql, (self._bound(), limit))]

    def told(self, entries: Sequence[FileEntry]) -> None:
        """The destination knows; unless the state changed meanwhile."""
        with self._transaction() as connection:
            connection.executemany(
                "UPDATE files SET noted = 1 WHERE destination = ? AND email_id = ? AND id = ? AND state = ?",
                [(self._bound(), e.email_id, e.attachment_id, e.state) for e in entries],
            )

    def retry(self, *states: State, code: str = "*") -> None:
        """Files in these states are due now, whatever their time; with a pattern for the reason's code."""
        if self._shown() is None:
            return
        marks = ",".join("?" * len(states))
        with self._transaction() as connection:
            sql = f"UPDATE files SET due = 0 WHERE destination = ? AND state IN ({marks}) AND due > 0 AND code GLOB ?"  # noqa: S608 - marks only
            connection.execute(sql, (self._shown(), *states, code))

    def reset(self, state: State) -> None:
        """Files in this state wait again, in every destination: what decided about them has changed."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE files SET state = 'waiting', noted = 0, attempts = 0, due = 0 WHERE state = ?", (state,)
            )

    def counts(self) -> FileCounts:
        """Of the bound destination, or, when none is bound, of the one bound last."""
        sql = (
            "SELECT state, count(*) FROM files WHERE destination = ? AND state IN ('waiting', 'failed') AND code <> ? "
            "GROUP BY state"
        )
        found = dict(self._rows(sql, (self._shown(), GONE)))
        return FileCounts(found.get("waiting", 0), found.get("failed", 0))

    def wanted(self) -> set[str]:
        """The attachments that are not stored yet, of every destination."""
        return {row[0] for row in self._rows("SELECT DISTINCT id FROM files WHERE state IN ('waiting', 'failed')", ())}

    # What lies on this disk, whoever asked for it.

    def content(self, attachment_id: str) -> Content | None:
        """Where the content of this attachment was put; whether it is still there is another question."""
        rows = self._rows("SELECT sha256, byte_size, path FROM contents WHERE id = ?", (attachment_id,))
        return Content(*rows[0]) if rows else None


def _values(e: FileEntry) -> tuple[Any, ...]:
    return e.state, e.noted, e.attempts, e.due, e.code, e.reason, e.file_id


def _entry(row: tuple[Any, ...]) -> FileEntry:
    email_id, attachment_id, state, noted, *rest = row
    return FileEntry(email_id, attachment_id, state, bool(noted), *rest)
