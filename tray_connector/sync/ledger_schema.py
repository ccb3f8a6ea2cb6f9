"""The ledger's file: opening it, setting a damaged one aside, and its tables."""

from __future__ import annotations

import logging
import sqlite3
from datetime import datetime
from pathlib import Path

from tray_connector.config.commit_points import passing
from tray_connector.model.errors import ConfigError, TransientError

logger = logging.getLogger(__name__)

SCHEMA_VERSION = 4
BUSY_SECONDS = 0.25
"""Only a foreign program can hold the lock, and our threads wait for it one after the other: a stop shall not."""

SCHEMA = """
CREATE TABLE destinations (
  number INTEGER PRIMARY KEY,
  place TEXT NOT NULL,
  instance TEXT NOT NULL,
  UNIQUE (place, instance)
);
CREATE TABLE records (
  destination INTEGER NOT NULL REFERENCES destinations (number) ON DELETE CASCADE,
  tab TEXT NOT NULL,
  id TEXT NOT NULL,
  record TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  category_hash TEXT NOT NULL,
  category_version TEXT NOT NULL,
  changed REAL NOT NULL,
  read_number INTEGER NOT NULL,
  state_read INTEGER NOT NULL,
  record_id TEXT,
  conversation_id TEXT,
  PRIMARY KEY (destination, tab, id)
) WITHOUT ROWID;
CREATE INDEX records_of_conversation ON records (destination, conversation_id) WHERE conversation_id IS NOT NULL;
CREATE TABLE conversations (
  destination INTEGER NOT NULL REFERENCES destinations (number) ON DELETE CASCADE,
  id TEXT NOT NULL,
  conversation TEXT NOT NULL,
  read_number INTEGER NOT NULL,
  PRIMARY KEY (destination, id)
) WITHOUT ROWID;
CREATE TABLE left_out (
  destination INTEGER NOT NULL REFERENCES destinations (number) ON DELETE CASCADE,
  source TEXT NOT NULL,
  id TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (destination, source, id)
) WITHOUT ROWID;
CREATE TABLE checkpoints (
  destination INTEGER NOT NULL REFERENCES destinations (number) ON DELETE CASCADE,
  source TEXT NOT NULL,
  stream TEXT NOT NULL,
  moment TEXT NOT NULL,
  PRIMARY KEY (destination, source, stream)
) WITHOUT ROWID;
CREATE TABLE requests (service TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX requests_by_time ON requests (service, at);
CREATE TABLE calls (
  service TEXT NOT NULL, month TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (service, month)
) WITHOUT ROWID;
CREATE TABLE runs (
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  began TEXT NOT NULL,
  ended TEXT NOT NULL,
  read INTEGER NOT NULL,
  written INTEGER NOT NULL,
  unchanged INTEGER NOT NULL,
  flagged INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  message TEXT NOT NULL
);
CREATE TABLE flags (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
FILES = """
CREATE TABLE files (
  number INTEGER PRIMARY KEY,
  destination INTEGER NOT NULL REFERENCES destinations (number) ON DELETE CASCADE,
  email_id TEXT NOT NULL,
  id TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'waiting',
  noted INTEGER NOT NULL DEFAULT 1,
  attempts INTEGER NOT NULL DEFAULT 0,
  due REAL,
  code TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  file_id TEXT,
  UNIQUE (destination, email_id, id)
);
CREATE INDEX files_due ON files (destination, due, number) WHERE due IS NOT NULL;
CREATE INDEX files_by_state ON files (destination, state, code);
CREATE INDEX files_untold ON files (destination, number) WHERE noted = 0;
CREATE TABLE contents (
  id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, byte_size INTEGER NOT NULL, path TEXT NOT NULL
) WITHOUT ROWID;
"""
FOUND = """
CREATE TABLE found (
  number INTEGER PRIMARY KEY,
  destination INTEGER NOT NULL REFERENCES destinations (number) ON DELETE CASCADE,
  tab TEXT NOT NULL,
  id TEXT NOT NULL,
  record_id TEXT NOT NULL,
  files TEXT NOT NULL,
  UNIQUE (destination, tab, id, record_id)
);
CREATE TABLE surveys (
  destination INTEGER NOT NULL REFERENCES destinations (number) ON DELETE CASCADE,
  tab TEXT NOT NULL,
  PRIMARY KEY (destination, tab)
) WITHOUT ROWID;
"""
# The status counts records every second: without this it would read through all of them.
COUNTED = "CREATE INDEX IF NOT EXISTS records_by_category ON records (destination, tab, category_version);"
UPGRADES = {
    1: FILES
    + """
