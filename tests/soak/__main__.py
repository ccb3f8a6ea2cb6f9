"""The long form: ``python -m tests.soak --weeks 8``. A line a day; it ends by itself, with 1 when something grew."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.soak.figures import Figures, grown
from tests.soak.life import WEEK, Life


def say(text: str) -> None:
    """A line that is seen at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Live so many weeks and judge them."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--weeks", type=float, default=8.0, help="simulated weeks (8)")
    parser.add_argument("--polls", type=int, default=96, help="polls in a simulated day (96)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trace", action="store_true", help="count the memory of Python's objects as well")
    words = parser.parse_args()
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    began = time.monotonic()

    def on_day(figures: Figures) -> None:
        say(f"{time.monotonic() - began:6.0f} s  {figures.line()}")

    with TemporaryDirectory() as folder:
        life = Life(
            Path(folder) / "home", max(1, round(words.weeks * WEEK)), words.polls, words.seed, words.trace, on_day
        )
        course = life.run()
    wrong = [*grown(course.figures), *(f"task {key} is not in step" for key in course.missing)]
    say(", ".join(f"{count:,} {what}" for what, count in sorted(course.happened.items())))
    say("\n".join(wrong) or "Nothing grew, and all is in step.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
