"""`queue list|retry|discard`: what waits to be stored."""

from __future__ import annotations

import argparse
from datetime import datetime
from zoneinfo import ZoneInfo

from tray_connector.cli.console import Console
from tray_connector.cli.failures import DONE, USAGE
from tray_connector.cli.words import moment, number
from tray_connector.model.codec import time_to_text
from tray_connector.model.events import Event, SourceName
from tray_connector.sync.session import Session

INDENT = "    "


def queue(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """Dispatch to the three actions."""
    if arguments.action == "list":
        return show(session, arguments, console)
    if arguments.action == "discard" and not (arguments.ids or arguments.all):
        return refuse(console, "Say which: tray-connector queue discard ID …, or --all", [])
    events = [event for event in session.engine.spool.listing() if wanted(event, arguments)]
    unknown = sorted(set(arguments.ids) - {event.id for event in events})
    if unknown:
        return refuse(console, f"Nothing waits under {', '.join(unknown)}. See: tray-connector queue list", unknown)
    keys: list[tuple[SourceName, str]] = [(event.source, event.id) for event in events]
    return retry(session, keys, console) if arguments.action == "retry" else discard(session, keys, arguments, console)


def wanted(event: Event, arguments: argparse.Namespace) -> bool:
    """Whether the command means this event."""
    return arguments.source in (None, event.source) and (not arguments.ids or event.id in arguments.ids)


def refuse(console: Console, reason: str, unknown: list[str]) -> int:
    """Nothing was done."""
    console.err(reason)
    if console.json:
        console.data({"count": 0, "unknown": unknown})
    return USAGE


def show(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """`queue list`."""
    events = [event for event in session.engine.spool.listing() if wanted(event, arguments)]
    if console.json:
        console.data([event_json(event) for event in events])
        return DONE
    now = session.clock.now()
    console.out(
        f"{number(len(events), 'record waits', 'records wait')} to be stored." if events else "Nothing is waiting."
    )
    for event in events:
        console.out()
        for line in event_lines(event, now, session.settings.timezone):
            console.out(line)
    unreadable = session.engine.spool.counts(arguments.source).unreadable
    if unreadable:
        console.out()
        console.out(
            f"{number(unreadable, 'file that cannot be read lies', 'files that cannot be read lie')} in "
            f"{session.paths.spool / 'unreadable'}. To delete: tray-connector queue discard --all"
        )
    return DONE


def event_lines(event: Event, now: datetime, zone: ZoneInfo) -> list[str]:
    """An event for a person: what, since when and until when, why. The id is never cut: it is typed again."""
    if event.attempts == 0 and event.last_error is None:
        tried = "not tried yet"
    else:
        due = event.next_try is None or event.next_try <= now
        next_try = "now" if due or event.next_try is None else moment(event.next_try, zone)
        tried = f"tried {number(event.attempts, 'time', 'times')}, next try {next_try}"
    lines = [
        f"{event.source}  {event.id}  {event.title or ''}".rstrip(),
        f"{INDENT}waits since {moment(event.since, zone)}, {tried}",
    ]
    return lines if event.last_error is None else [*lines, f"{INDENT}{event.last_error.sentence()}"]


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


def retry(session: Session, keys: list[tuple[SourceName, str]], console: Console) -> int:
    """`queue retry`."""
    count = session.engine.spool.retry_now(keys) if keys else 0
    when = "now" if session.engine.status().pid is not None else "at the next sync"
    if console.json:
        console.data({"count": count})
    else:
        tried = number(count, "record is", "records are")
        console.out(f"{tried} tried again {when}." if count else "Nothing is waiting.")
    return DONE


def discard(
    session: Session, keys: list[tuple[SourceName, str]], arguments: argparse.Namespace, console: Console
) -> int:
    """`queue discard`. What an event stands for stays at its source."""
    spool = session.engine.spool
    count = spool.discard(keys) if keys else 0
    everything = arguments.all and not arguments.ids and arguments.source is None
    files = spool.discard_unreadable() if everything else 0
    if console.json:
        console.data({"count": count, "unreadable": files})
        return DONE
    if files:
        console.out(f"{number(files, 'unreadable file', 'unreadable files')} deleted.")
    if count:
        stay = "What they stand for stays at its source, and comes again when it changes there."
        console.out(f"{number(count, 'event', 'events')} discarded. {stay}")
    elif not files:
        console.out("Nothing is waiting.")
    return DONE
