"""Where the scenario is played, as often as needed, into each kind of destination."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path

from tests.crash.life import Birth, Doom
from tests.crash.places import AirtablePlace, Place, PostgresPlace, SqlitePlace
from tests.crash.process import Life
from tests.crash.scene import ACCEPTED, SERVICES, WORKED, scene_in
from tests.support.postgres import Database
from tray_connector.config.commit_points import POINTS
from tray_connector.sandbox.running import SandboxOffice

KINDS = ("sqlite", "postgres", "airtable")
OUTSIDE = (*(f"{name}{WORKED}" for name in SERVICES), ACCEPTED)
ABSENT = {
    "sqlite": ("postgres.", "airtable."),
    "postgres": ("sqlite.", "airtable."),
    "airtable": ("sqlite.", "postgres.", "part."),
}
"""How the points begin that are not passed with a kind of destination: Airtable fetches files itself."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder below it, made by mkdtemp


def points_of(kind: str) -> list[str]:
    """Every point that is passed with this kind of destination."""
    return [point for point in (*POINTS, *OUTSIDE) if not point.startswith(ABSENT[kind])]


@contextmanager
def quick_folder() -> Iterator[Path]:
    """In memory: a process that dies loses nothing that it wrote; only a power cut would."""
    folder = Path(tempfile.mkdtemp(prefix="crash-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


class Stage:
    """Plays the scenario. `database` is called when PostgreSQL is wanted first."""

    def __init__(self, context: ForkServerContext, database: Callable[[], Database]) -> None:
        self._context = context
        self._database = database
        self._schemas = itertools.count(1)

    def play(self, kind: str, doom: Doom | None, *, kill_after: float | None = None) -> tuple[bool, dict[str, int]]:
        """Whether a life ended on the way, and how often each point was passed.

        Something that is not as it must be is an error that names where the life ended.
        """
        schema = f"life_{next(self._schemas)}"
        try:
            with quick_folder() as folder:
                place = self._place(kind, folder, schema)
                with scene_in(folder, place, self._begin(kill_after)) as scene:
                    counts = scene.play(doom)
        except Exception as error:
            error.add_note(f"{kind}: {doom if kill_after is None else f'killed after {kill_after:.3f} s'}")
            raise
        if kind == "postgres":
            self._database().execute(f"DROP SCHEMA {schema} CASCADE")
        return bool(scene.deaths), counts

    def _place(self, kind: str, folder: Path, schema: str) -> Callable[[SandboxOffice], Place]:
        match kind:
            case "sqlite":
                return lambda _: SqlitePlace(folder / "connector.db")
            case "postgres":
                return lambda _: PostgresPlace(self._database(), schema)
            case _:
                return lambda office: AirtablePlace(office.airtable)

    def _begin(self, kill_after: float | None) -> Callable[[Birth], Life]:
        births = itertools.count()

        def begin(birth: Birth) -> Life:
            life = Life(self._context, birth)
            if kill_after is not None and not next(births):
                timer = threading.Timer(kill_after, life.kill)
                timer.daemon = True
                timer.start()
                life.at_end = timer.cancel
            return life

        return begin

    def measure(self, kind: str) -> tuple[float, dict[str, int]]:
        """Seconds that an undisturbed run takes, and how often it passes each point: none is left out."""
        began = time.monotonic()
        _, counts = self.play(kind, None)
        assert sorted(point for point in points_of(kind) if not counts.get(point)) == []
        return time.monotonic() - began, counts
