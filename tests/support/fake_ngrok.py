"""A program that behaves like ngrok's agent towards those who start it: arguments, configuration, log, local API.

Nothing leaves the machine. The script beside it says how it behaves, and may change while it runs; what it was given
is written down. With `public` it really passes requests on, at an address of this machine.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from tests.support.processes import wait_until

ROOT = Path(__file__).parents[2]
ADDRESS = "https://quiet-otter.ngrok-free.app"
LOOK = 0.02
ERRORS = {
    105: "The authtoken you specified does not look like a proper ngrok authtoken.\nYour authtoken: {token}\n"
    "Instructions to install your authtoken are on your ngrok dashboard.",
    107: "The authtoken you specified is properly formed, but it is invalid.\nYour authtoken: {token}\n"
    "This usually happens when:\n    - You reset your authtoken",
    108: "Your account is limited to 3 simultaneous ngrok agent sessions.\nActive ngrok agent sessions:\n  - ts_1 (…)",
    121: 'Your ngrok-agent version "3.1.0" is too old. The minimum supported agent version for your account is '
    '"3.7.0".',
    123: "You must verify your e-mail address.",
    334: "The endpoint 'https://quiet-otter.ngrok-free.app' is already online.",
    725: "You have used up the bytes of this month.",
    727: "Your account has exceeded its monthly limit of HTTP requests.",
    9009: "Running the agent with an http/s proxy is only available to paid accounts.",
    9040: "We do not allow agents to connect to ngrok from your IP address.",
}


@dataclass(frozen=True)
class Script:
    """How the agent behaves."""

    session: Literal["up", "down", "refused", "lost"] = "up"
    """``down``: no network from the start; ``lost``: it was there and is not any more."""
    error: int | None = None
    """ngrok's number, with the session ``refused``."""
    endpoint_error: int | None = None
    address: str = ADDRESS
    public: bool = False
    api: Literal["ok", "silent", "old"] = "ok"
    says: Literal["log", "nothing"] = "log"
    """``nothing``: it starts and stays silent for ever."""
    dies_after: float | None = None
    ignores_sigterm: bool = False
    over_quota: bool = False


class FakeNgrok:
    """The agent of one test: where the program lies, how it behaves, what it was given."""

    def __init__(self, folder: Path, script: Script | None = None, *, name: str = "ngrok") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.program = folder / name
        self._script_file = folder / f"{name}.script.json"
        self._record = folder / f"{name}.record"
        self.script = script or Script()
        self.become(self.script)
        self.program.write_text(self.text(), encoding="utf-8")
        self.program.chmod(0o755)

    def text(self) -> str:
        """The program."""
        return (
            f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(ROOT)!r})\n"
            f"from tests.support.fake_ngrok import run\nrun({str(self._script_file)!r}, {str(self._record)!r})\n"
        )

    def become(self, script: Script) -> None:
        """Behave like this from now on."""
        self.script = script
        temporary = self._script_file.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(script)), encoding="utf-8")
        temporary.replace(self._script_file)

    def change(self, **changes: Any) -> None:
        """Behave like now, but for this."""
        self.become(replace(self.script, **changes))

    def runs(self) -> list[dict[str, Any]]:
        """What each run was given: ``arguments``, ``pid``, ``environment``, ``config``, ``mode`` of the file."""
        try:
            lines = self._record.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in lines]

    def until_run(self, number: int = 1) -> int:
        """Wait for the run of this number; its process id."""
        wait_until(lambda: len(self.runs()) >= number, 10, f"run {number} of the agent")
        return int(self.runs()[number - 1]["pid"])


def run(script_file: str, record: str) -> None:
    """The program: ``start --none --log stdout --config FILE``."""
    Agent(Path(script_file), Path(record)).run()


