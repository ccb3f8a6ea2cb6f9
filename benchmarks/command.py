"""The real command line in a process of its own, with the peak of its memory.

Run as a module it is that process: it runs the command named by its arguments and then prints its peak as a JSON line
on standard error.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tray_connector.cli.main import main

STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Ran:
    """One command, started and ended."""

    seconds: float
    peak_bytes: int
    """0 where the system does not tell."""
    result: Any
    """What it printed as JSON."""


def run(words: Sequence[str], home: Path, environment: Mapping[str, str], accepted: Collection[int] = (0,)) -> Ran:
    """Run a command with ``--json`` on a home; another exit code than those accepted is an error."""
    environ = {**os.environ, **environment, "TRAY_CONNECTOR_HOME": str(home)}
    began = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.command", *words, "--json"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - began
    if ran.returncode not in accepted:
        raise RuntimeError(f"{' '.join(words)} ended with {ran.returncode}: {ran.stderr}")
    return Ran(seconds, int(json.loads(ran.stderr.splitlines()[-1])["peak_bytes"]), json.loads(ran.stdout))


def peak_bytes() -> int:
    """The most memory that this process has held at one time; 0 where the system does not tell."""
    if STATUS.exists():
        # Not `ru_maxrss`: on Linux it begins with the memory of the process that started this one.
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    if sys.platform == "darwin":
        import resource  # noqa: PLC0415 - Windows has no such module

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.write(json.dumps({"peak_bytes": peak_bytes()}) + "\n")
    sys.exit(code)
