"""Bring the words up to date: ``python -m translations`` after texts were changed, then translate what it names.

Reads the texts of the windows and those of the engine from their source, keeps what is translated, and
makes the files that the application loads. Exit code 1 while something is not translated.
"""

from __future__ import annotations

import sys
from pathlib import Path

from translations.update import missing, update

ROOT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Update everything in the project's own folder."""
    untranslated = missing(update(ROOT, ROOT / "translations", ROOT / "tray_connector/ui/resources/translations"))
    for language, message in untranslated:
        print(f"{language}  {message.context}: {message.source!r}")
    print(f"{len(untranslated)} text(s) to translate")
    return 1 if untranslated else 0


if __name__ == "__main__":
    sys.exit(main())
