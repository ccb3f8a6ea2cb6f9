"""The shape of the house: no Qt outside `ui`, no module too large to be seen at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
LONGEST = 400
MEDIAN = 200

IMPORT_ALL = """
import importlib, pkgutil, sys


class NoQt:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "shiboken6"):
            raise ImportError(f"{name} is blocked")


sys.meta_path.insert(0, NoQt())
import tray_connector

found = pkgutil.walk_packages(tray_connector.__path__, "tray_connector.", onerror=lambda _: None)
wanted = [module.name for module in found if not module.name.startswith("tray_connector.ui")]
for name in wanted:
    importlib.import_module(name)
print(len(wanted))
"""


def test_everything_but_the_ui_is_imported_without_qt() -> None:
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) > 20


def test_no_module_is_too_large_to_be_seen_at_once() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("tray_connector", "tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}
    assert median(length for name, length in lengths.items() if name.startswith("tray_connector/")) < MEDIAN
