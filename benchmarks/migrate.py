"""`migrate` of everything from SQLite to a real PostgreSQL server: copied, compared, taken into use."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from benchmarks.figures import Figure, at_most
from benchmarks.records import CATEGORIES, make_email, make_task
from tests.support.postgres import PostgresServer, find_binaries
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.settings import Settings, load_settings
from tray_connector.destinations.base import Write
from tray_connector.destinations.postgres import PostgresDestination
from tray_connector.destinations.sqlite import SqliteDestination
from tray_connector.model.codec import labels_hash, large_hash, without_large
from tray_connector.model.events import version_of
from tray_connector.model.records import Stored, labels_of
from tray_connector.sync.assemble import assemble
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.ledger_rows import Entry
from tray_connector.sync.migrate import Migration, Phase

ROWS, FEW_ROWS = 50_000, 1_000
BATCH = 500
GOAL = 30.0


def figures(folder: Path, quick: bool) -> Sequence[Figure]:
    """One figure: half of the rows are tasks, half e-mails of 6 kB."""
    count = FEW_ROWS if quick else ROWS
    name = f"migrate, {count:,} rows, SQLite to PostgreSQL"
    if find_binaries() is None:
        return [Figure(name, "not measured: no PostgreSQL here")]
    settings = filled(folder, count)
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(durable=True))
        clock, stop = SystemClock(), Stop()
        paths = Paths(settings.home)
        engine = assemble(settings, paths, CategoriesFile(paths.categories_file, clock), clock)
        stack.callback(engine.close)
        target = PostgresDestination(server.create_database().dsn(), "public", clock)
        ends: dict[Phase, float] = {}

        def note(phase: Phase, *_: int) -> None:
            ends[phase] = time.perf_counter()

        began = time.perf_counter()
        report = Migration(engine, target, clock, note).run(stop, lambda: None)
        took = time.perf_counter() - began
        if not report.switched or sum(report.compared.same.values()) != count:
            raise RuntimeError(f"not moved: {report}")
    note_text = f"copied after {ends['copying'] - began:.1f} s, then compared"
    return [at_most(name, took, GOAL, "s", note_text)]


def filled(folder: Path, count: int) -> Settings:
    """A home whose database and ledger hold so many records."""
    paths, clock, stop = Paths(folder / "home"), SystemClock(), Stop()
    paths.create()
    paths.categories_file.write_text(json.dumps(dict(CATEGORIES.patterns), ensure_ascii=False), encoding="utf-8")
    settings = load_settings(environ={}, paths=paths, dotenv=None, credentials=MemoryCredentials())
    with (
        closing(SqliteDestination(settings.sqlite_path, clock)) as destination,
        closing(Ledger(paths.ledger, clock)) as ledger,
    ):
        ledger.bind(destination.open(stop))
        for records in batches(count):
            writes = [Write(record, CATEGORIES.assign(labels_of(record))) for record in records]
            destination.write(writes, stop)
            ledger.note([entry_of(write) for write in writes])
    return settings


def batches(count: int) -> Iterator[list[Stored]]:
    """Tasks and e-mails, half and half."""
    for start in range(0, count // 2, BATCH):
        numbers = range(start, min(start + BATCH, count // 2))
        yield [make_task(number) for number in numbers]
        yield [make_email(number) for number in numbers]


def entry_of(write: Write) -> Entry:
    """What the ledger knows of a row."""
    record = write.record
    return Entry(
        without_large(record),
        large_hash(record),
        labels_hash(write.categories),
        CATEGORIES.version,
        version_of(record, 1),
    )
