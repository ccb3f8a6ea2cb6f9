"""`AirtableDestination`: two tables of a base, made ready, written ten rows a call, and read back."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from zoneinfo import ZoneInfo

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.destinations.airtable.client import ENDPOINT, AirtableClient, CallLog
from tray_connector.destinations.airtable.columns import ATTACHMENTS, KEY, wanted_columns
from tray_connector.destinations.airtable.errors import QUOTA, RefusedError, explained
from tray_connector.destinations.airtable.lookup import Lookup
from tray_connector.destinations.airtable.plans import PLANS, PlanName
from tray_connector.destinations.airtable.preflight import Preflight
from tray_connector.destinations.airtable.rows_in import files_in, found_row, stored_row
from tray_connector.destinations.airtable.rows_out import cells_of
from tray_connector.destinations.airtable.schema import BaseTable
from tray_connector.destinations.airtable.setup import Setup
from tray_connector.destinations.airtable.writing import RowWriter, SchemaChangedError, Tables
from tray_connector.destinations.base import FileRow, Found, Identity, Outcome, StoredFile, StoredRow, Write
from tray_connector.destinations.column_kinds import TABLES
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConfigError, InternalError, TransientError
from tray_connector.model.records import Table, table_of

_log = logging.getLogger(__name__)

SPENT = 1800.0
"""Seconds between two tries whether the month's calls are allowed again."""
LOOK_AGAIN = 600.0
"""Seconds in which the schema is not read a second time because a value was refused."""