class Agent:
    """The agent within its own process."""

    def __init__(self, script_file: Path, record: Path) -> None:
        self._script_file = script_file
        self._begun = time.monotonic()
        self.script = self.read()
        config_file = Path(sys.argv[sys.argv.index("--config") + 1])
        self._config = json.loads(config_file.read_text(encoding="utf-8"))
        given = {
            "arguments": sys.argv[1:],
            "pid": os.getpid(),
            "environment": sorted(os.environ),
            "config": self._config,
            "mode": config_file.stat().st_mode & 0o777,
        }
        with record.open("a", encoding="utf-8") as file:
            file.write(json.dumps(given) + "\n")
        self.endpoints: dict[str, dict[str, Any]] = {}
        self._gate: ThreadingHTTPServer | None = None

    def read(self) -> Script:
        return Script(**json.loads(self._script_file.read_text(encoding="utf-8")))

    def run(self) -> None:
        if self.script.ignores_sigterm:
            import signal  # noqa: PLC0415 - Windows knows less of it

            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if self.script.says == "nothing":
            self._wait_for_ever()
        self._log("info", "open config file", path="ngrok.yml", err="nil")
        self._serve()
        self._session()
        self._wait_for_ever()

    def _wait_for_ever(self) -> None:
        while True:
            time.sleep(LOOK)
            dies = self.script.dies_after
            if dies is not None and time.monotonic() - self._begun > dies:
                sys.exit(3)
            before, self.script = self.script, self.read()
            if before.session == "up" and self.script.session == "lost":
                self._log("eror", "heartbeat timeout, terminating session", obj="tunnels.session")
                self._log("eror", "session closing", obj="tunnels.session", err="read tcp: i/o timeout")
            if before.session in ("lost", "down") and self.script.session == "up":
                for endpoint in self.endpoints.values():
                    endpoint["url"] = self.script.address
                self._established()

    def _session(self) -> None:
        if self.script.session == "refused":
            number = self.script.error or 107
            words = ERRORS[number].format(token=self._config["agent"]["authtoken"])
            text = f"{words}\r\n\r\nERR_NGROK_{number}\r\n"
            self._log(
                "eror", "failed to reconnect session", obj="tunnels.session", err=f"authentication failed: {text}"
            )
            self._log("eror", "session closing", obj="tunnels.session", err=f"authentication failed: {text}")
            sys.stdout.write(f"ERROR:  authentication failed: {words}\nERROR:  \nERROR:  ERR_NGROK_{number}\n")
            sys.stdout.flush()
            sys.exit(1)
        if self.script.session == "down":
            words = 'failed to dial ngrok server with address "connect.ngrok-agent.com:443": lookup: no such host'
            self._log("eror", "failed to reconnect session", obj="tunnels.session", err=words)
            return
        self._established()

    def _established(self) -> None:
        self._log("info", "tunnel session started", obj="tunnels.session")
        self._log("info", "client session established", obj="csess", id="a1b2c3")

    def _log(self, level: str, message: str, **more: str) -> None:
        pairs = {"t": "2026-09-02T10:00:00+0000", "lvl": level, "msg": message, **more}
        sys.stdout.write(" ".join(f"{key}={_quoted(value)}" for key, value in pairs.items()) + "\n")
        sys.stdout.flush()

    def _serve(self) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, _Api))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._log("info", "starting web service", obj="web", addr=f"127.0.0.1:{server.server_port}")

    def open_endpoint(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        address = self.script.address
        if self.script.public:
            self._gate = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, _Gate))
            threading.Thread(target=self._gate.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{self._gate.server_port}"
        name = str(wanted["name"])
        found = {"name": name, "uri": f"/api/endpoints/{name}", "url": address, "upstream": wanted["upstream"]}
        self.endpoints[name] = found
        self._log("info", "started tunnel", obj="tunnels", name=name, url=address)
        return found


def _quoted(value: str) -> str:
    escaped = value.replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"' if any(sign in value for sign in ' "\n') else value


class _Base(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    agent: Agent

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def answer(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


class _Api(_Base):
    """The agent's own API."""

    def _ready(self) -> bool:
        if self.agent.script.api == "silent":
            time.sleep(60)
        if self.agent.script.api == "old" and self.path.startswith("/api/endpoints"):
            self.answer(404, b"404 page not found\n", "text/plain")
            return False
        return True

    def do_GET(self) -> None:
        if not self._ready():
            return
        if self.path == "/api/endpoints":
            self.answer(200, json.dumps({"endpoints": list(self.agent.endpoints.values())}).encode())
        elif self.path == "/api/tunnels":
            self.answer(200, json.dumps({"tunnels": [], "uri": "/api/tunnels"}).encode())
        elif self.path == "/api/status":
            online = self.agent.script.session == "up"
            self.answer(200, json.dumps({"status": "online" if online else "reconnecting"}).encode())
        else:
            self.answer(404, b"{}")

    def do_POST(self) -> None:
        wanted = json.loads(self.body())
        if not self._ready():
            return
        number = self.agent.script.endpoint_error
        if number is not None:
            words = f"failed to start endpoint: {ERRORS[number]}\r\n\r\nERR_NGROK_{number}\r\n"
            refusal = {"error_code": 103, "status_code": 502, "msg": "failed to start", "details": {"err": words}}
            self.answer(502, json.dumps(refusal).encode())
            return
        self.answer(201, json.dumps(self.agent.open_endpoint(wanted)).encode())


class _Gate(_Base):
    """The public side: what ngrok's servers do."""

    def do_GET(self) -> None:
        self._pass_on(self.body())

    def do_POST(self) -> None:
        self._pass_on(self.body())

    def _pass_on(self, body: bytes) -> None:
        script = self.agent.script
        if script.over_quota:
            self._refuse(403, 727)
            return
        if script.session != "up":
            self._refuse(404, 3200)
            return
        if "Mozilla" in self.headers.get("User-Agent", "") and "ngrok-skip-browser-warning" not in self.headers:
            self.answer(200, b"<html>You are about to visit</html>", "text/html", Ngrok_Error_Code="ERR_NGROK_6024")
            return
        port = int(next(iter(self.agent.endpoints.values()))["upstream"]["url"].rpartition(":")[2])
        upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            upstream.request(self.command, self.path, body or None, dict(self.headers.items()))
            answer = upstream.getresponse()
            self.answer(answer.status, answer.read(), answer.headers.get("Content-Type", "text/plain"))
        except OSError:
            self._refuse(502, 8012)
        finally:
            upstream.close()

    def _refuse(self, status: int, number: int) -> None:
        page = f"<html><head><title>ngrok</title></head><body>ERR_NGROK_{number}</body></html>"
        self.answer(status, page.encode(), "text/html", Ngrok_Error_Code=f"ERR_NGROK_{number}")


def _handler(agent: Agent, kind: type[_Base]) -> type[_Base]:
    return type(kind.__name__, (kind,), {"agent": agent})
