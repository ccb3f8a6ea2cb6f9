"""Makes the pictures of docs/label-categories.md: ``python -m tests.ui.category_pictures docs/images``.

The real window over the sandbox office, drawn without a screen; the same each time but for counts that depend on dates.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEventLoop, QLocale
from PySide6.QtWidgets import QApplication, QWidget

from tests.support.connector import sandbox
from tests.ui.conftest import environment_of
from tray_connector.cli.home import server
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.ui.categories_window import CategoriesWindow
from tray_connector.ui.host import EngineHost
from tray_connector.ui.language import Speech
from tray_connector.ui.theme import apply_theme

CATEGORIES = {"Räume": "R_*", "Kostengruppen": "KGR_*", "Gebäude": ["Building_?", "Haus *"]}
DEADLINE_MS = 60_000
SETTLED_MS = 300
SIZE = (1040, 560)


def wait(until: Callable[[], object], limit_ms: int = DEADLINE_MS) -> None:
    """Handle events until it is so."""
    limit = QDeadlineTimer(limit_ms)
    while not until():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        if limit.hasExpired():
            raise TimeoutError


def take(window: QWidget, path: Path) -> None:
    """Draw it once it has come to rest."""
    rest = QDeadlineTimer(SETTLED_MS)
    wait(rest.hasExpired)
    window.grab().save(str(path))


def pictures(host: EngineHost, folder: Path) -> None:
    """A category with its labels, and one with everything that can be the matter with it."""
    window = CategoriesWindow(host)
    window.resize(*SIZE)
    window.show()
    wait(lambda: window.labels.model.labels and window.model.draft)
    take(window, folder / "categories.png")
    window.list.choose(2)
    window.form.patterns.add(["R_1*", "R_101"])
    window.labels.which.setCurrentIndex(1)
    take(window, folder / "categories-marks.png")
    window.model.reset(())
    window.hide()


def main(folder: Path) -> None:
    """Everything from the office to the files."""
    application = QApplication([])
    Speech(application).speak("en", QLocale(QLocale.Language.English, QLocale.Country.UnitedKingdom))
    apply_theme("light")
    folder.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    office = Office.generate(clock=clock, tasks=400, deleted=0)
    with (
        tempfile.TemporaryDirectory() as home,
        sandbox(clock, office=office, mailbox=Mailbox.office(clock=clock)) as on,
    ):
        environment = environment_of(Path(home), clock, on.environment())
        environment.paths.create()
        environment.paths.categories_file.write_text(json.dumps(CATEGORIES), encoding="utf-8")
        host = EngineHost(environment, server)
        host.start()
        wait(lambda: host.status is not None and host.status.state == "in step")
        pictures(host, folder)
        host.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
