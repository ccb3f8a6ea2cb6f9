"""The threads that carry HTTP requests, so that whoever asked can leave at once while the server is silent.

Each carrier is a daemon thread with a session and a kept-alive connection of its own. A request that nobody waits
for any more has its socket shut down; the thread then ends by itself and closes what it held.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Protocol
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase
from requests.utils import select_proxy

from tray_connector.config.causes import find_cause
from tray_connector.config.certificates import issuer_of
from tray_connector.config.clock import Stop, Stopped
from tray_connector.config.commit_points import passing
from tray_connector.config.network import SystemAdapter
from tray_connector.model.errors import InternalError

_CHUNK = 64 * 1024
_IDLE_SECONDS = 30.0
_EXPECTED = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)


class TooLargeError(ValueError):
    """The answer goes beyond `Limits.largest`, or never ends."""


class NoAnswerError(OSError):
    """The time for one request is up."""


class ForeignCertificateError(OSError):
    """The certificate is of an unknown authority, for another name, or expired. Nothing was sent."""

    def __init__(self, reason: str, issuer: str | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.issuer = issuer


@dataclass(frozen=True, slots=True)
class Received:
    """A whole answer, unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Outcome = Received | Exception


@dataclass(frozen=True, slots=True)
class Limits:
    """When a request is given up. Seconds: to connect, of silence while reading, and for the whole answer."""

    connect: float = 10.0
    silence: float = 30.0
    total: float = 90.0
    largest: int = 64 * 1024 * 1024
    """Bytes of an unpacked answer: far above any page of either service, far below the memory of a small machine."""


