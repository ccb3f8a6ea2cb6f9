"""The diagnostics are shown before they are saved, whatever does not work."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from tests.ui.conftest import WAIT, MakeHost
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.diagnostics_dialog import DiagnosticsDialog
from tray_connector.ui.host import EngineHost


class FileManager(QObject):
    """Shows folders, as the desktop's own does."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[Path] = []

    @Slot(QUrl)
    def show(self, url: QUrl) -> None:
        self.shown.append(Path(url.toLocalFile()))


def gathered(host: EngineHost, qtbot: QtBot) -> DiagnosticsDialog:
    dialog = DiagnosticsDialog(host)
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitUntil(lambda: dialog.bundle is not None, timeout=WAIT)
    return dialog


def names(dialog: DiagnosticsDialog) -> list[str]:
    return [dialog.files.item(row).text() for row in range(dialog.files.count())]


def test_every_file_can_be_read_before_it_is_saved(
    host: EngineHost, office: SandboxOffice, qtbot: QtBot, tmp_path: Path
) -> None:
    qtbot.waitUntil(lambda: host.status is not None, timeout=WAIT)
    dialog = gathered(host, qtbot)
    assert dialog.text.toPlainText().startswith("Diagnostics of Tray Connector")
    read = {}
    for row, name in enumerate(names(dialog)):
        dialog.files.setCurrentRow(row)
        read[name] = dialog.text.toPlainText()
    assert '"stored"' in read["status.json"]
    assert office.teamwork.api_key not in "".join(read.values())

    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    asked = dialog.findChild(QFileDialog)
    assert asked is not None
    asked.reject()
    dialog.save_to(tmp_path / "out.zip")
    qtbot.waitUntil(dialog.folder.isVisible, timeout=WAIT)
    assert "out.zip" in dialog.message.text()
    manager = FileManager()
    QDesktopServices.setUrlHandler("file", manager, cast("bytes", "show"))  # what it says of its types is wrong
    dialog.folder.click()
    QDesktopServices.unsetUrlHandler("file")
    assert manager.shown == [tmp_path]
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {name: archive.read(name).decode() for name in archive.namelist()} == read


def test_it_works_without_an_engine_and_says_what_is_wrong(make_host: MakeHost, qtbot: QtBot, tmp_path: Path) -> None:
    dialog = gathered(make_host({"TIMEZONE": "Mars/Phobos"}), qtbot)
    assert "TIMEZONE is wrong" in dialog.message.text()
    assert dialog.mark.state == "attention"
    dialog.save_to(tmp_path / "missing" / "out.zip")
    qtbot.waitUntil(lambda: "cannot be written" in dialog.message.text(), timeout=WAIT)
    assert dialog.save.isEnabled()
    assert not dialog.folder.isVisible()
