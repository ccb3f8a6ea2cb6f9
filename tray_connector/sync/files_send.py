"""`Sendings`: the files of stored e-mails to a destination that fetches them itself (Airtable), and whether it did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.errors import ConnectorError
from tray_connector.sources.base import FileSource
from tray_connector.sync.files_addresses import ask, by_email
from tray_connector.sync.files_cells import shown, too_large, verified
from tray_connector.sync.files_desk import GOOD_FOR, FilesDesk
from tray_connector.sync.files_failures import Failures, FilesDone, gone, unnamed
from tray_connector.sync.files_links import Links
from tray_connector.sync.files_told import attachments_of
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_files import FileEntry, State
from tray_connector.sync.writer import Writer

BATCH = 100
"""Files sent in one step, and e-mails whose rows are looked at with one call."""
MOST_FILES = 2_000
SENT: tuple[State, ...] = ("sent",)


class Sendings:
    """One thread at a time. `largest` is in bytes."""

    def __init__(
        self,
        *,
        source: FileSource,
        links: Links,
        ledger: Ledger,
        writer: Writer,
        failures: Failures,
        clock: Clock,
        largest: int,
    ) -> None:
        self._source = source
        self._links = links
        self._ledger = ledger
        self._book = ledger.files
        self._writer = writer
        self._failures = failures
        self._clock = clock
        self._largest = largest

    def step(self, stop: Stop, at: float, halted: Callable[[], bool]) -> FilesDone:
        """Look after some files that were sent, and send some that wait. Raises when Missive or the destination fails
        as a whole.
        """
        done = self._verify(stop, at)
        return done if done.tried or halted() else self._send(stop, at, halted)

    def _verify(self, stop: Stop, at: float) -> FilesDone:
        due = self._book.due(at, MOST_FILES, SENT)
        emails = list(dict.fromkeys(entry.email_id for entry in due))[:BATCH]
        if not emails:
            return FilesDone()
        known = self._ledger.entries("emails", emails)
        records = {key: entry.record_id for key, entry in known.items() if entry.record_id is not None}
        there = self._writer.files_of(list(records.values()), stop)
        now = self._clock.now().timestamp()
        settled = []
        for entry in due:
            if entry.email_id not in emails:
                continue
            files = there.get(records.get(entry.email_id, ""))
            # A row that is gone has no files that could be missing.
            settled.append(shown(entry) if files is None else verified(entry, files, now))
            FilesDesk.tell_given_up(settled[-1])
        self._book.settle(settled)
        stored = sum(entry.state == "there" for entry in settled)
        return FilesDone(len(settled), stored, len(settled) - stored)

    def _send(self, stop: Stop, at: float, halted: Callable[[], bool]) -> FilesDone:
        batch = self._book.due(at, BATCH)
        done = FilesDone(tried=len(batch))
        for group in by_email([(entry.email_id, entry) for entry in self._judged(batch)]):
            if halted():
                break
            urls = self._addressed(group, stop)
            refused = self._writer.send_files(urls, stop) if urls else {}
            for entry in group:
                error = refused.get(entry.email_id)
                if error is not None and entry.attachment_id in urls.get(entry.email_id, ()):
                    done += self._fail(entry, error)
        return done

    def _judged(self, batch: Sequence[FileEntry]) -> list[FileEntry]:
        """Those that must be sent; the others are settled."""
        named = attachments_of(self._ledger, batch)
        wanted = []
        for entry in batch:
            attachment = named.get((entry.email_id, entry.attachment_id))
            if attachment is None:
                self._book.settle([gone(entry)])
            elif attachment.inline:
                self._book.settle([shown(entry)])
            elif (attachment.byte_size or 0) > self._largest:
                self._book.settle([too_large(entry)])
            else:
                wanted.append(entry)
        return wanted

    def _addressed(self, entries: Sequence[FileEntry], stop: Stop) -> dict[str, dict[str, str]]:
        """E-mail → attachment → address; files without one are settled."""
        urls: dict[str, dict[str, str]] = {}
        lacking = []
        for entry in entries:
            url = self._links.fresh(entry.attachment_id, GOOD_FOR) if entry.attempts == 0 else None
            if url is None:
                lacking.append(entry)
            else:
                urls.setdefault(entry.email_id, {})[entry.attachment_id] = url
        found = ask(self._source, [entry.email_id for entry in lacking], stop) if lacking else {}
        for entry in lacking:
            links = found.get(entry.email_id)
            if links is None:
                self._book.settle([gone(entry)])
            elif isinstance(links, ConnectorError):
                self._fail(entry, links)
            elif entry.attachment_id not in links:
                self._fail(entry, unnamed(entry))
            else:
                urls.setdefault(entry.email_id, {})[entry.attachment_id] = links[entry.attachment_id]
        return urls

    def _fail(self, entry: FileEntry, error: ConnectorError) -> FilesDone:
        self._book.settle([replace(self._failures.after(entry, error), file_id=None)])
        return FilesDone(failed=1)
