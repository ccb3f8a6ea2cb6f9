"""Five simulated days, as a short form of ``python -m tests.soak``, which lives eight weeks."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.processes import SOURCE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory and handles are read from /proc")
def test_nothing_grows_while_days_go_by() -> None:
    command = [sys.executable, "-m", "tests.soak", "--weeks", "0.7", "--polls", "5", "--trace"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=110, cwd=SOURCE)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert done.stdout.endswith("Nothing grew, and all is in step.\n")
