"""A connector that takes deliveries and stores what they report, over a sandbox office; it polls nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.webhook_load import SECRETS
from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.settings import load_settings
from tray_connector.model.events import SourceName
from tray_connector.sync.assemble import assemble
from tray_connector.sync.engine import Engine
from tray_connector.webhooks.listener import Listener

END_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Office:
    """What can be delivered."""

    tasks: Sequence[str]
    conversations: Sequence[str]


def opened(home: Path, environment: Mapping[str, str]) -> Engine:
    """The engine of this home, storing into SQLite there."""
    paths, clock = Paths(home), SystemClock()
    settings = load_settings(environ=environment, paths=paths, dotenv=None, credentials=MemoryCredentials())
    return assemble(settings, paths, CategoriesFile(paths.categories_file, clock), clock)


def what_is_there(home: Path, environment: Mapping[str, str]) -> Office:
    """The ids of all that the office has."""
    engine = opened(home, environment)
    try:
        found: dict[SourceName, list[str]] = {
            lane.name: [event.id for page in lane.source.walk(Stop()) for event in page.events] for lane in engine.lanes
        }
    finally:
        engine.close()
    return Office(tuple(dict.fromkeys(found["teamwork"])), tuple(dict.fromkeys(found["missive"])))


@contextmanager
def taking_deliveries(engine: Engine) -> Iterator[Listener]:
    """While inside, deliveries are accepted and stored."""
    listener = Listener(
        engine.spool,
        SystemClock(),
        SECRETS,
        port=0,
        port_fixed=True,
        last_read_number=engine.ledger.last_read_number,
    )
    listener.open()
    stop = Stop()
    works = [loop.run for loop in engine.loops() if loop.name.startswith("write-")]
    threads = [threading.Thread(target=work, args=(stop,), daemon=True) for work in (*works, listener.run)]
    for thread in threads:
        thread.start()
    try:
        yield listener
    finally:
        stop.set()
        for thread in threads:
            thread.join(END_SECONDS)
        listener.close()
