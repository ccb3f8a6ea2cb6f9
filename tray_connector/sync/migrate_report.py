"""What a migration did, and what it could not do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tray_connector.model.errors import Problem
from tray_connector.model.events import SourceName
from tray_connector.model.records import Stored, Table, Task, Text

NAMED = 10
"""So many records are named; of more, only their number is told."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that the target does not take."""

    table: Table
    key: str
    name: Text
    problem: Problem


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of the target that does not hold what was written; without `columns` it is not there at all."""

    table: Table
    key: str
    columns: tuple[str, ...] = ()


@dataclass
class Tally:
    """Counts while a migration runs; one thread."""

    written: int = 0
    """Rows written by this call."""
    unknown: dict[Table, int] = field(default_factory=dict)
    """Rows that only the origin knew, taken as they were read."""
    split: int = 0
    """Of these, those whose lists were taken apart at commas."""
    read_again: int = 0
    """Bodies that the origin did not hold as they had been written, read from the service again."""
    requests: int = 0
    """What that cost."""
    kept_as_read: int = 0
    """Such bodies that the service does not show any more: they are copied as the origin holds them."""
    lost: int = 0
    """Records whose row is missing at the origin, and which the service does not show any more."""
    refused: dict[tuple[Table, str], Refused] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Compared:
    """What the target was found to hold."""

    same: Mapping[Table, int]
    differences: tuple[Difference, ...] = ()
    others: Mapping[Table, int] = field(default_factory=dict)
    """Rows that did not come from the origin; they stay."""


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """What one call did."""

    origin: str
    target: str
    """`Destination.place` of both."""
    tally: Tally
    compared: Compared
    mended: int = 0
    """Rows that differed at first and were written again."""
    files: int = 0
    """Files of e-mails that go to the target after the switch, at most: inline ones do not go to Airtable."""
    anew: tuple[SourceName, ...] = ()
    """Sources that will be looked through whole after a switch by hand: something of them was waiting to be stored."""
    switched: bool = False

    @property
    def complete(self) -> bool:
        """Whether the target holds everything: only then may it take the origin's place."""
        return not self.tally.refused and not self.compared.differences


def name_of(record: Stored) -> Text:
    """What people call the record."""
    return record.name if isinstance(record, Task) else record.subject
