"""`sync`, `run`, `backfill`, `reconcile`: the commands that move records."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import UTC, datetime, time, timedelta

from tray_connector.cli.console import Console, tell
from tray_connector.cli.session import Session
from tray_connector.config.setting_types import parse_day
from tray_connector.sources.base import Since
from tray_connector.sync.report import Report

SHORT_WAIT = 2.0
"""Seconds that a wait for a service's limit may last before it is said."""
LOOK = 0.2
"""Seconds between two looks at the progress."""


def sync_once(session: Session, _: argparse.Namespace, console: Console) -> int:
    """`sync --once`."""
    report = watched(session, console, "Syncing", lambda: session.engine.sync_once(session.stop))
    lanes = {lane.source: lane for lane in report.lanes}
    result = {
        "read": sum(lane.read for lane in report.lanes),
        "written": sum(lane.dispatched.written for lane in report.lanes),
        "unchanged": sum(lane.unchanged for lane in report.lanes),
        "flagged": sum(lane.dispatched.flagged for lane in report.lanes),
        "failed": report.failed,
        "left_out": sum(lane.left_out for lane in report.lanes),
        "waiting": report.waiting,
        "requests": {
            "teamwork": lanes["teamwork"].requests,
            "missive": lanes["missive"].requests,
            "destination": report.destination_requests,
        },
        "problems": [error.problem.sentence() for error in report.errors],
    }
    if console.json:
        console.data(result)
    else:
        say_numbers(console, report)
    return conclude(console, report)


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
    would = "would be " if arguments.dry_run else ""
    held = 0
    for lane in report.lanes:
        found = lane.reconciled
        held += found.held
        console.out(
            f"{lane.source.capitalize()}: {found.seen} seen, {found.differing} differed, "
            f"{found.removals} {would}flagged as deleted, {found.suspected} not found and looked for again next time."
        )
    if held:
        console.err(
            f"{held} records have vanished at once. Nothing of that was flagged; if it is meant, run: "
            "tray-connector reconcile --allow-removals"
        )
    return conclude(console, report) or (1 if held else 0)


def run(session: Session, _: argparse.Namespace, console: Console) -> int:
    """`run`: until SIGINT or SIGTERM."""
    console.err(f"Running (pid of this home: see 'tray-connector status'). Data in {session.paths.home}")
    session.engine.run(session.stop)
    return 0


def since_of(session: Session, arguments: argparse.Namespace) -> Since:
    """Where a backfill begins: as asked for, else as a first run would."""
    if arguments.all:
        return Since(None, everything=True)
    zone = session.settings.timezone
    if arguments.days is not None:
        return Since(session.clock.now() - timedelta(days=arguments.days))
    if arguments.since is not None:
        day = parse_day(arguments.since)
        return Since(datetime.combine(day, time.min, zone).astimezone(UTC))
    return Since(None)


def watched(session: Session, console: Console, label: str, work: Callable[[], Report]) -> Report:
    """Do the work in a thread of its own while the progress is shown; both end at once when stopped."""
    with console.progress(label) as update, ThreadPoolExecutor(1, thread_name_prefix="command") as pool:
        future = pool.submit(work)
        told: frozenset[str] = frozenset()
        while True:
            try:
                return future.result(timeout=LOOK)
            except FutureTimeoutError:
                if future.done():
                    raise
                view = session.engine.board.view()
                update(view.synced, max(view.found, view.synced))
                told = say_wait(session, console, told)


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
        parts = [f"{lane.read} read", f"{done.written} written", f"{lane.unchanged} unchanged"]
        parts += [f"{done.flagged} flagged as deleted"] if done.flagged else []
        parts += [f"{done.failed} failed"] if done.failed else []
        parts += [f"{lane.left_out} left out"] if lane.left_out else []
        console.out(f"{indent}{lane.source.capitalize()}: {', '.join(parts)} ({lane.requests} requests)")


def conclude(console: Console, report: Report) -> int:
    """Say on standard error what is left and why; the exit code."""
    for error in report.errors:
        tell(console, error.problem)
    if report.waiting:
        one = report.waiting == 1
        console.err(
            f"{report.waiting} {'record waits' if one else 'records wait'} to be stored; why: tray-connector queue list"
        )
    return report.exit_code()
