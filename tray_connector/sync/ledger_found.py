"""`FoundBook`: rows that a destination held before we wrote into it, as they were when it was read once."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tray_connector.destinations.base import Found, StoredFile
from tray_connector.model.records import Table
from tray_connector.sync.ledger_rows import chunks


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Several rows with one key: the first one is kept in step, the others are left as they are."""

    key: str
    written: str
    """The record id of the first."""
    others: tuple[str, ...]


class FoundBook:
    """A part of the ledger, about the bound destination. Safe from any thread."""

    def __init__(
        self,
        transaction: Callable[[], AbstractContextManager[sqlite3.Connection]],
        rows: Callable[[str, Sequence[Any] | Mapping[str, Any]], list[tuple[Any, ...]]],
        bound: Callable[[], int],
        shown: Callable[[], int | None],
    ) -> None:
        self._transaction = transaction
        self._rows = rows
        self._bound = bound
        self._shown = shown

    def surveyed(self, table: Table) -> bool:
        """Whether the table was read to its end."""
        sql = "SELECT 1 FROM surveys WHERE destination = ? AND tab = ?"
        return bool(self._rows(sql, (self._bound(), table)))

    def begin(self, table: Table) -> None:
        """It is read from its beginning: what an earlier survey left half done counts no more."""
        with self._transaction() as connection:
            for name in ("surveys", "found"):
                connection.execute(f"DELETE FROM {name} WHERE destination = ? AND tab = ?", (self._bound(), table))  # noqa: S608 - fixed names

    def keep(self, table: Table, rows: Sequence[Found]) -> None:
        """These were found, in this order: the first one of a key is the one to write into."""
        number = self._bound()
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR IGNORE INTO found (destination, tab, id, record_id, files) VALUES (?, ?, ?, ?, ?)",
                [(number, table, row.key, row.record_id, _text(row.files)) for row in rows],
            )

    def finish(self, table: Table) -> None:
        """The table was read to its end."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO surveys VALUES (?, ?)", (self._bound(), table))

    def rows(self, table: Table, keys: Collection[str]) -> dict[str, Found]:
        """The rows to write into, of those of these keys that were found."""
        found: dict[str, Found] = {}
        for chunk in chunks(keys):
            marks = ",".join("?" * len(chunk))
            sql = (
                "SELECT id, record_id, files FROM found WHERE destination = ? AND tab = ? "  # noqa: S608 - marks only
                f"AND id IN ({marks}) ORDER BY number"
            )
            for key, record_id, files in self._rows(sql, (self._bound(), table, *chunk)):
                found.setdefault(key, Found(key, record_id, _files(files)))
        return found

    def duplicates(self, table: Table) -> list[Duplicate]:
        """Keys that several rows had; of the bound destination, or, when none is bound, of the one bound last."""
        sql = (
            "SELECT id, record_id FROM found WHERE destination = :number AND tab = :tab AND id IN "
            "(SELECT id FROM found WHERE destination = :number AND tab = :tab GROUP BY id HAVING count(*) > 1) "
            "ORDER BY id, number"
        )
        rows: dict[str, list[str]] = {}
        for key, record_id in self._rows(sql, {"number": self._shown(), "tab": table}):
            rows.setdefault(key, []).append(record_id)
        return [Duplicate(key, first, tuple(others)) for key, (first, *others) in rows.items()]


def _text(files: Sequence[StoredFile]) -> str:
    return json.dumps([[each.file_id, each.filename, each.byte_size] for each in files])


def _files(text: str) -> tuple[StoredFile, ...]:
    return tuple(StoredFile(*each) for each in json.loads(text))
