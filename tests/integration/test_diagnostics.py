"""The diagnostics: they can be had whatever is wrong, and nothing leaves the machine in them that should not."""

from __future__ import annotations

import base64
import json
import re
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from keyring.errors import KeyringLocked

from tests.support.clock import FakeClock
from tests.support.command_line import CommandLine
from tests.support.connector import Connector, sandbox
from tests.support.events import REFUSED, conversation_event, task_event
from tests.support.keyrings import LockedKeyring
from tests.support.log_guard import ExpectLog
from tray_connector.config.clock import Stop, Stopped, SystemClock
from tray_connector.config.credentials import Credentials, KeyringCredentials, MemoryCredentials
from tray_connector.config.paths import Paths
from tray_connector.config.secret_values import WEBHOOK_PATH_SECRET
from tray_connector.desktop.channel import Send
from tray_connector.desktop.instance import Instance
from tray_connector.desktop.listening import listening
from tray_connector.desktop.wire import Message
from tray_connector.model.errors import ConfigError
from tray_connector.sync.diagnostics import Bundle, gather, save
from tray_connector.sync.session import Environment

SECRETS = {
    "TEAMWORK_API_KEY": "twp_Käse/+key 1",
    "MISSIVE_API_TOKEN": "missive_pat-öß?&42",
    "AIRTABLE_API_KEY": "patAbc.0123456789",
    "NGROK_AUTHTOKEN": "2ngrok_token_value",
    "TEAMWORK_WEBHOOK_SECRET": "hook'secret\"one",
    "MISSIVE_WEBHOOK_SECRET": "hook\\secret two",
    WEBHOOK_PATH_SECRET: "0f1e2d3c4b5a69788796",
}
PASSWORD = "p@ss w/ört%1"
DSN = f"postgresql://ida:{quote(PASSWORD, safe='')}@db.example.com/office"


def forms(secret: str) -> set[str]:
    """How a secret may travel."""
    raw = secret.encode()
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    logins = [f"{user}{secret}{end}" for user in ("", "u:", "ab:") for end in ("", ":x")]
    basic = {base64.b64encode(login.encode()).decode() for login in logins}
    quoted = {quote(secret, safe=""), quote_plus(secret)}
    quoted |= {re.sub("%..", lambda found: found[0].lower(), text) for text in quoted}
    return {secret, json.dumps(secret)[1:-1], *encoded, *basic, *quoted}


def environment_of(home: Path, *, credentials: Credentials | None = None, **variables: str) -> Environment:
    return Environment(variables, None, FakeClock(), Paths(home), credentials or MemoryCredentials())


def texts(bundle: Bundle) -> dict[str, str]:
    return {part.name: part.text for part in bundle.parts}


def data(bundle: Bundle, name: str) -> Any:
    return json.loads(texts(bundle)[name])


def log_of(paths: Paths, *messages: str) -> None:
    """As if all of this had been logged by a version that masked nothing."""
    paths.create()
    lines = (json.dumps({"level": "INFO", "message": message}, ensure_ascii=False) for message in messages)
    paths.log_file.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def connector(tmp_path: Path) -> Any:
    clock = FakeClock()
    with sandbox(clock) as office:
        office.office.create_task("Fenster streichen")
        connector = Connector(office, tmp_path / "home", clock)
        connector.sync()
        yield connector
        connector.close()


def test_no_secret_that_was_set_anywhere_is_in_it(tmp_path: Path, expect_log: ExpectLog) -> None:
    paths = Paths(tmp_path / "home")
    values = [*SECRETS.values(), PASSWORD, DSN, "proxy+password", "left/in file", "in the .env"]
    log_of(paths, *(f"<{form}>" for value in values for form in sorted(forms(value))))
    (paths.logs / "crash-last.txt").write_text(f"Fatal: {PASSWORD}")
    paths.settings_file.write_text(json.dumps({"AIRTABLE_API_KEY": "left/in file"}) + "} damaged")
    dotenv = tmp_path / ".env"
    dotenv.write_text("MISSIVE_WEBHOOK_SECRET='in the .env'\n", encoding="utf-8")
    variables = {"PG_DSN": DSN, "https_proxy": "http://user:proxy%2Bpassword@proxy:3128", "TEAMWORK_BASE_URL": "no"}
    environment = Environment(variables, dotenv, FakeClock(), paths, MemoryCredentials(SECRETS))

    bundle = gather(environment, Stop(), {"state": "stopped", "headline": f"Refused: {SECRETS['AIRTABLE_API_KEY']}"})
    expect_log("settings could not be read")
    target = tmp_path / "out.zip"
    save(bundle, target)

    with zipfile.ZipFile(target) as archive:
        held = "\n".join(archive.read(name).decode() for name in archive.namelist())
    assert [form for value in values for form in forms(value) if form in held] == []
    assert "(secret)" in held
    assert target.stat().st_mode & 0o077 == 0


