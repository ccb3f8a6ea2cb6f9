"""The ledger's figures for the diagnostics: read beside whoever works with it, and as far as it can be read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from tray_connector.config.clock import Stop, Stopped
from tray_connector.sync.ledger_schema import BUSY_SECONDS

STEPS = 20_000
"""Of SQLite's machine between two looks at `stop`."""
FIGURES = {
    "destinations": "SELECT number, place FROM destinations ORDER BY number",
    "records": (
        "SELECT destination, tab, count(*) AS records, count(DISTINCT category_version) AS category_files "
        "FROM records GROUP BY destination, tab"
    ),
    "conversations": "SELECT destination, count(*) AS conversations FROM conversations GROUP BY destination",
    "attachments": ("SELECT destination, state, code, count(*) AS files FROM files GROUP BY destination, state, code"),
    "left_out": "SELECT destination, source, count(*) AS records FROM left_out GROUP BY destination, source",
    "checkpoints": "SELECT destination, source, stream, moment FROM checkpoints ORDER BY destination, source, stream",
    "calls": "SELECT service, month, count FROM calls ORDER BY month DESC, service",
    "flags": "SELECT name, substr(value, 1, 200) AS value FROM flags ORDER BY name",
    "runs": (
        "SELECT kind, began, ended, read, written, unchanged, flagged, failed, message "
        "FROM runs ORDER BY number DESC LIMIT 200"
    ),
}
"""No record, no title and no address among them."""


def ledger_figures(path: Path, stop: Stop, troubles: list[str]) -> dict[str, object]:
    """What can be read of it; damage is added to `troubles`. `Stopped` in between."""
    if not path.exists():
        return {"state": "there is none yet"}
    figures: dict[str, object] = {"bytes": path.stat().st_size}
    try:
        with closing(_open(path, stop)) as connection:
            figures["version"] = connection.execute("PRAGMA user_version").fetchone()[0]
            figures["check"] = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if figures["check"] != "ok":
                troubles.append(damage(path, str(figures["check"])))
            for name, sql in FIGURES.items():
                figures[name] = _rows(connection, sql, stop)
    except sqlite3.Error as error:
        if stop.is_set():
            raise Stopped from error
        figures["problem"] = str(error)
        troubles.append(damage(path, str(error)))
    return figures


def damage(path: Path, words: str) -> str:
    """What is said of a ledger that cannot be read."""
    return f"The ledger {path.name} cannot be read whole: {words}."


def _open(path: Path, stop: Stop) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    connection.row_factory = sqlite3.Row
    connection.set_progress_handler(lambda: int(stop.is_set()), STEPS)
    return connection


def _rows(connection: sqlite3.Connection, sql: str, stop: Stop) -> object:
    try:
        return [dict(row) for row in connection.execute(sql)]
    except sqlite3.Error as error:
        # One broken table says nothing about the others.
        if stop.is_set():
            raise
        return {"problem": str(error)}
