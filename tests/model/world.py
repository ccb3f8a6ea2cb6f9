"""The office, the connector on it, and the hands that disturb both."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.model.chronicle import Chronicle, Held, Row
from tests.model.deeds import Deeds
from tests.model.snapshot import Snapshot
from tests.model.watch import Told, WriteWatch
from tests.support.clock import FakeClock, SkewedClock
from tests.support.connector import Connector, sandbox
from tests.support.webhooks import listening, missive, rule_body, task_body, teamwork
from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConnectorError
from tray_connector.sandbox.faults import Faults, When
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches
from tray_connector.sync.report import Report

FAULTS = ("500", "503", "429", "401", "403", "404", "html", "cut", "truncate", "drop", "lose", "redirect")
FARTHEST = 5 * 86_400
"""Seconds by which the connector's clock may be wrong: a first run reads 30 days back."""
DEADLINE = 20.0


class World:
    """One life. The office's clock is always right; the connector's is set now and then."""

    def __init__(self, folder: Path, teamwork_switches: TeamworkSwitches, missive_switches: MissiveSwitches) -> None:
        self._end = ExitStack()
        self.folder = Path(self._end.enter_context(TemporaryDirectory(dir=folder)))
        self.disk = folder
        self.clock = FakeClock()
        self.own = SkewedClock(self.clock, 0.0)
        self.sandbox = self._end.enter_context(sandbox(self.clock))
        self.sandbox.teamwork.switches = teamwork_switches
        self.sandbox.missive.service.switches = missive_switches
        self.deeds = Deeds(self.sandbox)
        self.chronicle = Chronicle(self.sandbox)
        self.watch = WriteWatch()
        self.told = Told()
        self.categories: dict[str, str] = {}
        self.settings: dict[str, str] = {"ATTACHMENTS": "false", "REMOVAL_GUARD_PERCENT": "5"}
        self._held: dict[Path, Held] = {}
        self._dead: list[Connector] = []
        self._locks: list[sqlite3.Connection] = []
        self.connector = self._open()

    def _open(self) -> Connector:
        return Connector(self.sandbox, self.folder / "home", self.own, **self.settings)

    def close(self) -> None:
        """End of the life."""
        self.calm()
        for connector in (self.connector, *self._dead):
            connector.close()
        self._end.close()

    @property
    def place(self) -> Path:
        """The destination in use."""
        return self.connector.settings.sqlite_path

    @property
    def held(self) -> Held:
        """What is known of the destination in use."""
        return self._held.setdefault(self.place, Held())

    @property
    def faults(self) -> tuple[Faults, Faults]:
        """The scripts of both services."""
        return self.sandbox.teamwork_server.faults, self.sandbox.missive.server.faults

    # What goes wrong.

    def fail(self, service: int, kind: str, at: int, times: int | None) -> None:
        """From now on requests to a service fail in a way, the `at`-th first."""
        faults, when = self.faults[service], When(at=at, times=times)
        match kind:
            case "html":
                faults.html(when)
            case "redirect":
                faults.redirect("http://127.0.0.1:9/elsewhere", when)
            case "cut" | "truncate" | "drop" | "lose":
                {"cut": faults.cut, "truncate": faults.truncate, "drop": faults.drop, "lose": faults.lose}[kind](when)
            case _:
                faults.status(int(kind), when, body='{"error": "made up"}', headers={"Retry-After": "3"})

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another program holds the database."""
        self.place.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.place, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            try:
                yield
            finally:
                other.execute("ROLLBACK")

    def refuse(self, digit: int) -> None:
        """The user's own trigger refuses some tasks and some e-mails from now on."""
        with closing(sqlite3.connect(self.place)) as file, file, suppress(sqlite3.OperationalError):
            for table, condition in (("tasks", f"NEW.name LIKE '%{digit}'"), ("emails", "NEW.labels LIKE '%Eilig%'")):
                for verb in ("INSERT", "UPDATE"):
                    file.execute(
                        f"CREATE TRIGGER refuse_{table}_{verb} BEFORE {verb} ON {table} WHEN {condition} "
                        "BEGIN SELECT RAISE(ABORT, 'house rule'); END"
                    )

    @contextmanager
    def full(self) -> Iterator[None]:
        """Not a byte of the disk is free."""
        ballast = self.disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(b"\0" * 65_536):
                continue
        try:
            yield
        finally:
            ballast.unlink()

    def rob(self, whom: int) -> None:
        """Somebody deletes a row from the database."""
        rows = {(table, key) for table in ("tasks", "emails") for key in self.connector.rows(table)}
        if len(rows) > 2:
            table, key = sorted(rows)[whom % len(rows)]
            self.connector.execute(f"DELETE FROM {table} WHERE {table[:-1]}_id = '{key}'")  # noqa: S608 - a test's own words
            self.held.robbed.add((table, key))

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        for faults in self.faults:
            faults.clear()
        if self.place.exists():
            with closing(sqlite3.connect(self.place)) as file, file:
                names = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE name GLOB 'refuse_*'")]
                for name in names:
                    file.execute(f"DROP TRIGGER {name}")

    # The process.

    def restart(self, **settings: str) -> None:
        """An orderly end and a new start."""
        self.settings |= settings
        self.connector.close()
        self.connector = self._open()
        self.told.forget()

    def die(self) -> None:
        """The process is gone from one moment to the next, with nothing under way."""
        self._dead.append(self.connector)
        self.connector = self._open()
        self.told.forget()

    def die_within(self, service: int, request: int) -> None:
        """The process dies while it waits for the answer to its n-th request of a sync."""
        with TemporaryDirectory(dir=self.folder) as folder:
            snapshot, connector = Snapshot(Path(folder)), self.connector

            def moment() -> None:
                with suppress(ConnectorError):
                    snapshot.take(connector, [self.place])

            self.faults[service].call(moment, When(at=request))
            self.sync()
            self.faults[service].clear()
            if snapshot.taken:
                connector.close()
                snapshot.restore(connector.paths, [self.place])
                self.connector = self._open()
                self.told.forget()
                self.watch.went_back(self.place)

    def deliver(self, parcels: Sequence[tuple[tuple[str, str], bool]]) -> None:
        """The services' webhooks report these, in this order; each rightly signed or forged."""
        engine = self.connector.engine
        with listening(engine.spool, self.own, last_read_number=engine.ledger.last_read_number) as listener:
            for (kind, key), forged in parcels:
                before = engine.spool.counts().total
                if kind == "task":
                    answer = teamwork(listener.port, task_body(int(key)), signed="0" * 64 if forged else "")
                else:
                    answer = missive(listener.port, rule_body(key), signed="sha256=" + "0" * 64 if forged else "")
                assert (answer.status == 200) != forged, answer
                assert not forged or engine.spool.counts().total == before

    def serve(self, seconds: float) -> None:
        """The service runs for a moment: its loops, its schedule."""
        stop, failures = Stop(), list[BaseException]()
        before = self.requests()
        paused = self.connector.engine.pause_state().holds(self.own.now())

        def run() -> None:
            try:
                self.connector.engine.run(stop)
            except BaseException as error:  # noqa: BLE001 - carried over
                failures.append(error)

        thread = threading.Thread(target=run, name="engine-under-test")
        thread.start()
        threading.Event().wait(seconds)
        stop.set()
        thread.join(DEADLINE)
        assert not thread.is_alive()
        assert not failures, failures
        assert not paused or self.requests() == before, "a pause rests the services"

    # Looking.

    def requests(self) -> tuple[int, int]:
        """Requests that either service got so far."""
        return len(self.sandbox.teamwork_server.requests), len(self.sandbox.missive.server.requests)

    def sync(self) -> Report:
        """`sync --once`. What fails as a whole was told in the log."""
        report = self.connector.sync()
        told = set().union(*self.told.codes.values())
        for lane in report.lanes:
            # Where reading and writing fail at once, the log tells one of them.
            codes = {error.problem.code for error in lane.errors}
            assert not codes or codes & told, (codes, told)
        return report

    def choose(self, categories: dict[str, str]) -> None:
        """Another file of label categories: column by prefix."""
        self.categories = categories
        text = json.dumps({name: f"{prefix}*" for name, prefix in categories.items()})
        self.connector.paths.categories_file.write_text(text, encoding="utf-8")
        self.connector.categories.reload()

    def stored(self) -> dict[str, dict[str, Row]]:
        """Both tables."""
        return {table: self.connector.rows(table) for table in ("tasks", "emails")}
