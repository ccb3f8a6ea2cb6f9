"""The icon in the tray, its menu, and that what they say is true."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest
from PySide6.QtGui import QAction, QColor
from PySide6.QtWidgets import QMenu, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from tests.ui.conftest import WAIT, MakeDesk, MakeHost
from tests.ui.shell_support import Desk, ShiftedClock, state_is
from tray_connector.model.status import State
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.host import EngineHost
from tray_connector.ui.icons import TRAY_SIZES, tray_icon
from tray_connector.ui.tray import LONGEST_TOOLTIP, plain_tooltip


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


def item(menu: QMenu, text: str) -> QAction:
    found = [each for each in menu.actions() if each.text().replace("&", "") == text]
    assert len(found) == 1, [each.text() for each in menu.actions()]
    return found[0]


def texts(menu: QMenu) -> list[str]:
    return [each.text().replace("&", "") for each in menu.actions() if not each.isSeparator()]


def test_each_state_has_an_icon_of_its_own_in_every_size(qtbot: QtBot) -> None:
    for size in TRAY_SIZES:
        for dark in (False, True):
            states: tuple[State, ...] = get_args(State)
            pictures = [tray_icon(state, dark=dark).pixmap(size, size).toImage() for state in states]
            assert all(picture.size().width() == size for picture in pictures)
            for number, picture in enumerate(pictures):
                assert picture not in pictures[:number], (size, dark, states[number])


@pytest.mark.parametrize("dark", [False, True])
def test_icons_are_seen_on_the_surface_they_are_made_for(qtbot: QtBot, dark: bool) -> None:
    surface = QColor("#202124" if dark else "#F2F3F5").lightness()
    states: tuple[State, ...] = get_args(State)
    for state in states:
        picture = tray_icon(state, dark=dark).pixmap(32, 32).toImage()
        points = [picture.pixelColor(x, y) for x in range(32) for y in range(32)]
        drawn = [point for point in points if point.alpha() > 200]
        assert sum(abs(point.lightness() - surface) > 60 for point in drawn) > 40, state


def test_the_menu_is_as_it_was_designed(host: EngineHost, make_desk: MakeDesk) -> None:
    menu = make_desk(host).shell.menu
    assert texts(menu)[1:] == [
        "Sync now", "Pause", "Resume", "Force backfill…", "Status…", "Label categories…", "Settings…", "Open the data",
        "Help", "Quit",
    ]  # fmt: skip
    assert texts(menu.pause) == ["30 minutes", "1 hour", "Until tomorrow", "Until I resume"]
    assert texts(menu.help)[-3:] == ["Log folder", "Export diagnostics…", "About Tray Connector"]


def test_a_pause_survives_a_restart_of_the_program(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot
) -> None:
    desk = make_desk(make_host(office.environment()))
    desk.shell.begin()
    qtbot.waitUntil(state_is(desk.host, "in step"), timeout=WAIT)
    assert not desk.shell.menu.resume.isEnabled()
    item(desk.shell.menu.pause, "30 minutes").trigger()
    qtbot.waitUntil(state_is(desk.host, "paused"), timeout=WAIT)
    qtbot.waitUntil(lambda: says(desk, "Paused until"), timeout=WAIT)
    desk.shell.quit()

    again = make_desk(make_host(office.environment()))
    again.shell.begin()
    qtbot.waitUntil(lambda: says(again, "Paused until") and again.shell.menu.resume.isEnabled(), timeout=WAIT)
    again.shell.menu.resume.trigger()
    qtbot.waitUntil(lambda: says(again, "In step"), timeout=WAIT)


def test_in_step_decays_to_attention_when_nothing_could_be_checked(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot, clock: ShiftedClock
) -> None:
    desk = make_desk(make_host({**office.environment(), "PERIODIC_BACKFILL_INTERVAL": "3600"}))
    desk.shell.begin()
    qtbot.waitUntil(lambda: says(desk, "In step, checked at"), timeout=WAIT)
    clock.shift += timedelta(hours=4)
    qtbot.waitUntil(lambda: says(desk, "Not checked since"), timeout=WAIT)
    assert "Not checked since" in icons(desk)[0].toolTip()


def test_the_icon_changes_only_when_a_state_has_held(host: EngineHost, make_desk: MakeDesk, qtbot: QtBot) -> None:
    desk = make_desk(host)
    desk.shell.tray.start()
    qtbot.waitUntil(lambda: says(desk, "In step"), timeout=WAIT)
    changes = desk.shell.tray.changes
    host.look()
    with qtbot.waitSignal(host.status_changed, timeout=WAIT):
        host.look()
    assert desk.shell.tray.changes == changes


def test_a_tray_that_comes_late_or_again_gets_an_icon(host: EngineHost, make_desk: MakeDesk) -> None:
    desk = make_desk(host, tray=False)
    desk.look(70)
    assert not icons(desk)
    desk.tray_is_there = True
    desk.look(1)
    first = icons(desk)
    assert first[0].isVisible()
    desk.tray_is_there = False
    desk.look(1)
    assert not desk.shell.tray.is_there
    desk.tray_is_there = True
    desk.look(1)
    assert icons(desk)[0] is not first[0]


def icons(desk: Desk) -> list[QSystemTrayIcon]:
    return [desk.icon] if desk.icon is not None else []


def test_a_tooltip_is_short_and_never_markup() -> None:
    text = plain_tooltip("<b>Stopped</b>: " + "x" * 200)
    assert len(text) == LONGEST_TOOLTIP
    assert "<" not in text


def says(desk: Desk, words: str) -> bool:
    return desk.shell.menu.headline.text().startswith(words)
