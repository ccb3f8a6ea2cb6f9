"""What the engine asks of a destination, and the values that cross."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tray_connector.config.clock import Stop
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import RecordError
from tray_connector.model.records import Stored, Table, Texts


@dataclass(frozen=True, slots=True)
class Identity:
    """Which destination this is, so that what was written is noted for it and no other."""

    place: str
    """Backend plus path / host, database and schema / base and table ids. Never a secret."""
    instance: str
    """The random id in `tray_connector_meta`; for Airtable the table ids again."""


@dataclass(frozen=True, slots=True)
class Write:
    """One row to bring into the destination."""

    record: Stored
    categories: Mapping[str, Texts] = field(default_factory=dict)
    """Category column → labels. Every category in force is a member, with ``()`` where nothing matches."""
    columns: Texts | None = None
    """None: insert or update the whole row. Otherwise: update these columns (and the categories) of a row that is
    there already; all other columns keep what they hold."""
    record_id: str | None = None
    """The destination's own id of the row, where it was noted (Airtable)."""


@dataclass(frozen=True, slots=True)
class Written:
    """The row is durable in the destination."""

    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class RowMissing:
    """A part of a row was to be updated, but there is no such row (someone deleted it)."""


Outcome = Written | RowMissing | RecordError


class Destination(Protocol):
    """A database that is written. Calls block and come from one thread at a time, not always the same one.
    Raise `ConfigError`, `TransientError` or `InternalError` when the destination as a whole fails, and `Stopped`.
    """

    @property
    def place(self) -> str:
        """The `Identity.place` that `open` will answer with."""
        ...

    def open(self, stop: Stop) -> Identity:
        """Connect, create or upgrade the tables. May be called again after a failure."""
        ...

    def ensure_categories(self, names: Sequence[str], stop: Stop) -> None:
        """Make sure that each category has its column in both tables. Columns are never dropped."""
        ...

    def write(self, writes: Sequence[Write], stop: Stop) -> Sequence[Outcome]:
        """Write the rows and answer in the same order. What is `Written` is durable; one bad row harms no other.
        When it raises, nothing is known of any row: the same writes may be sent again.
        """
        ...

    def verify(self, stop: Stop) -> bool:
        """A sign of life: True when it answered, False where asking would cost a call. Raises when it is gone."""
        ...

    def counts(self, stop: Stop) -> Mapping[Table, int]:
        """Rows per table, ours or not."""
        ...

    def present(self, table: Table, ids: Iterable[str], stop: Stop) -> frozenset[str]:
        """Which of these keys have a row."""
        ...

    def check(self, stop: Stop) -> Sequence[CheckLine]:
        """Live test of connection and rights. Never raises for what it tests, changes nothing that is stored."""
        ...

    def requests_sent(self) -> int:
        """Calls sent over the network since it was made; 0 for an embedded database."""
        ...

    def close(self) -> None:
        """Let go of connections and files. May be called twice."""
        ...
