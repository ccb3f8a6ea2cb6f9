"""A `MissiveSource` over the sandbox, and a ledger in memory that learns from its readings."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Literal

from tests.support.clock import FakeClock
from tray_connector.config.budget import missive_budget
from tray_connector.config.clock import Stop
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Email
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.missive_site import MissiveSite
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sources.base import Page, Reading, Since
from tray_connector.sources.http import HttpClient
from tray_connector.sources.missive import MissiveSource

FIRST_RUN = Since(None)
EVERYTHING = Since(None, everything=True)


@dataclass
class Shelf:
    """What is known of earlier readings."""

    conversations: dict[str, Conversation] = field(default_factory=dict)
    stored: dict[str, Email] = field(default_factory=dict)

    def conversation(self, conversation_id: str) -> Conversation | None:
        return self.conversations.get(conversation_id)

    def emails(self, ids: Collection[str]) -> Mapping[str, Email]:
        return {key: self.stored[key] for key in ids if key in self.stored}

    def stored_in(self, conversation_id: str) -> Mapping[str, Email]:
        return {key: email for key, email in self.stored.items() if email.conversation_id == conversation_id}

    def learn(self, readings: Sequence[Reading]) -> None:
        """What the engine would keep."""
        for reading in readings:
            if reading.conversation is not None:
                state = reading.conversation
                self.conversations[state.conversation_id] = state
                for old in (reading.event.id, state.conversation_id):
                    for key, email in self.stored_in(old).items():
                        self.stored[key] = replace(email, conversation_id=state.conversation_id)
            for record in reading.records:
                assert isinstance(record, Email)
                self.stored[record.email_id] = replace(record, body_text=None, body_html=None)
            for key in reading.vanished:
                self.stored[key] = replace(self.stored[key], gone=True, deleted=True)


@dataclass
class Office:
    """The sandbox, the source that reads it, and what was learnt."""

    mailbox: Mailbox
    site: MissiveSite
    source: MissiveSource
    clock: FakeClock
    shelf: Shelf = field(default_factory=Shelf)
    stop: Stop = field(default_factory=Stop)

    def ready(self) -> Office:
        """Directories read, requests forgotten."""
        self.source.streams(self.stop)
        self.site.server.requests.clear()
        return self

    def pages(self, stream: str = "all", since: Since = FIRST_RUN) -> list[Page]:
        return list(self.source.changes(stream, since, self.stop))

    def events(self, stream: str = "all", since: Since = FIRST_RUN) -> list[Event]:
        return [event for page in self.pages(stream, since) for event in page.events]

    def complete(self, events: Sequence[Event]) -> list[Reading]:
        readings = list(self.source.complete(events, self.shelf, self.stop))
        assert sorted(reading.event.id for reading in readings) == sorted(event.id for event in events)
        return readings

    def sync(self, stream: str = "all", since: Since = FIRST_RUN) -> list[Reading]:
        """One poll of a stream, brought into step."""
        readings = self.complete(self.events(stream, since))
        self.shelf.learn(readings)
        return readings

    def sync_one(self, event: Event) -> Reading:
        """One event, brought into step."""
        (reading,) = self.complete([event])
        self.shelf.learn([reading])
        return reading

    def event(self, conversation_id: str) -> Event:
        """What a poll says of one conversation now."""
        return next(event for event in self.events(since=EVERYTHING) if event.id == conversation_id)

    def fresh(self, event_id: str, kind: Literal["conversation", "email"] = "conversation") -> Event:
        """As a webhook or a file dropped in asks for it."""
        return Event(source="missive", kind=kind, id=event_id, since=self.clock.now())

    def asked(self, prefix: str = "") -> list[str]:
        """The paths that were requested, below ``/v1/``."""
        return [request.path.removeprefix("/v1/") for request in self.site.server.requests.all(f"/v1/{prefix}")]

    def forget_requests(self) -> None:
        self.site.server.requests.clear()


@contextmanager
def office(
    *,
    switches: MissiveSwitches | None = None,
    scope: Literal["all", "shared"] = "all",
    teams: frozenset[str] = frozenset(),
    process_after: datetime | None = None,
    backfill_days: int = 30,
    mailbox: Mailbox | None = None,
) -> Iterator[Office]:
    """An empty office behind HTTP on loopback, or the given one (whose clock must be a `FakeClock`)."""
    clock = FakeClock() if mailbox is None else mailbox.clock
    assert isinstance(clock, FakeClock)
    mailbox = mailbox or Mailbox(clock=clock)
    with MissiveSite(mailbox, switches=switches) as site:
        client = HttpClient(
            service="missive",
            base_url=site.url,
            authorization=f"Bearer {site.token}",
            budget=missive_budget(clock),
            clock=clock,
            user_agent="tests",
        )
        numbers = count(1)
        source = MissiveSource(
            client=client,
            scope=scope,
            teams=teams,
            process_after=process_after,
            backfill_days=backfill_days,
            clock=clock,
            read_number=lambda: next(numbers),
        )
        try:
            yield Office(mailbox, site, source, clock)
        finally:
            client.close()
