"""Running the machine: where it lives, and for how long."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import Office

DISK = "48m"
SHORT = settings(
    max_examples=10,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)
LONG = settings(SHORT, max_examples=20, stateful_step_count=40, derandomize=False)


@contextmanager
def small_disk() -> Iterator[tuple[Path, bool]]:
    """A folder, and whether it is a disk of its own, as where this user may mount one: then it can be full."""
    with TemporaryDirectory() as name:
        mounted = sys.platform.startswith("linux") and os.geteuid() == 0
        if mounted:
            command = ("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", name)
            mounted = subprocess.run(command, check=False, capture_output=True).returncode == 0
        try:
            yield Path(name), mounted
        finally:
            if mounted:
                subprocess.run(("umount", "-l", name), check=True, capture_output=True)


def live(disk: tuple[Path, bool], how: settings) -> None:
    """So many lives; AssertionError with the steps that led to it."""
    Office.folder, Office.can_fill = disk
    logger = logging.getLogger("tray_connector")
    level = logger.level
    # What works again is told as information.
    logger.setLevel(logging.INFO)
    try:
        run_state_machine_as_test(Office, settings=how)
    finally:
        logger.setLevel(level)
