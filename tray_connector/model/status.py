"""`EngineStatus`: what the outside may know of the engine; and `judge`, which alone decides what it is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tray_connector.model.codec import time_to_text
from tray_connector.model.errors import Problem

State = Literal["starting", "in step", "syncing", "paused", "offline", "attention", "stopped"]
Part = Literal["teamwork", "missive", "destination"]
Reason = Literal["", "problem", "queue", "waiting", "files", "unchecked", "stale"]
"""What made the state, where the state does not say it."""
PARTS: tuple[Part, ...] = ("teamwork", "missive", "destination")
START = "Start it: tray-connector run, or tray-connector sync --once"
LEAST_PATIENCE = 60.0
"""Seconds without a verified success before "in step" may turn into "attention", at the least."""


@dataclass(frozen=True, slots=True)
class QueueState:
    """The spool in numbers."""

    waiting: int = 0
    retrying: int = 0
    unreadable: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """Files of stored e-mails that are not where they shall be."""

    waiting: int = 0
    failed: int = 0
    """Given up for the time being."""


@dataclass(frozen=True, slots=True)
class WebhookState:
    """How changes are announced."""

    mode: Literal["off", "webhooks", "polling"] = "off"
    """``off``: not set up. ``polling``: set up, and not working (yet): polls are quick instead."""
    healthy: bool | None = None
    """None: nothing is wrong, but nothing is proved either."""
    last_delivery: datetime | None = None
    problem: Problem | None = None
    """Why they do not work."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What `judge` looks at."""

    now: datetime
    running: bool
    """An engine is at work (not merely a command that looks)."""
    poll_interval: float
    last_verified: dict[Part, datetime | None]
    """Per part, the end of the last check that wholly succeeded."""
    paused_until: datetime | None = None
    pause_open_ended: bool = False
    problems: dict[str, Problem] = field(default_factory=dict)
    """The problem of each part that fails as a whole; key: the part, ``spool``, ``categories`` …"""
    stopped_by: frozenset[str] = frozenset()
    """Parts whose problem needs a person."""
    offline: frozenset[str] = frozenset()
    """Parts that cannot be reached at all."""
    queue: QueueState = QueueState()
    syncing: int = 0
    """Records brought into step in this run so far, while there is more to do."""
    total: int = 0
    collected_until: datetime | None = None
    """All that waits does so on purpose, and will be written then."""
    files: FileState = FileState()


@dataclass(frozen=True, slots=True)
class Verdict:
    """State, headline, and the next step where there is one."""

    state: State
    headline: str
    next_step: str = ""
    reason: Reason = ""
    problem: Problem | None = None
    """With the reason ``problem``."""


def oldest_success(last_verified: dict[Part, datetime | None]) -> datetime | None:
    """The moment since which everything is known to be in step; None when a part never succeeded."""
    times = list(last_verified.values())
    known = [moment for moment in times if moment is not None]
    return min(known) if known and len(known) == len(times) else None


def patience(poll_interval: float) -> timedelta:
    """How long "in step" holds without a new verified success."""
    return timedelta(seconds=max(LEAST_PATIENCE, 3 * poll_interval))


def judge(facts: Facts) -> Verdict:
    """The one place where the engine's facts become a state. Precedence is the order of the lines."""
    for part in sorted(facts.stopped_by):
        problem = facts.problems.get(part)
        if problem is not None:
            return Verdict("stopped", f"Stopped: {problem.title}", problem.hint, "problem", problem)
    if facts.pause_open_ended:
        return Verdict("paused", "Paused until you resume")
    if facts.paused_until is not None and facts.paused_until > facts.now:
        return Verdict("paused", f"Paused until {clock_text(facts.paused_until)}")
    if facts.offline:
        return Verdict("offline", "Offline. Continues by itself")
    return _working(facts)


