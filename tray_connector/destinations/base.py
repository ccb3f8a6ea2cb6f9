"""What the engine asks of a destination, and the values that cross."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tray_connector.config.clock import Stop
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import RecordError
from tray_connector.model.records import Attachment, Stored, Table, Texts


@dataclass(frozen=True, slots=True)
class Identity:
    """Which destination this is, so that what was written is noted for it and no other."""

    place: str
    """Backend plus path / host, database and schema / base and table ids. Never a secret."""
    instance: str
    """The random id in `tray_connector_meta`; for Airtable the table ids again."""


FileState = Literal["stored", "too_large", "failed", "waiting"]
"""What became of an attachment, as the column ``state`` says it."""


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file that shall be in a row's ``Attachments``, for a destination that fetches it itself (Airtable)."""

    attachment: Attachment
    url: str | None = None
    """The service's signed address, obtained just before. None where `file_id` is known."""
    file_id: str | None = None
    """The destination's own id of the file, where it is there already: it is kept by that, nothing is sent again."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """What has become of one attachment: a row's state in ``attachments`` of the SQL destinations."""

    attachment: Attachment
    email_id: str
    state: FileState
    sha256: str | None = None
    path: str | None = None
    """Below `ATTACHMENTS_PATH`, with ``/``."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as the destination (Airtable) has it."""

    file_id: str
    filename: str
    byte_size: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """A row that was there before we wrote (Airtable)."""

    key: str
    record_id: str
    files: tuple[StoredFile, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A whole row, read back."""

    record: Stored
    categories: Mapping[str, Texts] = field(default_factory=dict)
    split: bool = False
    """The lists were one text each and were taken apart at ``, ``: a name that holds a comma became two."""
    cut: frozenset[str] = frozenset()
    """The `LARGE_FIELDS` that the destination could not hold whole."""


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
    files: tuple[FileLink, ...] | None = None
    """None: the row's files stay as they are. Otherwise: the row shall hold these and no others."""


@dataclass(frozen=True, slots=True)
class Written:
    """The row is durable in the destination."""

    record_id: str | None = None
    files: tuple[StoredFile, ...] | None = None
    """The row's files as the destination answered; None where none were written."""
    files_refused: str | None = None
    """The destination's reason when it took the row and not all of its files."""


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

    def rows(self, table: Table, stop: Stop, *, after: str | None = None) -> Iterator[Sequence[StoredRow]]:
        """Every row in pages, ordered by key where `after` (a key: begin behind it) is of use; Airtable has no order
        and always begins at the beginning. Only the columns of `model.records` and the categories in force.
        """
        ...

    def as_held(self, row: StoredRow) -> StoredRow:
        """The row as `rows` gives it once it was written: what this destination can hold of it. Asks nobody, and is
        for destinations that are open.
        """
        ...

    @property
    def fetches_files(self) -> bool:
        """Whether it takes addresses in `Write.files` (Airtable) rather than files' states by `note_files`."""
        ...

    def note_files(self, files: Sequence[FileRow], stop: Stop) -> None:
        """Say what became of attachments (SQL destinations). One whose e-mail has no row is left out silently."""
        ...

    def survey(self, table: Table, stop: Stop) -> Iterator[Sequence[Found]]:
        """Rows that are there already, with their own ids, in pages; a key may come several times. SQL destinations,
        which find a row by its key, have nothing to say.
        """
        ...

    def files_of(self, record_ids: Collection[str], stop: Stop) -> Mapping[str, Sequence[StoredFile]]:
        """The files that these rows of e-mails hold now (Airtable), 100 rows a call; rows that are gone are missing."""
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
