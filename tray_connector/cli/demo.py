"""`demo`: an invented office, synced for real over HTTP into a database of its own."""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from tray_connector.cli.console import Console, printable, table_text
from tray_connector.cli.session import Environment, Session
from tray_connector.cli.sync_commands import conclude, say_numbers, watched
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.logs import start_logging
from tray_connector.config.paths import Paths
from tray_connector.config.settings import load_settings
from tray_connector.desktop.instance import Instance
from tray_connector.model.errors import TransientError
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.assemble import assemble

CATEGORIES = {"Räume": "R_*", "Kostengruppen": "KGR_*", "Gebäude": ["Building_?", "Haus *"]}
CHANGES = 3
POLL_SECONDS = 1
ARRIVAL_DEADLINE = 15.0
LOOK = 0.05
SHOWN = 5
QUERIES = {
    "tasks": 'SELECT name, status, project_name, assignees, due_date, "Räume", "Kostengruppen" FROM tasks '
    "WHERE deleted = 0 ORDER BY updated_at DESC, task_id LIMIT ?",
    "emails": 'SELECT received_at, from_name, subject, labels, "Räume", "Kostengruppen" FROM emails '
    "WHERE deleted = 0 ORDER BY received_at DESC, email_id LIMIT ?",
}


def demo(environment: Environment, _: argparse.Namespace, console: Console, stop: Stop) -> int:
    """Start the office, sync it, let three changes arrive, show the database. None of the user's settings count."""
    paths = Paths(environment.paths.home / "demo")
    with made_anew(paths, environment.clock), SandboxOffice(clock=environment.clock) as office:
        paths.categories_file.write_text(json.dumps(CATEGORIES, ensure_ascii=False), encoding="utf-8")
        wishes = {"DISABLE_WEBHOOKS": "true", "PERIODIC_BACKFILL_INTERVAL": str(POLL_SECONDS)}
        settings = load_settings(
            environ={**office.environment(), **wishes}, paths=paths, dotenv=None, credentials=MemoryCredentials()
        )
        with ExitStack() as stack:
            stack.enter_context(start_logging(paths, settings, verbose=console.verbose))
            categories = CategoriesFile(paths.categories_file, environment.clock)
            engine = assemble(settings, paths, categories, environment.clock)
            stack.callback(engine.close)
            session = Session(paths, settings, engine, categories, environment.clock, stop)
            return show(session, office, console)


@contextmanager
def made_anew(paths: Paths, clock: Clock) -> Iterator[None]:
    """An empty folder for the demo, held by this process while inside."""
    paths.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with Instance(paths.lock, clock).held("demo") as holder:
        if holder is None:
            raise TransientError("demo-running", "A demo is running already", hint="Try again when it has ended.")
        for item in paths.home.iterdir():
            if item.is_dir() and not item.is_symlink():
                shutil.rmtree(item)
            elif not item.name.startswith(paths.lock.name):
                item.unlink()
        paths.create()
        yield


def show(session: Session, office: SandboxOffice, console: Console) -> int:
    """The demo itself."""
    console.out("An invented office is running on this machine: its Teamwork and its Missive, over real HTTP.")
    console.out("")
    console.out("First sync")
    report = watched(session, console, "  first sync", lambda: session.engine.sync_once(session.stop))
    say_numbers(console, report, indent="  ")
    code = conclude(console, report)
    if code:
        return code
    console.out("")
    console.out("Now three things happen in the office, and the connector keeps watching")
    if not watch_changes(session, office, console):
        return 1
    console.out("")
    show_database(session.settings.sqlite_path, console)
    return 0


def watch_changes(session: Session, office: SandboxOffice, console: Console) -> bool:
    """Run the engine as `tray-connector run` does, and see each change arrive."""
    halt, changes = Stop(), office.live_changes()
    engine, clock = session.engine, session.clock
    with session.stop.calls(halt.set), ThreadPoolExecutor(1, thread_name_prefix="demo-engine") as pool:
        running = pool.submit(engine.run, halt)
        try:
            for _ in range(CHANGES):
                seen = len(engine.board.view().activities)
                happened, began = str(changes.apply_next()), clock.monotonic()
                while len(engine.board.view().activities) == seen:
                    if clock.wait(session.stop, LOOK):
                        raise Stopped
                    if clock.monotonic() - began > ARRIVAL_DEADLINE or running.done():
                        console.err(f"This did not arrive within {ARRIVAL_DEADLINE:.0f} seconds: {happened}")
                        return False
                row = engine.board.view().activities[-1]
                took = clock.monotonic() - began
                console.out(f"  {printable(happened)}")
                console.out(f"    → row {row.kind} after {took:.1f} s: {printable(row.title)}")
        finally:
            halt.set()
            running.result()
    return True


def show_database(path: Path, console: Console) -> None:
    """What is in it now, and where it lies."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        for table, query in QUERIES.items():
            count = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - two fixed names
            cursor = connection.execute(query, (SHOWN,))
            columns = [column[0] for column in cursor.description]
            console.out(f"{count} rows in {table}; the latest:")
            console.out(table_text(columns, [cells(row) for row in cursor]))
            console.out("")
    console.out(f"Database: {path}")


def cells(row: Sequence[object]) -> list[str]:
    """A row as text; lists without their brackets."""
    texts = []
    for value in row:
        text = "" if value is None else str(value)
        texts.append(", ".join(json.loads(text)) if text.startswith("[") else text)
    return texts
