"""`Copying`: what the ledger knows of one destination and not yet of another, and the carrying over of its books."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from tray_connector.model.events import SourceName
from tray_connector.model.records import Table

_PENDING = """
SELECT ours.id FROM records AS ours
LEFT JOIN records AS theirs ON theirs.destination = :target AND theirs.tab = ours.tab AND theirs.id = ours.id
WHERE ours.destination = :origin AND ours.tab = :tab AND (
  theirs.id IS NULL
  OR ((theirs.changed, theirs.read_number) <= (ours.changed, ours.read_number) OR theirs.state_read < ours.state_read)
  AND (
    theirs.record <> ours.record
    OR (theirs.changed, theirs.read_number, theirs.state_read) <> (ours.changed, ours.read_number, ours.state_read)
    OR theirs.category_version <> :version
  )
)
ORDER BY ours.id
"""
_LOST_FILES = """
DELETE FROM files WHERE destination = :target
AND email_id IN (SELECT id FROM records WHERE destination = :origin AND tab = 'emails')
AND NOT EXISTS (
  SELECT 1 FROM files AS ours
  WHERE ours.destination = :origin AND ours.email_id = files.email_id AND ours.id = files.id
)
"""
_STORED_FILES = """
INSERT OR REPLACE INTO files (destination, email_id, id, state, noted, attempts, due, code, reason)
SELECT :target, email_id, id, state, 0, attempts, due, code, reason FROM files WHERE destination = :origin
ORDER BY number
"""
_AWAITED_FILES = """
INSERT OR IGNORE INTO files (destination, email_id, id, due)
SELECT :target, email_id, id, 0 FROM files WHERE destination = :origin ORDER BY number
"""


class Copying:
    """Two destinations of one ledger. Safe from any thread."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
        rows: Callable[[str, Any], list[tuple[Any, ...]]],
        origin: int,
        target: int,
    ) -> None:
        self._transaction = transaction
        self._rows = rows
        self._both = {"origin": origin, "target": target}

    def pending(self, table: Table, category_version: str) -> list[str]:
        """The records that the target has not, or as an older read, or under another category file; ordered."""
        values = {**self._both, "tab": table, "version": category_version}
        return [str(row[0]) for row in self._rows(_PENDING, values)]

    def keys(self, table: Table) -> set[str]:
        """The records that the target holds."""
        sql = "SELECT id FROM records WHERE destination = :target AND tab = :tab"
        return {str(row[0]) for row in self._rows(sql, {**self._both, "tab": table})}

    def carry_over(self, *, files_stay: bool) -> None:
        """Make the target's conversations, checkpoints, counts of what was left out, and files those of the origin.

        `files_stay`: both destinations count files as stored on this disk. Otherwise those that the target does not
        know wait there for their turn.
        """
        with self._transaction() as connection:
            for table, columns in (
                ("conversations", "id, conversation, read_number"),
                ("left_out", "source, id, count"),
                ("checkpoints", "source, stream, moment"),
            ):
                connection.execute(f"DELETE FROM {table} WHERE destination = :target", self._both)  # noqa: S608 - fixed names
                connection.execute(
                    f"INSERT INTO {table} (destination, {columns}) "  # noqa: S608 - fixed names
                    f"SELECT :target, {columns} FROM {table} WHERE destination = :origin",
                    self._both,
                )
            connection.execute(_LOST_FILES, self._both)
            connection.execute(_STORED_FILES if files_stay else _AWAITED_FILES, self._both)

    def forget_checkpoints(self, sources: Sequence[SourceName]) -> None:
        """The next poll of these sources into the target looks at everything."""
        keys = [(self._both["target"], source) for source in sources]
        with self._transaction() as connection:
            connection.executemany("DELETE FROM checkpoints WHERE destination = ? AND source = ?", keys)

    def waiting_files(self) -> int:
        """Files that the target still waits for."""
        sql = "SELECT count(*) FROM files WHERE destination = :target AND state <> 'stored' AND due IS NOT NULL"
        return int(self._rows(sql, self._both)[0][0])
