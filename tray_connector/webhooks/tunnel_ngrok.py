"""`NgrokTunnel`: a public address through ngrok, with an agent, a configuration and a folder of our own."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.config.network import is_loopback
from tray_connector.config.private_files import make_private_folder, replace_file
from tray_connector.config.redaction import Redactor
from tray_connector.config.setting_table import BY_NAME
from tray_connector.model.errors import ConnectorError, TransientError
from tray_connector.webhooks.tunnel_agent import Agent, AgentError
from tray_connector.webhooks.tunnel_download import agent_name, fetch_agent
from tray_connector.webhooks.tunnel_errors import TOO_OLD, ngrok_error, silent, unusable
from tray_connector.webhooks.tunnel_leftover import end_leftover, note_agent

_log = logging.getLogger(__name__)

ENDPOINT = "tray-connector"
START_SECONDS = 30.0
"""For the agent to be connected and to have its address; a download comes on top."""
CLOCK_GAP = 30.0
"""Seconds by which wall clock and monotonic clock may differ: the latter stands still while most machines sleep."""
LONG_SILENCE = 180.0
"""On Windows it does not: there, nobody has asked for so long."""


@dataclass(frozen=True, slots=True)
class _Look:
    """When somebody last asked, by both clocks."""

    wall: datetime
    monotonic: float


class NgrokTunnel:
    """See `tunnel.Tunnel`. The token stands in the agent's own 0600 file while it runs, and nowhere else.

    The agent's program is downloaded when it is missing, or too old for ngrok; `agent` names one of the user's own,
    which is left as it is. Of the environment, the agent gets all but our settings.
    """

    temporary = True

    def __init__(
        self,
        token: str,
        folder: Path,
        clock: Clock,
        *,
        agent: Path | None = None,
        download: str | None = None,
        environ: Mapping[str, str] | None = None,
        start_seconds: float = START_SECONDS,
    ) -> None:
        """`folder` is ours alone. `download` replaces ngrok's own address of the agent's archive."""
        self._token = token
        self._folder = folder
        self._clock = clock
        self._own = agent is not None
        self._program = agent or folder / agent_name()
        self._download = download
        self._environ = _without_settings(os.environ if environ is None else environ)
        self._start_seconds = start_seconds
        self._redact = Redactor([token])
        self._opening = threading.Lock()
        self._lock = threading.Lock()
        self._agent: Agent | None = None
        self._address: str | None = None
        self._look: _Look | None = None
        self._interrupt: Stop | None = None

    def __repr__(self) -> str:
        return f"NgrokTunnel({str(self._folder)!r})"

    @property
    def _config_file(self) -> Path:
        return self._folder / "ngrok.yml"

    @property
    def _note(self) -> Path:
        return self._folder / "agent.json"

    def open(self, port: int, stop: Stop) -> str:
        """See `tunnel.Tunnel`."""
        with self._opening, self._interruptible(stop) as either:
            self._end()
            try:
                address = self._open(port, either)
            except OSError as error:
                self._end(politely=False)
                raise self._unwritable(error) from error
            except BaseException:
                self._end(politely=False)
                raise
        _log.info("The tunnel is open: %s", address)
        return address

    @contextlib.contextmanager
    def _interruptible(self, stop: Stop) -> Iterator[Stop]:
        """A `Stop` that is set with the caller's, and by `close`."""
        either = Stop()
        with self._lock:
            self._interrupt = either
        try:
            with stop.calls(either.set):
                yield either
        finally:
            with self._lock:
                self._interrupt = None

    def _open(self, port: int, stop: Stop) -> str:
        make_private_folder(self._folder)
        end_leftover(self._note, stop)
        fresh = False
        if not self._own and not self._program.exists():
            fetch_agent(self._program, self._clock, stop, address=self._download)
            fresh = True
        try:
            return self._start(port, stop)
        except AgentError as error:
            if error.code not in TOO_OLD or self._own or fresh:
                raise self._translated(error) from None
        _log.info("ngrok wants a newer agent")
        self._end()
        fetch_agent(self._program, self._clock, stop, address=self._download)
        try:
            return self._start(port, stop)
        except AgentError as error:
            raise self._translated(error) from None

    def _start(self, port: int, stop: Stop) -> str:
        if stop.is_set():
            raise Stopped
        replace_file(self._config_file, _configuration(self._token))
        agent = Agent(self._program, self._config_file, self._environ, self._redact, self._begun)
        with self._lock:
            self._agent = agent
        begun = self._clock.monotonic()
        agent.begin()
        agent.wait_ready(stop, self._start_seconds)
        left = max(1.0, self._start_seconds - (self._clock.monotonic() - begun))
        address = agent.open_endpoint(ENDPOINT, f"http://127.0.0.1:{port}", stop, left)
        if not _is_safe(address):
            raise AgentError(f"ngrok gave an address that is not safe: {address}")
        with self._lock:
            self._address = address
            self._look = _Look(self._clock.now(), self._clock.monotonic())
        return address

    def _begun(self, pid: int) -> None:
        note_agent(self._note, pid)

    def _translated(self, error: AgentError) -> ConnectorError:
        now = self._clock.now()
        if error.unusable:
            return unusable(error.words, now, own=self._own)
        if error.silent:
            return silent(self._start_seconds, now)
        return ngrok_error(error.code, error.words, now)

    def _unwritable(self, error: OSError) -> TransientError:
        return TransientError(
            "ngrok-folder",
            "The tunnel's folder cannot be written",
            f"{error.filename or self._folder}: {error.strerror or error}",
            "Give yourself the right to write there and free some space. It is tried again by itself.",
        )

    def healthy(self) -> bool:
        """See `tunnel.Tunnel`."""
        with self._lock:
            agent, awake = self._agent, self._is_awake()
        if agent is None or not awake:
            return False
        address = agent.endpoint(ENDPOINT)
        if address is None or not _is_safe(address) or not agent.connected:
            return False
        with self._lock:
            if self._agent is agent and self._address is not None:
                if self._address != address:
                    _log.info("The tunnel has another address: %s", address)
                self._address = address
                return True
        return False

    def _is_awake(self) -> bool:
        """Whether the machine did not sleep since somebody last asked. Once it did, it stays so."""
        last = self._look
        if last is None:
            return False
        look = _Look(self._clock.now(), self._clock.monotonic())
        passed = look.monotonic - last.monotonic
        if passed > LONG_SILENCE or abs((look.wall - last.wall).total_seconds() - passed) > CLOCK_GAP:
            _log.info("The machine has slept: the tunnel is opened again")
            self._look = None
            return False
        self._look = look
        return True

    def address(self) -> str | None:
        """See `tunnel.Tunnel`."""
        with self._lock:
            return self._address

    def close(self) -> None:
        """See `tunnel.Tunnel`. An `open` under way ends with `Stopped`."""
        with self._lock:
            interrupt = self._interrupt
        if interrupt is not None:
            interrupt.set()
        with self._opening:
            self._end()

    def _end(self, *, politely: bool = True) -> None:
        with self._lock:
            agent, self._agent = self._agent, None
            self._address = self._look = None
        if agent is not None:
            if not politely:
                agent.kill()
            agent.end()
        for file in (self._config_file, self._note):
            if agent is None and file == self._note:
                continue  # of an earlier run: the next start needs it
            try:
                file.unlink(missing_ok=True)
            except OSError as error:
                _log.info("%s: %s", file, error.strerror or error)


def _configuration(token: str) -> bytes:
    """The agent's file, version 3, as ngrok documents it. JSON is YAML.

    It keeps no copies of the requests, which anybody on this machine could read, cannot be commanded from ngrok's
    site, and does not look for newer versions by itself.
    """
    agent = {
        "authtoken": token,
        "console_ui": False,
        "inspect_db_size": -1,
        "log_format": "logfmt",
        "log_level": "info",
        "remote_management": False,
        "update_check": False,
    }
    return json.dumps({"version": "3", "agent": agent}, indent=2).encode()


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name.upper() not in BY_NAME and not name.upper().startswith("NGROK_")
    }


def _is_safe(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return bool(parts.hostname) and (parts.scheme == "https" or is_loopback(parts.hostname or ""))
    except ValueError:
        return False
