"""The tray application: how long its windows ever stand still, how soon its icon shows, what it needs at rest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, at_most
from benchmarks.office import OfficeProcess, Size

SIZE, SMALL = Size(tasks=10_000, conversations=0), Size(tasks=500, conversations=0)
RUNS, FEW_RUNS = 5, 1
REST, SHORT_REST = 60, 2
"""Seconds over which the idle application is watched."""
MOST_SECONDS = 180.0
GAP_MS, START_S, MEMORY_MB, IDLE_PERCENT = 50, 1.5, 180, 0.5


def figures(folder: Path, quick: bool) -> Sequence[Figure]:
    """Gaps and memory while records stream in with the status window open; start and rest without it."""
    runs, rest = (FEW_RUNS, SHORT_REST) if quick else (RUNS, REST)
    with OfficeProcess(SMALL if quick else SIZE) as office:
        syncs = [ask("sync", folder / f"home-{number}", office) for number in range(runs)]
        starts = [ask("start", folder / "home-0", office) for _ in range(runs)]
        idle = ask("rest", folder / "home-0", office, str(rest))
    gaps = [float(each["longest_ms"]) for each in syncs]
    own = max(float(each["own_ms"]) for each in syncs)
    note = f"runs: {', '.join(f'{gap:.0f}' for gap in gaps)}; own work at most {own:.0f}"
    return [
        at_most(f"Tray: longest gap, {syncs[0]['tasks']:,} tasks stream in", max(gaps), GAP_MS, "ms", note),
        at_most("Tray: start to icon, best", min(float(each["seconds"]) for each in starts), START_S, "s"),
        at_most("Tray: memory, window open", max(float(each["rss_mb"]) for each in syncs), MEMORY_MB, "MB"),
        at_most(f"Tray: CPU at rest, {rest} s", float(idle["percent"]), IDLE_PERCENT, "% of a core"),
    ]


def ask(what: str, home: Path, office: OfficeProcess, *more: str) -> dict[str, Any]:
    """Have a process of its own do it."""
    environ = {"QT_QPA_PLATFORM": "offscreen", **os.environ, **office.environment, "TRAY_CONNECTOR_HOME": str(home)}
    words = [sys.executable, "-m", "benchmarks.tray_process", what, str(time.time()), *more]
    ran = subprocess.run(words, env=environ, capture_output=True, text=True, check=False, timeout=MOST_SECONDS)
    if ran.returncode:
        raise RuntimeError(f"{what} ended with {ran.returncode}: {ran.stderr}")
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found
