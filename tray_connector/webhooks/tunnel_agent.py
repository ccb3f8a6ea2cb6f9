"""One run of ngrok's agent: begun, watched through its log, asked through its local API, ended.

pyngrok knows the agent: how its log reads, when it is ready, what its API answers. It would also start it, but then
nobody could end a start that hangs, proxies of the system would stand between it and the agent's API on this machine,
and a token in our environment would go onto the command line. So the process is begun here.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pyngrok.conf import PyngrokConfig
from pyngrok.log import NgrokLog
from pyngrok.process import NgrokProcess

from tray_connector.config.clock import Stop, Stopped
from tray_connector.webhooks.tunnel_errors import code_in

_log = logging.getLogger(__name__)

ASK_SECONDS = 1.0
"""The agent is on this machine: one that is silent for so long does not work."""
END_SECONDS = 1.5
"""For the agent to take its leave; after that it is killed."""
_ENDPOINTS = "/api/endpoints"
_ANSWER_AT_MOST = 1024 * 1024
_LAST_LINES = 20
_LOST = ("session closing", "failed to reconnect session", "heartbeat timeout")


class AgentError(Exception):
    """The agent does not do what it shall. Holds no token."""

    def __init__(self, words: str, code: int | None = None, *, silent: bool = False, unusable: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.code = code
        """ngrok's own number."""
        self.silent = silent
        """No reason is known: it said nothing."""
        self.unusable = unusable
        """The program cannot be run at all."""


class _Process(NgrokProcess):
    """What pyngrok makes of the agent's log, without its lines in ours and with an API that is asked directly."""

    def __init__(self, process: subprocess.Popen[str], config: PyngrokConfig, redact: Callable[[str], str]) -> None:
        super().__init__(process, config)
        self._redact = redact
        self.code: int | None = None
        self.words = ""
        self.last: deque[str] = deque(maxlen=_LAST_LINES)

    def take(self, line: str) -> None:
        """The next line of the agent's output."""
        found = self._log_startup_line(line)
        if found is None:
            return
        if found.msg and any(words in found.msg for words in _LOST):
            self._client_connected = False
        reason = found.err if found.err and found.err != "nil" and self._line_has_error(found) else None
        plain = found.lvl == "NOTSET"
        code = code_in(found.line) if plain or self._line_has_error(found) else None
        if reason is not None and (code is not None or self.code is None):
            self.words = self._redact(reason)
        elif plain:
            self.last.append(found.line)
        self.code = code or self.code

    @property
    def connected(self) -> bool:
        """The agent has its session with ngrok, and its API listens."""
        return self.api_url is not None and self._tunnel_started and self._client_connected

    def _log_line(self, line: str) -> NgrokLog | None:
        found = NgrokLog(line)
        if not found.line:
            return None
        _log.debug("agent: %s", self._redact(found.line))
        return found

    def _probe_api_path(self, path: str) -> bool:
        return self.ask("GET", path, None, ASK_SECONDS)[0] == http.HTTPStatus.OK

    def ask(self, method: str, path: str, payload: Mapping[str, object] | None, seconds: float) -> tuple[int, bytes]:
        """Status and body of the API's answer; status 0 when there is none. Never through a proxy."""
        parts = urlsplit(self.api_url or "")
        if not parts.hostname:
            return 0, b""
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=seconds)
        body = None if payload is None else json.dumps(payload)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read(_ANSWER_AT_MOST)
        except (OSError, http.client.HTTPException) as error:
            _log.debug("agent's API: %s", error)
            return 0, b""
        finally:
            connection.close()


