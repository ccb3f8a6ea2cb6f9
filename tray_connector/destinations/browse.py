"""Looking into what is stored, without touching it: lists in pages, searched and filtered, and single records.

For people: nothing here writes, and the connection is another one than the writer's.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tray_connector.config.clock import Stop
from tray_connector.config.settings import Settings
from tray_connector.destinations.base import FileRow, StoredRow
from tray_connector.model.errors import TransientError
from tray_connector.model.records import Table, Texts

PAGE = 100
"""Rows in one page."""
DEFAULT_SORT: Mapping[Table, str] = {"tasks": "updated_at", "emails": "received_at"}
SEARCHED: Mapping[Table, Texts] = {
    "tasks": ("name", "project_name", "tasklist_name", "assignees", "tags", "task_id"),
    "emails": ("subject", "from_name", "from_address", "to_names", "to_addresses", "labels"),
}
"""The columns in which every search looks."""
TEXTS: Mapping[Table, Texts] = {"tasks": ("description",), "emails": ("body_text",)}
"""Those in which it looks when asked: they are large."""


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows, in which order."""

    table: Table
    search: str = ""
    """Words that must all occur, anywhere in a row; neither case nor accents count."""
    in_texts: bool = False
    """Look into descriptions and bodies too."""
    category: str | None = None
    """Only rows with a label of this category."""
    label: str | None = None
    """Only rows with this label in the category."""
    uncategorised: bool = False
    """Only rows that fall into no category."""
    deleted: bool = False
    """Deleted rows too."""
    sort: str | None = None
    """A column; None: the one that says when a row was new."""
    descending: bool = True
    """Rows without a value come last either way."""

    @property
    def order(self) -> str:
        """The column that decides the order."""
        return self.sort or DEFAULT_SORT[self.table]

    @property
    def words(self) -> Texts:
        """What is searched for."""
        return tuple(self.search.split())


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the value in the order, None for none, and the key."""

    value: object
    key: str


@dataclass(frozen=True, slots=True)
class Page:
    """Rows without their large texts."""

    rows: Sequence[StoredRow]
    next: Position | None
    """Where the next page begins; None at the end."""


@dataclass(frozen=True, slots=True)
class Whole:
    """One record with everything of it."""

    row: StoredRow
    files: Sequence[FileRow] = ()


class Browser(Protocol):
    """Reads one destination. Calls block, come from any thread, and are served one after the other.

    Raise `ConfigError`, `TransientError` (``data-none-yet`` before the first sync) and `Stopped`, at once when stopped.
    """

    def categories(self, stop: Stop) -> Texts:
        """The categories in force that have their column."""
        ...

    def page(self, question: Question, after: Position | None, stop: Stop) -> Page:
        """The next rows behind `after`, or the first. Rows may be written meanwhile; none comes twice by that unless
        its place in the order changed.
        """
        ...

    def count(self, question: Question, stop: Stop) -> int:
        """How many rows there are."""
        ...

    def rows(self, question: Question, stop: Stop) -> Generator[Sequence[StoredRow], None, None]:
        """Every row with its large texts, in order, in pages, all as they were at one moment. Until it is exhausted or
        closed nobody else is served: for an export, use a browser of its own.
        """
        ...

    def whole(self, table: Table, key: str, stop: Stop) -> Whole | None:
        """One record; None when it is not there any more."""
        ...

    def close(self) -> None:
        """Let go of the connection; the next call makes one again."""
        ...


def browser_of(settings: Settings) -> Browser | None:
    """For the database of `DB_BACKEND`; None for Airtable, which has a window of its own. Connects only when asked.

    Raises `SettingsError` where an address is missing, `ConfigError` where it cannot be read.
    """
    if settings.db_backend == "sqlite":
        from tray_connector.destinations.browse_sqlite import SqliteBrowser  # noqa: PLC0415 - only what is in use

        return SqliteBrowser(settings.sqlite_path)
    if settings.db_backend == "airtable":
        return None
    settings.require_destination()
    from tray_connector.destinations.browse_postgres import PostgresBrowser  # noqa: PLC0415 - only what is in use

    return PostgresBrowser(settings.pg_dsn or "", settings.pg_schema)


def airtable_address(settings: Settings) -> str | None:
    """Where a person looks into the base; None unless Airtable is the destination."""
    if settings.db_backend != "airtable" or not settings.airtable_base_id:
        return None
    return f"https://airtable.com/{settings.airtable_base_id}"


def nothing_yet(message: str) -> TransientError:
    """There is no database, or no table of ours in it."""
    return TransientError("data-none-yet", "Nothing is stored yet", message, "The first sync makes it.")
