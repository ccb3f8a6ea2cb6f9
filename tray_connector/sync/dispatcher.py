"""Takes events from the spool, has the source complete them, the writer write them, and settles each one."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.model.backoff import next_try
from tray_connector.model.errors import ConnectorError, Problem, RecordError
from tray_connector.model.events import Event
from tray_connector.model.records import Email, Stored, Task
from tray_connector.sources.base import Reading, Source
from tray_connector.sync.drafts import Applied, Change
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.spool import Lease, Spool
from tray_connector.sync.writer import Writer

logger = logging.getLogger(__name__)

BATCH = 500
"""Events taken at once from Teamwork's spool: one page."""
CONVERSATIONS = 100
"""Conversations taken at once: enough to fill the batches of bodies."""
PROBE = 10
"""Events taken at once while a service is down: enough to see whether it is back."""
ROWS = 200
"""Rows that are written together while the source still reads."""
HELD = 1.0
"""Seconds that a row waits for others at the most, while the source still reads."""
HELD_FOR_CALLS = 10.0
"""The same for a destination of which every call counts: none shall go half empty."""


NOT_FOUND = "not-found"
UNANSWERED = Problem(
    "internal",
    "The connector made a mistake",
    "This record was asked for and left without an answer.",
    "It is tried again; the log has the details.",
)


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one round did, in records; `taken` counts events."""

    taken: int = 0
    written: int = 0
    unchanged: int = 0
    flagged: int = 0
    failed: int = 0
    left_out: int = 0

    def __add__(self, other: Dispatched) -> Dispatched:
        return Dispatched(
            self.taken + other.taken,
            self.written + other.written,
            self.unchanged + other.unchanged,
            self.flagged + other.flagged,
            self.failed + other.failed,
            self.left_out + other.left_out,
        )

    def __sub__(self, other: Dispatched) -> Dispatched:
        return Dispatched(
            self.taken - other.taken,
            self.written - other.written,
            self.unchanged - other.unchanged,
            self.flagged - other.flagged,
            self.failed - other.failed,
            self.left_out - other.left_out,
        )


class Dispatcher:
    """Brings the waiting events of one source into the destination. One thread at a time."""

    def __init__(
        self,
        source: Source,
        spool: Spool,
        ledger: Ledger,
        writer: Writer,
        clock: Clock,
        *,
        luck: Callable[[], float],
        first_retry: float | None = None,
        on_changes: Callable[[Sequence[Change]], None] = lambda _: None,
    ) -> None:
        self.source = source
        self._spool = spool
        self._ledger = ledger
        self._writer = writer
        self._clock = clock
        self._luck = luck
        self._first_retry = first_retry
        self._on_changes = on_changes
        self._outage: dict[str, None] = {}
        self.total = Dispatched()
        """All that was settled since it was made, also in rounds that broke off."""

    def dispatch(self, stop: Stop, *, cutoff: datetime | None = None, probing: bool = False) -> Dispatched:
        """One round: take what is due (at `cutoff`, by default now), complete, write, settle.

        With `probing` some events that failed with a service are tried whatever their time. Raises when a service as a
        whole fails; the events of the round then wait with the reason, and what was settled before stands. `Stopped`
        gives back what was not settled.
        """
        before = self.total
        if probing:
            self._probe()
        limit = PROBE if probing else BATCH if self.source.name == "teamwork" else CONVERSATIONS
        leases = self._spool.take(self.source.name, limit, cutoff or self._clock.now())
        if not leases:
            return Dispatched()
        unsettled = {lease.event.id: lease for lease in leases}
        try:
            self._all_of(unsettled, stop)
        finally:
            self._spool.give_back(list(unsettled.values()))
        self._recovered()
        return self.total - before

    def _all_of(self, unsettled: dict[str, Lease], stop: Stop) -> None:
        try:
            self._round(unsettled, stop)
        except (ConnectorError, Stopped):
            raise
        except Exception:
            # A mistake of ours over one event must not hold back the others: find out which one it is.
            logger.exception("A batch of %s could not be worked on; its events are tried one by one", self.source.name)
            for lease in list(unsettled.values()):
                self._alone(lease, stop)
                del unsettled[lease.event.id]

    def _alone(self, lease: Lease, stop: Stop) -> None:
        try:
            self._round({lease.event.id: lease}, stop)
        except (ConnectorError, Stopped):
            raise
        except Exception as error:
            logger.exception("%s %s cannot be worked on", lease.event.kind, lease.event.id)
            self._fail(lease, unexpected(error), refused=True)
            self.total += Dispatched(taken=1, failed=1)

    def _round(self, unsettled: dict[str, Lease], stop: Stop) -> None:
        """Bring these into step. What is settled is taken out of `unsettled`; its lease has ended."""
        try:
            self._writer.ready(stop)
            binding = self._ledger.binding
            readings = self.source.complete([lease.event for lease in unsettled.values()], self._ledger, stop)
            held = HELD_FOR_CALLS if self._writer.fetches_files else HELD
            for chunk in chunked(readings, self._clock, held):
                judged = [self._judged(reading) for reading in chunk]
                self._settle_all(self._writer.apply(judged, stop, binding=binding), unsettled)
            for key, lease in list(unsettled.items()):
                logger.error("%s gave no answer for %s %s", self.source.name, lease.event.kind, key)
                self._fail(lease, UNANSWERED)
                del unsettled[key]
                self.total += Dispatched(taken=1, failed=1)
        except ConnectorError as error:
            for key, lease in list(unsettled.items()):
                self._fail(lease, error.problem)
                del unsettled[key]
                self._outage[key] = None
            raise

    def _settle_all(self, chunk: Sequence[Applied], unsettled: dict[str, Lease]) -> None:
        ended: list[Lease] = []
        try:
            for applied in chunk:
                lease = unsettled[applied.reading.event.id]
                settled = self._settle(lease, applied)
                self.total += settled
                self._outage.pop(lease.event.id, None)
                if settled.failed:
                    del unsettled[lease.event.id]
                else:
                    ended.append(lease)
        finally:
            # All at once: the spool is busy with the next page, and one turn in it is as long as another.
            self._spool.done(ended)
            for lease in ended:
                del unsettled[lease.event.id]

    def _judged(self, reading: Reading) -> Reading:
        """A record that is not found for the second time is flagged; everything else passes as it is."""
        event = reading.event
        if not reading.gone or event.last_error is None or event.last_error.code != NOT_FOUND:
            return reading
        if event.source == "teamwork":
            stored = self._ledger.entries("tasks", [event.id])
        else:
            # The id may be a conversation's, or that of a message alone.
            stored = self._ledger.entries_of(event.id) or self._ledger.entries("emails", [event.id])
            self._ledger.remove_conversations([event.id])
        records = tuple(as_gone(entry) for entry in stored.values())
        return replace(reading, records=records, gone=False)

    def _settle(self, lease: Lease, applied: Applied) -> Dispatched:
        """What came of one event, `failed` when it waits for another try; ending the lease of the others is left."""
        reading = applied.reading
        self._on_changes(applied.changes)
        problem = not_found(reading.event) if reading.gone else applied.problem
        if reading.error is not None:
            problem = reading.error.problem
        failed = 0
        if applied.reread:
            self._spool.put([fresh(lease.event, self._ledger.last_read_number())])
        elif problem is not None:
            failed = 1
            refused = applied.problem is not None or isinstance(reading.error, RecordError)
            self._fail(lease, problem, refused=refused)
        else:
            # Of a conversation whose messages were not all listed, only those seen now can be counted.
            whole = reading.conversation is None or reading.message_ids is not None
            self._ledger.note_left_out(self.source.name, {reading.event.id: applied.left_out}, whole=whole)
        return Dispatched(
            taken=1,
            written=applied.written,
            unchanged=applied.unchanged,
            flagged=applied.flagged,
            failed=failed,
            left_out=applied.left_out,
        )

    def _fail(self, lease: Lease, problem: Problem, *, refused: bool = False) -> None:
        due = next_try(
            self._clock.now(),
            lease.event.attempts + 1,
            self._luck(),
            retry_at=problem.retry_at,
            refused=refused,
            first=self._first_retry,
        )
        self._spool.fail(lease, problem, due)

    def _probe(self) -> None:
        name = self.source.name
        self._outage = {key: None for key in self._outage if self._spool.contains(name, key)}
        self._spool.retry_now([(name, key) for key in islice(self._outage, PROBE)])

    def _recovered(self) -> None:
        # What failed only because a service was down need not wait for its own time.
        if self._outage:
            self._spool.retry_now([(self.source.name, key) for key in self._outage])
            self._outage = {}


def chunked(readings: Iterator[Reading], clock: Clock, held: float = HELD) -> Iterator[list[Reading]]:
    """Readings gathered into writes of about `ROWS` rows, but none held for longer than so many seconds."""
    chunk: list[Reading] = []
    rows, began = 0, clock.monotonic()
    try:
        for reading in readings:
            chunk.append(reading)
            rows += max(1, len(reading.records))
            if rows >= ROWS or clock.monotonic() - began > held:
                yield chunk
                chunk, rows, began = [], 0, clock.monotonic()
    except ConnectorError:
        # What was read before the service failed stands.
        if chunk:
            yield chunk
        raise
    if chunk:
        yield chunk


def as_gone(entry: Entry) -> Stored:
    """The stored record, to be flagged because the source knows it no longer."""
    record = entry.record
    if isinstance(record, Task):
        return replace(record, status="deleted", deleted=True, deleted_at=None)
    if isinstance(record, Email):
        return replace(record, deleted=True, deleted_at=None, gone=True)
    raise TypeError(f"not a stored record: {type(record).__name__}")


def fresh(event: Event, last_read_number: int) -> Event:
    """The same id, to be read again by a request that begins after now, and written whole."""
    return replace(event, payload=None, read_number=last_read_number, rewrite=True, attempts=0, next_try=None)


def not_found(event: Event) -> Problem:
    """The first time a source does not know an id: it may be early (a webhook) or really gone."""
    name = "Teamwork" if event.source == "teamwork" else "Missive"
    return Problem(
        NOT_FOUND,
        f"{name} does not show this record",
        f"{name} answered that {event.id} does not exist.",
        "It is looked for once more before it counts as deleted.",
    )


def unexpected(error: Exception) -> Problem:
    """A mistake of ours, as the queue shows it. The error's own text may hold anything, so only its kind is named."""
    return Problem(
        "internal",
        "The connector made a mistake",
        f"{type(error).__name__} while this record was worked on.",
        "The log has the details. It is tried again once a day, and at once when the record changes.",
    )
