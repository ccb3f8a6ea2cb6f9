"""The real program with services that repeat its secrets: none of them is left anywhere."""

from __future__ import annotations

import json
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.security.spiteful import spiteful_postgres, spiteful_service
from tests.security.traces import echoes, files_below, found_in, reveals
from tests.security.watching import command_lines
from tests.support.fake_ngrok import FakeNgrok, Script
from tests.support.processes import Programs, wait_until
from tray_connector.config.clock import SystemClock
from tray_connector.config.paths import Paths
from tray_connector.config.setting_table import SECRETS
from tray_connector.sandbox.faults import When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sandbox.server import Request, SandboxServer

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="command lines are read from /proc")
PASSWORD = "Post/gres+Kenn wort%7"
KEPT = {
    "TEAMWORK_API_KEY": "twp_Team+Geheim/42",
    "MISSIVE_API_TOKEN": "missive_pat-Brief+Geheim/43",
    "AIRTABLE_API_KEY": "patTafel.Geheim+44/x",
    "NGROK_AUTHTOKEN": "2Tunnel_Geheim_45abcdefgh",
    "TEAMWORK_WEBHOOK_SECRET": "Haken'Geheim\"46",
    "MISSIVE_WEBHOOK_SECRET": "Regel\\Geheim+47/y",
}
"""Each with signs that look otherwise in JSON, in a URL and in base64."""
SETTINGS = {
    "AIRTABLE_BASE_ID": "app12345678901234",
    "LOG_LEVEL": "DEBUG",
    "DISABLE_WEBHOOKS": "true",
    "PERIODIC_BACKFILL_INTERVAL": "0.2",
}


@pytest.fixture
def seen() -> Iterator[set[bytes]]:
    with command_lines() as seen:
        yield seen


def traces(folder: Path, seen: set[bytes], secrets: list[str]) -> list[str]:
    """Where any of them is left: the home, what was printed, command lines."""
    lines = {f"command line {line!r}": line.replace(b"\0", b" ") for line in seen}
    return found_in({**files_below(folder), **lines}, secrets)


def test_every_secret_is_among_those_of_these_tests() -> None:
    assert set(SECRETS) == {*KEPT, "PG_DSN"}


def test_a_leak_would_be_found() -> None:
    secret = KEPT["TEAMWORK_API_KEY"]
    for echo in echoes(secret).split():
        assert reveals(f"x{' '}{json.dumps({'m': echo})}".encode(), secret), echo
    assert not reveals(echoes("twp_Team+Geheim/43").encode(), secret)


@pytest.mark.parametrize("backend", ["sqlite", "airtable", "postgres"])
def test_services_that_refuse_and_repeat_the_keys(backend: str, tmp_path: Path, seen: set[bytes]) -> None:
    with ExitStack() as stack:
        port = stack.enter_context(spiteful_postgres(PASSWORD))
        dsn = f"postgresql://ida:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/office?sslmode=disable"
        names = ("TEAMWORK_API_KEY", "MISSIVE_API_TOKEN", "AIRTABLE_API_KEY")
        services = [stack.enter_context(spiteful_service(KEPT[name])) for name in names]
        urls = {
            name: f"http://127.0.0.1:{server.port}"
            for name, server in zip(
                ("TEAMWORK_BASE_URL", "MISSIVE_BASE_URL", "AIRTABLE_ENDPOINT_URL"), services, strict=True
            )
        }
        environment = {**SETTINGS, **KEPT, **urls, "PG_DSN": dsn, "DB_BACKEND": backend}
        programs = stack.enter_context(Programs(tmp_path / "home", tmp_path, environment))
        if backend == "sqlite":
            service = programs.start("run", "--verbose")
            service.until(lambda: min(len(server.heads) for server in services[:2]) > 1, "both were asked")
            programs.run("status", "--verbose", code=1)
        else:
            programs.run("check", "--json", "--verbose", code=3)
            programs.run("sync", "--once", "--verbose", code=3)
        programs.run("export-diagnostics", str(tmp_path / "diagnostics.zip"))
        if backend == "sqlite":
            service.stop()
        said = "".join(path.read_text(encoding="utf-8") for path in tmp_path.glob("*.err"))
        assert "(secret)" in said, "it was repeated, and masked"
        assert backend == "sqlite" or "Traceback" in said
    unpack(tmp_path)
    assert traces(tmp_path, seen, [*KEPT.values(), PASSWORD, dsn]) == []


def unpack(folder: Path) -> None:
    """So that its texts can be read as any other."""
    with zipfile.ZipFile(folder / "diagnostics.zip") as archive:
        archive.extractall(folder / "diagnostics")


def test_webhooks_and_tunnel_whose_addresses_and_tokens_are_repeated(tmp_path: Path, seen: set[bytes]) -> None:
    clock = SystemClock()
    office = SandboxOffice(
        clock=clock,
        office=Office.generate(clock=clock, tasks=1, deleted=0),
        mailbox=Mailbox.generate(clock=clock, conversations=1, messages=1),
        rate_scale=1000,
    )
    sent: list[str] = []
    with office:
        for server in (office.teamwork_server, office.missive.server):
            refuse_and_repeat(server, sent)
        paths = Paths(tmp_path / "home")
        agent = FakeNgrok(paths.tunnel, Script(public=True))
        kept = {name: KEPT[name] for name in ("NGROK_AUTHTOKEN", "TEAMWORK_WEBHOOK_SECRET")}
        environment = {**office.environment(), **kept, "DISABLE_WEBHOOKS": "false", "LOG_LEVEL": "DEBUG"}
        with Programs(paths.home, tmp_path, environment) as programs:
            service = programs.start("run", "--verbose")
            service.until(lambda: len(sent) > 1, "hooks were refused")
            agent.change(session="refused", error=107, dies_after=0.0)
            wait_until(lambda: "Webhooks do not work" in service.err, 20, "it is told")
            programs.run("status", "--json")
            service.stop()
    agent_files = [path for path in paths.tunnel.iterdir() if path.name.startswith("ngrok.")]
    for path in agent_files:
        # The agent's own notes of this test; what it was given must be in no argument.
        runs = [json.loads(line) for line in path.read_text().splitlines()] if path.suffix == ".record" else []
        assert not [run for run in runs if KEPT["NGROK_AUTHTOKEN"] in str(run["arguments"])]
        path.unlink()
    secrets = [*kept.values(), office.teamwork.api_key, office.missive.token, *path_secrets(sent)]
    assert len(secrets) > 4
    assert traces(tmp_path, seen, secrets) == []


def refuse_and_repeat(server: SandboxServer, sent: list[str]) -> None:
    """No hook can be made, and what was sent comes back."""

    def note(request: Request) -> bool:
        body = request.body.decode()
        sent.append(body)
        rule.body = json.dumps({"errors": [{"title": body, "detail": echoes(body)}], "error": body})
        return True

    rule = server.faults.status(422, When(method="POST", times=None, match=note))


def path_secrets(sent: list[str]) -> set[str]:
    """The secret ends of the addresses that were registered."""
    words = {word for body in sent for word in body.replace('"', " ").split() if "/webhook/missive/" in word}
    return {word.rpartition("-")[2] for word in words}
