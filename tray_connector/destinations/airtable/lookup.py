"""Finding rows by key or by record id, 100 a call."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyairtable.formulas import OR, RECORD_ID, Field, Formula

from tray_connector.config.clock import Stop
from tray_connector.destinations.airtable.client import PAGE, AirtableClient
from tray_connector.destinations.airtable.columns import KEY
from tray_connector.destinations.airtable.rows_in import Record, key_in
from tray_connector.destinations.airtable.schema import BaseTable
from tray_connector.model.records import Table


@dataclass(frozen=True, slots=True)
class Lookup:
    """Asks one table."""

    client: AirtableClient
    table: Table
    there: BaseTable

    def with_ids(self, record_ids: Collection[str], fields: Sequence[str], stop: Stop) -> Iterator[Record]:
        """The records of these ids that still exist."""
        for chunk in _chunks(record_ids):
            yield from self._where((RECORD_ID().eq(record_id) for record_id in chunk), fields, stop)

    def existing(self, record_ids: Collection[str], stop: Stop) -> frozenset[str]:
        """Which of these ids exist."""
        return frozenset(record["id"] for record in self.with_ids(record_ids, [KEY[self.table]], stop))

    def with_keys(self, keys: Collection[str], stop: Stop) -> dict[str, list[Record]]:
        """Key → its rows, the oldest first. Unknown keys are not among the result."""
        wanted = set(keys)
        name = KEY[self.table]
        found: dict[str, list[Record]] = {}
        for chunk in _chunks(wanted):
            for record in self._where((Field(name).eq(key) for key in chunk), [name], stop):
                key = key_in(record, self.table)
                if key in wanted:
                    found.setdefault(key, []).append(record)
        for records in found.values():
            records.sort(key=lambda record: str(record.get("createdTime")))
        return found

    def _where(self, tests: Iterable[Formula], fields: Sequence[str], stop: Stop) -> Iterator[Record]:
        formula = str(OR(*tests))
        for page in self.client.pages(self.there.id, fields, stop=stop, formula=formula):
            yield from page


def _chunks(items: Collection[str]) -> Iterator[list[str]]:
    every = sorted(items)
    for start in range(0, len(every), PAGE):
        yield every[start : start + PAGE]
