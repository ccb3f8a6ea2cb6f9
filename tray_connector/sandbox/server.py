"""The HTTP plumbing of the sandbox: one service on one loopback port, a log of its requests, and scripted faults."""

from __future__ import annotations

import json
import logging
import os
import random
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from tray_connector.config.clock import Clock, Stop, SystemClock
from tray_connector.sandbox.faults import Faults, Plan

_logger = logging.getLogger(__name__)
_STOP_SECONDS = 5.0


class Headers(Mapping[str, str]):
    """Header fields, found by name in any case. Of a repeated field the last one counts."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = {name.lower(): value for name, value in fields.items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    """Percent-decoded, without the query."""
    query: Mapping[str, str] = field(default_factory=dict)
    """Decoded; of a repeated key the last one counts."""
    headers: Mapping[str, str] = field(default_factory=lambda: Headers({}))
    """Names in any case."""
    body: bytes = b""
    target: str = ""
    """Path and query exactly as sent."""
    at: float = 0.0
    """`monotonic()` of the server's clock when the request was complete."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer: `data` is sent as JSON, except bytes and str (as they are) and None (no body)."""

    status: int = 200
    data: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def rendered(self) -> tuple[str, bytes]:
        """The content type and the body."""
        if self.data is None:
            return "", b""
        if isinstance(self.data, bytes):
            return "application/octet-stream", self.data
        if isinstance(self.data, str):
            return "text/html; charset=utf-8", self.data.encode()
        return "application/json; charset=utf-8", json.dumps(
            self.data, ensure_ascii=False, separators=(",", ":")
        ).encode("utf-8", "backslashreplace")


class Service(Protocol):
    """What answers behind the plumbing. Called from many threads at once."""

    name: str

    def answer(self, request: Request) -> Response:
        """The answer to one request. An exception becomes an empty 500 and a log line of level ERROR."""
        ...


class RequestLog:
    """Every request that arrived, in order. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._in_flight = 0
        self._peak = 0

    def arrived(self, request: Request) -> None:
        """Note a request, and that its answer is under way."""
        with self._lock:
            self._requests.append(request)
            self._in_flight += 1
            self._peak = max(self._peak, self._in_flight)

    def answered(self) -> None:
        """Note that an answer is about to be sent."""
        with self._lock:
            self._in_flight -= 1

    @property
    def peak_in_flight(self) -> int:
        """The largest number of requests that were answered at one time."""
        with self._lock:
            return self._peak

    def all(self, prefix: str = "/", method: str | None = None) -> list[Request]:
        """The requests whose path begins with `prefix`, oldest first."""
        with self._lock:
            return [r for r in self._requests if r.path.startswith(prefix) and method in (None, r.method)]

    def count(self, prefix: str = "/", method: str | None = None) -> int:
        """How many requests' paths begin with `prefix`."""
        return len(self.all(prefix, method))

    def clear(self) -> None:
        """Forget them, and the peak."""
        with self._lock:
            self._requests.clear()
            self._peak = self._in_flight

    def __len__(self) -> int:
        return self.count()

    def __iter__(self) -> Iterator[Request]:
        return iter(self.all())


