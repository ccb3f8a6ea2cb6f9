"""What the README says of settings is what the program does."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tray_connector.config.setting_table import SETTINGS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = [line.split("|") for line in README.splitlines() if line.startswith("|")]


def test_the_readme_names_every_setting_and_its_default() -> None:
    for setting in SETTINGS:
        row = next((cells for cells in ROWS if f"`{setting.name}`" in cells[1]), None)
        if row is not None:
            assert setting.default is None or row[2].strip(" `") == setting.default, setting.name
        else:
            told = re.search(rf"`{setting.name}`\*?( \(`?([^`)]+)`?\))?", README)
            assert told is not None, setting.name
            assert told.group(2) == setting.default, setting.name


def test_the_two_commands_stand_on_lines_of_their_own() -> None:
    for command in ("demo", "test"):
        assert README.splitlines().count(f"python3 bootstrap.py {command}") == 1


def test_everything_that_is_installed_is_pinned_and_no_index_is_named() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *extras["tray"], *extras["test"]]
    names = {re.split(r"[<>=\[ ]", name)[0].lower() for name in wanted} - {project["project"]["name"]}
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = {re.split(r"==", line)[0].lower().replace("_", "-") for line in lines}
    assert all("==" in line and "://" not in line and not line.startswith("-") for line in lines)
    assert names <= pinned
