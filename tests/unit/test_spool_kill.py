"""The real process killed at random moments: what it said was durable is there, and nothing is half."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from tests.support.clock import START, FakeClock
from tray_connector.sync.spool import Spool

LIVES = 10
WORKER = """
import itertools, sys
from datetime import timedelta
from pathlib import Path
from tests.support.events import REFUSED, later, task_event
from tray_connector.config.clock import SystemClock
from tray_connector.sync.spool import Spool

clock = SystemClock()
spool = Spool(Path(sys.argv[1]), clock)
for number in itertools.count(int(sys.argv[2])):
    # Three ids come again and again, one is new.
    events = [task_event(f"same-{n}", f"{number}" * 50, read=number + 1) for n in range(3)]
    spool.put([*events, task_event(f"new-{number}", "x" * 500)])
    print("put", number, flush=True)
    leases = spool.take("teamwork", 3, clock.now(), ignore_next_try=True)
    spool.fail(leases[0], REFUSED, clock.now() + timedelta(seconds=number % 3))
    spool.give_back(leases[1:2])
    for lease in leases[2:]:
        print("removing", lease.event.id, flush=True)
        spool.done([lease])
"""


class Killed:
    """One life of the worker."""

    def __init__(self, folder: Path, first: int, lines: int) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(folder), str(first)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        with process:
            deadline = threading.Timer(60, process.kill)
            deadline.start()
            said = [process.stdout.readline() for _ in range(lines)]
            process.kill()
            said += process.stdout.readlines()
            deadline.cancel()
        # The last line may be cut off, and then was not said.
        self.said = [line.split() for line in said if line.endswith("\n")]
        self.put = [int(words[1]) for words in self.said if words[0] == "put"]
        self.removed = {words[1] for words in self.said if words[0] == "removing"}


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    removed: set[str] = set()
    newest = 0
    for life in range(LIVES):
        killed = Killed(tmp_path, newest + 1, lines=3 + 4 * life)
        assert killed.put
        newest = killed.put[-1]
        acknowledged.update(f"new-{number}" for number in killed.put)
        removed |= killed.removed

        spool = Spool(tmp_path, FakeClock())
        listed = {event.id: event for event in spool.listing()}
        assert acknowledged - removed <= set(listed)
        for number in range(3):
            key = f"same-{number}"
            assert key in listed or key in removed
            if key in listed:
                # Not older than acknowledged; the put that was under way may have arrived.
                title = listed[key].title
                assert title in (f"{newest}" * 50, f"{newest + 1}" * 50) or key in killed.removed
        assert spool.counts().unreadable == 0
        assert list((tmp_path / "tmp").iterdir()) == []
        files = [path.stem for path in (tmp_path / "teamwork").iterdir()]
        assert len(files) == len(set(files)) == len(listed)
        assert len(spool.take("teamwork", 10_000, START, ignore_next_try=True)) == len(listed)
        spool.close()
