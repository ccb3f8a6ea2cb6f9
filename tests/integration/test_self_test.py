"""`self-test`, `quit` and `forget-keys`: what installers call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.clock import FakeClock
from tests.support.connector import sandbox
from tests.support.processes import Programs
from tray_connector.cli.console import TerminalConsole
from tray_connector.cli.forget_command import forget_keys
from tray_connector.cli.self_test import judge, self_test
from tray_connector.cli.self_test_parts import NotHereError
from tray_connector.config.clock import Stop, SystemClock
from tray_connector.config.credentials import MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.setting_table import SECRETS
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sync.session import Environment


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    with Programs(tmp_path / "home", tmp_path, {"QT_QPA_PLATFORM": "offscreen"}) as programs:
        yield programs


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    with sandbox(SystemClock()) as running:
        yield running


def test_every_part_works_here_and_a_missing_keyring_is_told(programs: Programs) -> None:
    told = json.loads(programs.run("self-test", "--json").out)
    assert told["ok"], told
    outcomes = {part["name"]: part["outcome"] for part in told["parts"]}
    assert outcomes.pop("Keyring") == "not here"
    assert set(outcomes.values()) == {"ok"}
    assert {"Versions", "SQLite", "Certificates", "PostgreSQL", "A whole sync", "Windows", "Languages"} <= set(outcomes)
    assert not programs.home.exists()


def test_what_is_missing_counts_when_one_is_strict(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_qt(_: bool) -> Sequence[tuple[str, Callable[[], str]]]:
        raise ModuleNotFoundError("No module named 'PySide6'", name="PySide6")

    monkeypatch.setattr("tray_connector.cli.self_test.parts.whole_sync", lambda *_: "left out here")
    console, clock = TerminalConsole(), SystemClock()
    assert self_test(console, clock, Stop(), no_qt) == 0
    assert self_test(console, clock, Stop(), no_qt, strict=True) == 3
    assert "not here  Windows: Qt is not installed (PySide6)." in capsys.readouterr().out


def test_whatever_a_part_raises_is_an_answer() -> None:
    def broken() -> str:
        raise SystemError("the library is of another kind")

    def absent() -> str:
        raise NotHereError("There is none.")

    assert judge(broken) == ("failed", "SystemError: the library is of another kind")
    assert judge(absent) == ("not here", "There is none.")


def test_quit_ends_the_service_and_waits_for_it(programs: Programs, office: SandboxOffice) -> None:
    assert "Nothing was running." in programs.run("quit").out
    assert not programs.home.exists()
    service = programs.start("run", **office.environment())
    service.until(lambda: '"address": "' in note(programs.home), "the service takes commands")
    assert "It has ended." in programs.run("quit").out
    assert service.wait(5) == 0


def test_quit_ends_the_tray_and_its_demo(programs: Programs) -> None:
    tray = programs.start("--autostart")
    tray.until(lambda: '"address": "' in note(programs.home), "the tray takes commands")
    demo = programs.start("demo")
    demo.until(lambda: '"doing": "tray"' in note(programs.home / "demo"), "the demo takes commands")
    assert "It has ended." in programs.run("quit").out
    assert (tray.wait(5), demo.wait(5)) == (0, 0)


def note(home: Path) -> str:
    """What the holder of the home says of itself."""
    try:
        return Paths(home).lock.with_suffix(".json").read_text("utf-8")
    except FileNotFoundError:
        return ""


def test_all_keys_are_forgotten(tmp_path: Path) -> None:
    credentials = MemoryCredentials(dict.fromkeys(SECRETS, "secret"))
    environment = Environment({}, None, FakeClock(), Paths(tmp_path), credentials)
    assert forget_keys(environment, TerminalConsole()) == 0
    assert [credentials.get(name) for name in SECRETS] == [None] * len(SECRETS)
