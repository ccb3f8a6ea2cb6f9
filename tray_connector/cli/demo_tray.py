"""`demo` with a screen: the tray on an invented office in which something happens every now and then."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tray_connector.cli.console import Console
from tray_connector.cli.demo import CATEGORIES, made_anew
from tray_connector.cli.demo_database import Kind, settings_for
from tray_connector.cli.screen import Tray
from tray_connector.config.clock import Clock, Stop
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.preferences import Preferences, write_preferences
from tray_connector.desktop.instance import Instance
from tray_connector.sandbox.live import LiveChanges
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.session import Environment

POLL_SECONDS = 5
HAPPENS_EVERY = 20.0
"""Seconds between two changes in the office."""


def demo_tray(environment: Environment, console: Console, stop: Stop, kind: Kind, tray: Tray) -> int:
    """Until the user quits. A second start shows the first one's window. Nothing of the user's is touched."""
    paths, clock = Paths(environment.paths.home / "demo"), environment.clock
    if runs_already(paths, clock):
        return tray(Environment({}, None, clock, paths, MemoryCredentials()), stop, demo=True)
    with ExitStack() as stack:
        with made_anew(paths, clock):
            paths.categories_file.write_text(json.dumps(CATEGORIES, ensure_ascii=False), encoding="utf-8")
            write_preferences(paths, Preferences(start_with_system=False))
        office = stack.enter_context(SandboxOffice(clock=clock))
        given = dict(settings_for(kind, environment, office, stop))
        given |= {"DISABLE_WEBHOOKS": "true", "PERIODIC_BACKFILL_INTERVAL": str(POLL_SECONDS)}
        console.redact.learn([given["TEAMWORK_API_KEY"], given["MISSIVE_API_TOKEN"]])
        over = Stop()
        pool = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="demo-office"))
        stack.callback(over.set)
        pool.submit(let_happen, office.live_changes(), clock, over)
        return tray(Environment(given, None, clock, paths, MemoryCredentials()), stop, demo=True)


def runs_already(paths: Paths, clock: Clock) -> bool:
    """Whether another process shows this demo."""
    if not paths.lock.exists():
        return False
    with Instance(paths.lock, clock).held("demo") as hold:
        return hold is None


def let_happen(changes: LiveChanges, clock: Clock, over: Stop) -> None:
    """A change now and then, until it is over."""
    while not clock.wait(over, HAPPENS_EVERY):
        changes.apply_next()
