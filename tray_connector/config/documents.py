"""The documents that come with the program, wherever it was installed to."""

from __future__ import annotations

import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import tray_connector
from tray_connector.model.errors import ConfigError

INSTALLED = ("share", "doc", "tray-connector")
"""Below the prefix of an installation; pyproject.toml puts them there."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text in Markdown, and its pictures by the name that the text calls them."""

    text: str
    pictures: tuple[tuple[str, bytes], ...]


def folders() -> tuple[Path, ...]:
    """Where they may lie: in the packaged program, in the project's own folder, below the prefix."""
    packaged = getattr(sys, "_MEIPASS", None)
    beside = Path(tray_connector.__file__).resolve().parents[1] / "docs"
    installed = Path(sysconfig.get_path("data"), *INSTALLED)
    return (*((Path(packaged) / "docs",) if packaged else ()), beside, installed)


def read_document(name: str, language: str = "en") -> Document:
    """The document of this name, in this language where there is one; ConfigError when it is not there."""
    for folder in folders():
        for file in (folder / f"{name}.{language}.md", folder / f"{name}.md"):
            if file.is_file():
                text = file.read_text(encoding="utf-8")
                found = sorted(path for path in (folder / "images").glob("*.png") if f"images/{path.name}" in text)
                return Document(text, tuple((f"images/{path.name}", path.read_bytes()) for path in found))
    raise ConfigError(
        "no-document",
        "This page is not installed",
        f"{name}.md is in none of: {', '.join(map(str, folders()))}.",
        "Install the program anew.",
    )
