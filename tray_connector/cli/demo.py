"""`demo`: an invented office, synced for real over HTTP into a database of its own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from tray_connector.cli.console import Console
from tray_connector.cli.demo_database import Kind, settings_for, where
from tray_connector.cli.demo_tables import show_tables
from tray_connector.cli.home import logging_for
from tray_connector.cli.sync_commands import conclude, say_numbers, watched
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.settings import load_settings
from tray_connector.desktop.instance import Instance
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.assemble import assemble
from tray_connector.sync.session import Environment, Session

CATEGORIES = {"Räume": "R_*", "Kostengruppen": "KGR_*", "Gebäude": ["Building_?", "Haus *"]}
MARKER = ".made-by-the-demo"
"""Stands in the demo's folder: what lies there is ours to delete."""
CHANGES = 3
POLL_SECONDS = 1
ARRIVAL_DEADLINE = 15.0
LOOK = 0.05


def demo(environment: Environment, console: Console, stop: Stop, kind: Kind = "sqlite") -> int:
    """Start the office, sync it, let three changes arrive, show the database. None of the user's settings count, but
    `PG_DSN` where PostgreSQL is asked for.
    """
    paths = Paths(environment.paths.home / "demo")
    with made_anew(paths, environment.clock), SandboxOffice(clock=environment.clock) as office:
        paths.categories_file.write_text(json.dumps(CATEGORIES, ensure_ascii=False), encoding="utf-8")
        wishes = {"DISABLE_WEBHOOKS": "true", "PERIODIC_BACKFILL_INTERVAL": str(POLL_SECONDS)}
        database = settings_for(kind, environment, office, stop)
        settings = load_settings(
            environ={**database, **wishes}, paths=paths, dotenv=None, credentials=MemoryCredentials()
        )
        console.redact.learn(settings.secrets())
        with ExitStack() as stack:
            stack.enter_context(logging_for(paths, settings, "demo", console))
            categories = CategoriesFile(paths.categories_file, environment.clock)
            engine = assemble(settings, paths, categories, environment.clock)
            stack.callback(engine.close)
            session = Session(paths, settings, engine, categories, environment.clock, stop)
            return show(session, office, console)


@contextmanager
def made_anew(paths: Paths, clock: Clock) -> Iterator[None]:
    """An empty folder for the demo, held by this process while inside. One that is not the demo's is left alone."""
    if not is_ours(paths):
        raise ConfigError(
            "demo-folder",
            "The demo's folder holds something else",
            f"{paths.home} was not made by the demo.",
            "Move it away, or name another data folder in TRAY_CONNECTOR_HOME.",
        )
    paths.create()
    with Instance(paths.lock, clock).held("demo") as hold:
        if hold is None:
            raise TransientError("demo-running", "A demo is running already", hint="Try again when it has ended.")
        try:
            empty(paths)
        except OSError as error:
            raise ConfigError(
                "demo-folder",
                "The demo's folder cannot be emptied",
                f"{error.filename or paths.home}: {error.strerror or error}",
                "Close the programs that have the demo's database open, then try again.",
            ) from error
        paths.create()
        yield


def is_ours(paths: Paths) -> bool:
    """Whether the folder was made by a demo, or nothing is in it but what is left of a lock."""
    try:
        names = {item.name for item in paths.home.iterdir()}
    except FileNotFoundError:
        return True
    return MARKER in names or all(name.lstrip(".").startswith(paths.lock.name) for name in names)


def empty(paths: Paths) -> None:
    """Delete what an earlier demo left, also one that was killed. OSError."""
    (paths.home / MARKER).touch()
    kept = {MARKER, paths.lock.name, paths.lock.with_suffix(".json").name}
    for item in paths.home.iterdir():
        if item.name in kept:
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()


def show(session: Session, office: SandboxOffice, console: Console) -> int:
    """The demo itself."""
    console.out("An invented office is running on this machine: its Teamwork and its Missive, over real HTTP.")
    console.out()
    console.out("First sync")
    report = watched(session, console, "  Syncing", lambda: session.engine.sync_once(session.stop))
    say_numbers(console, report, indent="  ")
    code = conclude(console, report)
    if code:
        return code
    console.out()
    console.out("Now three things happen in the office while the connector watches")
    if not watch_changes(session, office, console):
        return 1
    console.out()
    show_tables(session.engine.writer, console, session.stop)
    for line in where(session.settings, session.engine.writer.place):
        console.out(line)
    console.out()
    console.out("For your own office: set TEAMWORK_BASE_URL, TEAMWORK_API_KEY and MISSIVE_API_TOKEN in the")
    console.out(
        "environment or in a .env file, test them with 'tray-connector check', begin with 'tray-connector run'."
    )
    return 0


def watch_changes(session: Session, office: SandboxOffice, console: Console) -> bool:
    """Run the engine as `tray-connector run` does, and see each change arrive."""
    halt, changes = Stop(), office.live_changes()
    engine, clock = session.engine, session.clock
    with session.stop.calls(halt.set), ThreadPoolExecutor(1, thread_name_prefix="demo-engine") as pool:
        running = pool.submit(engine.run, halt)
        try:
            for _ in range(CHANGES):
                seen = engine.board.view().activities[-1:]
                happened, began = str(changes.apply_next()), clock.monotonic()
                while engine.board.view().activities[-1:] == seen:
                    if clock.wait(session.stop, LOOK):
                        raise Stopped
                    if clock.monotonic() - began > ARRIVAL_DEADLINE or running.done():
                        console.err(f"This did not arrive within {ARRIVAL_DEADLINE:.0f} seconds: {happened}")
                        return False
                row = engine.board.view().activities[-1]
                took = clock.monotonic() - began
                console.out(f"  {happened}")
                console.out(f"    → row {row.kind} after {took:.1f} s: {row.title}")
        finally:
            halt.set()
            running.result()
    return True
