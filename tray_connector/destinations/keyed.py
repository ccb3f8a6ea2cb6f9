"""What the destinations with tables of our own have in common: a row is found by its key, and files lie beside."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from tray_connector.config.clock import Stop
from tray_connector.destinations.base import Found, StoredFile, StoredRow
from tray_connector.destinations.column_kinds import KINDS, Kind
from tray_connector.model.records import Email, Table, Task, Texts, key_of


class KeyedDestination:
    """Base of the SQL destinations: the parts of `Destination` that they answer alike."""

    def rows(self, table: Table, stop: Stop, *, after: str | None = None) -> Iterator[Sequence[StoredRow]]:
        """Every row in the order of keys. Nothing is held between two pages: rows may be written meanwhile."""
        last = after or ""
        while page := self._page(table, last, stop):
            yield page
            last = key_of(page[-1].record)

    @abstractmethod
    def _page(self, table: Table, after: str, stop: Stop) -> list[StoredRow]:
        """The next rows behind the key; none at the end."""

    @property
    def fetches_files(self) -> bool:
        """No: files lie on this computer, the database holds their states."""
        return False

    def survey(self, table: Table, stop: Stop) -> Iterator[Sequence[Found]]:  # noqa: ARG002 - the protocol's
        """Nothing: a row is found by its key."""
        return iter(())

    def files_of(self, record_ids: Collection[str], stop: Stop) -> Mapping[str, Sequence[StoredFile]]:  # noqa: ARG002 - the protocol's
        """Nothing: see `fetches_files`."""
        return {}


def read_back(table: Table, categories: Texts, row: Sequence[Any], decode: Callable[[Kind, Any], Any]) -> StoredRow:
    """The values of all columns of a table, in its order, then those of the categories, as a record."""
    kinds = KINDS[table]
    fields = {name: decode(kind, raw) for (name, kind), raw in zip(kinds.items(), row, strict=False)}
    lists = {name: decode(Kind.LIST, raw) for name, raw in zip(categories, row[len(kinds) :], strict=True)}
    if table == "tasks":
        return StoredRow(Task(**fields), lists)
    # Never null as we write it; a row that somebody added by hand may lack it.
    return StoredRow(Email(**{**fields, "conversation_id": fields["conversation_id"] or ""}), lists)
