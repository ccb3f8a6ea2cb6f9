"""What the category editor asks. Nothing here waits: the answer comes as a call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from tray_connector.ui.texts import translate

NAME = "label_categories.json"
CLOSING = "closing"


def ask_import(parent: QWidget, then: Callable[[Path], None]) -> None:
    """Which file to read."""
    dialog = _file_dialog(parent, translate("Categories", "Import label categories"), then)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.open()


def ask_export(parent: QWidget, then: Callable[[Path], None]) -> None:
    """Where to write a copy."""
    dialog = _file_dialog(parent, translate("Categories", "Export label categories"), then)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("json")
    dialog.selectFile(NAME)
    dialog.open()


def _file_dialog(parent: QWidget, title: str, then: Callable[[Path], None]) -> QFileDialog:
    files = translate("Categories", "Label categories") + " (*.json)"
    dialog = QFileDialog(parent, title, "", f"{files};;{translate('Categories', 'All files')} (*)")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.fileSelected.connect(lambda name: then(Path(name)))
    return dialog


def ask_how(parent: QWidget, name: str, count: int, replace: Callable[[], None], add: Callable[[], None]) -> None:
    """Whether imported categories take the place of those that are there."""
    box = _box(parent, translate("Categories", "Import label categories"))
    box.setText(translate("Categories", "{name} holds %Ln categories.", None, count).format(name=name))
    box.setInformativeText(
        translate("Categories", "Patterns of categories with the same name are put together when you add them.")
    )
    adding = box.addButton(translate("Categories", "Add to mine"), QMessageBox.ButtonRole.AcceptRole)
    replacing = box.addButton(translate("Categories", "Replace mine"), QMessageBox.ButtonRole.DestructiveRole)
    box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(adding)
    box.buttonClicked.connect(lambda clicked: add() if clicked is adding else None)
    box.buttonClicked.connect(lambda clicked: replace() if clicked is replacing else None)
    box.open()


def ask_close(parent: QWidget, save: Callable[[], None], discard: Callable[[], None], *, right: bool) -> None:
    """What becomes of changes; they can be saved only when they are `right`."""
    asked = parent.findChild(QMessageBox, CLOSING)
    if asked is not None:
        asked.raise_()
        return
    box = _box(parent, translate("Categories", "Label categories"))
    box.setObjectName(CLOSING)
    box.setText(translate("Categories", "The changes are not saved."))
    if not right:
        box.setInformativeText(translate("Categories", "They cannot be saved before the names are corrected."))
    saving = box.addButton(QMessageBox.StandardButton.Save)
    saving.setEnabled(right)
    discarding = box.addButton(QMessageBox.StandardButton.Discard)
    staying = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(saving if right else staying)
    box.buttonClicked.connect(lambda clicked: save() if clicked is saving else None)
    box.buttonClicked.connect(lambda clicked: discard() if clicked is discarding else None)
    box.open()


def _box(parent: QWidget, title: str) -> QMessageBox:
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(title)
    return box
