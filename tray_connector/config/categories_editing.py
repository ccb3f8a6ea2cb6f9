"""`label_categories.json` for an editor: opened, saved without losing what others wrote meanwhile, imported."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tray_connector.config.categories_file import CategoriesFile
from tray_connector.config.private_files import make_private_folder, replace_file, set_aside
from tray_connector.model.categories import CategoriesError, parse_categories
from tray_connector.model.category_draft import Draft, draft_of, file_text
from tray_connector.model.errors import ConfigError, Problem

LONGEST = 5_000_000
"""Bytes: a larger file holds no categories."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an editor begins with."""

    draft: Draft
    content: bytes | None
    """The file as it is; None where there is none."""
    problem: Problem | None = None
    """What is wrong with the file; the draft is then what was in force before."""


class ChangedOutsideError(ConfigError):
    """The file is not what the editor began with. Nothing was written."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            "categories-changed-outside",
            "The label categories were changed by another program",
            f"{path.name} is not what it was when you began.",
            "Load what is there now, or replace it with what you see.",
        )


def open_categories(file: CategoriesFile) -> Opened:
    """Look at the file now. ConfigError when it may not be read."""
    content = read_content(file.path)
    current = file.reload()
    return Opened(draft_of(current.patterns), content, file.problem)


def read_content(path: Path) -> bytes | None:
    """The file's bytes; None where there is none. ConfigError when it may not be read."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _unusable(path, error, "Give yourself the right to read it.") from error


def save_categories(file: CategoriesFile, draft: Draft, expected: bytes | None) -> Opened:
    """Write the file whole and put it in force; `expected` is what was there when the editing began.

    `ChangedOutsideError` when something else is there, CategoriesError when a name breaks the rules, ConfigError when
    the file cannot be written. What could not be read is set aside under another name.
    """
    text = file_text(draft)
    parse_categories(text)
    present = read_content(file.path)
    if present != expected:
        raise ChangedOutsideError(file.path)
    content = text.encode("utf-8")
    if content != present:
        try:
            make_private_folder(file.path.parent)
            if present is not None and not _is_right(present):
                set_aside(file.path)
            replace_file(file.path, content)
        except OSError as error:
            raise _unusable(file.path, error, "Make room, or give yourself the right to write there.") from error
    return Opened(draft_of(file.reload().patterns), content, file.problem)


def import_categories(path: Path) -> Draft:
    """The categories of another file, such as an older connector's. ConfigError, CategoriesError."""
    try:
        with path.open("rb") as file:
            content = file.read(LONGEST + 1)
    except OSError as error:
        raise _unusable(path, error, "Choose another file.") from error
    try:
        if len(content) > LONGEST:
            raise UnicodeError
        text = content.decode("utf-8-sig")
    except UnicodeError:
        raise ConfigError(
            "categories-foreign",
            "This file holds no label categories",
            path.name,
            "Choose a label_categories.json.",
        ) from None
    return draft_of(parse_categories(text).patterns)


def export_categories(path: Path, draft: Draft) -> None:
    """Write a copy; a file of that name is replaced. CategoriesError, ConfigError."""
    text = file_text(draft)
    parse_categories(text)
    try:
        replace_file(path, text.encode("utf-8"))
    except OSError as error:
        raise _unusable(path, error, "Choose another folder.") from error


def _is_right(content: bytes) -> bool:
    try:
        parse_categories(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, CategoriesError):
        return False
    return True


def _unusable(path: Path, error: OSError, hint: str) -> ConfigError:
    return ConfigError(
        "categories-unusable", f"{path.name} cannot be used", f"{path}: {error.strerror or error}.", hint
    )