class SandboxServer:
    """Serves one service over HTTP/1.1 on 127.0.0.1. May be stopped and started again, then on the same port.

    `clock` gives the `Date` header and the log's times; waits of the faults are real time. Also a context manager.
    `latency` is the seconds, real time, that a request takes on its way there and back together, `jitter` a random
    addition to each; both may be changed at any time.
    """

    def __init__(
        self,
        service: Service,
        *,
        port: int = 0,
        faults: Faults | None = None,
        clock: Clock | None = None,
        latency: float = 0.0,
        jitter: float = 0.0,
    ) -> None:
        self.service = service
        self.faults = faults or Faults()
        self.requests = RequestLog()
        self.clock: Clock = clock or SystemClock()
        self.stopping = Stop()
        self.latency = latency
        self.jitter = jitter
        self._port = port
        self._listener: _Listener | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The base address, without a slash at the end. Known once started."""
        return f"http://127.0.0.1:{self._port}"

    def travel(self) -> None:
        """Let pass what a request needs for one of its two ways."""
        seconds = self.latency / 2 + (random.uniform(0, self.jitter / 2) if self.jitter else 0.0)
        if seconds > 0:
            self.stopping.wait(seconds)

    def start(self) -> None:
        """Listen. The port is taken when this returns; OSError when it is not free."""
        if self._listener is not None:
            return
        self.stopping = Stop()
        self._listener = _Listener(self, self._port)
        self._port = self._listener.server_address[1]
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.02,), name=f"sandbox-{self.service.name}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """End: every silence and every open connection ends at once, the port is free when this returns."""
        listener, thread = self._listener, self._thread
        self._listener = self._thread = None
        if listener is None or thread is None:
            return
        self.stopping.set()
        listener.shutdown()
        thread.join(_STOP_SECONDS)
        listener.server_close()
        listener.close_connections(_STOP_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Listener(ThreadingHTTPServer):
    """Knows its open connections, so that they can be ended."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = os.name == "posix"  # on Windows it would let two servers share a port

    def __init__(self, site: SandboxServer, port: int) -> None:
        self.site = site
        self._idle = threading.Condition()
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        """Bind without the name look-up of the base class, which can take seconds on a machine without DNS."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Note the connection."""
        with self._idle:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        super().shutdown_request(request)
        with self._idle:
            self._connections.discard(request)
            self._idle.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base class's signature
        """An exception in a connection's thread is a flaw of the sandbox: say it where tests see it."""
        _logger.exception("The sandbox failed while serving a connection")

    def close_connections(self, timeout: float) -> None:
        """End the open connections and wait until their threads have let go of them."""
        with self._idle:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self._idle.wait_for(lambda: not self._connections, timeout)


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, asks faults and service, writes the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def handle(self) -> None:
        """Serve the connection to its end; a client that goes away is no error."""
        with suppress(ConnectionError, ValueError):
            super().handle()

    def finish(self) -> None:
        """End the connection; what a client that went away did not take is lost with it."""
        with suppress(ConnectionError):
            super().finish()
        self.rfile.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's signature
        """Say nothing: the request log tells."""

    def _serve(self) -> None:
        site = cast("_Listener", self.server).site
        request = self._read(site)
        site.requests.arrived(request)
        plan = site.faults.plan(request)
        try:
            response = self._answer(site, request, plan)
        finally:
            site.requests.answered()
        if response is None:
            self.close_connection = True
            return
        plan.hooks_after()
        if plan.loses:
            self.close_connection = True
            return
        site.travel()
        self._write(site, response, plan)

    def _read(self, site: SandboxServer) -> Request:
        target = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        site.travel()
        return Request(
            method=self.command,
            path=unquote(target.path),
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers=Headers(dict(self.headers.items())),
            body=body,
            target=self.path,
            at=site.clock.monotonic(),
        )

    def _answer(self, site: SandboxServer, request: Request, plan: Plan) -> Response | None:
        plan.hooks_before()
        if not plan.wait(site.stopping):
            return None
        if plan.status is not None:
            return Response(plan.status, plan.body, plan.headers)
        try:
            return site.service.answer(request)
        except Exception:
            _logger.exception("The sandbox service %s failed at %s %s", site.service.name, request.method, request.path)
            return Response(500)

    def _write(self, site: SandboxServer, response: Response, plan: Plan) -> None:
        content_type, body = response.rendered()
        body, announced = plan.mangle(body)
        headers = {"Date": self.date_time_string(int(site.clock.now().timestamp()))}
        if content_type:
            headers["Content-Type"] = content_type
        headers.update(response.headers)
        if response.status != 204:
            headers["Content-Length"] = str(announced)
        if announced != len(body):
            self.close_connection = True
        self.send_response_only(response.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        for piece in plan.pieces(body, site.stopping):
            self.wfile.write(piece)
            self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 - the base class's names
