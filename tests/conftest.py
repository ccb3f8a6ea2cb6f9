"""What holds for every test: nothing outside its own temporary folder is touched, no log line goes unnoticed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.log_guard import ExpectLog
from tests.support.postgres import database, postgres_server, running_postgres  # noqa: F401 - fixtures for all tests

NO_KEYRING = "keyring.backends.fail.Keyring"
SETTING_PREFIXES = (
    "AIRTABLE_", "APP_PORT", "ATTACHMENT", "BACKFILL_", "DB_", "DISABLE_", "DISK_", "INCLUDE_", "LOG_", "MISSIVE_",
    "NGROK_", "PERIODIC_", "PG", "PUBLIC_", "RATE_", "REMOVAL_", "SPOOL_", "SQLITE_", "TEAMWORK_", "TIMEZONE",
    "TRAY_CONNECTOR_", "WALK_",
)  # fmt: skip
FOREIGN = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "DBUS_SESSION_BUS_ADDRESS")
HOMES = {
    "HOME": "",
    "USERPROFILE": "",
    "APPDATA": "AppData/Roaming",
    "LOCALAPPDATA": "AppData/Local",
    "XDG_CONFIG_HOME": ".config",
    "XDG_DATA_HOME": ".local/share",
    "XDG_STATE_HOME": ".local/state",
    "XDG_CACHE_HOME": ".cache",
    "XDG_RUNTIME_DIR": "run",
}


def pytest_configure() -> None:
    """No test reaches the keyring of whoever runs it: set before anything can ask which one is in use.

    Property tests fail for wrong answers only, never because the machine is busy.
    """
    os.environ["PYTHON_KEYRING_BACKEND"] = NO_KEYRING
    settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("long", settings.get_profile("ours"), max_examples=5_000)
    settings.load_profile("ours")


@pytest.fixture
def expect_log(caplog: pytest.LogCaptureFixture) -> ExpectLog:
    """Asserts that a WARNING or worse was logged: ``expect_log("set aside")`` after the code that logs it."""
    return ExpectLog(caplog)


@pytest.fixture(autouse=True)
def no_unexpected_log_lines(caplog: pytest.LogCaptureFixture, expect_log: ExpectLog) -> Iterator[None]:
    """A line of level WARNING or above fails the test, unless `expect_log` or ``caplog.clear()`` took note of it."""
    yield
    phases = (caplog.get_records("setup"), caplog.get_records("call"), caplog.get_records("teardown"))
    lines = expect_log.unexpected(chain.from_iterable(phases))
    if lines:
        pytest.fail("unexpected log lines:\n" + "\n".join(lines), pytrace=False)


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, a working folder and an environment of the test's own; settings of whoever runs it do not count."""
    folder = tmp_path_factory.mktemp("user", numbered=True)
    for name in list(os.environ):
        upper = name.upper()
        if upper in FOREIGN or upper.startswith(SETTING_PREFIXES):
            monkeypatch.delenv(name)
    for name, below in HOMES.items():
        monkeypatch.setenv(name, str(folder / below))
    monkeypatch.setenv("TRAY_CONNECTOR_HOME", str(folder / "tray-connector"))
    working = folder / "working"
    working.mkdir()
    monkeypatch.chdir(working)
    return folder
