"""Watches what is written and what is told: no older version over a newer one, every problem once."""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.support.log_guard import describe

NUMBER = re.compile(r"#(\d+)")
TABLES = {"tasks": ("task_id", "name"), "emails": ("email_id", "subject")}
EXPECTED = re.compile(r"vanished at once|^The run is missing in the history: ")
WORKS_AGAIN = re.compile(r"^(\w+) works again$")


class WriteWatch:
    """Triggers in a destination note every write. Every edit gives a task's name a higher number."""

    def __init__(self) -> None:
        self._newest: dict[tuple[Path, str], int] = {}

    def look(self, path: Path) -> int:
        """How many rows were written since the last look; an older version over a newer one is an error."""
        if not path.exists():
            return 0
        with closing(sqlite3.connect(path)) as connection, connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if "tasks" not in tables:
                return 0
            if "written" not in tables:
                self._begin(connection)
                written = [("tasks", *row) for row in connection.execute("SELECT task_id, name FROM tasks")]
                first = connection.execute("SELECT count(*) FROM emails").fetchone()[0]
            else:
                written = connection.execute("SELECT tab, id, name FROM written ORDER BY rowid").fetchall()
                connection.execute("DELETE FROM written")
                first = 0
        for table, key, name in written:
            found = NUMBER.search(name or "") if table == "tasks" else None
            if found:
                known = self._newest.get((path, key), 0)
                assert int(found[1]) >= known, f"task {key}: #{found[1]} was written over #{known}"
                self._newest[path, key] = int(found[1])
        return len(written) + int(first)

    @staticmethod
    def _begin(connection: sqlite3.Connection) -> None:
        connection.execute("CREATE TABLE written (tab TEXT, id TEXT, name TEXT)")
        for table, (key, name) in TABLES.items():
            for verb in ("INSERT", "UPDATE"):
                noting = f"INSERT INTO written VALUES ('{table}', NEW.{key}, NEW.{name});"  # noqa: S608 - fixed names
                connection.execute(f"CREATE TRIGGER watch_{table}_{verb} AFTER {verb} ON {table} BEGIN {noting} END")

    def went_back(self, path: Path) -> None:
        """The file is an older one now: a machine died, and what was not on the disk is gone."""
        for place in [place for place in self._newest if place[0] == path]:
            del self._newest[place]
        if path.exists():
            self.look(path)


class Told(logging.Handler):
    """All that the log tells a person, in order; a problem of a part may be told again only when it was over in
    between, or when another one took its place.
    """

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.codes: dict[str, set[str]] = {}
        """Part → what was told of it since it worked."""
        self._last: dict[str, str] = {}
        self.wrong: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take in one line."""
        over = WORKS_AGAIN.match(record.getMessage())
        if over:
            self.codes.pop(over[1], None)
            self._last.pop(over[1], None)
        if record.levelno < logging.WARNING:
            return
        part, code = getattr(record, "part", None), getattr(record, "code", None)
        if code is None:
            if not EXPECTED.search(record.getMessage()):
                self.wrong.append(f"unexpected: {describe(record)}{record.exc_text or record.exc_info or ''}")
        elif self._last.get(str(part)) == record.getMessage():
            self.wrong.append(f"told twice: {describe(record)}")
        else:
            self.codes.setdefault(str(part), set()).add(str(code))
            self._last[str(part)] = record.getMessage()

    def forget(self) -> None:
        """A new process tells anew."""
        self.codes.clear()
        self._last.clear()
