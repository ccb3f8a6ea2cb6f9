"""The parts of `self-test` that need Qt: windows, pictures, languages, and the tray if it is asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from typing import get_args

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QLocale, QTimer, QTranslator, qVersion
from PySide6.QtGui import QImage, QImageReader
from PySide6.QtWidgets import QApplication, QDialog, QDialogButtonBox, QLabel, QSystemTrayIcon, QVBoxLayout

from tray_connector.model.status import State
from tray_connector.ui.application import name_application
from tray_connector.ui.icons import TRAY_SIZES, app_icon, tray_icon
from tray_connector.ui.language import KNOWN, Speech

SIDE = 32
TRAY_PATIENCE_MS = 20_000
SHOWN_MS = 1500
"""How long the icon stays, for who looks."""


class NotAsItShouldBeError(Exception):
    """The part is there and does something else."""


def window_parts(tray: bool) -> Sequence[tuple[str, Callable[[], str]]]:
    """Tests to be called in this order, in the main thread. Without `tray` nobody sees a window."""
    if not tray:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    parts: list[tuple[str, Callable[[], str]]] = [
        ("Windows", windows),
        ("Pictures", pictures),
        ("Languages", languages),
    ]
    return [*parts, ("Tray", tray_icon_appears)] if tray else parts


def application() -> QApplication:
    """The one of this process."""
    there = QApplication.instance()
    made = there if isinstance(there, QApplication) else QApplication([sys.argv[0]])
    name_application(made)
    return made


def windows() -> str:
    """A dialog is drawn, with letters in it."""
    platform = application().platformName()
    dialog = QDialog()
    layout = QVBoxLayout(dialog)
    layout.addWidget(QLabel("Tray Connector: Prüfung"))
    layout.addWidget(QDialogButtonBox(QDialogButtonBox.StandardButton.Ok))
    dialog.resize(240, 90)
    picture = dialog.grab().toImage()
    if colours(picture) < 3:
        raise NotAsItShouldBeError("a window was drawn without its text")
    return f"Qt {qVersion()} on {platform}"


def colours(picture: QImage) -> int:
    """How many different ones it has."""
    return len({picture.pixel(x, y) for x in range(picture.width()) for y in range(picture.height())})


def pictures() -> str:
    """The icons of every state can be drawn, and the formats that pages and icons need can be read."""
    application()
    states = get_args(State)
    drawn = {state: tray_icon(state, dark=False).pixmap(SIDE, SIDE).toImage() for state in states}
    empty = [state for state, image in drawn.items() if colours(image) < 2]
    if empty or app_icon().isNull() or len({bytes(image.constBits()) for image in drawn.values()}) < len(states):
        raise NotAsItShouldBeError(f"icons are empty or alike: {', '.join(empty) or 'two of them'}")
    formats = {bytes(each.data()).decode() for each in QImageReader.supportedImageFormats()}
    missing = {"png", "svg", "jpeg"} - formats
    if missing:
        raise NotAsItShouldBeError(f"pictures of these kinds cannot be read: {', '.join(sorted(missing))}")
    return f"{len(states)} states in {len(TRAY_SIZES)} sizes; reads {', '.join(sorted(formats))}"


def languages() -> str:
    """Every language that is offered has its texts, and Qt's own words in it."""
    running = application()
    speech, found = Speech(running), []
    for language in KNOWN:
        speech.speak("system", QLocale(language))
        translators = speech.findChildren(QTranslator)[-2:]
        own, qt = (not each.isEmpty() for each in translators)
        if not own or not (qt or language == "en"):
            raise NotAsItShouldBeError(f"texts in '{language}' are missing: {'our own' if not own else 'those of Qt'}")
        found.append(language)
    speech.speak("system", QLocale("de"))
    cancel = QCoreApplication.translate("QPlatformTheme", "Cancel")
    if cancel != "Abbrechen":
        raise NotAsItShouldBeError(f"'Cancel' in German is '{cancel}'")
    return ", ".join(found)


def tray_icon_appears() -> str:
    """The tray of this desktop takes an icon."""
    application()
    deadline = QDeadlineTimer(TRAY_PATIENCE_MS)
    while not QSystemTrayIcon.isSystemTrayAvailable():
        if deadline.hasExpired():
            raise NotAsItShouldBeError(f"this desktop showed no tray within {TRAY_PATIENCE_MS // 1000} s")
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    icon = QSystemTrayIcon(tray_icon("in step", dark=False))
    icon.setToolTip("Tray Connector")
    icon.show()
    waiting = QEventLoop()
    QTimer.singleShot(SHOWN_MS, waiting.quit)
    waiting.exec()
    shown, place = icon.isVisible(), icon.geometry()
    icon.hide()
    if not shown:
        raise NotAsItShouldBeError("the icon was not shown")
    return f"an icon of {place.width()} × {place.height()} pixels was shown" if place.width() else "an icon was shown"
