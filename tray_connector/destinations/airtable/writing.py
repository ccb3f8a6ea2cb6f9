"""Rows into a base, ten a call; what is refused is taken apart until the row at fault stands alone."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tray_connector.config.clock import Stop
from tray_connector.destinations.airtable.client import IN_FLIGHT, AirtableClient, records_in
from tray_connector.destinations.airtable.columns import KEY
from tray_connector.destinations.airtable.errors import Refusal, RefusedError, explained, refused_record
from tray_connector.destinations.airtable.lookup import Lookup
from tray_connector.destinations.airtable.rows_in import Record, files_in, key_in
from tray_connector.destinations.airtable.rows_out import cells_of
from tray_connector.destinations.airtable.schema import BaseTable
from tray_connector.destinations.base import Outcome, RowMissing, Write, Written
from tray_connector.model.errors import InternalError
from tray_connector.model.records import Table, key_of, table_of

_log = logging.getLogger(__name__)

ROWS = 10
"""Airtable takes so many records a call."""
Tables = Mapping[Table, BaseTable]


class SchemaChangedError(Exception):
    """A column that was there is gone."""


@dataclass
class _Row:
    """One write on its way."""

    write: Write
    record_id: str | None
    outcome: Outcome | None = None
    files_refused: str | None = None
    """Airtable's reason, where the row is written without its files."""

    @property
    def table(self) -> Table:
        return table_of(self.write.record)

    @property
    def key(self) -> str:
        return key_of(self.write.record)

    @property
    def whole(self) -> bool:
        return self.write.columns is None


class RowWriter:
    """One call of `Destination.write`. `run` may be called again: rows that have their outcome are not sent again.

    `look_again` is asked when a column does not take a value: it reads the schema and gives the tables as they are
    now, or None when that was done a short time ago; it raises when a column has a type that we cannot fill.
    """

    def __init__(
        self,
        client: AirtableClient,
        writes: Sequence[Write],
        *,
        zone: ZoneInfo,
        now: Callable[[], datetime],
        look_again: Callable[[], Tables | None],
    ) -> None:
        self._client = client
        self._rows = [_Row(write, write.record_id) for write in writes]
        self._zone = zone
        self._now = now
        self._look_again = look_again
        self._tables: Tables = {}
        self._stop = Stop()
        self._lock = threading.Lock()
        self._existing: dict[Table, frozenset[str]] = {}
        self._full: Refusal | None = None
        self._failed = False

    def run(self, tables: Tables, stop: Stop) -> list[Outcome]:
        """Send what has no outcome yet. Raises `SchemaChangedError` and what concerns the whole base."""
        self._tables, self._stop, self._failed = tables, stop, False
        for wave in _waves([row for row in self._rows if row.outcome is None]):
            self._existing = {}
            self._resolve(wave)
            self._deliver_all([batch for table in tables for batch in _batches(wave, table)])
        outcomes = [row.outcome for row in self._rows if row.outcome is not None]
        if len(outcomes) != len(self._rows):
            raise InternalError("airtable-answer", "Airtable left rows without an answer", hint="Nothing is lost.")
        return outcomes

    def _resolve(self, wave: Sequence[_Row]) -> None:
        """Learn the record ids of rows of which only a part is to be written: an upsert would make them anew."""
        known = {(row.table, row.key): row.record_id for row in self._rows if row.record_id is not None}
        for row in wave:
            row.record_id = row.record_id or known.get((row.table, row.key))
        for table in self._tables:
            unknown = [row for row in wave if row.table == table and not row.whole and row.record_id is None]
            if not unknown:
                continue
            found = self._lookup(table).with_keys([row.key for row in unknown], self._stop)
            for row in unknown:
                if row.key in found:
                    row.record_id = found[row.key][0]["id"]
                else:
                    row.outcome = RowMissing()

    def _lookup(self, table: Table) -> Lookup:
        return Lookup(self._client, table, self._tables[table])

    # Sending.

    def _deliver_all(self, batches: Sequence[list[_Row]]) -> None:
        if len(batches) <= 1:
            for batch in batches:
                self._deliver(batch)
            return
        with ThreadPoolExecutor(min(IN_FLIGHT, len(batches)), thread_name_prefix="airtable") as pool:
            futures = [pool.submit(self._unless_failed, batch) for batch in batches]
        for future in futures:
            future.result()

    def _unless_failed(self, batch: list[_Row]) -> None:
        if self._failed:
            return
        try:
            self._deliver(batch)
        except BaseException:
            self._failed = True
            raise

    def _deliver(self, batch: Sequence[_Row]) -> None:
        """Bring these rows to an outcome, with as many calls as that takes."""
        rows = [row for row in batch if row.outcome is None]
        self._apply_what_is_known(rows)
        rows = [row for row in rows if row.outcome is None]
        if not rows:
            return
        table = rows[0].table
        try:
            answer = self._send(table, rows)
        except RefusedError as error:
            self._refused(table, rows, error.refusal)
        else:
            _accept(table, rows, answer)

    def _send(self, table: Table, rows: Sequence[_Row]) -> dict[str, Any]:
        there = self._tables[table]
        records: list[dict[str, Any]] = []
        for row in rows:
            record: dict[str, Any] = {"fields": cells_of(row.write, there, self._zone)}
            if row.record_id is not None:
                record["id"] = row.record_id
            records.append(record)
        payload = {"records": records, "typecast": False, "performUpsert": {"fieldsToMergeOn": [KEY[table]]}}
        # Found by id or key: twice is the same as once.
        return self._client.write("PATCH", self._client.records_url(there.id), payload, stop=self._stop, replay=True)

    # What was refused.

    def _refused(self, table: Table, rows: list[_Row], refusal: Refusal) -> None:
        if refusal.kind == "UNKNOWN_FIELD_NAME":
            raise SchemaChangedError(refusal.said)
        if refusal.row_missing and any(row.record_id is not None for row in rows):
            self._missing(table, rows)
        elif refusal.base_full:
            self._over_the_plan(rows, refusal)
        elif not refusal.of_content:
            raise explained(refusal, self._now())
        elif refusal.several_rows and len(rows) == 1 and rows[0].record_id is None:
            self._choose(table, rows[0], refusal)
        elif self._columns_changed(refusal):
            self._deliver(rows)
        else:
            self._split(rows, refusal)

    def _split(self, rows: list[_Row], refusal: Refusal) -> None:
        if len(rows) == 1 and rows[0].write.files:
            # Perhaps a file that was to be kept is gone: the row's other columns need not wait for that.
            rows[0].files_refused = refusal.said
            rows[0].write = replace(rows[0].write, files=None)
            self._deliver(rows)
            return
        if len(rows) == 1:
            rows[0].outcome = refused_record(refusal)
            return
        middle = len(rows) // 2
        self._deliver(rows[:middle])
        self._deliver(rows[middle:])

    def _columns_changed(self, refusal: Refusal) -> bool:
        """Whether a column has another type than we thought: then not the row is at fault."""
        if refusal.kind not in ("INVALID_VALUE_FOR_COLUMN", "INVALID_MULTIPLE_CHOICE_OPTIONS"):
            return False
        with self._lock:
            before = self._tables
            now = self._look_again()
            if now is None:
                return False
            self._tables = now
        return any(now[table].types != before[table].types for table in now)

    def _missing(self, table: Table, rows: list[_Row]) -> None:
        """Someone deleted rows: ask once which of all that are to be written are left."""
        with self._lock:
            if table not in self._existing:
                ids = {row.record_id for row in self._rows if row.table == table and row.outcome is None}
                self._existing[table] = self._lookup(table).existing([each for each in ids if each], self._stop)
        if all(row.record_id is None or row.record_id in self._existing[table] for row in rows):
            # Deleted since we asked: one by one, the call itself tells.
            if len(rows) == 1:
                with self._lock:
                    self._existing[table] -= {rows[0].record_id or ""}
            else:
                middle = len(rows) // 2
                self._deliver(rows[:middle])
                rows = rows[middle:]
        self._deliver(rows)

    def _over_the_plan(self, rows: list[_Row], refusal: Refusal) -> None:
        """Rows that are there are kept in step, and as many new ones are made as there is room for."""
        there = [row for row in rows if row.record_id is not None]
        new = [row for row in rows if row.record_id is None]
        if not new:
            self._split(there, refusal)
            return
        if len(new) == 1 and not there:
            self._full = refusal
            new[0].outcome = refused_record(refusal)
            return
        if there:
            self._deliver(there)
            self._deliver(new)
        else:
            self._split(new, refusal)

    def _apply_what_is_known(self, rows: Sequence[_Row]) -> None:
        for row in rows:
            existing = self._existing.get(row.table)
            if existing is not None and row.record_id is not None and row.record_id not in existing:
                if row.whole:
                    row.record_id = None
                else:
                    row.outcome = RowMissing()
            if self._full is not None and row.record_id is None and row.outcome is None:
                row.outcome = refused_record(self._full)

    def _choose(self, table: Table, row: _Row, refusal: Refusal) -> None:
        """Several rows have this key: write into the oldest and say so."""
        found = self._lookup(table).with_keys([row.key], self._stop).get(row.key)
        if not found:
            row.outcome = refused_record(refusal)
            return
        others = ", ".join(record["id"] for record in found[1:])
        _log.warning(
            "Airtable, table %s: several rows have %s; %s is written, not %s",
            self._tables[table].name,
            row.key,
            found[0]["id"],
            others,
        )
        row.record_id = found[0]["id"]
        self._deliver([row])


