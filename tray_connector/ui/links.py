"""Opening what lies outside the program, and showing text from there safely."""

from __future__ import annotations

import html
from pathlib import Path

from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtGui import QDesktopServices


def is_web_address(url: str | None) -> bool:
    """Whether it may be opened: https, with a host."""
    if not url:
        return False
    parsed = QUrl(url, QUrl.ParsingMode.StrictMode)
    return parsed.isValid() and parsed.scheme() == "https" and bool(parsed.host())


def open_web_address(url: str | None) -> bool:
    """Hand it to the browser; False, and nothing is opened, for anything but https."""
    return is_web_address(url) and QDesktopServices.openUrl(QUrl(url or "", QUrl.ParsingMode.StrictMode))


def open_folder(folder: Path) -> bool:
    """Show one of the program's own folders in the file manager."""
    return QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def dropped_files(data: QMimeData) -> list[Path]:
    """The files of this computer among what is dragged here."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]


def tooltip(text: str) -> str:
    """Text from outside as a tool tip: Qt would take what looks like markup for markup."""
    return f"<p>{html.escape(text)}</p>" if text else ""