class AirtableDestination:
    """Implements `destinations.base.Destination` with two tables of one base, found by name or id.

    What is sent is noted in `log` under ``destination``. `scale` multiplies Airtable's limit, for test servers.
    """

    def __init__(
        self,
        *,
        token: str,
        base_id: str,
        tasks_table: str = "Tasks",
        emails_table: str = "Emails",
        endpoint_url: str | None = None,
        plan: PlanName = "free",
        zone: ZoneInfo,
        clock: Clock,
        log: CallLog | None = None,
        scale: float = 1.0,
        user_agent: str = "tray-connector",
    ) -> None:
        self._client = AirtableClient(
            token=token,
            base_id=base_id,
            endpoint_url=endpoint_url,
            clock=clock,
            log=log,
            scale=scale,
            user_agent=user_agent,
        )
        self._names: Mapping[Table, str] = {"tasks": tasks_table, "emails": emails_table}
        self._zone = zone
        self._clock = clock
        self._plan = PLANS[plan]
        self._setup = Setup(self._client, self._names, zone, clock)
        self._opened: dict[Table, BaseTable] | None = None
        self._categories: tuple[str, ...] = ()
        self._looked = -LOOK_AGAIN
        self._spent: TransientError | None = None
        self._spent_since = 0.0

    @property
    def place(self) -> str:
        """``airtable:`` and the base, before it the address where that is not Airtable's own."""
        address = self._client.address
        return f"airtable:{'' if address == ENDPOINT else address + '/'}{self._client.base_id}"

    def open(self, stop: Stop) -> Identity:
        """Read the schema, create tables and columns that are missing. One call where nothing is."""
        self._opened = None
        self._refuse_while_spent()
        with self._explained():
            opened = self._setup.prepare(self._categories, stop)
            if self._spent is not None:
                # The schema is answered even then: only the records tell whether the month has turned.
                next(self._client.pages(opened["tasks"].id, [KEY["tasks"]], stop=stop, size=1))
                self._spent = None
        self._opened = opened
        return Identity(self.place, f"{opened['tasks'].id}/{opened['emails'].id}")

    def ensure_categories(self, names: Sequence[str], stop: Stop) -> None:
        """A column per category in both tables; no call where they are there. `ConfigError` as `open`."""
        with self._explained():
            self._opened = self._setup.complete(self._tables(), names, stop)
        self._categories = tuple(names)

    def write(self, writes: Sequence[Write], stop: Stop) -> Sequence[Outcome]:
        """Ten rows a call, found by record id or key."""
        wanted = dict.fromkeys(name for write in writes for name in write.categories)
        if not wanted.keys() <= set(self._categories):
            self.ensure_categories([*dict.fromkeys((*self._categories, *wanted))], stop)
        if not writes:
            return ()
        writer = RowWriter(
            self._client, writes, zone=self._zone, now=self._clock.now, look_again=lambda: self._look_again(stop)
        )
        with self._explained():
            try:
                return writer.run(self._tables(), stop)
            except SchemaChangedError as changed:
                _log.info("%s The columns are looked at again", changed)
                self._opened = self._setup.prepare(self._categories, stop)
            try:
                return writer.run(self._tables(), stop)
            except SchemaChangedError as error:
                hint = "Nothing is lost. It is tried again by itself."
                raise ConfigError(
                    "airtable-columns-changing", "A column in Airtable cannot be written", str(error), hint
                ) from error

    def _look_again(self, stop: Stop) -> Tables | None:
        now = self._clock.monotonic()
        if now - self._looked < LOOK_AGAIN:
            return None
        self._looked = now
        self._opened = self._setup.prepare(self._categories, stop)
        return self._opened

    def verify(self, stop: Stop) -> bool:
        """Asking would cost a call: nothing is asked."""
        if stop.is_set():
            raise Stopped
        return False

    def counts(self, stop: Stop) -> Mapping[Table, int]:
        """Rows per table, ours or not. One call per 100 rows."""
        return {table: sum(len(page) for page in self._read(table, [KEY[table]], stop)) for table in TABLES}

    def present(self, table: Table, ids: Iterable[str], stop: Stop) -> frozenset[str]:
        """Which of these keys have a row. One call per 100 keys."""
        with self._explained():
            return frozenset(Lookup(self._client, table, self._tables()[table]).with_keys(set(ids), stop))

    def rows(self, table: Table, stop: Stop, *, after: str | None = None) -> Iterator[Sequence[StoredRow]]:
        """Every row in pages of 100, in no order; always from the beginning."""
        del after
        names = [column.name for column in wanted_columns(table, self._categories) if column.name != ATTACHMENTS]
        for page in self._read(table, names, stop):
            stored = (stored_row(record, table, self._categories, self._zone) for record in page)
            yield [row for row in stored if row is not None]

    def as_held(self, row: StoredRow) -> StoredRow:
        """What is left of a row once it went through its cells."""
        table = table_of(row.record)
        cells = cells_of(Write(row.record, row.categories), self._tables()[table], self._zone)
        held = stored_row({"id": "", "fields": cells}, table, tuple(row.categories), self._zone)
        return row if held is None else held

    @property
    def fetches_files(self) -> bool:
        """Airtable fetches files by their addresses."""
        return True

    def note_files(self, files: Sequence[FileRow], stop: Stop) -> None:
        """Nothing: the cell `Attachments` itself is what has become of them."""

    def survey(self, table: Table, stop: Stop) -> Iterator[Sequence[Found]]:
        """Rows that are there already, 100 a call; a table that we have just made has none."""
        if self._tables()[table].made_now:
            return
        names = [KEY[table], ATTACHMENTS] if table == "emails" else [KEY[table]]
        for page in self._read(table, names, stop):
            found = (found_row(record, table) for record in page)
            yield [row for row in found if row is not None]

    def files_of(self, record_ids: Collection[str], stop: Stop) -> Mapping[str, Sequence[StoredFile]]:
        """The files of these rows of e-mails, 100 rows a call."""
        with self._explained():
            lookup = Lookup(self._client, "emails", self._tables()["emails"])
            return {record["id"]: files_in(record) for record in lookup.with_ids(record_ids, [ATTACHMENTS], stop)}

    def check(self, stop: Stop) -> Sequence[CheckLine]:
        """Token, base, role, columns, the right to write, rows against the plan."""
        preflight = Preflight(self._client, self._setup, self._names, self._zone, self._plan, self._clock)
        return preflight.lines(self._categories, stop)

    def requests_sent(self) -> int:
        """Calls sent since it was made, each try counted."""
        return self._client.road.sent

    def close(self) -> None:
        """Close the connections."""
        self._opened = None
        self._client.road.close()

    def _read(self, table: Table, fields: Sequence[str], stop: Stop) -> Iterator[list[dict[str, object]]]:
        pages = self._client.pages(self._tables()[table].id, fields, stop=stop)
        while True:
            if stop.is_set():
                raise Stopped
            with self._explained():
                page = next(pages, None)
            if page is None:
                return
            yield page

    def _tables(self) -> dict[Table, BaseTable]:
        if self._opened is None:
            raise InternalError("airtable-not-open", "The Airtable base is not open", self.place)
        return self._opened

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What Airtable refuses becomes one of our errors."""
        try:
            yield
        except RefusedError as error:
            raise explained(error.refusal, self._clock.now()) from error
        except TransientError as error:
            if error.problem.code == QUOTA:
                self._spent, self._spent_since = error, self._clock.monotonic()
            raise

    def _refuse_while_spent(self) -> None:
        """Now and then it is tried whether the plan was changed; in between no call is sent that would be refused."""
        if self._spent is None or self._clock.monotonic() - self._spent_since >= SPENT:
            return
        problem = self._spent.problem
        if problem.retry_at is not None and self._clock.now() < problem.retry_at:
            raise TransientError(problem.code, problem.title, problem.message, problem.hint, problem.retry_at)
