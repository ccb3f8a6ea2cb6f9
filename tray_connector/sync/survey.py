"""What a destination held before we wrote into it is read once, so that no row and no file is made a second time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from tray_connector.config.clock import Stop
from tray_connector.destinations.base import Destination, Write
from tray_connector.model.checks import CheckLine
from tray_connector.model.records import Table, key_of, table_of
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_found import Duplicate

logger = logging.getLogger(__name__)

TABLES: tuple[Table, ...] = ("tasks", "emails")
TOLD = 20
"""Duplicates that a line names; of the others it gives the number."""


def survey(destination: Destination, ledger: Ledger, stop: Stop) -> None:
    """Read each table that was not read to its end before, and keep which record holds which key and files.

    Costs what `Destination.survey` costs, and nothing the next time. Duplicate keys are told once, in the log.
    """
    for table in TABLES if destination.fetches_files else ():
        if ledger.found.surveyed(table):
            continue
        ledger.found.begin(table)
        for page in destination.survey(table, stop):
            ledger.found.keep(table, page)
        ledger.found.finish(table)
        duplicates = ledger.found.duplicates(table)
        if duplicates:
            logger.warning("%s", words_of(table, duplicates))


def emptied(ledger: Ledger, destination: Destination, stop: Stop) -> bool:
    """Whether all rows of a table are gone of which the ledger knows some. Where calls count, one per table."""
    written = [table for table in TABLES if ledger.count(table) > 0]
    if destination.fetches_files:
        return any(not any(destination.survey(table, stop)) for table in written)
    counts = destination.counts(stop) if written else {}
    return any(counts.get(table, 0) == 0 for table in written)


def with_found(destination: Destination, ledger: Ledger, writes: Sequence[Write]) -> list[Write]:
    """The same writes, with the record id of the row that was there before, where none of ours was noted."""
    found: dict[tuple[Table, str], str] = {}
    for table in TABLES if destination.fetches_files else ():
        keys = [key_of(w.record) for w in writes if w.record_id is None and table_of(w.record) == table]
        found |= {(table, key): row.record_id for key, row in ledger.found.rows(table, keys).items()}
    if not found:
        return list(writes)
    return [
        replace(write, record_id=write.record_id or found.get((table_of(write.record), key_of(write.record))))
        for write in writes
    ]


def duplicate_lines(ledger: Ledger) -> list[CheckLine]:
    """What `check` says of duplicates that were there when the destination was taken over."""
    lines = []
    for table in TABLES:
        duplicates = ledger.found.duplicates(table)
        if duplicates:
            hint = "Delete the rows that are not kept in step, unless you need them. The first one is kept in step."
            lines.append(CheckLine("Duplicate rows", True, words_of(table, duplicates), hint))
    return lines


def words_of(table: Table, duplicates: list[Duplicate]) -> str:
    """Which rows are kept in step and which are not."""
    named = "; ".join(f"{each.key}: {each.written}, not {', '.join(each.others)}" for each in duplicates[:TOLD])
    more = f"; and {len(duplicates) - TOLD} more" if len(duplicates) > TOLD else ""
    keys = "key has" if len(duplicates) == 1 else "keys have"
    return f"In the table for {table}, {len(duplicates)} {keys} several rows. Kept in step is, for {named}{more}"
