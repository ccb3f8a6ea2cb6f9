"""`FilesDesk`: what the rows of e-mails that are written mean for their files."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from tray_connector.config.clock import Clock
from tray_connector.destinations.base import Outcome, RowMissing, StoredFile, Write, Written
from tray_connector.model.records import Email
from tray_connector.sources.base import Reading
from tray_connector.sync.drafts import Draft
from tray_connector.sync.files_cells import Cell, after_sending, plan_cell, shown
from tray_connector.sync.files_links import Links
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_files import EmailFiles, FileEntry
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.plan import Row

logger = logging.getLogger(__name__)

GOOD_FOR = 900.0
"""Seconds that an address must still be good for when Airtable is told: it fetches the file later."""
BROKEN_OFF = "files:broken-off"
"""The flag that says that files may have been sent without our knowing, however the process ended."""
Look = Callable[[Collection[str]], Mapping[str, Sequence[StoredFile]]]
"""What the rows with these record ids hold now."""


class FilesDesk:
    """Used by the writer while it holds its lock."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._links: Links | None = None
        self._announce: Callable[[], None] = lambda: None
        self._largest = 0
        self._cells: dict[str, Cell] = {}
        self._unsure: set[str] = set()
        """E-mails whose files may have been sent without our knowing: a look at the row comes first."""
        in_order = ledger.ended_in_order and ledger.flag(BROKEN_OFF) is None
        self._crashed_before = None if in_order else clock.now()
        if not in_order:
            ledger.set_flag(BROKEN_OFF, None)

    def serve(self, links: Links, announce: Callable[[], None], largest: int) -> None:
        """From now on files are stored: keep their addresses, and say when there is something to do."""
        self._links, self._announce, self._largest = links, announce, largest

    def arrived(self, readings: Sequence[Reading]) -> None:
        """Keep the addresses that came along."""
        for reading in readings:
            if self._links is not None and reading.links:
                self._links.keep(reading.links)

    def plan(self, drafts: Sequence[Draft], look: Look) -> None:
        """For a destination that fetches files itself: add to the rows which ones they shall hold, where that changed.

        A file whose address is not at hand is left to `sync.files`.
        """
        self._cells = {}
        links = self._links
        if links is None:
            return
        rows = {key: row for draft in drafts for row in draft.rows if (key := _whole_email(row)) is not None}
        for draft in drafts:
            if self._crashed_before is not None and draft.reading.event.since < self._crashed_before:
                # It was waiting when a process before ended in the middle of its work, which may have written it.
                self._unsure |= {key for row in draft.rows if (key := _whole_email(row)) and row.change == "new"}
        entries = {key: row.entry for key, row in rows.items() if key not in self._unsure}
        cells = self._planned(entries, lambda key: links.fresh(key, GOOD_FOR), look)
        self._cells = {cell.email_id: cell for cell in cells}
        for draft in drafts:
            for number, row in enumerate(draft.rows):
                cell = self._cells.get(_whole_email(row) or "")
                if cell is not None and rows[cell.email_id] is row:
                    draft.rows[number] = replace(row, write=replace(row.write, files=cell.links))

    def rows(self, entries: Mapping[str, Entry], urls: Mapping[str, str], look: Look) -> list[Row]:
        """Writes that bring these files into rows that are there."""
        self._cells = {}
        rows = []
        for cell in self._planned(entries, urls.get, look):
            self._cells[cell.email_id] = cell
            entry = entries[cell.email_id]
            if cell.links is not None:
                write = Write(entry.record, {}, columns=(), record_id=entry.record_id, files=cell.links)
                rows.append(Row(write, entry, "changed"))
            else:
                self._unsure.discard(cell.email_id)
                self._ledger.files.settle(list(cell.entries.values()))
        return rows

    def _planned(self, entries: Mapping[str, Entry], link: Callable[[str], str | None], look: Look) -> Iterator[Cell]:
        known = self._ledger.files.of_emails(list(entries))
        found = self._ledger.found.rows("emails", [key for key in entries if not known[key]])
        unsure = {key: entry.record_id for key, entry in entries.items() if key in self._unsure and entry.record_id}
        there = look(list(unsure.values())) if unsure else {}
        for key, entry in entries.items():
            email = entry.record
            if not isinstance(email, Email):
                continue
            files: Sequence[StoredFile] | None = found[key].files if key in found else there.get(unsure.get(key, ""))
            cell = plan_cell(email, known[key], files, link, self._largest)
            has_files = any(each.file_id is not None for each in known[key])
            if cell.links is not None and files is None and has_files and entry.record_id is not None:
                # What the row holds besides is kept, and what it has lost is not named.
                files = look([entry.record_id]).get(entry.record_id, ())
                cell = plan_cell(email, known[key], files, link, self._largest)
            yield cell

    def noted(self, pairs: Sequence[tuple[Row, Outcome]]) -> list[EmailFiles]:
        """The files of the e-mails whose rows are durable as a whole."""
        noted = []
        for row, outcome in pairs:
            key, email = _whole_email(row), row.write.record
            if key is None or not isinstance(outcome, Written) or not isinstance(email, Email):
                continue
            ids = tuple(dict.fromkeys(each.attachment_id for each in email.attachments))
            noted.append(EmailFiles(key, ids, tuple(self._known(key, row, outcome))))
        return noted

    def _known(self, key: str, row: Row, outcome: Written) -> list[FileEntry]:
        cell = self._cells.get(key)
        if cell is None or (cell.links is not None and row.write.files is not cell.links):
            return []
        del self._cells[key]
        before = row.write.record_id
        if cell.links is None and before is not None and outcome.record_id not in (None, before):
            # Somebody had deleted the row: the new one has no files.
            return [replace(each, state="waiting", file_id=None, attempts=0, due=0.0) for each in cell.entries.values()]
        if cell.links is None:
            return list(cell.entries.values())
        settled = self._after(cell, outcome)
        return list((cell.entries | {entry.attachment_id: entry for entry in settled}).values())

    def _after(self, cell: Cell, outcome: Written) -> list[FileEntry]:
        now = self._clock.now().timestamp()
        entries = after_sending(cell, outcome.files or (), outcome.files_refused, now)
        for entry in entries:
            self.tell_given_up(entry)
            if self._links is not None:
                self._links.forget(entry.attachment_id)
        return entries

    def broke_off(self) -> None:
        """What was being written may have arrived, or not: nothing is known of it."""
        sent = {key for key, cell in self._cells.items() if cell.links is not None}
        self._cells = {}
        if sent:
            self._unsure |= sent
            self._ledger.set_flag(BROKEN_OFF, "1")

    def settle(self, pairs: Sequence[tuple[Row, Outcome]]) -> None:
        """Note what came of `rows`. A row that somebody deleted needs no files until it is made anew."""
        for row, outcome in pairs:
            cell = self._cells.pop(row.write.record.email_id if isinstance(row.write.record, Email) else "", None)
            if cell is None:
                continue
            self._unsure.discard(cell.email_id)
            if isinstance(outcome, Written):
                settled = {entry.attachment_id: entry for entry in self._after(cell, outcome)}
                self._ledger.files.settle(list((cell.entries | settled).values()))
            elif isinstance(outcome, RowMissing):
                self._ledger.files.settle([shown(entry) for entry in cell.entries.values()])

    def announce(self, files: Sequence[EmailFiles]) -> None:
        """These are noted: somebody may begin to work on them."""
        if any(each.attachment_ids for each in files):
            self._announce()

    @staticmethod
    def tell_given_up(entry: FileEntry) -> None:
        """Once in the log: nobody tries this file again."""
        if entry.state == "failed":
            logger.warning(
                "Airtable does not store the file %s of the e-mail %s: %s It was sent three times.",
                entry.attachment_id,
                entry.email_id,
                entry.reason,
            )


def _whole_email(row: Row) -> str | None:
    record = row.write.record
    return record.email_id if isinstance(record, Email) and row.write.columns is None else None