def test_titles_and_addresses_are_left_out(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = environment_of(home)
    cli_home = Paths(home)
    log_of(cli_home, "Fenster im Büro streichen: ida.brandt@example.com refuses it")
    folder = cli_home.spool / "teamwork"
    folder.mkdir()
    (folder / "7.retry").write_text(
        json.dumps({"schema": 1, "source": "teamwork", "kind": "task", "id": "7", "since": "2026-09-02T08:00:00Z",
                    "title": "Fenster im Büro streichen", "attempts": 3, "payload": {"name": "Geheimer Inhalt"},
                    "last_error": {"code": "refused", "title": "Refused", "message": "to ida@example.com"}})
    )  # fmt: skip
    (folder / "8.evt").write_text("{broken")
    bundle = gather(environment, Stop(), None)
    held = "\n".join(texts(bundle).values())
    assert not [word for word in ("Fenster", "Geheimer", "ida", "example.com") if word in held]
    queue = data(bundle, "queue.json")["teamwork"]
    assert (queue["waiting"], queue["failed before"]) == (1, 1)
    listed = {event["id"]: event for event in queue["listed"]}
    assert listed["7"]["attempts"] == 3
    assert listed["7"]["last_error"]["message"] == "to (address)"
    assert listed["7"]["with content"] is True
    assert "cannot be read" in listed["8"]["problem"]


def test_it_holds_what_a_developer_needs(connector: Connector) -> None:
    environment = Environment(
        connector.office.environment(), None, connector.clock, connector.paths, MemoryCredentials()
    )
    bundle = gather(environment, Stop(), connector.engine.status())
    assert list(texts(bundle)) == [
        "README.txt", "program.json", "settings.json", "status.json", "queue.json", "ledger.json", "files.txt",
    ]  # fmt: skip
    assert data(bundle, "program.json")["packages"]["requests"]
    settings = data(bundle, "settings.json")["settings"]
    assert settings["DISABLE_WEBHOOKS"] == {"value": "true", "from": "environment"}
    assert settings["TEAMWORK_API_KEY"] == {"value": "(secret, set)", "from": "environment"}
    ledger = data(bundle, "ledger.json")
    assert ledger["check"] == "ok"
    assert {"destination": 1, "tab": "tasks", "records": 1, "category_files": 1} in ledger["records"]
    assert ledger["runs"][0]["written"] == 1
    assert data(bundle, "status.json")["stored"] == {"tasks": 1, "emails": 0}
    assert "data/ledger.db" in texts(bundle)["files.txt"]
    assert bundle.troubles == ()


def test_a_damaged_ledger_is_said_and_stays_as_it_is(connector: Connector) -> None:
    connector.close()
    path = connector.paths.ledger
    with closing(sqlite3.connect(path)) as file:
        page = file.execute("PRAGMA page_size").fetchone()[0]
    content = bytearray(path.read_bytes())
    content[page : 3 * page] = b"\x55" * (2 * page)
    path.write_bytes(content)
    bundle = gather(environment_of(connector.paths.home), Stop(), None)
    assert any("ledger.db cannot be read whole" in trouble for trouble in bundle.troubles)
    assert "ledger.db cannot be read whole" in texts(bundle)["README.txt"]
    assert path.read_bytes() == content
    path.write_text("this is no database")
    assert "problem" in data(gather(environment_of(connector.paths.home), Stop(), None), "ledger.json")


def test_a_locked_keyring_and_wrong_settings_do_not_hinder_it(tmp_path: Path) -> None:
    locked = KeyringCredentials(tmp_path, backend=LockedKeyring([KeyringLocked("Failed to unlock!")] * 9))
    environment = environment_of(tmp_path / "nowhere", credentials=locked, TIMEZONE="Mars/Phobos", APP_PORT="x")
    bundle = gather(environment, Stop(), None)
    told = texts(bundle)["README.txt"]
    assert "keyring is locked" in told
    assert "TIMEZONE is wrong" in told
    assert "APP_PORT is wrong" in told
    assert data(bundle, "ledger.json") == {"state": "there is none yet"}
    assert not (tmp_path / "nowhere").exists()


def test_it_ends_when_it_is_told_to(connector: Connector) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Stopped):
        gather(environment_of(connector.paths.home), stop, None)


def test_a_place_that_cannot_be_written_is_a_matter_for_the_user(tmp_path: Path) -> None:
    bundle = gather(environment_of(tmp_path / "home"), Stop(), None)
    with pytest.raises(ConfigError) as caught:
        save(bundle, tmp_path / "missing" / "x.zip")
    assert caught.value.problem.code == "export-unwritable"


def test_the_command_works_beside_a_running_one_and_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    cli = CommandLine(tmp_path / "home", monkeypatch, capfd)
    cli.set(APP_PORT="wrong", TEAMWORK_API_KEY=SECRETS["TEAMWORK_API_KEY"])
    cli.queue(task_event("1"), conversation_event(), problem=REFUSED)
    said = cli(f"export-diagnostics {tmp_path}")
    assert said.code == 0
    assert "APP_PORT is wrong" in said.err
    [made] = tmp_path.glob("tray-connector-diagnostics-*.zip")
    assert str(made) in said.out
    with zipfile.ZipFile(made) as archive:
        queue = json.loads(archive.read("queue.json"))
        assert json.loads(archive.read("status.json")) == {"state": "not running"}
    assert (queue["teamwork"]["failed before"], queue["missive"]["failed before"]) == (1, 1)
    clock = SystemClock()
    with Instance(cli.paths.lock, clock).held("tray") as hold:
        assert hold is not None
        with listening(hold, cli.paths.home, clock, answer):
            assert cli(f"export-diagnostics {tmp_path}/beside.zip").code == 0
    with zipfile.ZipFile(tmp_path / "beside.zip") as archive:
        assert json.loads(archive.read("status.json")) == {"state": "in step"}
    said = cli(f"export-diagnostics {tmp_path}/missing/x.zip")
    assert said.code == 3
    assert "x.zip cannot be written" in said.err


def answer(request: Message, send: Send, stop: Stop) -> int:
    """The process that holds the home."""
    assert request["argv"] == ["status", "--json"]
    send({"data": {"state": "in step"}})
    return 0
