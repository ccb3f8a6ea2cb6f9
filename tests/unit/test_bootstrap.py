"""`bootstrap.py`: what can be seen without installing anything."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "bootstrap.py"


@pytest.mark.parametrize("words", [[], ["help"], ["--help"]])
def test_without_a_known_command_it_says_which_there_are(words: list[str]) -> None:
    answer = subprocess.run([sys.executable, SCRIPT, *words], capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert "python3 bootstrap.py demo" in answer.stdout
    assert "python3 bootstrap.py test" in answer.stdout
    assert "python3 bootstrap.py package" in answer.stdout


def test_it_needs_the_standard_library_only() -> None:
    tree = ast.parse(SCRIPT.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_the_check_of_a_change_is_the_test_command_and_the_packages() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    commands = [line for line in script.read_text().splitlines() if "bootstrap.py" in line]
    assert commands[0] == "python3 bootstrap.py test"
    assert commands[1:] == [
        "python3 bootstrap.py package linux --test",
        "exec python3 bootstrap.py package windows --test",
    ]
