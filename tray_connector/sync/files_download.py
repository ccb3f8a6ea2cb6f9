"""`Downloads`: the files of stored e-mails onto this disk, for destinations that hold their states."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace

from tray_connector.config.clock import Stop, Stopped
from tray_connector.model.errors import ConnectorError, RecordError
from tray_connector.model.records import Attachment
from tray_connector.sources.base import FileSource
from tray_connector.sources.file_host import FileHost, Oversized, Refused
from tray_connector.sync.files_addresses import ask, by_email
from tray_connector.sync.files_failures import (
    IN_A_ROW,
    Failures,
    FilesDone,
    gone,
    is_its_own,
    odd_length,
    refused,
    unnamed,
)
from tray_connector.sync.files_links import Links
from tray_connector.sync.files_store import FileStore
from tray_connector.sync.files_told import Teller, attachments_of
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_files import Content, FileEntry

AT_ONCE = 4
"""Downloads at the same time."""
BATCH = 100
FOLDER = "files:folder"
"""The flag that names the folder in which the stored files of the ledger lie."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to fetch."""

    entry: FileEntry
    attachment: Attachment
    url: str = ""


_Outcome = Content | Refused | Oversized | ConnectorError | None


class Downloads:
    """One thread at a time. `largest` is in bytes."""

    def __init__(
        self,
        *,
        source: FileSource,
        host: FileHost,
        store: FileStore,
        links: Links,
        ledger: Ledger,
        teller: Teller,
        failures: Failures,
        largest: int,
    ) -> None:
        self._source = source
        self._host = host
        self._store = store
        self._links = links
        self._ledger = ledger
        self._book = ledger.files
        self._teller = teller
        self._failures = failures
        self._largest = largest
        self._begun = self._down = False
        self._broken_off: set[str] = set()
        self._done = FilesDone()

    def step(self, stop: Stop, at: float, halted: Callable[[], bool]) -> FilesDone:
        """Fetch some of what is due at `at` (seconds since the epoch), and tell the destination.

        Raises when nothing can be fetched at all: Missive, its file store, the disk, the destination. What was fetched
        until then stands. Once `halted` no further file is begun.
        """
        self._begin()
        self._done = FilesDone()
        try:
            batch = self._book.due(at, BATCH)
            self._work(self._judged(batch), stop, halted)
        except ConnectorError:
            self._teller.tell(stop)
            raise
        self._teller.tell(stop)
        return replace(self._done, tried=len(batch))

    def _begin(self) -> None:
        if self._begun:
            return
        folder = str(self._store.folder)
        if self._ledger.flag(FOLDER) not in (None, folder):
            # What was moved along is found by its path; the rest is fetched again.
            self._book.reset("stored")
        self._ledger.set_flag(FOLDER, folder)
        self._store.clean(self._book.wanted())
        self._begun = True

    def _judged(self, batch: Sequence[FileEntry]) -> list[Job]:
        """Those that must be fetched; the others are settled."""
        named = attachments_of(self._ledger, batch)
        jobs = []
        for entry in batch:
            attachment = named.get((entry.email_id, entry.attachment_id))
            content = self._book.content(entry.attachment_id)
            if attachment is None:
                self._book.settle([gone(entry)])
            elif content is not None and self._store.has(content):
                self._stored(entry, content)
            elif (attachment.byte_size or 0) > self._largest:
                self._too_large(entry)
            else:
                jobs.append(Job(entry, attachment))
        return jobs

    def _work(self, jobs: Sequence[Job], stop: Stop, halted: Callable[[], bool]) -> None:
        ready = [replace(job, url=self._links.fresh(job.entry.attachment_id) or "") for job in jobs]
        lacking = [job for job in ready if not job.url]
        # An address that came with its e-mail may have expired all the same: then a new one is read, once.
        lacking += [job for job, _ in self._run([job for job in ready if job.url], stop, halted)]
        for group in by_email([(job.entry.email_id, job) for job in lacking]):
            if halted():
                return
            for job, answer in self._run(self._addressed(group, stop), stop, halted):
                self._fail(job.entry, refused(answer.status))

    def _addressed(self, jobs: Sequence[Job], stop: Stop) -> list[Job]:
        found = ask(self._source, [job.entry.email_id for job in jobs], stop)
        ready = []
        for job in jobs:
            links = found.get(job.entry.email_id)
            if links is None:
                self._book.settle([gone(job.entry)])
            elif isinstance(links, ConnectorError):
                self._fail(job.entry, links)
            elif job.entry.attachment_id not in links:
                self._fail(job.entry, unnamed(job.entry))
            else:
                ready.append(replace(job, url=links[job.entry.attachment_id]))
        return ready

    def _run(self, jobs: Sequence[Job], stop: Stop, halted: Callable[[], bool]) -> list[tuple[Job, Refused]]:
        """Fetch these side by side and settle each; gives those whose address is no good."""
        denied: list[tuple[Job, Refused]] = []
        trouble: ConnectorError | None = None
        broken = threading.Event()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="files") as pool:
            futures = {
                pool.submit(self._fetch, job, stop, lambda: broken.is_set() or stop.is_set() or halted()): job
                for job in jobs
            }
            for future in as_completed(futures):
                job, outcome = futures[future], future.result()
                if isinstance(outcome, Refused):
                    self._links.forget(job.entry.attachment_id)
                    denied.append((job, outcome))
                elif isinstance(outcome, ConnectorError) and self._is_general(job.entry, outcome):
                    trouble = trouble or outcome
                    broken.set()
                elif outcome is not None:
                    self._settle(job.entry, outcome)
                    if not stop.is_set():
                        self._teller.tell_now_and_then(stop)
        if stop.is_set():
            raise Stopped
        if trouble is not None:
            self._down = True
            raise trouble
        return denied

    def _fetch(self, job: Job, stop: Stop, halted: Callable[[], bool]) -> _Outcome:
        """One file onto the disk; on a thread of its own. None: not tried, or stopped."""
        if halted():
            return None
        attachment = job.attachment
        before = None
        try:
            with self._store.part(attachment.attachment_id, attachment.byte_size or 0) as part:
                for _ in range(2):
                    answer = self._host.download(job.url, part, stop, largest=self._largest)
                    if isinstance(answer, Oversized):
                        part.discard()
                    if isinstance(answer, Oversized | Refused):
                        return answer
                    found = part.digest(stop)
                    # Other than Missive says, but twice the same: then that is the file.
                    if attachment.byte_size in (None, found[1]) or found == before:
                        return self._store.store(part, attachment.filename, stop)
                    before = found
                    part.discard()
        except ConnectorError as error:
            return error
        except Stopped:
            return None
        return odd_length(found[1], attachment.byte_size or 0)

    def _settle(self, entry: FileEntry, outcome: Content | Oversized | ConnectorError) -> None:
        match outcome:
            case Content():
                self._links.forget(entry.attachment_id)
                self._stored(entry, outcome)
            case Oversized():
                self._too_large(entry)
            case _:
                self._fail(entry, outcome)

    def _stored(self, entry: FileEntry, content: Content) -> None:
        stored = replace(entry, state="stored", noted=False, attempts=0, due=None, code="", reason="")
        self._book.settle([stored], content)
        self._done += FilesDone(stored=1)
        self._broken_off.clear()
        if self._down:
            # What broke off while the file store was in trouble need not wait for its own time.
            self._book.retry("waiting", "failed", code="files-*")
            self._down = False

    def _too_large(self, entry: FileEntry) -> None:
        self._book.settle([replace(entry, state="too_large", noted=False, due=None, code="", reason="")])

    def _fail(self, entry: FileEntry, error: ConnectorError) -> None:
        self._book.settle([self._failures.after(entry, error)])
        self._done += FilesDone(failed=1)

    def _is_general(self, entry: FileEntry, error: ConnectorError) -> bool:
        """Whether nothing else can be fetched either."""
        if isinstance(error, RecordError):
            return False
        if is_its_own(error):
            self._broken_off.add(entry.attachment_id)
            return len(self._broken_off) >= IN_A_ROW
        return True
