"""What the engine asks of a source, and the values that cross."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from tray_connector.config.clock import Stop
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConfigError, ConnectorError
from tray_connector.model.events import Event, SourceName
from tray_connector.model.records import Conversation, Email, Record, Stored


class StreamRefusedError(ConfigError):
    """One stream alone is not shown to the key; the others are not concerned."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A question that a source is asked again and again, with a checkpoint of its own."""

    name: str
    """``tasks``, ``deletions``, ``all``, ``team:<id>``, ``trashed``, ``junked``."""
    every: float
    """Seconds between two askings; 0 = with every poll."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a list, ready for the spool."""

    events: tuple[Event, ...]
    """With payload. Guest and out-of-scope records are not among them."""
    newest: datetime | None
    """The newest change time in this answer by the server's clock, never later than the answer's own ``Date``."""
    left_out: tuple[str, ...] = ()
    """Ids that were seen and not taken (scope, guests)."""


@dataclass(frozen=True, slots=True)
class Since:
    """Where a walk begins."""

    changed_after: datetime | None
    """The checkpoint minus the overlap; None = the first run: everything that the settings let in."""
    everything: bool = False
    """`backfill --all`: no lower bound at all."""


class Fate(Enum):
    """What the second look says of a record that was not seen."""

    THERE = "there"
    DELETED = "deleted"
    GONE = "gone"
    """Neither there nor listed as deleted (404)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The second look at one id."""

    fate: Fate
    event: Event | None = None
    """With the payload read, where there is one (THERE; DELETED where the service still shows the record)."""
    deleted_at: datetime | None = None
    merged_into: str | None = None
    """Missive: the id that the asked one resolves to now."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one event when the source completed it."""

    event: Event
    records: tuple[Stored, ...] = ()
    """Complete, to be written as they are."""
    conversation: Conversation | None = None
    """Missive: the state that all e-mails of the conversation share now."""
    message_ids: frozenset[str] | None = None
    """Missive: every message of the conversation, when the list was read to its end; None when not."""
    vanished: frozenset[str] = frozenset()
    """Missive: stored messages that the complete list does not show and that a look at each did not find either."""
    gone: bool = False
    """The source answered that there is no such record, also at the second look."""
    error: ConnectorError | None = None
    """This event alone failed; the others of the call are not concerned."""
    left_out: int = 0
    read_number: int = 0
    """Taken before the oldest request that this reading rests on."""
    links: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Missive: attachment → the signed address that came with its message. As good as a key while it lives, so it is
    never written down."""


class Known(Protocol):
    """What a source may ask of the ledger, so that nothing known is read again. Safe from any thread."""

    def conversation(self, conversation_id: str) -> Conversation | None:
        """The conversation as last brought into step; None when unknown."""
        ...

    def emails(self, ids: Collection[str]) -> Mapping[str, Email]:
        """Those of the e-mails that are stored, without their bodies."""
        ...

    def stored_in(self, conversation_id: str) -> Mapping[str, Email]:
        """All stored e-mails of a conversation, without their bodies."""
        ...


ReadNumber = Callable[[], int]
"""Gives the next read number; called before a request is sent."""


FileLinks = Mapping[str, str] | ConnectorError | None
"""The signed addresses of an e-mail's files by attachment; why they cannot be read; or None: the message is gone."""


class FileSource(Protocol):
    """A source whose records have files."""

    def file_links(self, email_ids: Sequence[str], stop: Stop) -> Mapping[str, FileLinks]:
        """Read the addresses anew, for each of the e-mails: one request for ten. Raises when the service as a whole
        fails.
        """
        ...


class Source(Protocol):
    """A service that is read. All calls block, may be made from one thread per method at a time,
    raise `ConfigError`, `TransientError` or `InternalError` when the service as a whole fails, and `Stopped`.
    """

    name: SourceName

    def streams(self, stop: Stop) -> Sequence[Stream]:
        """The streams to poll now. May read the directories first."""
        ...

    def changes(self, stream: str, since: Since, stop: Stop) -> Iterator[Page]:
        """What changed, page by page. The walk is complete only when the iterator ends by itself."""
        ...

    def complete(self, events: Sequence[Event], known: Known, stop: Stop) -> Iterator[Reading]:
        """Turn events into records, sharing requests among them; one `Reading` per event, in any order.

        An event whose payload suffices costs no request. Raises only when the service as a whole fails;
        readings yielded until then stand.
        """
        ...

    def walk(self, stop: Stop, *, quiet: bool = False) -> Iterator[Page]:
        """Everything the source shows now, for the reconciler: T/500 or C/50 requests per mailbox.

        A `quiet` one takes a quarter of the service's limits at most, and waits where it would take more.
        """
        ...

    def look_again(self, ids: Collection[str], stop: Stop, *, quiet: bool = False) -> Mapping[str, Verdict]:
        """The second look at ids that the walk did not show (tasks, conversations); `quiet` as in `walk`."""
        ...

    def read_whole(self, ids: Sequence[str], stop: Stop) -> Mapping[str, Stored | ConnectorError | None]:
        """Tasks, e-mails as they are now, read for their `LARGE_FIELDS`: what else they say follows the events. A
        record that alone cannot be read is its error, one that is gone is None. Teamwork 500 a request, Missive 10.
        """
        ...

    def first_run_from(self) -> datetime | None:
        """How far back a first run that begins now reads; None = everything."""
        ...

    def first_run_takes(self, record: Record) -> bool:
        """Whether the settings let a first run take this record, were it old: the reconciler adds no other."""
        ...

    def in_scope(self, record: Record) -> bool:
        """Whether the settings let this record in. What left the scope is neither updated nor flagged."""
        ...

    def renamed(self, record: Stored) -> Stored:
        """The same record with the names that people, tags, teams … have now. No request."""
        ...

    def refresh_directories(self, stop: Stop) -> bool:
        """Read people, tags, teams again; True when any name changed."""
        ...

    def check(self, stop: Stop) -> Sequence[CheckLine]:
        """Live test of address, key and rights. Never raises for what it tests."""
        ...

    def waiting_until(self) -> datetime | None:
        """When the service's limits allow the next ordinary request; None when now."""
        ...

    def least_poll_interval(self) -> float:
        """Seconds between polls at which they take half of each of the service's windows."""
        ...

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        ...

    def requests_sent(self) -> int:
        """Requests sent since the source was made."""
        ...
