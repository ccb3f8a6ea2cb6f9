"""`python -m installers linux|windows|macos`: make the installer of a system; its file lies in `dist` afterwards."""

from __future__ import annotations

import sys
import time
from importlib import import_module
from pathlib import Path

from installers.project import DIST, ROOT, BuildError, megabytes, say, write_sums

MAKERS = {
    "linux": ("installers.deb", "make_deb"),
    "windows": ("installers.nsis", "make_setup"),
    "macos": ("installers.dmg", "make_dmg"),
}
"""Imported when they are wanted: each has tools of its own."""


def main(words: list[str]) -> int:
    """Make it; the exit code."""
    if len(words) != 1 or words[0] not in MAKERS:
        print(__doc__, file=sys.stderr)
        return 2
    began = time.monotonic()
    DIST.mkdir(exist_ok=True)
    module, function = MAKERS[words[0]]
    try:
        made: Path = getattr(import_module(module), function)()
    except BuildError as error:
        say(str(error))
        return 1
    write_sums()
    say(f"{made.relative_to(ROOT)}: {megabytes(made):.1f} MB, made in {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
