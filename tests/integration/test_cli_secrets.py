"""Key and token appear nowhere: not in the home, not in what is printed, however much is asked for."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.log_guard import ExpectLog
from tray_connector.config.clock import SystemClock
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice

COMMANDS = (
    "check",
    "check --json",
    "sync --once --verbose",
    "sync --once --json",
    "backfill --all --verbose",
    "reconcile --verbose",
    "status --verbose",
    "status --json",
    "queue list",
    "queue list --json",
    "categories check",
    "pause",
    "resume",
)


@pytest.fixture
def office() -> Iterator[SandboxOffice]:
    clock = SystemClock()
    tasks = Office.generate(clock=clock, tasks=3, deleted=0)
    mails = Mailbox.generate(clock=clock, conversations=2, messages=2)
    with SandboxOffice(clock=clock, office=tasks, mailbox=mails, rate_scale=1000) as running:
        yield running


@pytest.fixture
def cli(
    office: SandboxOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> CommandLine:
    cli = CommandLine(tmp_path / "home", monkeypatch, capfd)
    cli.set(office.environment(), LOG_LEVEL="DEBUG")
    return cli


def forms(secret: str) -> list[bytes]:
    return [secret.encode(), base64.b64encode(f"{secret}:x".encode()), base64.b64encode(f"{secret}:".encode())]


def found_in(texts: dict[str, bytes], secrets: list[str]) -> list[str]:
    return [place for place, text in texts.items() for secret in secrets for form in forms(secret) if form in text]


def files_of(cli: CommandLine) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in cli.paths.home.rglob("*") if path.is_file()}


def test_in_order(cli: CommandLine, office: SandboxOffice) -> None:
    secrets = [office.teamwork.api_key, office.missive.token]
    said = {line: cli(line) for line in COMMANDS}
    assert [line for line, words in said.items() if words.code] == []
    printed = {line: (words.out + words.err).encode() for line, words in said.items()}
    assert found_in({**printed, **files_of(cli)}, secrets) == []


def test_when_the_keys_are_refused_and_the_services_repeat_them(
    cli: CommandLine, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    secrets = ["twp_wrong_but_secret", "missive_pat-wrong-but-secret"]
    cli.set(TEAMWORK_API_KEY=secrets[0], MISSIVE_API_TOKEN=secrets[1])
    office.teamwork_server.faults.status(403, body=json.dumps({"errors": [{"detail": f"no right: {secrets[0]}"}]}))
    said = {line: cli(line) for line in ("sync --once --verbose", "check --verbose", "check --json", "status")}
    printed = {line: (words.out + words.err).encode() for line, words in said.items()}
    assert "Traceback" not in said["status"].err
    assert found_in({**printed, **files_of(cli)}, secrets) == []
    expect_log("refuses|right")


def test_the_log_is_json_lines_and_holds_what_was_said(
    cli: CommandLine, office: SandboxOffice, expect_log: ExpectLog
) -> None:
    office.teamwork.api_key = "another"
    said = cli("sync --once --verbose")
    assert re.search(r"^debug: teamwork: GET /\S+: 401$", said.err, re.MULTILINE)
    assert "Traceback" in said.err
    lines = [json.loads(line) for line in cli.paths.log_file.read_text(encoding="utf-8").splitlines()]
    assert {"time", "level", "logger", "message"} <= lines[0].keys()
    warnings = [line["message"] for line in lines if line["level"] == "WARNING"]
    assert any(message.startswith("Teamwork refuses the key") for message in warnings)
    expect_log("Teamwork refuses the key")