INSERT INTO files (destination, email_id, id, due)
SELECT records.destination, records.id, json_extract(file.value, '$.attachment_id'), 0
FROM records, json_each(records.record, '$.attachments') AS file WHERE records.tab = 'emails';
""",
    2: FOUND,
    3: COUNTED,
}
"""From this version to the next one."""
BEGAN = "began"
"""The flag that says how the process before ended: `IN_ORDER`, or anything else."""
IN_ORDER = "in order"
UNCLEAN = "open"
"""The flag that is set while the file is in use: found at opening, the last process did not end by itself."""


def open_ledger(path: Path, now: datetime) -> tuple[sqlite3.Connection, Path | None]:
    """The ledger at `path`, made or upgraded where needed; and where a damaged one was set aside, else None.

    ConfigError for a file of a newer version, TransientError when the disk refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            path.touch(mode=0o600)
        try:
            return _open(path), None
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            aside = set_aside(path, now)
        logger.warning("The ledger was damaged and set aside as %s; everything is compared anew", aside.name)
        path.touch(mode=0o600)
        return _open(path), aside
    except (sqlite3.Error, OSError) as error:
        raise ledger_trouble(error, path) from error


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise ConfigError(
                "ledger-newer",
                "The data folder was used by a newer version",
                f"{path} has version {version}, this program knows {SCHEMA_VERSION}.",
                "Install the newer version again, or use another data folder.",
            )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: fsync alone does not reach the disk
        connection.execute("PRAGMA foreign_keys = ON")
        if version == 0:
            tables = f"{SCHEMA}{FILES}{FOUND}{COUNTED}PRAGMA user_version = {SCHEMA_VERSION};"
            passing("ledger.create")
            connection.executescript(f"BEGIN IMMEDIATE;{tables}COMMIT;")
            passing("ledger.created")
        unclean = connection.execute("SELECT 1 FROM flags WHERE name = ?", (UNCLEAN,)).fetchone() is not None
        if unclean:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if verdict != "ok":
                raise sqlite3.DatabaseError(f"database disk image is malformed: {verdict}")
        for older in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
            passing("ledger.create")
            connection.executescript(f"BEGIN IMMEDIATE;{UPGRADES[older]}PRAGMA user_version = {older + 1};COMMIT;")
        began = "anew" if version == 0 else "after a crash" if unclean else IN_ORDER
        connection.execute("INSERT OR REPLACE INTO flags VALUES (?, '1'), (?, ?)", (UNCLEAN, BEGAN, began))
    except BaseException:
        connection.close()
        raise
    return connection


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken, in contrast to a full or locked disk."""
    if isinstance(error, sqlite3.OperationalError) and "malformed" not in str(error):
        return "no such table" in str(error) or "already exists" in str(error)
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError)


def set_aside(path: Path, now: datetime) -> Path:
    """Rename the file and its companions; nothing is deleted. Gives the new place."""
    mark = f".damaged-{now.strftime('%Y%m%dT%H%M%SZ')}"
    aside = path.with_name(path.name + mark)
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}{mark}-{number}")
    path.rename(aside)
    for ending in ("-wal", "-shm"):
        companion = path.with_name(path.name + ending)
        if companion.exists():
            companion.rename(aside.with_name(aside.name + ending))
    return aside


def ledger_trouble(error: Exception, path: Path) -> TransientError:
    """Disk full, locked, read-only: time or a person mends it, and nothing is lost meanwhile."""
    return TransientError(
        "ledger-disk",
        "The connector cannot keep its books",
        f"{path}: {error}",
        "Check the free space and the rights of the data folder. Nothing is lost; it is tried again.",
    )
