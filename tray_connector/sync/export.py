"""Tasks and e-mails as CSV files that a spreadsheet opens."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TextIO

from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.private_files import make_private_folder, sync_folder
from tray_connector.destinations.base import StoredRow
from tray_connector.model.codec import time_to_text
from tray_connector.model.errors import ConfigError
from tray_connector.model.records import COLUMNS, Table, Texts
from tray_connector.sync.writer import TABLES, Writer

ENCODING = "utf-8-sig"
"""With a byte order mark: Excel takes the file for Latin-1 without."""
SEPARATOR = ", "
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is taken for a formula by spreadsheets (OWASP, "CSV Injection")."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One file."""

    path: Path
    rows: int


def export_csv(
    writer: Writer, folder: Path, stop: Stop, on_row: Callable[[int], None] = lambda _: None
) -> Mapping[Table, Exported]:
    """Write ``tasks.csv`` and ``emails.csv`` into the folder: RFC 4180, UTF-8 with a byte order mark, the user's alone.

    Deleted records are among them. Times are ISO 8601 in UTC, lists are joined with ``, ``, a text that a spreadsheet
    would take for a formula has an apostrophe before it. Both files appear at the end, when nothing failed; earlier
    exports are replaced, other files of these names are not: ConfigError ``export-foreign``, ``export-folder``.
    """
    try:
        make_private_folder(folder)
        for table in TABLES:
            refuse_foreign(folder / f"{table}.csv", table)
        with unfinished(folder) as files:
            counts = {table: _fill(files[table], writer, table, stop, on_row) for table in TABLES}
            for file in files.values():
                file.flush()
                os.fsync(file.fileno())
        return {table: Exported(folder / f"{table}.csv", count) for table, count in counts.items()}
    except OSError as error:
        raise ConfigError(
            "export-folder",
            "The folder cannot be written",
            f"{error.filename or folder}: {error.strerror or error}.",
            "Make room, give yourself the right to write there, or name another folder.",
        ) from error


def refuse_foreign(path: Path, table: Table) -> None:
    """Raise unless the file is not there, or begins as one of ours. OSError."""
    if not path.exists() and not path.is_symlink():
        return
    begin = ",".join(COLUMNS[table][:2]) + ","
    if path.is_file():
        with path.open("rb") as file:
            if file.read(200).decode(ENCODING, "replace").startswith(begin):
                return
    raise ConfigError(
        "export-foreign",
        f"There is another {path.name}",
        f"{path} was not made by an export.",
        "Rename it, or name another folder.",
    )


@contextmanager
def unfinished(folder: Path) -> Iterator[Mapping[Table, TextIO]]:
    """A file per table that gets its name when nothing was raised, and is gone otherwise. OSError."""
    made: dict[Table, tuple[Path, TextIO]] = {}
    try:
        for table in TABLES:
            handle, name = tempfile.mkstemp(dir=folder, prefix=f".{table}.csv.", suffix=".tmp")  # made with 0600
            made[table] = Path(name), os.fdopen(handle, "w", encoding=ENCODING, newline="", errors="replace")
        yield {table: file for table, (_, file) in made.items()}
        for table, (path, file) in made.items():
            file.close()
            path.replace(folder / f"{table}.csv")
        sync_folder(folder)
    finally:
        for path, file in made.values():
            file.close()
            path.unlink(missing_ok=True)


def _fill(file: TextIO, writer: Writer, table: Table, stop: Stop, on_row: Callable[[int], None]) -> int:
    lines = csv.writer(file)
    names = writer.categories.names
    lines.writerow([cell(name) for name in (*COLUMNS[table], *names)])
    count = 0
    for page, _ in writer.pages(table, stop):
        if stop.is_set():
            raise Stopped
        lines.writerows(cells(row, table, names) for row in page)
        count += len(page)
        on_row(len(page))
    return count


def cells(row: StoredRow, table: Table, categories: Texts) -> list[str]:
    """One line."""
    values = [cell(getattr(row.record, name)) for name in COLUMNS[table]]
    return values + [cell(row.categories.get(name, ())) for name in categories]


def cell(value: object) -> str:
    """A value as a text; numbers of our own may begin with a minus."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime():
            return time_to_text(value)
        case date():
            return value.isoformat()
        case int():
            return str(value)
        case tuple():
            return guarded(SEPARATOR.join(value))
    return guarded(str(value))


def guarded(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(FORMULA) else text
