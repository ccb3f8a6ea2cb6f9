"""The long form of the model test: ``python -m tests.model MINUTES``. Ends at the first finding, with its steps."""

from __future__ import annotations

import logging
import os
import sys
import time

from tests.model.lives import LONG, live, small_disk
from tests.model.machine import Office


def main(minutes: float) -> None:
    """Live again and again until the time is over."""
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    logging.getLogger("tray_connector").propagate = False
    end = time.monotonic() + 60 * minutes
    with small_disk() as disk:
        while time.monotonic() < end:
            live(disk, LONG)
            sys.stdout.write(f"{Office.steps:,} steps without a finding\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
