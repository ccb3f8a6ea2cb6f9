"""`Ledger`: what was written where and from which read, checkpoints, requests, runs. One small SQLite file.

Knowledge of records belongs to the *bound destination*: another database, or one that was replaced, starts with none.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from tray_connector.config.clock import Clock
from tray_connector.destinations.base import Identity
from tray_connector.model.codec import time_from_text, time_to_text, to_json
from tray_connector.model.errors import InternalError
from tray_connector.model.events import SourceName
from tray_connector.model.records import Conversation, Email, Table, key_of
from tray_connector.sync.ledger_copy import Copying
from tray_connector.sync.ledger_file import LedgerFile
from tray_connector.sync.ledger_files import EmailFiles, FileBook
from tray_connector.sync.ledger_found import FoundBook
from tray_connector.sync.ledger_rows import (
    ENTRY_COLUMNS,
    Entry,
    Run,
    as_text,
    chunks,
    conversation_of,
    emails_in,
    entry_of,
    row_of,
)

LAST_BOUND = "last_bound"
KEPT_REQUESTS = timedelta(minutes=20)
KEPT_RUNS = 1000
KEPT_MONTHS = 24


class Ledger(LedgerFile):
    """What is known of each destination's records, and what was asked of the services. See `LedgerFile`.

    Implements `sources.base.Known` and `config.budget.RequestLog`.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(path, clock)
        self._bound: int | None = None
        self._expected: str | None = None
        self.binding = 0
        """Another number whenever the knowledge of records begins anew: another destination, or an emptied one."""
        self._pruned = 0
        self.files = FileBook(self._transaction, self._rows, lambda: self._destination, lambda: self._shown)
        """What became of the files of e-mails."""
        self.found = FoundBook(self._transaction, self._rows, lambda: self._destination, lambda: self._shown)
        """What the destination held before we wrote into it."""

    # The destination.

    def expect(self, place: str) -> None:
        """Which destination will be bound: until then, what is shown is its own, or nothing."""
        self._expected = place

    def bind(self, identity: Identity) -> bool:
        """Make it the one that all knowledge of records is about. True when something was written there before."""
        with self._transaction() as connection:
            number = number_of(connection, identity)
            if self._bound != number:
                self._bound = number
                self.binding += 1
            known = connection.execute("SELECT 1 FROM records WHERE destination = ? LIMIT 1", (self._bound,)).fetchone()
            if self.flag(LAST_BOUND) != str(self._bound):
                # What was verified concerned another one.
                forget_findings(connection)
            connection.execute("INSERT OR REPLACE INTO flags VALUES (?, ?)", (LAST_BOUND, str(self._bound)))
        return known is not None

    def forget_bound(self) -> None:
        """The bound destination was emptied: what was known of its records, and its checkpoints, count no more."""
        with self._transaction() as connection:
            for table in ("records", "conversations", "checkpoints", "left_out", "files", "found", "surveys"):
                connection.execute(f"DELETE FROM {table} WHERE destination = ?", (self._destination,))  # noqa: S608 - fixed names
            if self.flag(LAST_BOUND) == str(self._bound):
                forget_findings(connection)
            self.binding += 1

    @property
    def is_bound(self) -> bool:
        """Whether a destination was opened since the start."""
        return self._bound is not None

    def beside(self, identity: Identity) -> Ledger:
        """The same books, opened at another destination to copy into it; what is bound here stays bound."""
        other = copy(self)
        other.open_at(identity)
        return other

    def open_at(self, identity: Identity) -> None:
        """For `beside`: make it the one that this view is about."""
        with self._transaction() as connection:
            self._bound = number_of(connection, identity)
        self.files = FileBook(self._transaction, self._rows, lambda: self._destination, lambda: self._shown)
        self.found = FoundBook(self._transaction, self._rows, lambda: self._destination, lambda: self._shown)

    def copying(self, target: Ledger) -> Copying:
        """What of the bound destination is not in `target`, which came from `beside`."""
        return Copying(self._transaction, self._rows, self.number, target.number)

    @property
    def number(self) -> int:
        """The bound destination's own."""
        return self._destination

    @property
    def _destination(self) -> int:
        if self._bound is None:
            raise InternalError("ledger-unbound", "The ledger was asked about records before a destination was opened")
        return self._bound

    @property
    def _shown(self) -> int | None:
        """The bound one; before that the one bound last: good for numbers that are shown, never for writing."""
        if self._bound is not None:
            return self._bound
        sql = "SELECT number, place FROM destinations WHERE number = (SELECT value FROM flags WHERE name = ?)"
        rows = self._rows(sql, (LAST_BOUND,))
        return int(rows[0][0]) if rows and self._expected in (None, rows[0][1]) else None

    # Records.

    def entries(self, table: Table, ids: Collection[str]) -> dict[str, Entry]:
        """What is known of these records; unknown ones are not among the result."""
        found: dict[str, Entry] = {}
        for chunk in chunks(ids):
            marks = ",".join("?" * len(chunk))
            sql = f"SELECT {ENTRY_COLUMNS} FROM records WHERE destination = ? AND tab = ? AND id IN ({marks})"  # noqa: S608 - marks only
            for row in self._rows(sql, (self._destination, table, *chunk)):
                found[row[0]] = entry_of(table, row)
        return found

    def entries_of(self, conversation_id: str) -> dict[str, Entry]:
        """The e-mails of a conversation."""
        sql = f"SELECT {ENTRY_COLUMNS} FROM records WHERE destination = ? AND conversation_id = ?"  # noqa: S608 - fixed names
        rows = self._rows(sql, (self._destination, conversation_id))
        return {row[0]: entry_of("emails", row) for row in rows}

    def note(
        self,
        entries: Sequence[Entry],
        conversations: Sequence[tuple[Conversation, int]] = (),
        files: Sequence[EmailFiles] = (),
    ) -> None:
        """Note rows that are durable, conversations with the read number of their state, and the files of e-mails that
        were written whole, in one transaction.
        """
        if not entries and not conversations:
            return
        number = self._destination
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [row_of(number, entry) for entry in entries],
            )
            connection.executemany(
                "INSERT INTO conversations VALUES (?, ?, ?, ?) ON CONFLICT (destination, id) DO UPDATE SET "
                "conversation = excluded.conversation, read_number = excluded.read_number "
                "WHERE excluded.read_number >= read_number",
                [(number, key_of(item), as_text(to_json(item)), read) for item, read in conversations],
            )
            self.files.keep(connection, files)

    def remove(self, table: Table, ids: Collection[str]) -> None:
        """Their rows are not (or no longer) in the destination. Of a conversation that lacks one so, all messages are
        read at the next look at it, whatever becomes of those who forgot the row.
        """
        with self._transaction() as connection:
            keys = [(self._destination, table, key) for key in ids]
            if table == "emails":
                self._doubt(connection, keys)
                self.files.drop(connection, ids)
            connection.executemany("DELETE FROM records WHERE destination = ? AND tab = ? AND id = ?", keys)

    @staticmethod
    def _doubt(connection: sqlite3.Connection, keys: Sequence[tuple[int, Table, str]]) -> None:
        homes: set[tuple[int, str]] = set()
        for key in keys:
            sql = "SELECT destination, conversation_id FROM records WHERE destination = ? AND tab = ? AND id = ?"
            homes.update(connection.execute(sql, key))
        for home in homes:
            sql = "SELECT conversation FROM conversations WHERE destination = ? AND id = ?"
            for (text,) in connection.execute(sql, home).fetchall():
                doubted = replace(conversation_of(text), messages_count=-1)
                sql = "UPDATE conversations SET conversation = ? WHERE destination = ? AND id = ?"
                connection.execute(sql, (as_text(to_json(doubted)), *home))

    def iterate(self, table: Table, batch: int = 500) -> Iterator[list[Entry]]:
        """All of a table in the order of ids, a batch at a time; others may write meanwhile."""
        last = ""
        sql = f"SELECT {ENTRY_COLUMNS} FROM records WHERE destination = ? AND tab = ? AND id > ? ORDER BY id LIMIT ?"  # noqa: S608 - fixed
        while rows := self._rows(sql, (self._destination, table, last, batch)):
            yield [entry_of(table, row) for row in rows]
            last = rows[-1][0]

    def count(self, table: Table) -> int:
        """Records whose row is in the bound destination, or, when none is bound, in the one bound last."""
        sql = "SELECT count(*) FROM records WHERE destination = ? AND tab = ?"
        return int(self._rows(sql, (self._shown, table))[0][0])

    def count_live(self, source: SourceName) -> int:
        """Tasks, or conversations, of the bound destination that are not flagged as deleted."""
        # A field at its default is left out.
        live = "destination = ? AND json_extract({}, '$.deleted') IS NULL"
        tables = {
            "teamwork": f"SELECT count(*) FROM records WHERE tab = 'tasks' AND {live.format('record')}",  # noqa: S608 - fixed names
            "missive": f"SELECT count(*) FROM conversations WHERE {live.format('conversation')}",  # noqa: S608 - fixed names
        }
        return int(self._rows(tables[source], (self._destination,))[0][0])

    def most(self, table: Table) -> int:
        """The largest number of such records in any destination that was written: what a new one has to hold."""
        sql = "SELECT count(*) AS rows FROM records WHERE tab = ? GROUP BY destination ORDER BY rows DESC LIMIT 1"
        found = self._rows(sql, (table,))
        return int(found[0][0]) if found else 0

    def stale_categories(self, category_version: str) -> int:
        """Records that were written under another category file; of the destination that `count` means."""
        sql = "SELECT count(*) FROM records WHERE destination = ? AND category_version <> ?"
        return int(self._rows(sql, (self._shown, category_version))[0][0])

    def labels_in_use(self) -> dict[Table, dict[str, int]]:
        """Per table, each label (tag) with the number of records that carry it; of the destination `count` means."""
        used: dict[Table, dict[str, int]] = {}
        members: tuple[tuple[Table, str], ...] = (("tasks", "$.tags"), ("emails", "$.labels"))
        for table, member in members:
            sql = (
                "SELECT value, count(*) FROM records, json_each(record, ?) "
                "WHERE destination = ? AND tab = ? GROUP BY value ORDER BY value"
            )
            used[table] = dict(self._rows(sql, (member, self._shown, table)))
        return used

    # Conversations, and what a source may ask.

    def known_conversations(self, ids: Collection[str]) -> dict[str, tuple[Conversation, int]]:
        """Conversations in step, with the read number of their state."""
        found: dict[str, tuple[Conversation, int]] = {}
        for chunk in chunks(ids):
            marks = ",".join("?" * len(chunk))
            sql = f"SELECT conversation, read_number FROM conversations WHERE destination = ? AND id IN ({marks})"  # noqa: S608 - marks only
            for text, read_number in self._rows(sql, (self._destination, *chunk)):
                item = conversation_of(text)
                found[item.conversation_id] = (item, int(read_number))
        return found

    def iterate_conversations(self, batch: int = 500) -> Iterator[list[Conversation]]:
        """All conversations in the order of ids, a batch at a time."""
        last = ""
        sql = "SELECT id, conversation FROM conversations WHERE destination = ? AND id > ? ORDER BY id LIMIT ?"
        while rows := self._rows(sql, (self._destination, last, batch)):
            yield [conversation_of(text) for _, text in rows]
            last = rows[-1][0]

    def remove_conversations(self, ids: Collection[str]) -> None:
        """Nothing is known of them any more: the next look reads them whole. Their e-mails stay known."""
        with self._transaction() as connection:
            keys = [(self._destination, key) for key in ids]
            connection.executemany("DELETE FROM conversations WHERE destination = ? AND id = ?", keys)

    def conversation(self, conversation_id: str) -> Conversation | None:
        """See `sources.base.Known`."""
        found = self.known_conversations([conversation_id]).get(conversation_id)
        return None if found is None else found[0]

    def emails(self, ids: Collection[str]) -> Mapping[str, Email]:
        """See `sources.base.Known`."""
        return emails_in(self.entries("emails", ids))

    def stored_in(self, conversation_id: str) -> Mapping[str, Email]:
        """See `sources.base.Known`."""
        return emails_in(self.entries_of(conversation_id))

    # What was seen and not stored.

    def note_left_out(self, source: SourceName, counts: Mapping[str, int], *, whole: bool = True) -> None:
        """How many records of each of these ids (a task, a conversation) were seen and not stored, as of now.

        Not `whole`: there may be more of them, so that no count is lowered.
        """
        known: dict[str, int] = {}
        for chunk in chunks(counts):
            marks = ",".join("?" * len(chunk))
            sql = f"SELECT id, count FROM left_out WHERE destination = ? AND source = ? AND id IN ({marks})"  # noqa: S608 - marks only
            known.update(self._rows(sql, (self._destination, source, *chunk)))
        changed = {
            key: count
            for key, count in counts.items()
            if (count != known.get(key, 0) if whole else count > known.get(key, 0))
        }
        if not changed:
            return
        with self._transaction() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO left_out VALUES (?, ?, ?, ?)",
                [(self._destination, source, key, count) for key, count in changed.items()],
            )

    def left_out(self) -> dict[str, int]:
        """Records seen and not stored, per source."""
        sql = "SELECT source, sum(count) FROM left_out WHERE destination = ? GROUP BY source ORDER BY source"
        return dict(self._rows(sql, (self._shown,)))

    # Checkpoints and successes.

    def checkpoint(self, source: SourceName, stream: str) -> datetime | None:
        """How far a stream was read into the bound destination."""
        sql = "SELECT moment FROM checkpoints WHERE destination = ? AND source = ? AND stream = ?"
        rows = self._rows(sql, (self._destination, source, stream))
        return time_from_text(rows[0][0]) if rows else None

    def set_checkpoint(self, source: SourceName, stream: str, value: datetime) -> None:
        """Everything up to this moment is in the spool or beyond it."""
        with self._transaction() as connection:
            row = (self._destination, source, stream, time_to_text(value))
            connection.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?)", row)

    def note_success(self, what: str, at: datetime) -> None:
        """A check of this part wholly succeeded."""
        self.set_flag(f"success:{what}", time_to_text(at))

    def last_success(self, what: str) -> datetime | None:
        """When a check of this part last wholly succeeded, for the destination that `count` means."""
        text = self.flag(f"success:{what}")
        return None if text is None or (self._expected and self._shown is None) else time_from_text(text)

    # Requests and runs.

    def note_request(self, service: str, at: float) -> None:
        """A request is about to be sent, at this second since the epoch."""
        month = datetime.fromtimestamp(at, self._clock.now().tzinfo).strftime("%Y-%m")
        with self._transaction() as connection:
            connection.execute("INSERT INTO requests VALUES (?, ?)", (service, at))
            connection.execute(
                "INSERT INTO calls VALUES (?, ?, 1) ON CONFLICT (service, month) DO UPDATE SET count = count + 1",
                (service, month),
            )
            self._pruned += 1
            if self._pruned % 500 == 1:
                connection.execute("DELETE FROM requests WHERE at < ?", (at - KEPT_REQUESTS.total_seconds(),))

    def recent_requests(self, service: str, after: float) -> list[float]:
        """Send times later than `after`, ascending."""
        rows = self._rows("SELECT at FROM requests WHERE service = ? AND at > ? ORDER BY at", (service, after))
        return [float(row[0]) for row in rows]

    def calls_in_month(self, service: str, month: str) -> int:
        """Requests noted in a month such as ``2026-09``."""
        rows = self._rows("SELECT count FROM calls WHERE service = ? AND month = ?", (service, month))
        return int(rows[0][0]) if rows else 0

    def note_run(self, run: Run) -> None:
        """Add to the run history, and prune what is too old to be of use."""
        row = (run.kind, time_to_text(run.began), time_to_text(run.ended))
        numbers = (run.read, run.written, run.unchanged, run.flagged, run.failed, run.message)
        with self._transaction() as connection:
            connection.execute("INSERT INTO runs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row + numbers)
            connection.execute("DELETE FROM runs WHERE number <= (SELECT max(number) FROM runs) - ?", (KEPT_RUNS,))
            connection.execute(
                "DELETE FROM calls WHERE month NOT IN (SELECT DISTINCT month FROM calls ORDER BY month DESC LIMIT ?)",
                (KEPT_MONTHS,),
            )

    def runs(self, limit: int) -> list[Run]:
        """The latest runs, newest first."""
        names = "kind, began, ended, read, written, unchanged, flagged, failed, message"
        sql = f"SELECT {names} FROM runs ORDER BY number DESC LIMIT ?"  # noqa: S608 - fixed names
        return [
            Run(kind, time_from_text(began), time_from_text(ended), *rest)
            for kind, began, ended, *rest in self._rows(sql, (limit,))
        ]


def forget_findings(connection: sqlite3.Connection) -> None:
    """What was verified and what walks found is about the destination bound until now."""
    for pattern in ("success:*", "held:*", "suspects:*", "unlisted:*", "walked:*"):
        connection.execute("DELETE FROM flags WHERE name GLOB ?", (pattern,))


def number_of(connection: sqlite3.Connection, identity: Identity) -> int:
    """The destination's number in these books, given newly when it has none."""
    key = (identity.place, identity.instance)
    connection.execute("INSERT OR IGNORE INTO destinations (place, instance) VALUES (?, ?)", key)
    row = connection.execute("SELECT number FROM destinations WHERE place = ? AND instance = ?", key).fetchone()
    return int(row[0])
