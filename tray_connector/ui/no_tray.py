"""Desktops that show no tray icons: said once, and a way to quit."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QMessageBox

translate = QCoreApplication.translate


def tell_no_tray() -> QMessageBox:
    """Says that there is no icon here, and how one gets to the window."""
    box = _box(
        translate("NoTray", "This desktop shows no tray icons"),
        translate(
            "NoTray",
            "Tray Connector works all the same, in the background. Start it again to see its window.\n\n"
            "On GNOME, the extension “AppIndicator and KStatusNotifierItem Support” brings the icon.",
        ),
    )
    box.addButton(QMessageBox.StandardButton.Ok)
    return box


def ask_to_go_on(quit_now: Callable[[], None]) -> QMessageBox:
    """Asks, when the last window was closed and no icon leads back to it, whether the program shall go on."""
    box = _box(
        translate("NoTray", "Keep syncing in the background?"),
        translate("NoTray", "There is no tray icon on this desktop. To see the window again, start Tray Connector."),
    )
    stay = box.addButton(translate("NoTray", "Keep syncing"), QMessageBox.ButtonRole.AcceptRole)
    leave = box.addButton(translate("NoTray", "Quit"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.setEscapeButton(stay)
    leave.clicked.connect(quit_now)
    return box


def _box(title: str, text: str) -> QMessageBox:
    # Not every system shows the title of such a box.
    box = QMessageBox(QMessageBox.Icon.Information, title, f"{title}\n\n{text}")
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return box
