"""What must not grow while the connector works for weeks."""

from __future__ import annotations

import ctypes
import gc
import os
import sqlite3
import threading
import tracemalloc
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from tray_connector.config.logs import KEPT, LARGEST
from tray_connector.config.paths import Paths
from tray_connector.sync.ledger import KEPT_MONTHS, KEPT_RUNS

MEGABYTE = 1_000_000
GROWN_RSS = 12 * MEGABYTE
"""From the second quarter to the last one, beyond the noise of the allocator."""
GROWN_TRACED = MEGABYTE
GROWN_HANDLES = 4
GROWN_THREADS = 4
LEDGER_EMPTY = 400_000
"""Bytes of a ledger with its histories full and no record."""
WAL = 6 * MEGABYTE
"""Bytes: SQLite copies it into the file at 1,000 pages, and uses it again from its beginning."""
LEDGER_ROW = 3_000
"""Bytes for each record, conversation and file that it knows, at the most."""
REQUESTS_KEPT = 2_000
FLAGS_KEPT = 60
SERVICES = 4
OWN = frozenset({"records", "conversations", "files", "contents", "left_out", "found", "checkpoints"})
"""Tables that grow with what is stored, and with nothing else."""


@dataclass(frozen=True, slots=True)
class Figures:
    """One look. Bytes where nothing else is said."""

    day: int
    rss: int
    traced: int
    handles: int
    threads: int
    ledger: int
    wal: int
    log: int
    log_written: int
    """In all, however much of it was thrown away."""
    spool: int
    """Files that wait."""
    leftovers: int
    """Temporary files and folders."""
    rows: dict[str, int]
    """Of the ledger, by table."""

    @property
    def known(self) -> int:
        """What the ledger knows of: records, conversations, files."""
        return sum(count for table, count in self.rows.items() if table in OWN)

    def line(self) -> str:
        """For a person who watches."""
        return (
            f"day {self.day:3}  memory {self.rss / MEGABYTE:6.1f} MB (Python {self.traced / MEGABYTE:5.2f})  "
            f"handles {self.handles:3}  threads {self.threads:2}  "
            f"ledger {self.ledger / 1000:5.0f} kB for {self.known} rows  wal {self.wal / 1000:5.0f} kB  "
            f"log {self.log / MEGABYTE:5.2f} of {self.log_written / MEGABYTE:5.2f} MB written  "
            f"runs {self.rows['runs']}  requests {self.rows['requests']}"
        )


def look(paths: Paths, day: int, log_written: int) -> Figures:
    """Now. Linux only: memory and handles as the system counts them."""
    gc.collect()
    with suppress(OSError, AttributeError):
        # What the allocator keeps for later does not count; only glibc has a way to say so.
        ctypes.CDLL(None).malloc_trim(0)
    files = [path for path in paths.home.rglob("*") if path.is_file()]
    return Figures(
        day=day,
        rss=_resident(),
        traced=tracemalloc.get_traced_memory()[0],
        handles=len(os.listdir("/proc/self/fd")),
        threads=threading.active_count(),
        ledger=paths.ledger.stat().st_size,
        wal=paths.ledger.with_name(f"{paths.ledger.name}-wal").stat().st_size,
        log=sum(path.stat().st_size for path in files if path.parent == paths.logs),
        log_written=log_written,
        spool=sum(path.suffix in (".evt", ".retry") for path in files),
        leftovers=sum(path.suffix in (".tmp", ".part") for path in files),
        rows=_rows(paths.ledger),
    )


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _rows(ledger: Path) -> dict[str, int]:
    with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as file:
        tables = [name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: file.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608 - the ledger's own names


def grown(course: Sequence[Figures]) -> list[str]:
    """What grew that should not have; empty when all is well. The first quarter is for warming up."""
    quarter = max(1, len(course) // 4)
    early, late = course[quarter : 2 * quarter], course[-quarter:]
    last = course[-1]

    def more(name: str) -> int:
        return min(int(getattr(each, name)) for each in late) - min(int(getattr(each, name)) for each in early)

    most = {"rss": GROWN_RSS, "traced": GROWN_TRACED, "handles": GROWN_HANDLES, "threads": GROWN_THREADS}
    found = [f"{name} grew by {more(name):,}" for name, limit in most.items() if more(name) > limit]
    limits = {
        "bytes of the ledger": (max(each.ledger - LEDGER_ROW * each.known for each in course), LEDGER_EMPTY),
        "bytes of the ledger's log of changes": (max(each.wal for each in course), WAL),
        "bytes of the log": (max(each.log for each in course), (KEPT + 1) * LARGEST),
        "runs": (last.rows["runs"], KEPT_RUNS),
        "requests": (max(each.rows["requests"] for each in course), REQUESTS_KEPT),
        "months of calls": (last.rows["calls"], SERVICES * KEPT_MONTHS),
        "flags": (last.rows["flags"], FLAGS_KEPT),
        "destinations": (last.rows["destinations"], 1),
        "events that wait": (last.spool, 0),
        "temporary files": (last.leftovers, 0),
    }
    return found + [f"{name}: {count:,} of {limit:,}" for name, (count, limit) in limits.items() if count > limit]
