"""`python -m benchmarks`: measure everything, or what is named, and print one table."""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import (
    airtable,
    backfill,
    mail_text,
    migrate,
    pipeline,
    postgres,
    quiet,
    spool,
    sqlite,
    tray,
    webhook_kills,
    webhooks,
)
from benchmarks.figures import Benchmark, Table

BENCHMARKS = (
    Benchmark("sqlite", sqlite.figures),
    Benchmark("postgres", postgres.figures),
    Benchmark("airtable", airtable.figures),
    Benchmark("pipeline", pipeline.figures),
    Benchmark("requests", backfill.requests),
    Benchmark("memory", backfill.memory),
    Benchmark("spool", spool.figures),
    Benchmark("webhooks", webhooks.figures),
    Benchmark("webhook-kills", webhook_kills.figures),
    Benchmark("mail-text", mail_text.figures),
    Benchmark("migrate", migrate.figures),
    Benchmark("quiet", quiet.figures),
    Benchmark("start", quiet.start),
    Benchmark("tray", tray.figures),
)


def main(words: Sequence[str] | None = None) -> int:
    """Exit code 1 when a goal is missed."""
    names = [each.name for each in BENCHMARKS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: whether all works, not how well")
    parser.add_argument("--folder", type=Path, help="on the disk to measure (default: the system's temporary folder)")
    arguments = parser.parse_args(words)
    table, missed, began = Table(), 0, time.perf_counter()
    table.begin()
    for each in BENCHMARKS:
        if arguments.only and each.name not in arguments.only:
            continue
        with tempfile.TemporaryDirectory(prefix="benchmark-", dir=arguments.folder) as folder:
            for figure in each.measure(Path(folder), arguments.quick):
                table.add(figure)
                missed += figure.met is False
    took = time.perf_counter() - began
    print(
        f"\nPython {platform.python_version()} on {platform.system()} {platform.machine()}; all of it took {took:.0f} s"
    )
    if missed:
        print(f"Goals missed: {missed}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
