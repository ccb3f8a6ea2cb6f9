"""The windows: each made when it is first wanted, raised when it is wanted again, let go of when it is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QMessageBox, QWidget
from shiboken6 import isValid

from tray_connector.model.errors import Problem
from tray_connector.ui import commands, opening
from tray_connector.ui.host import EngineHost
from tray_connector.ui.links import open_folder, open_web_address
from tray_connector.ui.texts import problem_text, title_text


@runtime_checkable
class HasPages(Protocol):
    """A window that can be asked for one of its pages."""

    def show_page(self, name: str) -> None:
        """Bring the page to the front; a name that is none changes nothing."""
        ...


@runtime_checkable
class HoldsWork(Protocol):
    """A window in which something may be under way that closing it would touch."""

    @property
    def unsaved(self) -> bool:
        """Whether that is so now."""
        ...


class Windows(QObject):
    """Opens windows by name; see `EngineHost.show_requested`."""

    def __init__(self, host: EngineHost, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._host = host
        self._open: dict[str, QWidget] = {}
        self._makers: dict[str, Callable[[EngineHost], QWidget]] = {
            "status": opening.status_window,
            "settings": opening.settings_window,
            "assistant": opening.assistant,
            "categories": opening.categories_window,
            "table": opening.data_window,
            "backfill": opening.backfill_dialog,
            "log": opening.log_window,
            "diagnostics": opening.diagnostics_dialog,
            "help": opening.help_window,
            "about": opening.about_dialog,
        }
        host.show_requested.connect(self.show)

    def show(self, wanted: str) -> None:
        """Open the window, or bring it to the front; ``settings/teamwork`` also names a page."""
        name, _, page = wanted.partition("/")
        if name == "data":
            self._host.submit(commands.data_place, self._show_data, self.show_problem, owner=self)
        elif name == "logs":
            open_folder(self._host.environment.paths.logs)
        elif name in self._makers:
            window = self._open.get(name) or self._make(name)
            if page and isinstance(window, HasPages):
                window.show_page(page)
            bring_up(window)

    def get(self, name: str) -> QWidget | None:
        """The window of this name, if it is open."""
        return self._open.get(name)

    def close_all(self) -> bool:
        """Close every window; False when one with unsaved work stays open, to ask what becomes of it."""
        for window in list(self._open.values()):
            # One whose work goes on unseen only hides.
            if isValid(window) and not window.close() and window.isVisible():
                bring_up(window)
                return False
        return True

    def make_anew(self) -> None:
        """Open windows are made once more, in another language; those that hold work stay as they are."""
        for name, window in list(self._open.items()):
            if name not in self._makers or not window.isVisible():
                continue
            if isinstance(window, HoldsWork) and window.unsaved:
                continue
            place = window.saveGeometry()
            del self._open[name]
            window.close()
            made = self._make(name)
            made.restoreGeometry(place)
            bring_up(made)

    def drop_all(self) -> None:
        """Let go of every window, whatever they hold."""
        for window in list(self._open.values()):
            window.hide()
            window.deleteLater()
        self._open.clear()

    def show_problem(self, problem: Problem) -> None:
        """Tell what went wrong in a box of its own; nothing for what was only cancelled."""
        if problem.code == "stopped":
            return
        box = QMessageBox(QMessageBox.Icon.Warning, title_text(problem), problem_text(problem))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.show_box("problem", box)

    def show_box(self, name: str, box: QWidget) -> None:
        """Show a box of this name instead of the one before."""
        previous = self._open.get(name)
        if previous is not None:
            previous.close()
        self._keep(name, box)
        bring_up(box)

    def _show_data(self, place: tuple[str, str]) -> None:
        _, address = place
        if not open_web_address(address):
            self.show("table")

    def _make(self, name: str) -> QWidget:
        window = self._makers[name](self._host)
        window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._keep(name, window)
        return window

    def _keep(self, name: str, window: QWidget) -> None:
        def gone() -> None:
            if self._open.get(name) is window:
                del self._open[name]

        self._open[name] = window
        window.destroyed.connect(gone)


def bring_up(window: QWidget) -> None:
    """Show it in front of the others, with the keyboard."""
    if window.isMinimized():
        window.showNormal()
    window.show()
    window.raise_()
    window.activateWindow()
