"""A person before the desk: sees names and words, presses, types, looks at the tray, takes pictures."""

from __future__ import annotations

from pathlib import Path

from tests.desktop.desk import Desk
from tests.desktop.reader import Reader, Thing
from tests.support.processes import wait_until

PANEL = "trayer"
LEFT, RIGHT = "1", "3"
EDGE, TITLE = 1, 20
"""Pixels that the window manager's frame takes at the sides and above."""


class User:
    """Works at one desk. `pictures` is the folder that every picture goes to."""

    def __init__(self, desk: Desk, reader: Reader, pictures: Path) -> None:
        self.desk = desk
        self.reader = reader
        self.pictures = pictures
        pictures.mkdir(parents=True, exist_ok=True)

    def window(self, title: str) -> Thing:
        """The window whose title holds this, as soon as it is there."""
        return self.reader.window(title)

    def press(self, window: str, name: str, role: str = "") -> None:
        """Press what has this name in a window."""
        self.window(window).find(name, role).press()

    def type(self, window: str, name: str, text: str) -> None:
        """Replace what stands in a field by typing."""
        field = self.window(window).find(name, "text")
        field.focus()
        self.keys("ctrl+a")
        self.desk.ask("xdotool", "type", "--delay", "1", "--", text)
        wait_until(lambda: field.length == len(text), 10, f"{name!r} holds what was typed")

    def keys(self, *keys: str) -> None:
        """Press keys, each as xdotool calls it."""
        self.desk.ask("xdotool", "key", "--delay", "20", *keys)

    def close(self, title: str) -> None:
        """Close the window as its window manager does, and see it go."""
        self.desk.ask("xdotool", "search", "--name", title, "windowactivate", "--sync")
        self.keys("alt+F4")
        self.gone(title)

    def gone(self, title: str) -> None:
        """Wait until no window of this title is there."""
        wait_until(lambda: not any(title in each.name for each in self.reader.windows()), 20, f"{title!r} is closed")

    def picture(self, name: str, window: str = "") -> None:
        """For people to look at: a window, or the whole screen."""
        box = None
        if window:
            wait_until(lambda: self.box_of(window) is not None, 10, f"{window!r} is on the screen")
            box = self.box_of(window)
        self.desk.picture(self.pictures / f"{name}.png", box)

    def box_of(self, title: str) -> tuple[int, int, int, int] | None:
        """Where the window and its frame lie on the screen: x, y, width, height."""
        x, y, width, height = self.window(title).box()
        return (x - EDGE, y - TITLE, width + 2 * EDGE, height + TITLE + EDGE) if width > 50 else None

    # The tray.

    def icon(self) -> tuple[int, int] | None:
        """The middle of the only icon in the tray, while there is one."""
        try:
            told = self.desk.ask("xdotool", "search", "--onlyvisible", "--class", PANEL, "getwindowgeometry", "--shell")
        except AssertionError:
            return None
        numbers = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
        x, y, width, height = (int(numbers[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))
        return (x + width // 2, y + height // 2) if width > 10 else None

    def click_icon(self, button: str = LEFT) -> None:
        """Click the icon in the tray."""
        place = self.icon()
        assert place is not None, "no icon in the tray"
        self.desk.ask("xdotool", "mousemove", str(place[0]), str(place[1]), "click", button)

    def click_icon_when_there(self) -> None:
        """As soon as the tray shows it, click it."""
        wait_until(lambda: self.icon() is not None, 20, "an icon in the tray")
        self.click_icon()

    def menu(self, *keys: str) -> None:
        """Open the icon's menu and choose in it with the keyboard."""
        before = self._visible()
        self.click_icon(RIGHT)
        wait_until(lambda: self._visible() - before, 10, "the menu is open")
        self.keys(*keys)

    def _visible(self) -> set[str]:
        return set(self.desk.ask("xdotool", "search", "--onlyvisible", "--name", "").split())

    def notified(self) -> list[str]:
        """What the notification daemon has shown so far."""
        return self.desk.ask("dunstctl", "history").splitlines()