class Agent:
    """One process. Every method may be called from any thread, `begin` once.

    `begun` is told the process id as soon as there is one, on the thread that begins it; its OSError ends the agent.
    """

    def __init__(
        self,
        program: Path,
        config_file: Path,
        environ: Mapping[str, str],
        redact: Callable[[str], str],
        begun: Callable[[int], None],
    ) -> None:
        self._arguments = [str(program), "start", "--none", "--log", "stdout", "--config", str(config_file)]
        self._config = PyngrokConfig(ngrok_path=str(program), config_path=str(config_file))
        # pyngrok takes it from the environment by itself; we give it in the file alone.
        self._config.auth_token = None
        self._environ = dict(environ)
        self._redact = redact
        self._begun = begun
        self._condition = threading.Condition()
        self._process: _Process | None = None
        self._trouble: AgentError | None = None
        self._ended = False
        self._unwanted = False
        # The system may take its time to start a program, and a program may stay silent for ever: neither holds us up.
        self._thread = threading.Thread(target=self._run, name="ngrok", daemon=True)

    def begin(self) -> None:
        """Start the program. Returns at once."""
        self._thread.start()

    def wait_ready(self, stop: Stop, seconds: float) -> None:
        """Until it is connected. Raises `AgentError` as soon as it is known that it will not be, and `Stopped`."""
        with stop.calls(self._wake), self._condition:
            in_time = self._condition.wait_for(lambda: stop.is_set() or self._settled(), timeout=seconds)
            if stop.is_set():
                raise Stopped
            if self._is_connected():
                return
            raise self._why(silent=not in_time)

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def _is_connected(self) -> bool:
        return not self._ended and self._process is not None and self._process.connected

    def _settled(self) -> bool:
        # Without a number it is the network, and the agent goes on trying by itself.
        refused = self._process is not None and self._process.code is not None
        return self._ended or refused or self._is_connected()

    def _why(self, *, silent: bool) -> AgentError:
        if self._trouble is not None:
            return self._trouble
        process = self._process
        if process is None:
            return AgentError("", silent=True)
        words = process.words or self._redact(" ".join(process.last))
        if not words and self._ended:
            words = f"The agent ended by itself, with exit code {process.proc.poll()}."
        return AgentError(words, process.code, silent=silent and not words)

    @property
    def alive(self) -> bool:
        """It was begun and has not ended."""
        with self._condition:
            return not self._ended

    @property
    def connected(self) -> bool:
        """It has its session with ngrok, by its own words."""
        with self._condition:
            return self._is_connected()

    def open_endpoint(self, name: str, upstream: str, stop: Stop, seconds: float) -> str:
        """Have ngrok serve `upstream` (``http://127.0.0.1:5000``); its public address. Raises `AgentError`, `Stopped`.

        The agent is killed when stopped: only so the request ends at once.
        """
        process = self._process
        if process is None:
            raise AgentError("", silent=True)
        with stop.calls(self.kill):
            status, body = process.ask("POST", _ENDPOINTS, {"name": name, "upstream": {"url": upstream}}, seconds)
        if stop.is_set():
            raise Stopped
        if status == http.HTTPStatus.NOT_FOUND:
            raise AgentError("This agent knows no endpoints yet.", 120)
        if status == 0:
            with self._condition:
                raise self._why(silent=True)
        address = _address(_object(body))
        if not http.HTTPStatus.OK <= status < http.HTTPStatus.MULTIPLE_CHOICES or address is None:
            text = body.decode("utf-8", "replace")
            raise AgentError(self._redact(_reason(_object(body)) or text), code_in(text))
        return address

    def endpoint(self, name: str) -> str | None:
        """The public address now; None when the agent's API does not answer or serves none of that name."""
        with self._condition:
            process = None if self._ended else self._process
        if process is None:
            return None
        status, body = process.ask("GET", _ENDPOINTS, None, ASK_SECONDS)
        listed = _object(body).get("endpoints") if status == http.HTTPStatus.OK else None
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, dict) and one.get("name") == name:
                return _address(one)
        return None

    def kill(self) -> None:
        """End it now, also when it is only just being started. Does not wait."""
        with self._condition:
            self._unwanted = True
            process = self._process
        if process is not None:
            with contextlib.suppress(OSError):
                process.proc.kill()

    def end(self) -> None:
        """End it, at first politely: ngrok then knows at once that the address is free. At most about 3 seconds."""
        with self._condition:
            self._unwanted = True
            process = self._process
        if not self._thread.is_alive():
            return
        if process is not None:
            with contextlib.suppress(OSError):
                process.proc.terminate()
            self._thread.join(END_SECONDS)
        self.kill()
        self._thread.join(END_SECONDS)

    def _run(self) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own program, and no words from outside
                self._arguments,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=self._environ,
                encoding="utf-8",
                errors="replace",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows alone has, and needs, it
                start_new_session=os.name == "posix",  # Ctrl+C is for us; the agent ends in its turn
            )
        except (OSError, subprocess.SubprocessError) as error:
            reason = f"{self._arguments[0]}: {getattr(error, 'strerror', None) or error}"
            self._end_with(AgentError(reason, unusable=True))
            return
        with process:
            self._watch(process)
        self._end_with(None)

    def _watch(self, process: subprocess.Popen[str]) -> None:
        known = _Process(process, self._config, self._redact)
        with self._condition:
            self._process = known
            unwanted = self._unwanted
        try:
            self._begun(process.pid)
        except OSError as error:
            unwanted = True
            with self._condition:
                self._trouble = AgentError(f"{error.filename}: {error.strerror or error}")
        if unwanted:
            process.kill()
        for line in process.stdout or ():
            with self._condition:
                known.take(line)
                self._condition.notify_all()

    def _end_with(self, trouble: AgentError | None) -> None:
        with self._condition:
            self._trouble = self._trouble or trouble
            self._ended = True
            self._condition.notify_all()


def _object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _address(data: dict[str, Any]) -> str | None:
    address = data.get("url", data.get("public_url"))
    return address.rstrip("/") if isinstance(address, str) and address else None


def _reason(data: dict[str, Any]) -> str:
    details = data.get("details")
    found = details.get("err") if isinstance(details, dict) else None
    return str(found or data.get("msg") or "")
