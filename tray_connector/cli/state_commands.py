"""`status`, `pause`, `resume`: looking and steering."""

from __future__ import annotations

import argparse

from tray_connector.cli.console import Console
from tray_connector.cli.failures import DONE, LATER
from tray_connector.cli.words import moment, number
from tray_connector.model.events import SourceName
from tray_connector.model.records import Table
from tray_connector.model.status import EngineStatus, QueueState
from tray_connector.sync.durations import Duration
from tray_connector.sync.pause import Pause
from tray_connector.sync.session import Session

STORED: dict[SourceName, tuple[Table, str, str]] = {
    "teamwork": ("tasks", "task", "tasks"),
    "missive": ("emails", "e-mail", "e-mails"),
}


def status(session: Session, _: argparse.Namespace, console: Console) -> int:
    """`status`: 0 in step, else 1."""
    current = session.engine.status()
    if console.json:
        console.data(current.to_json())
    else:
        say_status(session, current, console)
    return DONE if current.state == "in step" else LATER


def say_status(session: Session, current: EngineStatus, console: Console) -> None:
    """The status in words: the headline, the next step, then the numbers."""
    zone = session.settings.timezone
    console.out(current.headline)
    first = [problem for problem in current.problems if problem.title in current.headline]
    for text in (*(problem.message for problem in first), current.next_step):
        if text:
            console.out(text)
    for problem in current.problems:
        if problem not in first:
            console.out(problem.sentence())
    console.out()

    def row(name: str, *parts: str) -> None:
        console.out(f"{name:<12}  {', '.join(part for part in parts if part)}")

    for source, (table, one, many) in STORED.items():
        left_out = current.left_out.get(source, 0)
        row(
            source.capitalize(),
            f"{number(current.stored[table], one, many)} stored",
            f"{left_out:,} left out" if left_out else "",
            f"checked {moment(current.last_verified[source], zone)}",
            f"{number(current.calls_month[source], 'call', 'calls')} this month",
        )
    calls = current.calls_month["destination"]
    row(
        "Destination",
        session.engine.writer.place.partition(":")[0],
        f"checked {moment(current.last_verified['destination'], zone)}",
        f"{number(calls, 'call', 'calls')} this month" if calls else "",
    )
    row("Queue", *queue_words(current.queue))
    if current.files.waiting or current.files.failed:
        row(
            "Attachments",
            f"{current.files.waiting:,} waiting" if current.files.waiting else "",
            f"{current.files.failed:,} not stored: the log says why" if current.files.failed else "",
        )
    if current.webhooks.mode != "off":
        works = {True: "they work", False: "they do not work, polling is quicker instead", None: "not proved yet"}
        row(
            "Webhooks",
            works[current.webhooks.healthy],
            f"last delivery {moment(current.webhooks.last_delivery, zone)}" if current.webhooks.last_delivery else "",
        )
    if current.stale_categories:
        row(
            "Categories",
            f"{number(current.stale_categories, 'record has', 'records have')} those of an earlier file: "
            "tray-connector categories apply",
        )
    row("Program", "not running: tray-connector run" if current.pid is None else f"running as process {current.pid}")


def queue_words(queue: QueueState) -> list[str]:
    """The queue in numbers."""
    parts = [
        f"{queue.waiting:,} waiting" if queue.waiting else "",
        f"{queue.retrying:,} to be tried again" if queue.retrying else "",
        f"{number(queue.unreadable, 'unreadable file', 'unreadable files')}" if queue.unreadable else "",
    ]
    return parts if any(parts) else ["nothing is waiting"]


def pause(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """`pause`: rest until a time, or until resumed."""
    zone = session.settings.timezone
    duration: Duration | None = arguments.duration
    until = None if duration is None else duration.end(session.clock.now(), zone)
    session.engine.pause(Pause(until=until, open_ended=until is None))
    shown = "you resume" if until is None else until.astimezone(zone).strftime("%Y-%m-%d %H:%M")
    console.out(f"Paused until {shown}. To go on: tray-connector resume")
    return DONE


def resume(session: Session, _: argparse.Namespace, console: Console) -> int:
    """`resume`."""
    paused = session.engine.pause_state().holds(session.clock.now())
    session.engine.resume()
    console.out("Resumed." if paused else "It was not paused.")
    return DONE
