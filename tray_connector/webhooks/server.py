"""The HTTP server below the listener: waitress on 127.0.0.1, with deadlines against senders who are slow on purpose."""

from __future__ import annotations

import errno
import logging
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any, cast
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, ThreadedTaskDispatcher

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.errors import ConfigError

HOST = "127.0.0.1"
BODY_LIMIT = 1024 * 1024
"""Bytes. What is being received is kept in memory: at most this much for each of `CONNECTIONS`."""
HEAD_LIMIT = 16 * 1024
THREADS = 16
CONNECTIONS = 64
CROWDED = 48
"""Connections from which on nobody gets more than `HASTE`: the others wait outside."""
PATIENCE = 15.0
"""Seconds within which a request must be complete, however slowly it trickles in."""
SILENCE = 60.0
"""Seconds that a connection may be kept for the next request; a tunnel's agent uses them again."""
HASTE = 2.0
END_SECONDS = 1.0
"""What is being answered when the end comes has so long."""
LOOK = 0.05
MAINTENANCE = 1.0
"""Seconds between two looks at who is slow."""
PORTS_TRIED = 100
_TAKEN = frozenset({errno.EADDRINUSE, errno.EACCES, getattr(errno, "WSAEACCES", errno.EACCES)})


def bind(port: int, *, fixed: bool) -> socket.socket:
    """A socket on 127.0.0.1 at this port, or, unless it is fixed, at the next free one.

    ConfigError ``port-taken``, ``port-not-allowed``.
    """
    last = port if fixed else min(port + PORTS_TRIED - 1, 65_535)
    error: OSError | None = None
    for candidate in range(port, last + 1):
        bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if sys.platform == "win32":
                # There, reuse would let another program take over the port.
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((HOST, candidate))
            # Where an address may be shared, it is this that fails.
            bound.listen(1)
        except OSError as found:
            bound.close()
            error = found
            if found.errno not in _TAKEN:
                break
        else:
            return bound
    raise _refused(port, last, error) from error


def _refused(port: int, last: int, error: OSError | None) -> ConfigError:
    words = f"127.0.0.1:{port}: {error.strerror or error}" if error is not None else f"127.0.0.1:{port}"
    if error is not None and error.errno != errno.EADDRINUSE:
        return ConfigError(
            "port-not-allowed",
            "The port for webhooks cannot be used",
            words,
            "Set APP_PORT to another port, such as 5000, and use it in your reverse proxy.",
        )
    taken = f"Port {port} is taken" if port == last else f"All ports from {port} to {last} are taken"
    return ConfigError(
        "port-taken", taken, words, "End the program that uses it, or set APP_PORT to a port that is free."
    )


class _Parser(HTTPRequestParser):
    """Keeps the path, which may hold a secret, out of waitress's own log lines. The application has REQUEST_URI."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except ValueError:
            # Some addresses that are none, such as http://[, would end as a traceback in the log.
            raise ParsingError("bad address") from None
        self.path = "/"


class _ErrorTask(ErrorTask):
    """An answer to what is no proper request, or is too large: it never reaches the application."""

    def execute(self) -> None:
        cast("Server", self.channel.server).on_refused()
        super().execute()


class _Channel(HTTPChannel):
    parser_class = _Parser
    error_task_class = _ErrorTask


class Server(TcpWSGIServer):
    """Answers with `application` from `THREADS` threads; `on_refused` is called for what was refused before it."""

    channel_class = _Channel

    def __init__(
        self, application: WSGIApplication, bound: socket.socket, clock: Clock, on_refused: Callable[[], None]
    ) -> None:
        # Its warnings are about load and about callers who leave: both are normal here.
        logging.getLogger("waitress").setLevel(logging.ERROR)
        self.on_refused = on_refused
        self._clock = clock
        self._ending = threading.Lock()
        self._ended = False
        self._sockets: dict[int, Any] = {}
        self._seen: dict[int, tuple[object, float]] = {}
        adjustments = Adjustments(
            sockets=[bound],
            threads=THREADS,
            connection_limit=CONNECTIONS + 2,
            cleanup_interval=1,
            max_request_header_size=HEAD_LIMIT,
            max_request_body_size=BODY_LIMIT + 1,
            inbuf_overflow=2 * BODY_LIMIT,
            log_socket_errors=False,
            ident=None,
        )
        pool = ThreadedTaskDispatcher()
        pool.set_thread_count(THREADS)
        info = (bound.family, bound.type, bound.proto, bound.getsockname())
        super().__init__(application, self._sockets, True, bound, pool, adjustments, info, bind_socket=False)

    def maintenance(self, now: int) -> None:  # noqa: ARG002 - waitress's; our clock is another
        """Ends connections whose request is not complete in time. Called about every second."""
        moment = self._clock.monotonic()
        channels = self._channels()
        crowded = len(channels) >= CROWDED
        seen: dict[int, tuple[object, float]] = {}
        for number, channel in list(channels.items()):
            if channel.requests:
                continue
            # The same unfinished request, or the same silence since the last one.
            is_silent = channel.request is None
            state: object = channel.last_activity if is_silent else channel.request
            before, since = self._seen.get(number, (None, moment))
            since = since if before == state else moment
            if moment - since >= (HASTE if crowded else SILENCE if is_silent else PATIENCE):
                channel.will_close = True
            seen[number] = (state, since)
        self._seen = seen

    def _channels(self) -> dict[int, HTTPChannel]:
        return cast("dict[int, HTTPChannel]", self.active_channels)

    def serve(self, stop: Stop) -> None:
        """Until stopped; then what is being answered is given `END_SECONDS`, and all connections end."""
        with stop.calls(self.pull_trigger):
            while not stop.is_set():
                self._turn(MAINTENANCE)
        self.accepting = False
        for _ in range(round(END_SECONDS / LOOK)):
            if not any(channel.requests or channel.total_outbufs_len for channel in self._channels().values()):
                break
            self._turn(LOOK)
        self.close()

    def _turn(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._sockets, count=1)

    def pull_trigger(self) -> None:
        """Wake the loop. Never after the end: the number of its pipe may belong to another file by then."""
        with self._ending:
            if not self._ended:
                super().pull_trigger()

    def close(self) -> None:
        """End all connections and threads. May be called twice."""
        with self._ending:
            if self._ended:
                return
            self._ended = True
        self.task_dispatcher.shutdown(timeout=0)
        super().close()
        wasyncore.close_all(self._sockets, ignore_all=True)
