"""`LedgerFile`: the ledger's file as such: transactions, small pieces of state, read numbers."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tray_connector.config.clock import Clock
from tray_connector.config.commit_points import passing
from tray_connector.model.errors import TransientError
from tray_connector.sync.ledger_schema import BEGAN, IN_ORDER, UNCLEAN, ledger_trouble, open_ledger

logger = logging.getLogger(__name__)

READ_NUMBERS = "read_numbers"
READ_BLOCK = 1000


class LedgerFile:
    """Durable when a call returns (WAL, synchronous=FULL). Safe from any thread.

    Raises TransientError ``ledger-disk``.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._path = path
        self._connection, self.damaged = open_ledger(path, clock.now())
        self._closed = False
        self._in_order = True
        self._next_read, self._reserved = 0, 0

    def close(self) -> None:
        """Close the file and note that it was closed in order. May be called twice.

        Where that cannot be noted (disk full, locked), the file is looked over when it is opened next.
        """
        with self._lock:
            if self._closed:
                return
            try:
                with self._transaction() as connection:
                    if self._in_order:
                        connection.execute("DELETE FROM flags WHERE name = ?", (UNCLEAN,))
                    # Numbers that were reserved and not used are free again.
                    if self._reserved:
                        connection.execute(
                            "INSERT OR REPLACE INTO flags VALUES (?, ?)", (READ_NUMBERS, str(self._next_read))
                        )
            except TransientError as error:
                logger.info("The ledger could not be closed in order: %s", error.problem.message)
            self._connection.close()
            self._closed = True

    def doubt(self) -> None:
        """A row may have been written that is not noted: the next process shall take our end for a crash."""
        self._in_order = False

    @property
    def ended_in_order(self) -> bool:
        """Whether the process before closed this file itself: then whatever it wrote is noted."""
        return self._rows("SELECT value FROM flags WHERE name = ?", (BEGAN,)) == [(IN_ORDER,)]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    yield self._connection
                    passing("ledger.commit")
                    self._connection.execute("COMMIT")
                    passing("ledger.committed")
                except BaseException:
                    # SQLite has ended the transaction by itself where the disk was full.
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise ledger_trouble(error, self._path) from error

    def _rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise ledger_trouble(error, self._path) from error

    # Read numbers.

    def next_read_number(self) -> int:
        """A number larger than every one given before, over restarts and kills too. Taken before a request is sent."""
        with self._lock:
            if self._next_read >= self._reserved:
                # A new ledger begins beyond every number that the spool may hold from before the old one was damaged.
                begin = self.flag(READ_NUMBERS) or int(self._clock.now().timestamp() * READ_BLOCK)
                start = max(self._next_read, int(begin))
                self.set_flag(READ_NUMBERS, str(start + READ_BLOCK))
                self._next_read, self._reserved = start, start + READ_BLOCK
            self._next_read += 1
            return self._next_read

    def last_read_number(self) -> int:
        """The number given last, or one that is at least as large."""
        with self._lock:
            return self._next_read or int(self.flag(READ_NUMBERS) or 0)

    # Small pieces of state.

    def flag(self, name: str) -> str | None:
        """A small piece of state."""
        rows = self._rows("SELECT value FROM flags WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def set_flag(self, name: str, value: str | None) -> None:
        """Keep it, or with None drop it."""
        with self._transaction() as connection:
            if value is None:
                connection.execute("DELETE FROM flags WHERE name = ?", (name,))
            else:
                connection.execute("INSERT OR REPLACE INTO flags VALUES (?, ?)", (name, value))