class Authorization(AuthBase):
    """Puts the key into a request. Given explicitly, so that no ``.netrc`` takes its place; never shows the key."""

    def __init__(self, value: str) -> None:
        self._value = value

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Called by requests."""
        r.headers["Authorization"] = self._value
        return r


class Taker(Protocol):
    """Takes a large answer as it comes, on the carrier's thread. What it raises must be one of the expected errors."""

    def begin(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether it takes the body of this answer; otherwise it is gathered as any other."""
        ...

    def take(self, chunk: bytes) -> None:
        """The next bytes."""
        ...


class Call:
    """One request on its way: the asking thread waits, a carrier finishes it."""

    def __init__(
        self,
        url: str,
        ended: Callable[[Outcome], None],
        method: str = "GET",
        body: bytes | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        taker: Taker | None = None,
    ) -> None:
        self.url = url
        self.method = method
        self.body = body
        self.headers = dict(headers or {})
        self.taker = taker
        self.given_up = False
        self._ended = ended
        self._done = threading.Condition()
        self._outcome: Outcome | None = None

    def finish(self, outcome: Outcome) -> None:
        """Called once, by the carrier; `ended` runs before anyone who waits learns of it."""
        try:
            self._ended(outcome)
        finally:
            with self._done:
                self._outcome = outcome
                self._done.notify_all()

    def wait(self, stop: Stop, seconds: float) -> Outcome:
        """The outcome; `NoAnswerError` after so many seconds. Raises `Stopped`."""
        with stop.calls(self._wake), self._done:
            self._done.wait_for(lambda: self._outcome is not None or stop.is_set(), timeout=seconds)
            if self._outcome is not None:
                return self._outcome
        if stop.is_set():
            raise Stopped
        return NoAnswerError(f"no complete answer within {seconds:g} seconds")

    def _wake(self) -> None:
        with self._done:
            self._done.notify_all()


class _Line:
    """The open socket of a carrier and the call that uses it, so that another thread can cut it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._call: Call | None = None

    def begin(self, call: Call) -> None:
        """From here on `cut` reaches this call."""
        with self._lock:
            self._call = call

    def opened(self, opened: socket.socket | None) -> None:
        """A new connection; shut at once when its call was given up meanwhile."""
        with self._lock:
            self._socket = opened
            if self._call is not None and self._call.given_up:
                self._shut()

    def end(self) -> bool:
        """The call is over; whether its connection is still good."""
        with self._lock:
            call, self._call = self._call, None
            return call is None or not call.given_up

    def cut(self, call: Call | None = None) -> None:
        """Give this call up, or whichever is under way."""
        with self._lock:
            call = call or self._call
            if call is not None:
                call.given_up = True
            if call is self._call:
                self._shut()

    def _shut(self) -> None:
        if self._socket is None:
            return
        try:
            # The method of the plain socket: the TLS layer belongs to the thread that reads.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        except OSError:
            # Closed already: nothing is left to cut.
            return


@dataclass(frozen=True, slots=True)
class Manner:
    """How every request of a client is sent."""

    authorization: AuthBase
    """Given even where there is no key: requests would look for one in ``.netrc``."""
    headers: Mapping[str, str]
    limits: Limits
    direct: bool
    """Loopback: no proxy, nothing from the environment."""


class _Carrier:
    """One thread with its session."""

    def __init__(self, name: str, manner: Manner, pool: Carriers) -> None:
        self._manner = manner
        self._pool = pool
        self.line = _Line()
        self._inbox: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def send(self, call: Call | None) -> None:
        """Hand over the next request; None ends the thread."""
        self._inbox.put(call)

    def join(self, seconds: float) -> None:
        """Wait until the thread has closed its connection."""
        self._thread.join(seconds)

    def _run(self) -> None:
        with self._session() as session:
            kept = True
            while kept and (call := self._next()) is not None:
                kept = self._carry(session, call)
                # While it waits, a carrier must not hold on to the client that sent the last request.
                del call

    def _next(self) -> Call | None:
        while True:
            try:
                return self._inbox.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                if self._pool.leave(self):
                    return None

    def _session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = not self._manner.direct
        session.auth = self._manner.authorization
        session.headers.update(self._manner.headers)
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = SystemAdapter(self.line.opened)
        for prefix in ("https://", "http://"):
            session.mount(prefix, adapter)
        return session

    def _carry(self, session: requests.Session, call: Call) -> bool:
        outcome: Outcome | None = None
        kept = False
        try:
            outcome = self._exchange(session, call)
        except _EXPECTED as error:
            outcome = self._explained(session, call, error)
        finally:
            # Free again before the answer is known: the next request shall find this connection.
            kept = self._pool.put_back(self, good=self.line.end() and outcome is not None)
            call.finish(outcome or InternalError("carrier-died", "A request failed for an unknown reason"))
        return kept

    def _explained(self, session: requests.Session, call: Call, error: Exception) -> Exception:
        """The same error; a refused certificate with the name of its issuer, read here where nobody waits for it."""
        refused = find_cause(error, ssl.SSLCertVerificationError)
        if refused is None or call.given_up:
            return error
        parts = urlsplit(call.url)
        proxies = session.merge_environment_settings(call.url, {}, True, None, None)["proxies"]
        proxy = select_proxy(call.url, proxies)
        issuer = issuer_of(parts.hostname or "", parts.port or 443, proxy=proxy, timeout=self._manner.limits.connect)
        reason = getattr(refused, "verify_message", "") or "it could not be verified"
        explained = ForeignCertificateError(reason.rstrip("."), issuer)
        explained.__cause__ = error
        return explained

    def _exchange(self, session: requests.Session, call: Call) -> Received:
        self.line.begin(call)
        if call.given_up:
            raise OSError("given up before it was sent")
        headers = {"Content-Type": "application/json"} if call.body is not None else {}
        asked = requests.Request(call.method, call.url, headers=headers | call.headers, data=call.body)
        request = session.prepare_request(asked)
        passing("request.send")
        # Not `Session.send`: it would read the whole body of a redirect.
        settings = session.merge_environment_settings(call.url, {}, True, None, None)
        wait = (self._manner.limits.connect, self._manner.limits.silence)
        verify = settings["verify"]
        response = session.get_adapter(call.url).send(
            request,
            stream=True,
            timeout=wait,
            verify=True if verify is None else verify,
            cert=settings["cert"],
            proxies=settings["proxies"],
        )
        with response:
            body = bytearray()
            taker = call.taker if call.taker and call.taker.begin(response.status_code, response.headers) else None
            for chunk in response.raw.stream(_CHUNK, decode_content=True):
                if taker is not None:
                    taker.take(chunk)
                    continue
                body += chunk
                if len(body) > self._manner.limits.largest:
                    raise TooLargeError(f"more than {self._manner.limits.largest} bytes")
            passing("answer.received")
            return Received(response.status_code, response.headers, bytes(body))


class Carriers:
    """The carriers of one client. As many run at the same time as requests are under way."""

    def __init__(self, name: str, manner: Manner) -> None:
        self._name = name
        self._manner = manner
        self._lock = threading.Lock()
        self._idle: list[_Carrier] = []
        self._busy: set[_Carrier] = set()
        self._closed = False

    def carry(self, call: Call, stop: Stop) -> Outcome:
        """Send the request and wait for the whole answer. Raises `Stopped` at once when stopped."""
        with self._lock:
            carrier = self._idle.pop() if self._idle else _Carrier(self._name, self._manner, self)
            self._busy.add(carrier)
        carrier.send(call)
        try:
            outcome = call.wait(stop, self._manner.limits.total)
        except Stopped:
            carrier.line.cut(call)
            raise
        if isinstance(outcome, NoAnswerError):
            carrier.line.cut(call)
        return outcome

    def put_back(self, carrier: _Carrier, *, good: bool) -> bool:
        """Called by a carrier after each request; whether it shall wait for another."""
        with self._lock:
            self._busy.discard(carrier)
            if good and not self._closed:
                self._idle.append(carrier)
                return True
            return False

    def leave(self, carrier: _Carrier) -> bool:
        """Called by a carrier that waited long; False when a request was handed over at that very moment."""
        with self._lock:
            if carrier not in self._idle:
                return False
            self._idle.remove(carrier)
            return True

    def close(self) -> None:
        """Break off what is under way and close all connections. Later requests still work, each on its own."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for carrier in idle:
            carrier.send(None)
        for carrier in busy:
            carrier.line.cut()
        for carrier in (*idle, *busy):
            carrier.join(1.0)
