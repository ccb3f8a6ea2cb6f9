"""Every way in which ngrok or its agent refuses a tunnel becomes one error that says what to do."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.clock import START, FakeClock
from tests.support.fake_ngrok import FakeNgrok, Script
from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConfigError, ConnectorError, TransientError
from tray_connector.webhooks.tunnel_ngrok import NgrokTunnel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the fake agent is a script")
TOKEN = "2fAkEtOkEn9nq9771bPxe8ctg7LKr_2ClH7Y15Zqe4bWLWF9p"


@pytest.fixture
def fake(tmp_path: Path) -> FakeNgrok:
    return FakeNgrok(tmp_path / "agent")


@pytest.fixture
def tunnel(fake: FakeNgrok, tmp_path: Path) -> Iterator[NgrokTunnel]:
    tunnel = NgrokTunnel(TOKEN, tmp_path / "ngrok", FakeClock(), agent=fake.program, start_seconds=20)
    yield tunnel
    tunnel.close()


def refused(tunnel: NgrokTunnel) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        tunnel.open(5000, Stop())
    problem = caught.value.problem
    assert TOKEN not in problem.sentence() + repr(caught.value) + repr(caught.value.__cause__)
    assert tunnel.address() is None
    assert not tunnel.healthy()
    return caught.value


@pytest.mark.parametrize(
    ("number", "code", "retry_after"),
    [
        (105, "ngrok-token-refused", None),
        (107, "ngrok-token-refused", None),
        (123, "ngrok-mail-unverified", None),
        (9009, "ngrok-proxy", None),
        (108, "ngrok-sessions", timedelta(minutes=15)),
        (121, "ngrok-agent-old", timedelta(days=1)),
        (9040, "ngrok-blocked", timedelta(hours=6)),
        (725, "ngrok-quota", datetime(2026, 10, 1, tzinfo=UTC) - START),
    ],
)
def test_a_refused_session_says_why_and_when_to_try_again(
    fake: FakeNgrok, tunnel: NgrokTunnel, number: int, code: str, retry_after: timedelta | None
) -> None:
    fake.change(session="refused", error=number)
    error = refused(tunnel)
    assert type(error) is (ConfigError if retry_after is None else TransientError)
    assert error.problem.code == code
    assert error.problem.message.endswith(f"(ERR_NGROK_{number})")
    assert error.problem.retry_at == (None if retry_after is None else START + retry_after)
    assert error.problem.hint


@pytest.mark.parametrize(("number", "code"), [(334, "ngrok-address-taken"), (727, "ngrok-quota")])
def test_a_refused_address_says_why(fake: FakeNgrok, tunnel: NgrokTunnel, number: int, code: str) -> None:
    fake.change(endpoint_error=number)
    error = refused(tunnel)
    assert error.problem.code == code
    assert error.problem.retry_at is not None
    assert "failed to start endpoint" in error.problem.message


def test_without_a_network_it_is_tried_again_soon(fake: FakeNgrok, tmp_path: Path) -> None:
    fake.change(session="down")
    error = refused(NgrokTunnel(TOKEN, tmp_path / "ngrok", FakeClock(), agent=fake.program, start_seconds=3))
    assert error.problem.code == "ngrok-unreachable"
    assert error.problem.retry_at == START + timedelta(minutes=1)


def test_an_agent_that_stays_silent_is_given_up_at_the_deadline_and_ended(fake: FakeNgrok, tmp_path: Path) -> None:
    fake.change(says="nothing", ignores_sigterm=True)
    begun = time.monotonic()
    error = refused(NgrokTunnel(TOKEN, tmp_path / "ngrok", FakeClock(), agent=fake.program, start_seconds=3))
    assert error.problem.code == "ngrok-silent"
    assert time.monotonic() - begun < 5
    assert gone(fake.until_run())


def test_an_agent_whose_api_is_silent_is_given_up_at_the_deadline(fake: FakeNgrok, tmp_path: Path) -> None:
    fake.change(api="silent")
    begun = time.monotonic()
    error = refused(NgrokTunnel(TOKEN, tmp_path / "ngrok", FakeClock(), agent=fake.program, start_seconds=3))
    assert error.problem.code == "ngrok-silent"
    assert time.monotonic() - begun < 8
    assert gone(fake.until_run())


def test_an_agent_that_ends_without_a_word_is_noticed_at_once(fake: FakeNgrok, tunnel: NgrokTunnel) -> None:
    fake.change(session="down", says="nothing", dies_after=0)
    error = refused(tunnel)
    assert error.problem.code == "ngrok-failed"
    assert "exit code 3" in error.problem.message


def test_an_agent_of_the_users_own_that_knows_no_endpoints_is_too_old(fake: FakeNgrok, tunnel: NgrokTunnel) -> None:
    fake.change(api="old")
    assert refused(tunnel).problem.code == "ngrok-agent-old"
    assert len(fake.runs()) == 1


@pytest.mark.parametrize("content", [None, "this is no program\n"])
def test_a_program_that_is_gone_or_damaged_is_a_normal_state(
    fake: FakeNgrok, tunnel: NgrokTunnel, content: str | None
) -> None:
    fake.program.unlink()
    if content is not None:
        fake.program.write_text(content)
        fake.program.chmod(0o755)
    error = refused(tunnel)
    assert (type(error), error.problem.code) == (TransientError, "ngrok-agent-unusable")
    assert str(fake.program) in error.problem.message


def test_a_plain_address_is_not_accepted(fake: FakeNgrok, tunnel: NgrokTunnel) -> None:
    fake.change(address="http://quiet-otter.ngrok-free.app")
    assert refused(tunnel).problem.code == "ngrok-failed"


def test_nothing_with_the_token_stays_behind(fake: FakeNgrok, tunnel: NgrokTunnel, tmp_path: Path) -> None:
    fake.change(session="refused", error=108)
    refused(tunnel)
    assert list((tmp_path / "ngrok").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_typed_error(fake: FakeNgrok, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    tunnel = NgrokTunnel(TOKEN, tmp_path / "file" / "ngrok", FakeClock(), agent=fake.program)
    assert refused(tunnel).problem.code == "ngrok-folder"


def test_after_a_refusal_it_opens_when_the_reason_is_gone(fake: FakeNgrok, tunnel: NgrokTunnel) -> None:
    fake.become(Script(session="refused", error=108))
    refused(tunnel)
    fake.become(Script())
    assert tunnel.open(5000, Stop()) == fake.script.address
    assert tunnel.healthy()


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_log_holds_no_token(fake: FakeNgrok, tunnel: NgrokTunnel, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    fake.change(session="refused", error=107)
    refused(tunnel)
    records: list[Any] = [record.getMessage() for record in caplog.records]
    assert any("ERR_NGROK_107" in text for text in records)
    assert not any(TOKEN in text for text in records)
