"""`status`, `check`, `queue`, `pause`, `resume`: looking and steering."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tray_connector.cli.console import Console, printable, table_text
from tray_connector.cli.session import Session
from tray_connector.config.settings import SettingsError
from tray_connector.model.checks import CheckLine
from tray_connector.model.codec import time_to_text
from tray_connector.model.errors import ConfigError, Problem
from tray_connector.model.events import Event, SourceName
from tray_connector.model.status import PARTS, EngineStatus
from tray_connector.sync.pause import Pause

MORNING = time(6, 0)
"""When "until tomorrow" ends, local time."""
_DURATION = re.compile(r"(\d{1,4})\s*(m|min|h|d)\Z")
_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}


def status(session: Session, _: argparse.Namespace, console: Console) -> int:
    """`status`: 0 in step, else 1."""
    current = session.engine.status()
    if console.json:
        console.data(current.to_json())
    else:
        say_status(console, current, session.settings.timezone)
    return 0 if current.state == "in step" else 1


def say_status(console: Console, current: EngineStatus, zone: ZoneInfo) -> None:
    """The status in words."""

    def text(moment: datetime | None) -> str:
        return "never" if moment is None else moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")

    console.out(current.headline)
    if current.next_step:
        console.out(current.next_step)
    for part in PARTS:
        calls = current.calls_month[part]
        console.out(f"  {part:<12} verified {text(current.last_verified[part])}, {calls} calls this month")
    stored = ", ".join(f"{count} {table}" for table, count in current.stored.items())
    console.out(f"  {'stored':<12} {stored}")
    queue = current.queue
    console.out(
        f"  {'queue':<12} {queue.waiting} waiting, {queue.retrying} to be tried again, {queue.unreadable} unreadable"
    )
    if current.stale_categories:
        console.out(
            f"  {'categories':<12} {current.stale_categories} stored records have the categories of an earlier file: "
            "tray-connector categories apply"
        )
    for problem in current.problems:
        console.out(f"  {problem.sentence()}")


def check(session: Session, _: argparse.Namespace, console: Console) -> int:
    """`check`: 0 when all is right, 3 when a person must change something."""
    settings = session.settings
    lines = [CheckLine("Data folder", True, str(session.paths.home))]
    try:
        settings.require_sources()
    except SettingsError as error:
        lines += [refused(problem) for problem in error.problems]
    problem = session.categories.problem
    if problem is not None:
        lines.append(refused(problem))
    else:
        lines.append(CheckLine("Label categories", True, f"{len(session.categories.current.names)} in force"))
    return say_checks([*lines, *session.engine.check(session.stop)], console)


def refused(problem: Problem) -> CheckLine:
    """A problem as a line of the check."""
    return CheckLine(problem.title, False, problem.message, problem.hint)


def say_checks(lines: Sequence[CheckLine], console: Console) -> int:
    """Print them; 0 when all is right, else 3."""
    if console.json:
        console.data([{"name": x.name, "ok": x.ok, "message": x.message, "hint": x.hint} for x in lines])
    else:
        for line in lines:
            console.out(f"{'ok' if line.ok else '!!'}  {line.name}: {printable(line.message)}")
            if line.hint:
                console.out(f"      {printable(line.hint)}")
    return 0 if all(line.ok for line in lines) else 3


def queue(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """`queue list|retry|discard`."""
    spool = session.engine.spool
    events = [event for event in spool.listing() if wanted(event, arguments)]
    if arguments.action == "list":
        if console.json:
            console.data([event_json(event) for event in events])
        elif events:
            console.out(table_text(QUEUE_COLUMNS, [event_row(event, session.settings.timezone) for event in events]))
        else:
            console.out("Nothing is waiting.")
        return 0
    unknown = set(arguments.ids) - {event.id for event in events}
    if unknown:
        console.err(f"Nothing waits under {', '.join(sorted(unknown))}. See: tray-connector queue list")
        return 2
    keys: list[tuple[SourceName, str]] = [(event.source, event.id) for event in events]
    if arguments.action == "retry":
        count = spool.retry_now(keys) if keys else 0
        verb = "will be tried at the next sync"
    else:
        count = spool.discard(keys) if keys else 0
        verb = "discarded; what they stand for comes again when it changes at the source"
    if console.json:
        console.data({"count": count})
    else:
        console.out(f"{count} {verb}.")
    return 0


QUEUE_COLUMNS = ("source", "id", "title", "waiting since", "attempts", "next try", "reason")


def wanted(event: Event, arguments: argparse.Namespace) -> bool:
    """Whether the command means this event."""
    return arguments.source in (None, event.source) and (not arguments.ids or event.id in arguments.ids)


def event_json(event: Event) -> dict[str, object]:
    """An event in the form of `queue list --json`."""
    return {
        "source": event.source,
        "id": event.id,
        "title": event.title,
        "since": time_to_text(event.since),
        "attempts": event.attempts,
        "next_try": None if event.next_try is None else time_to_text(event.next_try),
        "reason": None if event.last_error is None else event.last_error.sentence(),
    }


def event_row(event: Event, zone: ZoneInfo) -> list[str]:
    """The same for a person."""
    next_try = "now" if event.next_try is None else event.next_try.astimezone(zone).strftime("%d.%m. %H:%M:%S")
    since = event.since.astimezone(zone).strftime("%d.%m. %H:%M:%S")
    reason = "" if event.last_error is None else event.last_error.sentence()
    return [event.source, event.id, event.title or "", since, str(event.attempts), next_try, reason]


def pause(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """`pause`: rest until a time, or until resumed."""
    zone = session.settings.timezone
    until = until_of(arguments.duration, session.clock.now(), zone)
    session.engine.pause(Pause(until=until, open_ended=until is None))
    shown = "until you resume" if until is None else f"until {until.astimezone(zone).strftime('%Y-%m-%d %H:%M')}"
    console.out(f"Paused {shown}.")
    return 0


def resume(session: Session, _: argparse.Namespace, console: Console) -> int:
    """`resume`."""
    session.engine.resume()
    console.out("Resumed.")
    return 0


def until_of(duration: str | None, now: datetime, zone: ZoneInfo) -> datetime | None:
    """When a pause ends: None = when resumed. ConfigError for what is no duration."""
    if duration is None:
        return None
    text = duration.strip().lower()
    if text == "tomorrow":
        local = now.astimezone(zone)
        return datetime.combine(local.date() + timedelta(days=1), MORNING, zone).astimezone(now.tzinfo)
    match = _DURATION.match(text)
    if match is None or int(match[1]) == 0:
        raise ConfigError(
            "pause-duration", f"'{duration}' is no duration", hint="Use for example 30m, 1h, 2d or tomorrow."
        )
    return (now + timedelta(**{_UNITS[match[2]]: int(match[1])})).replace(microsecond=0)
