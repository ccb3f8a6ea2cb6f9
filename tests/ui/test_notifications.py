"""Notifications: few, grouped, never for success or for being offline, and each leads to the right window."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from tests.support.connector import sandbox
from tests.support.log_guard import ExpectLog
from tests.ui.conftest import WAIT, MakeDesk, MakeHost
from tests.ui.shell_support import Desk, ShiftedClock, state_is
from tray_connector.config.preferences import Preferences
from tray_connector.model.errors import Problem
from tray_connector.model.status import EngineStatus, QueueState, State
from tray_connector.ui.life import stopped_by
from tray_connector.ui.notifications import AGAIN, GAP, GRACE, HELD, Notice, Notices

KEY = Problem("teamwork-key-refused", "Teamwork refuses the key", "401 Unauthorized", "Make a new one in Teamwork.")
SPACE = Problem("spool-full", "The disk is full", "", "Make room.")
CALM = replace(stopped_by(KEY), state="in step", problems=(), problem=None, headline="In step")
STOPPED = replace(CALM, state="stopped", problems=(KEY,), problem=KEY)
ALL = Preferences()


@pytest.fixture
def clock() -> ShiftedClock:
    return ShiftedClock()


def needing(count: int) -> EngineStatus:
    return replace(CALM, state="attention", reason="queue", queue=QueueState(waiting=count, retrying=count))


def told(notices: Notices, *moments: tuple[float, EngineStatus], preferences: Preferences = ALL) -> list[Notice]:
    found = [notices.judge(status, preferences, now) for now, status in moments]
    return [notice for notice in found if notice is not None]


def test_a_trouble_is_told_once_it_has_lasted_and_not_again_within_the_hour() -> None:
    begin = GRACE
    moments = [(begin + second, STOPPED) for second in range(0, 3000, 10)]
    (notice,) = told(Notices(0), *moments)
    assert notice == Notice("Stopped: Teamwork refuses the key", f"{KEY.hint}\n{KEY.message}", "status")
    assert len(told(Notices(0), *[(begin + second, STOPPED) for second in range(0, int(AGAIN * 2.5), 60)])) == 3


def test_nothing_is_said_in_the_first_two_minutes_nor_of_what_mends_itself() -> None:
    assert not told(Notices(0), *[(second, STOPPED) for second in range(0, int(GRACE), 10)])
    flickering = [(GRACE + second, STOPPED if second % 20 else CALM) for second in range(0, 600, 10)]
    assert not told(Notices(0), *flickering)


def test_after_a_sleep_it_waits_again() -> None:
    notices = Notices(0)
    notices.woke(10_000)
    assert not told(notices, *[(10_000 + second, STOPPED) for second in range(0, int(GRACE), 10)])


def test_several_troubles_are_one_notification() -> None:
    both = replace(needing(3), problems=(SPACE, replace(KEY, code="files-refused", title="Files are refused")))
    (notice,) = told(Notices(0), (GRACE, both), (GRACE + HELD, both), (GRACE + HELD + 10, both))
    assert notice.text.splitlines() == ["The disk is full", "Files are refused", "3 record(s) need a look"]
    assert notice.window == "status"


def test_records_that_need_a_look_lead_to_the_queue() -> None:
    (notice,) = told(Notices(0), (GRACE, needing(2)), (GRACE + HELD, needing(2)))
    assert notice.window == "status/queue"


def test_what_is_switched_off_is_not_told() -> None:
    quiet = Preferences(notify_stopped=False, notify_attention=False)
    for status in (STOPPED, needing(2)):
        assert not told(Notices(0), (GRACE, status), (GRACE + HELD, status), preferences=quiet)


CALM_STATES: tuple[State, ...] = ("starting", "in step", "syncing", "paused", "offline")
statuses = st.one_of(
    st.sampled_from(CALM_STATES).map(lambda state: replace(CALM, state=state)), st.just(STOPPED), st.just(needing(1))
)


@given(st.lists(st.tuples(st.floats(1, 400), statuses), max_size=60))
def test_two_never_come_close_together_and_none_tells_of_success(steps: list[tuple[float, EngineStatus]]) -> None:
    notices, now, last = Notices(0), 0.0, -GAP
    for wait, status in steps:
        now += wait
        if notices.judge(status, ALL, now) is not None:
            assert status.state in ("stopped", "attention")
            assert now - last >= GAP
            last = now


def test_a_click_opens_the_window_that_the_notification_is_about(
    make_host: MakeHost, make_desk: MakeDesk, qtbot: QtBot, clock: ShiftedClock, expect_log: ExpectLog
) -> None:
    with sandbox(clock) as office:
        host = make_host({**office.environment(), "TEAMWORK_API_KEY": "twp_wrong"})
        refused_key(make_desk(host, autostart=True), qtbot, clock)
    expect_log("Teamwork|refuse")


def refused_key(desk: Desk, qtbot: QtBot, clock: ShiftedClock) -> None:
    desk.shell.begin()
    qtbot.waitUntil(state_is(desk.host, "stopped"), timeout=WAIT)
    desk.shell._notify()
    assert not desk.notices()
    clock.shift += timedelta(seconds=GRACE)
    desk.shell._notify()
    assert desk.notices()
    assert not desk.is_open("status")
    desk.shell.tray.clicked_message.emit()
    desk.window("status", qtbot)
    desk.shell.quit()
