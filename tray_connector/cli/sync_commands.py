"""`sync --once`, `backfill`, `reconcile`, `run`: the work itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import UTC, datetime, time, timedelta

from tray_connector.cli.console import Console, Update
from tray_connector.cli.failures import DONE, problem_json, tell_all
from tray_connector.cli.words import number
from tray_connector.sources.base import Since
from tray_connector.sync.lane import LaneReport
from tray_connector.sync.report import Report
from tray_connector.sync.session import Session

SHORT_WAIT = 2.0
"""Seconds that a wait for a service's limit may last before it is said."""
LOOK = 0.2
"""Seconds between two looks at the progress."""


def sync_once(session: Session, _: argparse.Namespace, console: Console) -> int:
    """`sync --once`."""
    report = watched(session, console, "Syncing", lambda: session.engine.sync_once(session.stop))
    if console.json:
        console.data(report_json(report))
    else:
        say_numbers(console, report)
    return conclude(console, report)


def report_json(report: Report) -> dict[str, object]:
    """The form of `sync --once --json`: keys are only ever added."""
    requests = {lane.source: lane.requests for lane in report.lanes}
    return {
        "read": sum(lane.read for lane in report.lanes),
        "written": sum(lane.dispatched.written for lane in report.lanes),
        "unchanged": sum(lane.unchanged for lane in report.lanes),
        "flagged": sum(lane.dispatched.flagged for lane in report.lanes),
        "failed": report.failed,
        "left_out": sum(lane.left_out for lane in report.lanes),
        "waiting": report.waiting,
        "requests": {
            "teamwork": requests["teamwork"],
            "missive": requests["missive"],
            "destination": report.destination_requests,
        },
        "files": {
            "stored": report.files.done.stored,
            "waiting": report.files.left,
            "requests": report.files.requests,
        },
        "held": report.held,
        "problems": [problem_json(error.problem) for error in report.errors],
    }


def backfill(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """`backfill`."""
    since = since_of(session, arguments)
    report = watched(
        session,
        console,
        "Backfill",
        lambda: session.engine.backfill(since, session.stop, source=arguments.source, rewrite=arguments.rewrite),
    )
    say_numbers(console, report)
    return conclude(console, report)


def reconcile(session: Session, arguments: argparse.Namespace, console: Console) -> int:
    """`reconcile`."""
    report = watched(
        session,
        console,
        "Walking everything",
        lambda: session.engine.reconcile(
            session.stop, dry_run=arguments.dry_run, allow_removals=arguments.allow_removals
        ),
    )
    for lane in report.lanes:
        if not lane.errors:
            console.out(f"{lane.source.capitalize()}: {walk_words(lane, dry_run=arguments.dry_run)}")
    return conclude(console, report)


def walk_words(lane: LaneReport, *, dry_run: bool) -> str:
    """What a walk found in one source."""
    found = lane.reconciled
    what = ("task", "tasks") if lane.source == "teamwork" else ("conversation", "conversations")
    parts = [f"{number(found.seen, *what)} seen"]
    if found.differing:
        parts.append(f"{found.differing:,} differ" if dry_run else f"{found.differing:,} differed and were read anew")
    if found.removals:
        parts.append(f"{found.removals:,} {'would be' if dry_run else ''} flagged as deleted".replace("  ", " "))
    if found.suspected:
        parts.append(f"{found.suspected:,} not found, looked for once more by the next walk")
    if found.held:
        parts.append(f"{found.held:,} held back")
    if found.missing:
        rows = number(found.missing, "row that was", "rows that were")
        parts.append(f"{rows} missing in the database {'would be' if dry_run else 'are'} written again")
    return ", ".join(parts if len(parts) > 1 else [*parts, "all in step"])


def run(session: Session, _: argparse.Namespace, console: Console) -> int:
    """`run`: until SIGINT or SIGTERM."""
    console.err(f"Running. Data folder: {session.paths.home}. To stop: Ctrl-C")
    session.engine.run(session.stop, () if session.webhooks is None else session.webhooks.loops())
    return DONE


def since_of(session: Session, arguments: argparse.Namespace) -> Since:
    """Where a backfill begins: as asked for, else as a first run would."""
    if arguments.all:
        return Since(None, everything=True)
    if arguments.days is not None:
        return Since(session.clock.now() - timedelta(days=arguments.days))
    if arguments.since is not None:
        return Since(datetime.combine(arguments.since, time.min, session.settings.timezone).astimezone(UTC))
    return Since(None)


def watched(session: Session, console: Console, label: str, work: Callable[[], Report]) -> Report:
    """Do the work in a thread of its own while the progress is shown; both end at once when stopped."""
    with console.progress(label) as update, ThreadPoolExecutor(1, thread_name_prefix="command") as pool:
        future = pool.submit(work)
        told: frozenset[str] = frozenset()
        found = 0
        while True:
            try:
                report = future.result(timeout=LOOK)
            except FutureTimeoutError:
                if future.done():
                    raise
                view = session.engine.board.view()
                found = max(found, view.found, view.synced)
                update(view.synced, found)
                told = say_wait(session, console, told)
            else:
                finish(update, report, found)
                return report


def finish(update: Update, report: Report, found: int) -> None:
    """The last state of the progress: the board may have been wiped already, the report knows."""
    done = sum(lane.dispatched.taken for lane in report.lanes) + report.files.done.tried
    complete = not report.errors and not report.waiting and not report.files.left
    update(done, done if complete else max(done, found))


def say_wait(session: Session, console: Console, told: frozenset[str]) -> frozenset[str]:
    """Say once per wait that a service's limit is being waited for; the sources that wait now."""
    soon = session.clock.now() + timedelta(seconds=SHORT_WAIT)
    waiting = {}
    for lane in session.engine.lanes:
        until = lane.source.waiting_until()
        if until is not None and until > soon:
            waiting[lane.source.name] = until
    for name in waiting.keys() - told:
        at = waiting[name].astimezone(session.settings.timezone).strftime("%H:%M:%S")
        console.err(f"{name.capitalize()} allows the next request at {at}; waiting for it.")
    return frozenset(waiting)


def say_numbers(console: Console, report: Report, indent: str = "") -> None:
    """What was done, per source."""
    for lane in report.lanes:
        done = lane.dispatched
        parts = [f"{lane.read:,} read", f"{done.written:,} written", f"{lane.unchanged:,} unchanged"]
        parts += [f"{done.flagged:,} flagged as deleted"] if done.flagged else []
        parts += [f"{done.failed:,} failed"] if done.failed else []
        parts += [f"{lane.left_out:,} left out"] if lane.left_out else []
        requests = number(lane.requests, "request", "requests")
        console.out(f"{indent}{lane.source.capitalize()}: {', '.join(parts)} ({requests})")
    if report.files.done.stored:
        console.out(f"{indent}{number(report.files.done.stored, 'attachment', 'attachments')} stored")


def conclude(console: Console, report: Report) -> int:
    """Say on standard error what is left and why; the exit code."""
    for error in report.errors:
        tell_all(console, error)
    if report.waiting:
        waiting = number(report.waiting, "record waits", "records wait")
        console.err(f"{waiting} to be stored. The reasons: tray-connector queue list")
    if report.held:
        console.err(
            f"{number(report.held, 'record has', 'records have')} vanished at once. Nothing of that was flagged; "
            "if it is meant, run: tray-connector reconcile --allow-removals"
        )
    if report.files.left:
        console.err(f"{number(report.files.left, 'attachment waits', 'attachments wait')} to be stored.")
    return report.exit_code()
