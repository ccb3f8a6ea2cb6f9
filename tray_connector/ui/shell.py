"""`Shell`: the tray application as a whole, between its start and its end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from tray_connector.config.clock import Stop
from tray_connector.config.preferences import Preferences, read_preferences, write_preferences
from tray_connector.desktop.autostart import repair, start_program, this_autostart
from tray_connector.model.errors import Problem
from tray_connector.ui import commands
from tray_connector.ui.crash import earlier_death
from tray_connector.ui.crash_box import crash_box
from tray_connector.ui.host import EngineHost, Report
from tray_connector.ui.language import Speech
from tray_connector.ui.menu import TrayMenu
from tray_connector.ui.network_watch import NetworkWatch
from tray_connector.ui.no_tray import ask_to_go_on, tell_no_tray
from tray_connector.ui.notifications import Notice, Notices
from tray_connector.ui.theme import apply_theme
from tray_connector.ui.tray import Tray
from tray_connector.ui.wake_watch import WakeWatch
from tray_connector.ui.windows import Windows

logger = logging.getLogger(__name__)

JUDGE_MS = 10_000
"""Between two looks at whether a notification is due: a trouble lasts without saying anything new."""


class Shell(QObject):
    """Tray, menu, windows and notifications over one host. `begin` starts it, `quit` ends it."""

    over = Signal()
    """Everything has ended, or had its time to."""

    def __init__(
        self,
        host: EngineHost,
        speech: Speech,
        *,
        autostart: bool = False,
        available: Callable[[], bool] = QSystemTrayIcon.isSystemTrayAvailable,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.host = host
        self.ended: bool | None = None
        """After the end: whether everything had ended within the deadline."""
        self._speech = speech
        self._autostart = autostart
        self._clock = host.environment.clock
        self.windows = Windows(host, self)
        self.menu = self._make_menu()
        self.tray = Tray(host, self.menu, available=available, parent=self)
        self.notices = Notices(self._clock.monotonic())
        self.wake = WakeWatch(self._clock, self)
        self.network = NetworkWatch(self)
        self._notice: Notice | None = None
        self._judge = QTimer(self, interval=JUDGE_MS)
        self._judge.timeout.connect(self._notify)
        self._stood = self._repaired = False
        self._crash_file: Path | None = None
        host.preferences_changed.connect(self._prefer)
        host.ready.connect(self._ready)
        host.problem.connect(self._cannot)
        host.show_requested.connect(self._wanted)
        host.running_elsewhere.connect(self.quit)
        self.tray.missing.connect(self._no_tray)
        self.tray.clicked_message.connect(self._open_notice)
        self.wake.woke.connect(lambda: self.notices.woke(self._clock.monotonic()))
        self.wake.settled.connect(self._look_anew)
        self.network.came_back.connect(self._look_anew)
        self.network.metered_changed.connect(self._pay_by_volume)

    def begin(self, crash_file: Path | None = None) -> None:
        """Show the icon and start the engine. `crash_file` is where this process leaves its stacks when it dies."""
        self._crash_file = crash_file
        self.tray.start()
        self.host.start()
        self.wake.start()
        self._judge.start()
        QTimer.singleShot(0, self.network.start)

    def quit(self) -> None:
        """End the program, unless a window with unsaved work says no."""
        if self.ended is None and self.windows.close_all():
            self._end()

    def end_now(self) -> None:
        """The session of the desktop ends, or the program is told to: nobody is asked."""
        if self.ended is None:
            self.windows.drop_all()
            self._end()

    def _end(self) -> None:
        self.ended = False  # this may be called again while events are handled
        self.tray.hide()
        self.ended = self.host.shutdown()
        if not self.ended:
            logger.error("Some work did not end in time and is cut off; nothing is lost")
        self.over.emit()

    def _make_menu(self) -> TrayMenu:
        return TrayMenu(self.host, self.windows.show_problem, self.quit)

    # What the host says.

    def _ready(self) -> None:
        preferences = self.host.preferences
        if not self._stood:
            self._stood = True
            self._first_look()
        if self.host.demo or self._repaired or not preferences.assistant_done:
            return
        self._repaired = True

        def work(_: Stop, __: Report) -> None:
            repair(this_autostart(), wanted=preferences.start_with_system)

        self.host.run(work, failed=log_problem)

    def _first_look(self) -> None:
        """Whoever started it by hand wants to see something; what the run before left is told in any case."""
        if not self._autostart:
            self.windows.show(self.host.instead_of("status"))
        file = self._crash_file
        if file is not None:
            self.host.run(lambda *_: earlier_death(file), self.tell_crash, log_problem)

    def _prefer(self, preferences: Preferences) -> None:
        apply_theme(preferences.theme)
        if self._speech.speak(preferences.language):
            self.menu = self._make_menu()
            self.tray.use_menu(self.menu)
            self.windows.make_anew()
        self.tray.redraw()

    def _cannot(self, problem: Problem) -> None:
        if not self._autostart:
            self.windows.show_problem(problem)

    def _look_anew(self) -> None:
        commands.sync_now(self.host, log_problem)

    def _pay_by_volume(self, metered: bool) -> None:
        self.host.metered = metered
        self.host.look()

    def tell_crash(self, file: Path | None) -> None:
        """The last run died, if it left a file: say so, and offer what a developer needs."""
        if file is None:
            return
        box = crash_box(file, lambda: self.host.show_requested.emit("diagnostics"))
        self.windows.show_box("crash", box)

    def _wanted(self, window: str) -> None:
        if window == "connect":
            self._start_other(self.quit)
        elif window == "demo":
            self._start_other(lambda: None, "demo")
        elif window == "quit":
            self.quit()

    def _start_other(self, done: Callable[[], None], *words: str) -> None:
        """Another process of this program: the demo beside the office's own data, or the other way round."""

        def work(_: Stop, __: Report) -> None:
            start_program(*words)

        self.host.run(work, lambda _: done(), self.windows.show_problem)

    def _notify(self) -> None:
        status = self.host.status
        if status is None:
            return
        notice = self.notices.judge(status, self.host.preferences, self._clock.monotonic())
        if notice is not None:
            self._notice = notice
            self.tray.show_message(notice.title, notice.text)

    def _open_notice(self) -> None:
        if self._notice is not None:
            self.windows.show(self._notice.window)

    # Desktops without a tray.

    def _no_tray(self) -> None:
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.lastWindowClosed.connect(self._last_window_closed)
        # No window at each login: a second start shows it.
        if self._autostart or self.host.preferences.told_no_tray:
            return
        self.windows.show_box("no tray", tell_no_tray())
        paths = self.host.environment.paths

        def remember(_: Stop, __: Report) -> None:
            write_preferences(paths, replace(read_preferences(paths), told_no_tray=True))

        self.host.run(remember, failed=log_problem)

    def _last_window_closed(self) -> None:
        if self.ended is None and not self.tray.is_there:
            self.windows.show_box("no tray", ask_to_go_on(self.quit))


def log_problem(problem: Problem) -> None:
    """Of what nobody waits for."""
    logger.info("%s", problem.sentence())
