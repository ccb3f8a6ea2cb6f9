"""The tray application as a whole: what opens by itself, and how it ends."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtNetwork import QNetworkInformation
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.support.log_guard import ExpectLog
from tests.ui.conftest import MakeDesk, MakeHost
from tests.ui.shell_support import WAIT, ShiftedClock, state_is
from tray_connector.config.clock import Stop
from tray_connector.config.preferences import Preferences, read_preferences, write_preferences
from tray_connector.desktop.instance import Instance
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.ui.host import EngineHost, Report
from tray_connector.ui.theme import apply_theme, is_dark

LOST = QNetworkInformation.Reachability.Disconnected
THERE = QNetworkInformation.Reachability.Online


def test_the_first_start_opens_the_assistant(make_host: MakeHost, make_desk: MakeDesk, qtbot: QtBot) -> None:
    desk = make_desk(make_host({}))
    desk.shell.begin()
    desk.window("assistant", qtbot)
    desk.host.show_requested.emit(desk.host.instead_of("status"))
    assert not desk.is_open("status")


def test_a_start_by_hand_shows_how_it_stands_and_one_with_the_desktop_shows_nothing(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot, tmp_path: Path
) -> None:
    by_hand, by_itself = (
        make_desk(make_host(office.environment(), home=tmp_path / name), autostart=name == "autostart")
        for name in ("hand", "autostart")
    )
    for desk in (by_hand, by_itself):
        desk.shell.begin()
        qtbot.waitUntil(state_is(desk.host, "in step"), timeout=WAIT)
    by_hand.window("status", qtbot)
    assert not any(by_itself.is_open(name) for name in ("status", "assistant", "problem"))


def test_a_second_start_brings_back_the_closed_window(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot
) -> None:
    first, second = (make_desk(make_host(office.environment())) for _ in range(2))
    first.shell.begin()
    first.window("status", qtbot).close()
    qtbot.waitUntil(lambda: not first.is_open("status"), timeout=WAIT)
    with qtbot.waitSignal(second.shell.over, timeout=WAIT):
        second.shell.begin()
    first.window("status", qtbot)
    assert second.shell.ended


@pytest.mark.parametrize("moment", ["start", "assistant", "sync", "backfill"])
def test_it_ends_within_five_seconds_at_any_moment(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot, moment: str
) -> None:
    desk = make_desk(make_host({} if moment == "assistant" else office.environment()))
    for service in (office.teamwork_server, office.missive.server):
        service.faults.silence(When(times=None))
    desk.shell.begin()
    if moment == "assistant":
        desk.window("assistant", qtbot)
    if moment in ("sync", "backfill"):
        desk.window("status", qtbot)
    if moment == "backfill":
        desk.host.show_requested.emit("backfill")
        button(desk.window("backfill", qtbot), "Begin").click()
    began = time.monotonic()
    desk.shell.quit()
    assert desk.shell.ended
    assert time.monotonic() - began < 5


def test_what_is_typed_in_the_assistant_is_asked_about_before_the_end(
    make_host: MakeHost, make_desk: MakeDesk, qtbot: QtBot
) -> None:
    desk = make_desk(make_host({}))
    desk.shell.begin()
    window = desk.window("assistant", qtbot)
    state = getattr(window, "state")  # noqa: B009 - the window's class is the assistant's own affair
    state.typed["TEAMWORK_BASE_URL"] = "https://buero.teamwork.com"
    desk.shell.quit()
    assert desk.shell.ended is None
    assert window.isVisible()
    desk.shell.end_now()
    assert desk.shell.ended


def test_a_home_that_the_service_uses_is_told_and_taken_over_when_it_ends(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot, expect_log: ExpectLog
) -> None:
    desk = make_desk(make_host(office.environment()))
    paths, clock = desk.host.environment.paths, desk.host.environment.clock
    paths.create()
    with Instance(paths.lock, clock).held("run") as hold:
        assert hold is not None
        hold.announce("127.0.0.1:1")
        desk.shell.begin()
        box = desk.window("problem", qtbot)
        assert isinstance(box, QMessageBox)
        assert "tray-connector run" in box.text()
        assert box.textFormat() == Qt.TextFormat.PlainText
    qtbot.waitUntil(state_is(desk.host, "in step"), timeout=WAIT)
    expect_log("runs already")


def test_language_and_theme_change_while_it_runs(
    host: EngineHost, make_desk: MakeDesk, qtbot: QtBot, tmp_path: Path
) -> None:
    desk = make_desk(host)
    host.show_requested.emit("status")
    before, menu = desk.window("status", qtbot), desk.shell.menu

    def prefer(_: Stop, __: Report) -> None:
        write_preferences(host.environment.paths, Preferences(language="de", theme="dark", start_with_system=False))

    with qtbot.waitSignal(host.preferences_changed, timeout=WAIT):
        host.run(prefer, lambda _: host.restart())
    assert desk.shell.menu is not menu
    assert desk.window("status", qtbot) is not before
    qtbot.waitUntil(lambda: is_dark(desk.window("status", qtbot).palette()), timeout=WAIT)
    apply_theme("system")
    qtbot.waitUntil(lambda: not is_dark(desk.window("status", qtbot).palette()), timeout=WAIT)


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


def test_after_a_sleep_it_waits_a_moment_and_looks_anew(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot, clock: ShiftedClock
) -> None:
    desk = make_desk(make_host({**office.environment(), "PERIODIC_BACKFILL_INTERVAL": "3600"}))
    desk.shell.begin()
    qtbot.waitUntil(state_is(desk.host, "in step"), timeout=WAIT)
    asleep, watch = timedelta(hours=9), desk.shell.wake
    with qtbot.assertNotEmitted(watch.woke):
        watch.look()
    clock.shift += asleep
    watch._settle.setInterval(300)
    with qtbot.waitSignals([watch.woke, watch.settled], timeout=WAIT):
        watch.look()
    qtbot.waitUntil(lambda: verified_since(desk.host, clock), timeout=WAIT)


def verified_since(host: EngineHost, clock: ShiftedClock) -> bool:
    assert host.status is not None
    at = host.status.last_verified["teamwork"]
    return at is not None and clock.now() - at < timedelta(minutes=1)


def test_a_network_that_comes_back_is_used_at_once(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot
) -> None:
    desk = make_desk(make_host({**office.environment(), "PERIODIC_BACKFILL_INTERVAL": "3600"}))
    desk.shell.begin()
    qtbot.waitUntil(state_is(desk.host, "in step"), timeout=WAIT)
    office.office.create_task("Heizung ablesen")
    network = desk.shell.network
    network._settle.setInterval(10)
    with qtbot.assertNotEmitted(network.came_back, wait=50):
        network.take(THERE)
    network.take(LOST)
    network.take(THERE)
    qtbot.waitUntil(lambda: desk.host.status is not None and desk.host.status.stored["tasks"] == 1, timeout=WAIT)


def test_what_a_death_left_is_told_at_the_next_start(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot
) -> None:
    desk = make_desk(make_host(office.environment()), autostart=True)
    logs = desk.host.environment.paths.logs
    logs.mkdir(parents=True)
    (logs / "crash-run-1.txt").write_text("Fatal Python error: Segmentation fault", encoding="utf-8")
    (logs / "crash-run-2.txt").touch()
    own = logs / "crash-run-3.txt"
    own.touch()
    desk.shell.begin(own)
    box = desk.window("crash", qtbot)
    desk.shell.windows._makers["diagnostics"] = lambda _: QWidget()
    asked: list[str] = []
    desk.host.show_requested.connect(asked.append)
    button(box, "Export diagnostics…").click()
    assert asked == ["diagnostics"]
    assert sorted(file.name for file in logs.glob("crash*")) == ["crash-last.txt", "crash-run-3.txt"]


def test_without_a_tray_it_says_so_once_after_a_minute_and_a_closed_window_asks(
    make_host: MakeHost, make_desk: MakeDesk, office: SandboxOffice, qtbot: QtBot, qapp: QApplication
) -> None:
    desk = make_desk(make_host(office.environment()), tray=False)
    desk.shell.begin()
    status = desk.window("status", qtbot)
    desk.look(58)
    assert not desk.is_open("no tray")
    desk.look(3)
    desk.window("no tray", qtbot).close()
    paths = desk.host.environment.paths
    qtbot.waitUntil(lambda: read_preferences(paths).told_no_tray, timeout=WAIT)
    status.close()
    qapp.lastWindowClosed.emit()  # Qt says it only while its own loop runs
    question = desk.window("no tray", qtbot)
    button(question, "Quit").click()
    assert desk.shell.ended

    again = make_desk(make_host(office.environment()), tray=False)
    again.shell.begin()
    again.window("status", qtbot)
    again.look(61)
    assert not again.is_open("no tray")


def button(window: QWidget, text: str) -> QPushButton:
    found = [each for each in window.findChildren(QPushButton) if each.text().replace("&", "") == text]
    assert len(found) == 1, [each.text() for each in window.findChildren(QPushButton)]
    return found[0]


def test_work_of_windows_goes_on_through_a_change_of_language(host: EngineHost, make_desk: MakeDesk) -> None:
    desk = make_desk(host)

    class Busy(QWidget):
        unsaved = True

    window = Busy()
    desk.shell.windows._makers["settings"] = lambda _: window
    host.show_requested.emit("settings")
    desk.shell.windows.make_anew()
    assert desk.shell.windows.get("settings") is window
