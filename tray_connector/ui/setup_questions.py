"""What the assistant and the settings window ask. Nothing here waits: the answer comes as a call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

translate = QCoreApplication.translate
IMPORTED = "*.env .env *.env.* *.json"


def ask_leave(parent: QWidget, leave: Callable[[], None]) -> None:
    """Whether the assistant may go although something was typed."""
    box = _box(parent, translate("Setup", "Leave the setup?"))
    box.setInformativeText(translate("Setup", "What you typed is not saved. Everything saved before stays."))
    leaving = box.addButton(translate("Setup", "Leave"), QMessageBox.ButtonRole.DestructiveRole)
    staying = box.addButton(translate("Setup", "Stay"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(staying)
    box.buttonClicked.connect(lambda clicked: leave() if clicked is leaving else None)
    box.open()


def ask_discard(parent: QWidget, save: Callable[[], None], discard: Callable[[], None]) -> None:
    """What becomes of settings that were changed and not saved."""
    box = _box(parent, translate("Setup", "The changes are not saved."))
    saving = box.addButton(QMessageBox.StandardButton.Save)
    discarding = box.addButton(QMessageBox.StandardButton.Discard)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(saving)
    box.buttonClicked.connect(lambda clicked: save() if clicked is saving else None)
    box.buttonClicked.connect(lambda clicked: discard() if clicked is discarding else None)
    box.open()


def ask_forget(parent: QWidget, forget: Callable[[], None]) -> None:
    """Whether all keys shall be forgotten."""
    box = _box(parent, translate("Setup", "Forget all keys?"))
    box.setInformativeText(
        translate(
            "Setup",
            "They are taken out of this computer's keyring, and syncing stops until you enter new ones. "
            "Your database and all settings stay. The keys themselves stay valid at the services.",
        )
    )
    forgetting = box.addButton(translate("Setup", "Forget keys"), QMessageBox.ButtonRole.DestructiveRole)
    keeping = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(keeping)
    box.buttonClicked.connect(lambda clicked: forget() if clicked is forgetting else None)
    box.open()


def ask_export(parent: QWidget, then: Callable[[Path], None]) -> None:
    """Where to write the settings."""
    dialog = QFileDialog(parent, translate("Setup", "Export settings"))
    dialog.setNameFilter(translate("Setup", "Settings") + " (*.json)")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("json")
    dialog.selectFile("tray-connector-settings.json")
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.open()


def ask_import(parent: QWidget, then: Callable[[Path], None]) -> None:
    """Which file to read."""
    dialog = QFileDialog(parent, translate("Setup", "Import settings"))
    files = translate("Setup", "Settings, .env, label categories")
    dialog.setNameFilters([f"{files} ({IMPORTED})", translate("Setup", "All files") + " (*)"])
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    dialog.open()


def _box(parent: QWidget, text: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(parent.windowTitle())
    box.setText(text)
    return box