def _accept(table: Table, rows: Sequence[_Row], answer: Mapping[str, Any]) -> None:
    by_key: dict[str | None, Record] = {key_in(record, table): record for record in records_in(answer)}
    details = answer.get("details")
    reasons = details.get("reasons") if isinstance(details, Mapping) else None
    told = ", ".join(str(reason) for reason in reasons or ()) or (str(details) if details else "")
    pairs: list[tuple[_Row, Record]] = []
    for row in rows:
        record = by_key.get(row.key)
        if record is None:
            raise InternalError(
                "airtable-answer", "Airtable answered for other rows than were sent", hint="Nothing is lost."
            )
        pairs.append((row, record))
    short = {row.key for row, record in pairs if len(files_in(record)) < len(row.write.files or ())}
    for row, record in pairs:
        files = row.write.files
        refused = row.files_refused
        if told and files and any(link.file_id is None for link in files) and (row.key in short or not short):
            refused = f"Airtable did not take every file: {told}"
        row.outcome = Written(record["id"], None if files is None else files_in(record), refused)
        row.record_id = record["id"]


def _waves(rows: Sequence[_Row]) -> Iterator[list[_Row]]:
    """In order, no row twice in a wave: which of two changes of a row in one call counts is not documented."""
    waves: list[list[_Row]] = []
    turns: dict[tuple[Table, str], int] = {}
    for row in rows:
        turn = turns.get((row.table, row.key), 0)
        turns[row.table, row.key] = turn + 1
        if turn == len(waves):
            waves.append([])
        waves[turn].append(row)
    yield from waves


def _batches(rows: Sequence[_Row], table: Table) -> Iterator[list[_Row]]:
    ours = [row for row in rows if row.table == table and row.outcome is None]
    for start in range(0, len(ours), ROWS):
        yield ours[start : start + ROWS]
