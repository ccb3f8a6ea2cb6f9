"""Whether webhooks work, judged from all that is known of them; and how often to poll therefore. No I/O."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tray_connector.model.errors import Problem
from tray_connector.model.events import SourceName
from tray_connector.webhooks.ping import PingResult

Mode = Literal["off", "webhooks", "polling"]

POLL_WITH_WEBHOOKS = 60.0
POLL_WITHOUT = 5.0
LATE = timedelta(minutes=5)
"""A change that was not announced within so long after a poll found it was missed."""
MISSED_AT_LEAST = 3
"""One or two may be changes that the services announce to nobody."""
PROOF_HOLDS = timedelta(minutes=10)
"""A delivery so recent shows more than a failed ping: some networks do not reach their own address from inside."""
PING_HOLDS = timedelta(minutes=15)
"""An older success is none."""
REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Missed:
    """Changes of one source that polls found and that no delivery announced in time, since the last one that did."""

    count: int = 0
    oldest: datetime | None = None
    """When the first of them was found."""


@dataclass(frozen=True, slots=True)
class WebhookFacts:
    """What `assess` looks at."""

    now: datetime
    wanted: bool
    """Webhooks are on and have a way in: `tunnel.choose` gave one."""
    tunnel_healthy: bool = False
    tunnel_problem: Problem | None = None
    """Why the tunnel could not be opened."""
    ping: PingResult | None = None
    """The last one through the present address."""
    hooks: Mapping[SourceName, Problem | None] = field(default_factory=dict)
    """Per source, whether its hooks stand: None, or why they do not. A source that is missing is not registered yet."""
    needed: frozenset[SourceName] = frozenset({"teamwork", "missive"})
    """The sources whose changes shall be announced."""
    last_delivery: Mapping[SourceName, datetime] = field(default_factory=dict)
    missed: Mapping[SourceName, Missed] = field(default_factory=dict)
    set_interval: float | None = None
    """PERIODIC_BACKFILL_INTERVAL, where it is set."""


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """How changes are announced now."""

    mode: Mode
    """``off``: not wanted. ``webhooks``: they work. ``polling``: they are wanted and do not work, or not yet."""
    healthy: bool | None
    """None while it is not known: nothing has failed, but nothing is proved."""
    reason: Problem | None
    """Why they do not work."""
    poll_interval: float
    """Seconds."""
    last_delivery: datetime | None = None


def assess(facts: WebhookFacts) -> WebhookHealth:
    """The one place where it is decided. Silence alone is no fault: an office may have nothing to announce."""
    last = max(facts.last_delivery.values(), default=None)
    if not facts.wanted:
        return WebhookHealth("off", None, None, facts.set_interval or POLL_WITHOUT, last)
    reason = _fault(facts, last)
    if reason is None and not _proved(facts, last):
        return WebhookHealth("polling", None, None, facts.set_interval or POLL_WITHOUT, last)
    if reason is not None:
        return WebhookHealth("polling", False, reason, facts.set_interval or POLL_WITHOUT, last)
    return WebhookHealth("webhooks", True, None, facts.set_interval or POLL_WITH_WEBHOOKS, last)


def _fault(facts: WebhookFacts, last: datetime | None) -> Problem | None:
    if facts.tunnel_problem is not None:
        return facts.tunnel_problem
    ping = facts.ping
    if ping is not None and ping.problem is not None and not _delivered_since(facts, last, ping):
        return ping.problem
    for source in sorted(facts.needed):
        problem = facts.hooks.get(source)
        if problem is not None:
            return problem
    for source in sorted(facts.needed):
        missed = facts.missed.get(source, Missed())
        if missed.count >= MISSED_AT_LEAST:
            return _nothing_arrives(source, missed)
    return None


def _delivered_since(facts: WebhookFacts, last: datetime | None, ping: PingResult) -> bool:
    return last is not None and last >= ping.at and _recent(last, facts.now, PROOF_HOLDS)


def _proved(facts: WebhookFacts, last: datetime | None) -> bool:
    if not facts.tunnel_healthy or not facts.needed <= facts.hooks.keys():
        return False
    pinged = facts.ping is not None and facts.ping.ok and _recent(facts.ping.at, facts.now, PING_HOLDS)
    return pinged or (last is not None and _recent(last, facts.now, PROOF_HOLDS))


def _recent(moment: datetime, now: datetime, within: timedelta) -> bool:
    # A moment that lies ahead was noted before the clock was set back.
    return -within < now - moment <= within


def _nothing_arrives(source: SourceName, missed: Missed) -> Problem:
    name = {"teamwork": "Teamwork", "missive": "Missive"}[source]
    since = f" since {missed.oldest:%Y-%m-%d %H:%M} (UTC)" if missed.oldest is not None else ""
    return Problem(
        f"webhooks-{source}-missed",
        f"{name}'s events do not arrive",
        f"{missed.count} changes{since} were found by polling and not announced.",
        f"Look at the webhooks in {name}. Until they arrive we poll more often; nothing is lost.",
    )


class Announcements:
    """Compares what polls find with what deliveries announced. Thread-safe.

    Only changes that the source's hooks announce belong here: tasks that were created or edited, mail that came in.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delivered: OrderedDict[tuple[SourceName, str], datetime] = OrderedDict()
        self._waiting: OrderedDict[tuple[SourceName, str], datetime] = OrderedDict()
        """Found by a poll and not announced so far: when."""

    def delivered(self, source: SourceName, record_id: str, now: datetime) -> None:
        """A delivery named this record: deliveries of its source arrive, and what was missed before is forgotten."""
        with self._lock:
            for key in [key for key in self._waiting if key[0] == source]:
                if key[1] == record_id or now - self._waiting[key] >= LATE:
                    del self._waiting[key]
            self._note(self._delivered, (source, record_id), now)

    def found(self, source: SourceName, record_id: str, now: datetime) -> None:
        """A poll found a change of this record that was not known before."""
        with self._lock:
            key = (source, record_id)
            announced = self._delivered.get(key)
            if announced is not None and now - announced < LATE:
                return
            if key not in self._waiting:
                self._note(self._waiting, key, now)

    def missed(self, now: datetime) -> dict[SourceName, Missed]:
        """What was missed, per source that has anything."""
        with self._lock:
            late: dict[SourceName, list[datetime]] = {}
            for (source, _), moment in self._waiting.items():
                if now - moment >= LATE:
                    late.setdefault(source, []).append(moment)
        return {source: Missed(len(moments), min(moments)) for source, moments in late.items()}

    def forget(self) -> None:
        """The hooks are new: what was missed before says nothing about them."""
        with self._lock:
            self._waiting.clear()

    @staticmethod
    def _note(where: OrderedDict[tuple[SourceName, str], datetime], key: tuple[SourceName, str], now: datetime) -> None:
        where[key] = now
        where.move_to_end(key)
        while len(where) > REMEMBERED:
            where.popitem(last=False)
