"""The live test of the SQLite destination."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

from tray_connector.destinations.column_kinds import TABLES
from tray_connector.destinations.sqlite_schema import check_tables, find_columns, prove_writable
from tray_connector.model.checks import CheckLine
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.model.records import Table

NAME = "SQLite"


def count_rows(connection: sqlite3.Connection) -> Mapping[Table, int]:
    """Rows per table."""
    return {table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in TABLES}


def check_place(path: Path) -> Sequence[CheckLine]:
    """There is no file yet: whether one can be made. OSError when not."""
    folder = path.parent
    while not folder.exists():
        folder = folder.parent
    _try_folder(folder)
    return [CheckLine(NAME, True, f"File can be written: {path}", "It is made with the first sync.")]


def check_file(path: Path) -> Sequence[CheckLine]:
    """Whether the file is ours to write, and its rows. OSError, `sqlite3.Error`, `ConfigError` when not."""
    _try_folder(path.parent)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        prove_writable(connection)
        check_tables(connection)
        rows = count_rows(connection) if all(find_columns(connection, table) for table in TABLES) else {}
        connection.execute("ROLLBACK")
    lines = [CheckLine(NAME, True, f"File can be written: {path}")]
    if rows:
        lines.append(CheckLine(NAME, True, f"Rows: {rows['tasks']:,} tasks, {rows['emails']:,} e-mails"))
    return lines


def failed(error: ConnectorError) -> CheckLine:
    """What is wrong and what to do."""
    problem = error.problem
    message = f"{problem.title}: {problem.message}" if problem.message else problem.title
    return CheckLine(NAME, False, message, problem.hint, passing=isinstance(error, TransientError))


def _try_folder(folder: Path) -> None:
    # The write-ahead log lies beside the file: a writable file in a folder that is not is of no use.
    with tempfile.TemporaryFile(dir=folder):
        pass
