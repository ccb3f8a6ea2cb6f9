"""The engine as the windows see it: over a real office, with real threads."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.support.log_guard import ExpectLog
from tests.ui.conftest import WAIT, MakeHost
from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.settings import save_settings
from tray_connector.model.errors import ConfigError, Problem
from tray_connector.model.status import EngineStatus
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.session import Session
from tray_connector.ui.host import EngineHost, Report


def in_step(host: EngineHost) -> bool:
    return host.status is not None and host.status.state == "in step"


def test_a_new_task_shows_in_the_status(host: EngineHost, office: SandboxOffice, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: in_step(host), timeout=WAIT)
    office.office.create_task("Fenster streichen")
    qtbot.waitUntil(lambda: host.status is not None and host.status.stored["tasks"] == 1, timeout=WAIT)


def test_the_status_arrives_on_the_ui_thread_at_most_ten_times_a_second(host: EngineHost, qtbot: QtBot) -> None:
    arrivals: list[tuple[float, QThread]] = []
    host.status_changed.connect(lambda _: arrivals.append((time.monotonic(), QThread.currentThread())))
    began = time.monotonic()
    qtbot.waitUntil(lambda: len(arrivals) >= 3, timeout=WAIT)
    assert {thread for _, thread in arrivals} == {QApplication.instance().thread()}  # type: ignore[union-attr]
    assert len(arrivals) <= 10 * (arrivals[-1][0] - began) + 1


def test_work_runs_in_a_thread_and_its_answer_comes_on_the_ui_thread(host: EngineHost, qtbot: QtBot) -> None:
    threads: list[QThread] = []
    answers: list[int] = []

    def work(session: Session, stop: Stop) -> int:
        threads.append(QThread.currentThread())
        return session.engine.ledger.count("tasks")

    def done(count: int) -> None:
        threads.append(QThread.currentThread())
        answers.append(count)

    host.submit(work, done)
    qtbot.waitUntil(lambda: answers == [0], timeout=WAIT)
    assert threads[1] is host.thread() or threads[1] == host.thread()
    assert threads[0] != threads[1]


def test_the_last_progress_arrives_before_the_answer(host: EngineHost, qtbot: QtBot) -> None:
    seen: list[object] = []

    def work(session: Session, stop: Stop, report: Report) -> str:
        for number in range(1000):
            report(number)
        return "done"

    host.submit(work, seen.append, progress=seen.append)
    qtbot.waitUntil(lambda: "done" in seen, timeout=WAIT)
    assert seen[-2:] == [999, "done"]
    assert len(seen) < 20


def test_a_failure_comes_as_a_problem(host: EngineHost, qtbot: QtBot) -> None:
    problems: list[Problem] = []

    def work(session: Session, stop: Stop) -> None:
        raise ConfigError("no-such-table", "The table is missing", "Tasks", "Make it.")

    host.submit(work, failed=problems.append)
    qtbot.waitUntil(lambda: bool(problems), timeout=WAIT)
    assert problems[0].code == "no-such-table"


def test_a_mistake_of_ours_comes_as_a_problem_without_a_trace(
    host: EngineHost, qtbot: QtBot, expect_log: ExpectLog
) -> None:
    problems: list[Problem] = []

    def work(session: Session, stop: Stop) -> None:
        raise KeyError("surprise")

    host.submit(work, failed=problems.append)
    qtbot.waitUntil(lambda: bool(problems), timeout=WAIT)
    assert problems[0].code == "internal"
    expect_log("broke off", level=40)


def test_a_cancelled_job_ends_at_once(host: EngineHost, qtbot: QtBot) -> None:
    problems: list[Problem] = []
    began = threading.Event()

    def work(session: Session, stop: Stop) -> None:
        began.set()
        session.clock.wait(stop, 60)
        raise AssertionError if not stop.is_set() else Stopped

    job = host.submit(work, failed=problems.append)
    qtbot.waitUntil(began.is_set, timeout=WAIT)
    asked = time.monotonic()
    job.cancel()
    qtbot.waitUntil(lambda: bool(problems), timeout=WAIT)
    assert problems[0].code == "stopped"
    assert time.monotonic() - asked < 1
    assert not job.running


def test_no_answer_reaches_a_window_that_is_gone(host: EngineHost, qtbot: QtBot) -> None:
    window = QObject()
    answers: list[object] = []
    gate = threading.Event()

    def work(session: Session, stop: Stop) -> int:
        gate.wait(WAIT / 1000)
        return 1

    job = host.submit(work, answers.append, answers.append, owner=window)
    window.deleteLater()
    qtbot.waitUntil(job.stop.is_set, timeout=WAIT)
    gate.set()
    qtbot.waitUntil(lambda: not job.running, timeout=WAIT)
    assert answers == []


def test_without_any_setting_the_session_stands_and_asks_to_be_set_up(make_host: MakeHost, qtbot: QtBot) -> None:
    host = make_host({})
    with qtbot.waitSignals([host.ready, host.setup_needed], timeout=WAIT):
        host.start()
    qtbot.waitUntil(lambda: host.status is not None and host.status.state == "stopped", timeout=WAIT)


def test_a_wrong_setting_is_told_and_work_begins_after_it_was_mended(
    make_host: MakeHost, office: SandboxOffice, qtbot: QtBot
) -> None:
    host = make_host({**office.environment(), "TIMEZONE": ""}, home=None)
    paths = host.environment.paths
    paths.create()
    paths.settings_file.write_text('{"version": 1, "TIMEZONE": "Mars/Phobos"}', encoding="utf-8")
    with qtbot.waitSignal(host.ready, timeout=WAIT):
        host.start()
    qtbot.waitUntil(lambda: host.status is not None and host.status.state == "stopped", timeout=WAIT)
    assert host.status is not None
    assert "TIMEZONE" in host.status.problems[0].message + host.status.problems[0].title

    def mend(stop: Stop, report: Report) -> None:
        save_settings(paths, {"TIMEZONE": "Europe/Vienna"})

    host.run(mend, lambda _: host.restart())
    qtbot.waitUntil(lambda: in_step(host), timeout=WAIT)


def test_a_restart_ends_the_work_of_windows_and_opens_a_new_session(host: EngineHost, qtbot: QtBot) -> None:
    problems: list[Problem] = []
    began = threading.Event()

    def work(session: Session, stop: Stop) -> None:
        began.set()
        if session.clock.wait(stop, 60):
            raise Stopped

    host.submit(work, failed=problems.append)
    qtbot.waitUntil(began.is_set, timeout=WAIT)
    with qtbot.waitSignal(host.ready, timeout=WAIT):
        host.restart()
    qtbot.waitUntil(lambda: bool(problems), timeout=WAIT)
    assert problems[0].code == "stopped"
    qtbot.waitUntil(lambda: in_step(host), timeout=WAIT)


def test_a_second_start_shows_the_first_one(
    host: EngineHost, make_host: MakeHost, office: SandboxOffice, qtbot: QtBot
) -> None:
    second = make_host(office.environment())
    shown: list[str] = []
    host.show_requested.connect(shown.append)
    with qtbot.waitSignal(second.running_elsewhere, timeout=WAIT):
        second.start()
    qtbot.waitUntil(lambda: shown == ["status"], timeout=WAIT)


@pytest.mark.parametrize("moment", [0, 3, 30, 100, 300])
def test_it_ends_quickly_at_any_moment(
    make_host: MakeHost, office: SandboxOffice, qtbot: QtBot, moment: int, tmp_path: Path
) -> None:
    host = make_host(office.environment())
    host.start()
    ended = threading.Event()
    QTimer.singleShot(moment, ended.set)
    qtbot.waitUntil(ended.is_set, timeout=WAIT)
    began = time.monotonic()
    assert host.shutdown()
    assert time.monotonic() - began < 5


def test_states_are_frozen_values(host: EngineHost, qtbot: QtBot) -> None:
    with qtbot.waitSignal(host.status_changed, timeout=WAIT) as caught:
        host.look()
    assert isinstance(caught.args[0], EngineStatus)
