"""The tray as a process: Qt's application around the shell, from its first breath to its exit code."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QMessageLogContext, QSocketNotifier, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication

from tray_connector import __version__
from tray_connector.config.clock import Stop
from tray_connector.model.errors import Problem
from tray_connector.sync.session import Environment
from tray_connector.ui import crash
from tray_connector.ui.garbage import Collector
from tray_connector.ui.host import EngineHost
from tray_connector.ui.icons import app_icon
from tray_connector.ui.language import Speech
from tray_connector.ui.life import ServeCommands
from tray_connector.ui.shell import Shell
from tray_connector.ui.workers import Courier

logger = logging.getLogger(__name__)

OURS = ("QThread", "QObject: ", "QObject::startTimer", "QObject::killTimer", "QTimer", "QBasicTimer", "QSocketNotifier")
"""What Qt's warnings about threads and objects begin with."""
DESKTOP_FILE = "tray-connector"
"""Name of the desktop entry: Wayland shows a window's icon by it."""


def run_tray(
    environment: Environment, serve: ServeCommands, stop: Stop, *, autostart: bool = False, demo: bool = False
) -> int:
    """Show the tray of a home until the user quits or `stop` is set; the exit code.

    With `autostart` nobody waits for a window.
    """
    qInstallMessageHandler(log_qt)
    application = QApplication([sys.argv[0]])
    name_application(application)
    speech = Speech(application)
    speech.speak("system")
    host = EngineHost(environment, serve, application, demo=demo)
    collect_quietly(host)
    shell = Shell(host, speech, autostart=autostart, parent=application)
    shell.over.connect(lambda: application.exit(0))
    courier = Courier(application)

    def tell(problem: Problem) -> None:
        courier.post(lambda: shell.windows.show_problem(problem))

    application.commitDataRequest.connect(lambda _: shell.end_now())
    with (
        crash.watched(environment.paths, tell) as file,
        heard(application),
        stop.calls(lambda: courier.post(shell.end_now)),
    ):
        if not stop.is_set():
            shell.begin(file)
            application.exec()
        shell.end_now()
    if not shell.ended:
        # Threads still work: were Qt to take them down, it would abort. The journal on disk makes this safe.
        logging.shutdown()
        os._exit(0)
    return 0


def collect_quietly(host: EngineHost) -> Collector:
    """Collect garbage on the UI thread from now on; long only while nothing is synced."""
    collector = Collector(lambda: host.status is not None and host.status.state == "syncing", host)
    collector.start()
    host.ready.connect(gc.freeze, Qt.ConnectionType.SingleShotConnection)
    return collector


def name_application(application: QApplication) -> None:
    """What the desktop calls it, and that it lives without windows."""
    application.setApplicationName("Tray Connector")
    application.setApplicationVersion(__version__)
    application.setQuitOnLastWindowClosed(False)
    QGuiApplication.setDesktopFileName(DESKTOP_FILE)
    QGuiApplication.setWindowIcon(QIcon(app_icon()))


def log_qt(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Qt's own words go to our log instead of the terminal; most of its warnings are about the desktop's oddities."""
    level = logging.ERROR if kind in (QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg) else logging.DEBUG
    logger.log(level, "Qt: %s: %s", context.category or "default", message)


@contextmanager
def heard(application: QApplication) -> Iterator[None]:
    """While inside, a signal is attended to at once: Python runs its handlers only when Qt gives it something to do."""
    reading, writing = socket.socketpair()
    with reading, writing:
        for end in (reading, writing):
            end.setblocking(False)
        notifier = QSocketNotifier(reading.fileno(), QSocketNotifier.Type.Read, application)
        notifier.activated.connect(lambda *_: reading.recv(64))
        before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            notifier.setEnabled(False)
            notifier.deleteLater()
