"""SQLite's errors in our terms: whose fault it is, and the next step."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from tray_connector.model.errors import ConfigError, ConnectorError, InternalError, TransientError

NO_CODE = -1
_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_OF_THE_ROW = frozenset(
    {
        *(sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE),
        # "no such column" and what a trigger of the user's runs into: the caller looks which of the two it is.
        sqlite3.SQLITE_ERROR,
        # Refused before it reached SQLite: a value that cannot be bound.
        NO_CODE,
    }
)
_DENIED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
_FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})


def code_of(error: BaseException) -> int:
    """The primary result code, such as `sqlite3.SQLITE_BUSY`; `NO_CODE` when SQLite was not asked at all."""
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else NO_CODE


def is_busy(error: sqlite3.Error) -> bool:
    """Another connection holds a lock."""
    return code_of(error) in _BUSY


def is_about_the_row(error: Exception) -> bool:
    """The values of a row, or what the user's constraints and triggers say to them; not the database as a whole."""
    return code_of(error) in _OF_THE_ROW


def translate(error: sqlite3.Error, path: Path) -> ConnectorError:
    """The database as a whole fails."""
    message = str(error)
    match code_of(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            hint = f"End the program that is writing to {path}. We go on as soon as it lets go."
            return TransientError("sqlite-busy", "Another program keeps the database locked", message, hint)
        case sqlite3.SQLITE_FULL:
            return disk_full(path, message)
        case sqlite3.SQLITE_READONLY if error.sqlite_errorcode == sqlite3.SQLITE_READONLY_DBMOVED:
            return replaced(path)
        case sqlite3.SQLITE_ERROR if message.startswith("no such "):
            return tables_changed(path, message)
        case sqlite3.SQLITE_READONLY:
            return _no_right(path, message)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            hint = f"Check that {path} is a file and that its folder can be read and written."
            return ConfigError("sqlite-cannot-open", "The database file cannot be opened", message, hint)
        case sqlite3.SQLITE_NOTADB:
            hint = f"{path} is left as it is. Choose another file, or move this one away."
            return ConfigError("sqlite-not-a-database", "This file is not a database", message, hint)
        case sqlite3.SQLITE_CORRUPT:
            hint = f"Move {path} away or put a backup in its place. A new file is filled from Teamwork and Missive."
            return ConfigError("sqlite-damaged", "The database file is damaged", message, hint)
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_PROTOCOL:
            hint = f"Check the disk that holds {path}. We try again."
            return TransientError("sqlite-disk-trouble", "The database file cannot be read or written", message, hint)
        case _:
            hint = f"The database is {path}. Details are in the log."
            return InternalError("sqlite-unexpected", "The database answers with an unexpected error", message, hint)


def translate_os(error: OSError, path: Path) -> ConnectorError:
    """The file or its folder cannot be made or looked at."""
    message = error.strerror or str(error)
    if error.errno in _DENIED:
        return _no_right(path, message)
    if error.errno in _FULL:
        return disk_full(path, message)
    hint = f"Check that the folder of {path} exists and can be written, or choose another place for the file."
    return ConfigError("sqlite-cannot-open", "The database file cannot be opened", message, hint)


def disk_full(path: Path, message: str) -> TransientError:
    """No room left."""
    hint = f"Make room on the disk that holds {path}. Nothing is lost; changes wait here."
    return TransientError("sqlite-disk-full", "The disk is full", message, hint)


def _no_right(path: Path, message: str) -> ConfigError:
    hint = f"Allow writing {path} and its folder, or choose another place for the file."
    return ConfigError("sqlite-read-only", "The database file cannot be written", message, hint)


def replaced(path: Path) -> TransientError:
    """The file that was opened is not the one at its place any more."""
    hint = f"We open {path} anew and fill it."
    return TransientError("sqlite-replaced", "The database file was removed or replaced", "", hint)


def tables_changed(path: Path, missing: str) -> TransientError:
    """A table or column of ours disappeared while we were writing."""
    hint = f"We make it again in {path} and fill it."
    return TransientError("sqlite-tables-changed", "A table was changed by another program", missing, hint)
