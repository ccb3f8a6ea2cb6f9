"""The rules that every test lives by."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import keyring
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.log_guard import ExpectLog

pytest_plugins = ["pytester"]
log = logging.getLogger("guarded")


def test_an_unexpected_warning_fails_the_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    pytester.makeconftest("from tests.conftest import *")
    pytester.makepyfile(
        """
        import logging

        log = logging.getLogger("x")

        def test_quiet(): log.info("nothing to see")
        def test_loud(): log.warning("disk nearly full")
        def test_expected(expect_log):
            log.error("disk full")
            expect_log("disk", level=logging.ERROR)
        def test_cleared(caplog):
            log.error("disk full")
            assert "disk" in caplog.text
            caplog.clear()
        """
    )
    outcome = pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider")
    outcome.assert_outcomes(passed=4, errors=1)
    outcome.stdout.fnmatch_lines(["*unexpected log lines*", "*WARNING x: disk nearly full*"])


def test_expecting_a_line_that_never_came_fails(expect_log: ExpectLog) -> None:
    with pytest.raises(AssertionError, match="matches 'never'"):
        expect_log("never")


def test_an_expected_line_is_taken_at_its_own_level_only(expect_log: ExpectLog) -> None:
    log.warning("almost")
    with pytest.raises(AssertionError):
        expect_log("almost", level=logging.ERROR)
    expect_log("almost", logger="guarded")


def test_home_and_working_folder_are_the_tests_own(own_surroundings: Path) -> None:
    assert Path.home() == own_surroundings
    assert Path.cwd().is_relative_to(own_surroundings)
    assert Path(os.environ["TRAY_CONNECTOR_HOME"]).is_relative_to(own_surroundings)


def test_there_is_no_keyring() -> None:
    with pytest.raises(keyring.errors.NoKeyringError):
        keyring.get_password("tray-connector", "TEAMWORK_API_KEY")


@given(st.integers())
def test_property_tests_get_along_with_it(value: int) -> None:
    assert value == int(str(value))
