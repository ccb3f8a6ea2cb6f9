"""`Migration`: everything that is stored, into another destination, which may then take the place of the one in use."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Literal

from tray_connector.config.clock import Clock, Stop
from tray_connector.destinations.base import Destination
from tray_connector.model.errors import ConfigError, ConnectorError, TransientError
from tray_connector.model.events import SOURCES, SourceName
from tray_connector.model.records import Stored, Table
from tray_connector.sync.engine import Engine
from tray_connector.sync.files_told import Teller
from tray_connector.sync.ledger import Ledger
from tray_connector.sync.migrate_compare import Comparer
from tray_connector.sync.migrate_copy import Copier
from tray_connector.sync.migrate_report import Compared, MigrationReport
from tray_connector.sync.survey import emptied, survey
from tray_connector.sync.writer import TABLES, Writer

Phase = Literal["copying", "comparing"]
OnProgress = Callable[[Phase, int, int], None]
"""Told the phase, the rows done and the rows in all, as it seems."""
PASSES = 3
"""Looks for what changed meanwhile before the sync has to wait for the last one."""
SOURCE_OF: Mapping[Table, SourceName] = {"tasks": "teamwork", "emails": "missive"}


class Migration:
    """One migration within the engine of a home, whose loops may run meanwhile.

    Cut off at any moment it may be run again and goes on from there: what was written is noted for the target in the
    ledger. Nothing is deleted, neither at the origin nor at the target.
    """

    def __init__(
        self, engine: Engine, target: Destination, clock: Clock, on_progress: OnProgress = lambda *_: None
    ) -> None:
        self._engine = engine
        self._writer = engine.writer
        self._target = target
        self._clock = clock
        self._on_progress = on_progress

    def run(self, stop: Stop, switch: Callable[[], None] | None = None) -> MigrationReport:
        """Copy, bring over what changed meanwhile, compare. When all is there and `switch` is given, call it and let
        the engine write into the target from then on; nobody else writes between the last look and that.

        Raises what either destination raises, what a source raises of which texts must be read again, what `switch`
        raises, and `Stopped`: then the origin stays in use. ConfigError ``migrate-same-place``, TransientError
        ``migrate-running``.
        """
        with alone(self._writer):
            if self._target.place == self._writer.place:
                raise same_place(self._target.place)
            try:
                return self._run(stop, switch)
            finally:
                if self._writer.place != self._target.place:
                    self._target.close()

    def _run(self, stop: Stop, switch: Callable[[], None] | None) -> MigrationReport:
        with self._writer.held(stop):
            # From here on the ledger is about the origin.
            origin = self._writer.place
        books = self._engine.ledger.beside(self._target.open(stop))
        if emptied(books, self._target, stop):
            books.forget_bound()
        survey(self._target, books, stop)
        copier = Copier(
            writer=self._writer,
            ledger=self._engine.ledger,
            target=self._target,
            books=books,
            read_whole=self._read_whole,
            requests_sent=lambda: sum(lane.source.requests_sent() for lane in self._engine.lanes),
        )
        self._copy(copier, stop)
        files = self._engine.files
        with files.resting(stop) if files is not None else nullcontext(), self._writer.held(stop):
            for table in TABLES:
                copier.copy(table, stop, everything=False)
            first = self._compare(copier, books, stop)
            compared = self._mend(copier, books, first, stop) if first.differences else first
            report = MigrationReport(
                origin,
                self._target.place,
                copier.tally,
                compared,
                mended=len(first.differences) - len(compared.differences),
            )
            return self._conclude(report, books, switch, stop) if report.complete else report

    def _copy(self, copier: Copier, stop: Stop) -> None:
        """The first pass brings everything, the others what changed while the one before them ran."""
        known = sum(self._engine.ledger.count(table) for table in TABLES)
        done = 0

        def on_row(rows: int) -> None:
            nonlocal done
            done += rows
            self._on_progress("copying", done, max(known, done))

        done = known - copier.prepare(on_row, stop)
        on_row(0)
        for number in range(PASSES):
            for table in TABLES:
                copier.copy(table, stop, everything=number == 0)
            if not copier.left():
                return

    def _compare(self, copier: Copier, books: Ledger, stop: Stop) -> Compared:
        total = sum(books.count(table) for table in TABLES) + len(copier.beside.unknown)
        done = 0

        def on_row(rows: int) -> None:
            nonlocal done
            done += rows
            self._on_progress("comparing", done, max(total, done))

        on_row(0)
        comparer = Comparer(
            writer=self._writer,
            ledger=self._engine.ledger,
            target=self._target,
            books=books,
            categories=copier.categories,
        )
        return comparer.compare(copier.beside, on_row, stop)

    def _mend(self, copier: Copier, books: Ledger, compared: Compared, stop: Stop) -> Compared:
        """Rows that somebody changed or removed in the target since they were written are written again."""
        for table in TABLES:
            copier.again(table, [each.key for each in compared.differences if each.table == table])
            copier.copy(table, stop, everything=any(key[0] == table for key in copier.beside.unknown))
        return self._compare(copier, books, stop)

    def _conclude(
        self, report: MigrationReport, books: Ledger, switch: Callable[[], None] | None, stop: Stop
    ) -> MigrationReport:
        """The target holds everything, and the origin cannot change: carry over the rest of the books, and switch."""
        copying = self._engine.ledger.copying(books)
        on_disk = not self._writer.fetches_files and not self._target.fetches_files
        copying.carry_over(files_stay=on_disk)
        if on_disk:
            Teller(books, self._target, self._clock).tell(stop)
        # What waits goes where the engine writes. With no switch now, that is the origin: the target must see it again.
        waiting = tuple(source for source in SOURCES if self._engine.spool.counts(source).total)
        if switch is None:
            copying.forget_checkpoints(waiting)
        else:
            switch()
            self._writer.exchange(self._target)
        files = copying.waiting_files() if self._engine.files is not None else 0
        anew = waiting if switch is None else ()
        return replace(report, files=files, anew=anew, switched=switch is not None)

    def _read_whole(self, table: Table, ids: Sequence[str], stop: Stop) -> Mapping[str, Stored | ConnectorError | None]:
        for lane in self._engine.lanes:
            if lane.name == SOURCE_OF[table]:
                return lane.source.read_whole(ids, stop)
        name = SOURCE_OF[table].capitalize()
        raise ConfigError(
            "migrate-no-source",
            f"Some texts must be read from {name} again",
            f"The database does not hold {len(ids)} of them as they were written, and {name} is not set up.",
            f"Set address and key of {name}, then run it again: it goes on where it ended.",
        )


@contextmanager
def alone(writer: Writer) -> Iterator[None]:
    """Two at a time would only do the same twice."""
    if not writer.migrating.acquire(blocking=False):
        raise TransientError("migrate-running", "A migration is running already", hint="Try again when it has ended.")
    try:
        yield
    finally:
        writer.migrating.release()


def same_place(place: str) -> ConfigError:
    """There is nothing to be moved."""
    return ConfigError(
        "migrate-same-place",
        "Everything is stored there already",
        f"The database in use is {place}.",
        "Name another one with --to, or set its address first.",
    )
