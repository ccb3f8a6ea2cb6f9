"""What the data window shows as a CSV file. Knows no widgets; blocks."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.private_files import sync_folder
from tray_connector.destinations.browse import Question
from tray_connector.model.errors import ConfigError
from tray_connector.model.records import COLUMNS
from tray_connector.sync.export import ENCODING, cell, cells
from tray_connector.sync.session import Session
from tray_connector.ui.data_work import sql_browser


class Lines(Protocol):
    """What `csv.writer` makes."""

    def writerow(self, row: Iterable[str], /) -> object:
        """One line."""
        ...

    def writerows(self, rows: Iterable[Iterable[str]], /) -> None:
        """Several."""
        ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What is written where."""

    question: Question
    path: Path
    """A file of this name is replaced."""
    delimiter: str
    """What the spreadsheets of this country expect between two columns."""


def export(session: Session, stop: Stop, on_rows: Callable[[int], None], wish: Wish) -> int:
    """Write every row that answers, in its order and with its large texts; the answer is their number.

    The file is as `sync.export.export_csv` makes it but for the delimiter, and appears when it is complete. `on_rows`
    hears how many are written so far. ConfigError where it cannot be written, what a `Browser` raises, `Stopped`.
    """
    try:
        handle, name = tempfile.mkstemp(dir=wish.path.parent, prefix=f".{wish.path.name}.", suffix=".tmp")
    except OSError as error:
        raise _unwritable(wish.path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding=ENCODING, newline="", errors="replace") as file:
            count = _fill(csv.writer(file, delimiter=wish.delimiter), session, stop, on_rows, wish.question)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(wish.path)
        sync_folder(wish.path.parent)
    except OSError as error:
        raise _unwritable(wish.path, error) from error
    finally:
        temporary.unlink(missing_ok=True)
    return count


def _fill(lines: Lines, session: Session, stop: Stop, on_rows: Callable[[int], None], question: Question) -> int:
    browser = sql_browser(session.settings)
    try:
        names = browser.categories(stop)
        lines.writerow([cell(name) for name in (*COLUMNS[question.table], *names)])
        count = 0
        with closing(browser.rows(question, stop)) as pages:
            for rows in pages:
                if stop.is_set():
                    raise Stopped
                lines.writerows(cells(row, question.table, names) for row in rows)
                count += len(rows)
                on_rows(count)
        return count
    finally:
        browser.close()


def _unwritable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        "export-file",
        "The file cannot be written",
        f"{path}: {error.strerror or error}.",
        "Close the program that has it open, make room, or choose another folder.",
    )
