"""What is said at the start after a death of the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox

translate = QCoreApplication.translate


def crash_box(file: Path, export: Callable[[], None]) -> QMessageBox:
    """Says so, names the file, and offers to gather what a developer needs."""
    title = translate("Crash", "Tray Connector ended unexpectedly")
    text = translate(
        "Crash",
        "It runs again, and no change is lost: what was not stored yet is stored now.\n\n"
        "What it was doing stands in {file}.",
    ).format(file=file)
    # Not every system shows the title of such a box.
    box = QMessageBox(QMessageBox.Icon.Warning, title, f"{title}\n\n{text}")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    button = box.addButton(translate("Crash", "Export diagnostics…"), QMessageBox.ButtonRole.ActionRole)
    button.clicked.connect(export)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Close))
    return box
