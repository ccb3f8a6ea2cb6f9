"""PostgreSQL's errors in our terms: whose fault it is, and the next step."""

from __future__ import annotations

import psycopg

from tray_connector.destinations.batch import refused
from tray_connector.destinations.postgres_address import Address
from tray_connector.model.errors import ConfigError, ConnectorError, InternalError, RecordError, TransientError

_OF_THE_ROW = ("21", "22", "23", "42", "44", "54", "P0", "0A", "38", "39")
"""Classes of SQLSTATE that the values of a row cause, or what the user's constraints and triggers say to them. A class
42 may also mean that our tables were changed: the caller looks which of the two it is."""
_GONE = ("08", "57P", "25P")
_DISK, _MEMORY, _CONNECTIONS = "53100", "53200", "53300"
_LOCKED = frozenset({"55P03", "40P01", "40001"})
_CANCELLED = "57014"
_READ_ONLY = "25006"
_NO_RIGHT = "42501"
TABLE_OR_COLUMN_MISSING = frozenset({"42P01", "42703", "3F000"})


def is_about_the_row(error: Exception) -> bool:
    """The values of a row, or what the user's constraints and triggers say to them; not the database as a whole."""
    if not isinstance(error, psycopg.Error):
        return True
    if error.sqlstate is None:
        # psycopg itself refuses a value before it is sent; a lost connection has no state either.
        return isinstance(error, psycopg.DataError)
    return error.sqlstate.startswith(_OF_THE_ROW)


def is_denied(error: psycopg.Error) -> bool:
    """A right is missing."""
    return error.sqlstate == _NO_RIGHT


def refusal(error: Exception, column: str | None) -> RecordError:
    """One record is refused; `column` where it is known."""
    if isinstance(error, psycopg.Error):
        return refused("postgres", error, column or error.diag.column_name, words(error))
    return refused("postgres", error, column)


def words(error: BaseException) -> str:
    """What the server or libpq says, on one line."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return ". ".join(text for text in (error.diag.message_primary, error.diag.message_detail) if text)
    # libpq goes on with guesses.
    return str(error).partition("\n")[0].strip()


def translate(error: psycopg.Error, address: Address) -> ConnectorError:
    """The database as a whole fails."""
    state = error.sqlstate or ""
    message = address.redact(words(error))
    if state == _READ_ONLY:
        return read_only(message)
    if is_denied(error):
        hint = f"Let an administrator give the role {address.role} the rights to write our tables."
        return ConfigError("postgres-right-missing", "A right is missing in the database", message, hint)
    if state in TABLE_OR_COLUMN_MISSING:
        return tables_changed(message)
    if state == _DISK:
        hint = "Make room on the database server. Nothing is lost; changes wait here."
        return TransientError("postgres-disk-full", "The disk of the database server is full", message, hint)
    if state in _LOCKED:
        hint = "End the program that keeps our tables locked. We go on as soon as it lets go."
        return TransientError("postgres-busy", "Another program keeps our tables locked", message, hint)
    if state == _CANCELLED:
        hint = "We try again. When it stays, look at the load of the server and at triggers on our tables."
        return TransientError("postgres-slow", "The database was too slow", message, hint)
    if state == _CONNECTIONS:
        hint = "End other programs, or let an administrator raise max_connections. We try again."
        return TransientError("postgres-full", "The database takes no more connections", message, hint)
    if state.startswith("XX00") and state != "XX000":
        hint = "Let an administrator look at the log of the server, and restore a backup."
        return ConfigError("postgres-damaged", "The database is damaged", message, hint)
    if state.startswith((*_GONE, "53", "58")) or (not state and isinstance(error, psycopg.OperationalError)):
        return gone(message, address)
    return InternalError(
        "postgres-unexpected",
        "The database answers with an unexpected error",
        f"{message} (SQLSTATE {state})" if state else message,
        f"The database is {address.server}. Details are in the log.",
    )


def gone(message: str, address: Address) -> TransientError:
    """The connection was lost."""
    hint = f"We connect to {address.server} again. Nothing is lost; changes wait here."
    return TransientError("postgres-gone", "The connection to the database was lost", message, hint)


def silent(seconds: float) -> TransientError:
    """No answer in time."""
    return TransientError(
        "postgres-silent",
        "The database does not answer",
        f"No answer within {seconds:g} seconds.",
        "Check the network and the server. Nothing is lost; we try again.",
    )


def read_only(message: str) -> ConfigError:
    """Nothing can be written."""
    hint = "Name the writable server in PG_DSN, or let an administrator make database and role writable."
    return ConfigError("postgres-read-only", "The database can only be read", message, hint)


def tables_changed(missing: str) -> TransientError:
    """A table or column of ours disappeared while we were writing."""
    hint = "We make it again and fill it."
    return TransientError("postgres-tables-changed", "A table was changed by another program", missing, hint)


def replaced(address: Address) -> TransientError:
    """Behind the same address there are other tables than a moment ago."""
    hint = f"We open {address.server} anew and fill it."
    return TransientError("postgres-replaced", "The database was exchanged", "", hint)
