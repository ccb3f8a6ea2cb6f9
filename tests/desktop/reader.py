"""What a screen reader sees of a program and may do with it: AT-SPI over the accessibility bus.

Whatever has no accessible name cannot be found here, and so cannot be used by who does not see it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

from jeepney import DBusAddress, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

from tests.support.processes import wait_until

ATSPI = "org.a11y.atspi"
ROOT = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
PATIENCE = 20.0
DEPTH = 40
STATES = {"checked": 4, "enabled": 8, "focused": 12, "showing": 25, "visible": 30, "selected": 23}
"""Numbers of states that AT-SPI documents in `AtspiStateType`."""


class GoneError(Exception):
    """The thing was taken away while it was looked at."""


class Reader:
    """One connection to the accessibility bus of a desk."""

    def __init__(self, session_bus: str) -> None:
        with open_dbus_connection(session_bus) as session:
            ask = new_method_call(DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus"), "GetAddress")
            (address,) = unwrap_msg(session.send_and_get_reply(ask, timeout=PATIENCE))
        self._bus: DBusConnection = open_dbus_connection(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bus.close()

    def call(self, place: tuple[str, str], interface: str, method: str, signature: str = "", *values: Any) -> Any:
        """The answer's first value. `GoneError` when the thing is not there any more."""
        address = DBusAddress(place[1], place[0], f"{ATSPI}.{interface}")
        body = values if signature else ()
        try:
            reply = self._bus.send_and_get_reply(
                new_method_call(address, method, signature or None, body), timeout=PATIENCE
            )
            answer = unwrap_msg(reply)
        except DBusErrorResponse as error:
            raise GoneError(str(error)) from error
        return answer[0] if answer else None

    def get(self, place: tuple[str, str], interface: str, name: str) -> Any:
        """A property."""
        address = DBusAddress(place[1], place[0], f"{ATSPI}.{interface}")
        try:
            reply = self._bus.send_and_get_reply(Properties(address).get(name), timeout=PATIENCE)
            return unwrap_msg(reply)[0][1]
        except DBusErrorResponse as error:
            raise GoneError(str(error)) from error

    def windows(self) -> list[Thing]:
        """The top-level windows of all programs that can be seen."""
        found = []
        for program in self._children(ROOT):
            try:
                found += [Thing(self, place) for place in self._children(program)]
            except GoneError:
                continue
        return [window for window in found if window.has("showing")]

    def window(self, title: str, seconds: float = PATIENCE) -> Thing:
        """The window whose title holds this, as soon as it is there."""
        found: list[Thing] = []

        def look() -> bool:
            found[:] = [window for window in self.windows() if title in window.name]
            return bool(found)

        wait_until(look, seconds, f"a window {title!r}; there are {[window.name for window in self.windows()]}")
        return found[0]

    def _children(self, place: tuple[str, str]) -> list[tuple[str, str]]:
        return [(bus, path) for bus, path in self.call(place, "Accessible", "GetChildren")]


@dataclass(frozen=True)
class Thing:
    """A window, or something in it."""

    reader: Reader
    place: tuple[str, str]

    @property
    def name(self) -> str:
        try:
            return str(self.reader.get(self.place, "Accessible", "Name"))
        except GoneError:
            return ""

    @property
    def role(self) -> str:
        return str(self.reader.call(self.place, "Accessible", "GetRoleName"))

    @property
    def length(self) -> int:
        """Characters that stand in a field."""
        return int(self.reader.get(self.place, "Text", "CharacterCount"))

    def has(self, state: str) -> bool:
        try:
            low, high = self.reader.call(self.place, "Accessible", "GetState")
        except GoneError:
            return False
        return bool((low | high << 32) >> STATES[state] & 1)

    def all(self, depth: int = DEPTH) -> Iterator[Thing]:
        """Everything below it that can be seen, from the top."""
        try:
            places = self.reader.call(self.place, "Accessible", "GetChildren")
        except GoneError:
            return
        for bus, path in places:
            child = Thing(self.reader, (bus, path))
            if child.has("showing"):
                yield child
                if depth > 0:
                    yield from child.all(depth - 1)

    def find(self, name: str, role: str = "", seconds: float = PATIENCE) -> Thing:
        """What has this name, or begins with it and goes on after it; as soon as it can be seen."""
        found: list[Thing] = []

        def look() -> bool:
            for exact in (True, False):
                for thing in self.all():
                    try:
                        named = thing.name == name if exact else name in thing.name
                        if named and role in thing.role:
                            found[:] = [thing]
                            return True
                    except GoneError:
                        continue
            return False

        wait_until(look, seconds, f"{role} {name!r} in {self.name!r}, which shows {self.words()}")
        return found[0]

    def words(self) -> list[str]:
        """All names that can be seen in it."""
        return [name for thing in self.all() if (name := thing.name)]

    def shows(self, words: str, seconds: float = PATIENCE) -> None:
        """Wait until some name holds these words."""
        wait_until(
            lambda: any(words in name for name in self.words()), seconds, f"{words!r} in {self.name!r}: {self.words()}"
        )

    def press(self) -> None:
        """What a click on it does, as soon as it may be pressed."""
        wait_until(lambda: self.has("enabled"), PATIENCE, f"{self.name!r} may be pressed")
        actions = [str(name) for name, *_ in self.reader.call(self.place, "Action", "GetActions")]
        wanted = next((action for action in ("Press", "Toggle", "ShowMenu") if action in actions), None)
        assert wanted is not None, f"{self.name!r} offers only {actions}"
        self.reader.call(self.place, "Action", "DoAction", "i", actions.index(wanted))

    def focus(self) -> None:
        """Give it the keyboard."""
        self.reader.call(self.place, "Component", "GrabFocus")
        wait_until(lambda: self.has("focused"), PATIENCE, f"{self.name!r} has the keyboard")

    def box(self) -> tuple[int, int, int, int]:
        """Where it is on the screen: x, y, width, height."""
        x, y, width, height = self.reader.call(self.place, "Component", "GetExtents", "u", 0)
        return x, y, width, height