def _working(facts: Facts) -> Verdict:
    # The destination is verified by writing, and that happens only when there is something to write.
    verified = oldest_success({part: at for part, at in facts.last_verified.items() if part != "destination"})
    if facts.problems:
        problem = facts.problems[min(facts.problems)]
        return Verdict("attention", problem.title, problem.hint, "problem", problem)
    needing = facts.queue.retrying + facts.queue.unreadable
    if needing:
        word = "record needs" if needing == 1 else "records need"
        next_step = "The queue shows why: tray-connector queue list"
        return Verdict("attention", f"{needing} {word} a look", next_step, "queue")
    if facts.queue.waiting and not (facts.running or facts.syncing or facts.total):
        word = "record waits" if facts.queue.waiting == 1 else "records wait"
        return Verdict("attention", f"{facts.queue.waiting} {word} to be stored", START, "waiting")
    collected = facts.collected_until is not None and not facts.syncing
    if facts.syncing or (facts.queue.waiting and not collected):
        total = max(facts.total, facts.syncing + facts.queue.waiting)
        return Verdict("syncing", f"Syncing {facts.syncing} of {total}")
    if facts.files.waiting or facts.files.failed:
        return _storing(facts)
    if verified is None:
        if facts.running:
            return Verdict("starting", "Starting")
        return Verdict("attention", "Not checked yet", START, "unchecked")
    # A success that lies ahead was noted before the clock was set back, nobody knows how long ago.
    if not -patience(facts.poll_interval) < facts.now - verified <= patience(facts.poll_interval):
        next_step = "" if facts.running else START
        return Verdict("attention", f"Not checked since {clock_text(verified)}", next_step, "stale")
    headline = f"In step, checked {ago(facts.now - verified)}"
    if facts.collected_until is not None and facts.queue.waiting:
        word = "change is" if facts.queue.waiting == 1 else "changes are"
        headline += f". {facts.queue.waiting} {word} written at {clock_text(facts.collected_until)}"
    return Verdict("in step", headline)


def _storing(facts: Facts) -> Verdict:
    waiting, failed = facts.files.waiting, facts.files.failed
    if failed:
        word = "attachment is" if failed == 1 else "attachments are"
        return Verdict("attention", f"{failed} {word} not stored", "The log names them. They are tried again", "files")
    word = "attachment waits" if waiting == 1 else "attachments wait"
    if not facts.running:
        return Verdict("attention", f"{waiting} {word} to be stored", START, "files")
    return Verdict("syncing", f"{waiting} {word} to be stored", reason="files")


def clock_text(moment: datetime) -> str:
    """A moment for the headline: given in the zone in which it is to be shown."""
    return moment.strftime("%Y-%m-%d %H:%M")


def ago(passed: timedelta) -> str:
    """``just now``, ``12 seconds ago``, ``5 minutes ago``, ``3 hours ago``, ``2 days ago``."""
    seconds = max(0, int(passed.total_seconds()))
    if seconds < 2:
        return "just now"
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened, for the activity list."""

    at: datetime
    source: str
    kind: Literal["new", "changed", "removed", "restored", "failed"]
    id: str
    title: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """Everything the outside may know, in one frozen value."""

    state: State
    headline: str
    next_step: str
    last_verified: dict[Part, datetime | None]
    next_poll: datetime | None
    paused_until: datetime | None
    pause_open_ended: bool
    queue: QueueState
    webhooks: WebhookState
    calls_month: dict[Part, int]
    """Requests sent this month; the destination's count against Airtable's plan."""
    pid: int | None
    problems: tuple[Problem, ...] = ()
    problem_of: dict[str, Problem] = field(default_factory=dict)
    """The same by what fails: a `Part`, ``files``, ``spool``, ``removals`` …"""
    stored: dict[str, int] = field(default_factory=dict)
    """Rows known to be in the destination, per table."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Records seen at the source and not stored, per source (scope, guests, dates)."""
    stale_categories: int = 0
    """Stored records that still have the categories of an earlier file."""
    synced: int = 0
    total: int = 0
    files: FileState = FileState()
    reason: Reason = ""
    problem: Problem | None = None
    """The one that made the state, with the reason ``problem``."""
    collected_until: datetime | None = None
    """All that waits does so on purpose, and will be written then."""
    held: dict[str, int] = field(default_factory=dict)
    """Records that vanished at once, per source: they are flagged at the user's word only."""

    def to_json(self) -> dict[str, object]:
        """The form of `status --json`: keys are only ever added."""

        def text(moment: datetime | None) -> str | None:
            return None if moment is None else time_to_text(moment)

        return {
            "state": self.state,
            "headline": self.headline,
            "next_step": self.next_step,
            "last_verified": {part: text(moment) for part, moment in self.last_verified.items()},
            "next_poll": text(self.next_poll),
            "paused_until": "resume" if self.pause_open_ended else text(self.paused_until),
            "queue": {
                "waiting": self.queue.waiting,
                "retrying": self.queue.retrying,
                "unreadable": self.queue.unreadable,
                "oldest": text(self.queue.oldest),
            },
            "webhooks": {
                "mode": self.webhooks.mode,
                "healthy": self.webhooks.healthy,
                "last_delivery": text(self.webhooks.last_delivery),
            },
            "calls_month": self.calls_month["destination"],
            "calls": dict(self.calls_month),
            "pid": self.pid,
            "problems": [
                {"code": p.code, "title": p.title, "message": p.message, "hint": p.hint} for p in self.problems
            ],
            "stored": dict(self.stored),
            "left_out": dict(self.left_out),
            "stale_categories": self.stale_categories,
            "files": {"waiting": self.files.waiting, "failed": self.files.failed},
            "held": dict(self.held),
        }
