"""Asking a service over HTTP: within its budget, with retries, and with every failure as a typed error."""

from __future__ import annotations

import json
import logging
import random
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from tray_connector.config.budget import Budget, Slot
from tray_connector.config.carriers import Authorization, Call, Carriers, Limits, Manner, Outcome, Received
from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.config.http_errors import (
    BY_ITSELF,
    Service,
    cut_off,
    never_sent,
    secrets_in,
    service_named,
    translate,
    words_of,
)
from tray_connector.config.http_headers import Signals
from tray_connector.config.network import is_loopback
from tray_connector.config.redaction import Redactor
from tray_connector.model.errors import ConfigError, ConnectorError, InternalError, TransientError

_log = logging.getLogger(__name__)

_TRIES = 3
_BACK_OFF = 20.0
"""Seconds of waiting between tries of one request, in all. Waits for the budget come on top."""
_REDIRECTS = 3
_AGREEMENT = timedelta(minutes=1)
"""Clocks that differ by less agree: `Date` has whole seconds, and answers are under way."""
_AGAIN = ("-unreachable", "-silent", "-dropped", "-cut", "-in-trouble", "-tls", "-proxy")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said."""

    status: int
    data: Any
    """The JSON object; None where an accepted error status, or a change, was answered without one."""
    headers: Mapping[str, str]
    """Names in any case."""
    server_time: datetime | None
    """The answer's ``Date``: the server's clock, in whole seconds."""
    words: str = ""
    """With an accepted error status: the service's own words."""


class _AgainLaterError(Exception):
    """A try failed in a way that another one may mend, after so many seconds."""

    def __init__(
        self, error: ConnectorError, wait: float | None = None, *, limit: bool = False, unsent: bool = False
    ) -> None:
        super().__init__(error.problem.code)
        self.error = error
        self.wait = wait
        self.limit = limit
        self.ignored = limit or unsent
        """Surely nothing was carried out."""


class _ElsewhereError(Exception):
    """The service sends us to another path of the same address."""


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    url: str
    body: bytes | None
    urgent: bool
    accept: frozenset[int]
    quiet: bool = False


class HttpClient:
    """Asks one service with one key. Thread-safe. `close` it, or let it go: then its connections close as well.

    The key goes to the host of `base_url` and to no other, and appears in no log, error or repr. `rate_statuses`
    are the statuses that mean "too many requests"; one other than 429 counts only with ``X-RateLimit-Remaining: 0``.
    """

    def __init__(
        self,
        *,
        service: str,
        base_url: str,
        authorization: str,
        budget: Budget,
        clock: Clock,
        user_agent: str,
        rate_statuses: frozenset[int] = frozenset({429}),
        limits: Limits | None = None,
    ) -> None:
        self._service = service_named(service)
        self._base = base_url.strip().rstrip("/")
        self._host, direct = _checked(self._service, self._base)
        self._authorization = Authorization(authorization)
        self._redact = Redactor(secrets_in(authorization))
        self._budget = budget
        self._clock = clock
        self._rate_statuses = rate_statuses
        headers = {"Accept": "application/json", "User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"}
        manner = Manner(self._authorization, headers, limits or Limits(), direct)
        self._carriers = Carriers(f"http-{service}", manner)
        self._lock = threading.Lock()
        self._sent = 0
        self._ahead = timedelta()
        weakref.finalize(self, self._carriers.close).atexit = False

    def __repr__(self) -> str:
        return f"HttpClient({self._service.code!r}, {self._base!r})"

    @property
    def sent(self) -> int:
        """Requests sent so far, each try counted."""
        with self._lock:
            return self._sent

    @property
    def base_url(self) -> str:
        """The address that paths are appended to, without a slash at its end."""
        return self._base

    def service_time(self) -> datetime:
        """What the service's clock shows now, going by its last answer: nobody's office has set that one wrong."""
        with self._lock:
            return self._clock.now() + self._ahead

    def waiting_until(self) -> datetime | None:
        """When the service's limits allow the next ordinary request; None when now."""
        return self._budget.waiting_until()

    def half_pace(self, requests: float) -> float:
        """See `Budget.half_pace`."""
        return self._budget.half_pace(requests)

    def close(self) -> None:
        """Close all connections; what is under way is broken off."""
        self._carriers.close()

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        stop: Stop,
        urgent: bool = False,
        quiet: bool = False,
        accept: frozenset[int] = frozenset(),
    ) -> Answer:
        """GET below the base address; the answer's JSON object. `urgent` and `quiet`: see `Budget`.

        Statuses in `accept` (such as 404) are answered, not raised. At most 3 tries and 20 s of back-off; waits for
        the budget are not limited. Raises `ConfigError` (key, right, address), `TransientError` (all that time
        mends), `InternalError` (a request that the service does not understand), and `Stopped` at once.
        """
        url = self._base + "/" + path.lstrip("/")
        if params:
            url += "?" + urlencode(params, safe=",:")
        return self._persist(_Question("GET", url, None, urgent, accept, quiet), stop)

    def change(
        self,
        method: Literal["POST", "PUT", "DELETE"],
        path: str,
        payload: Mapping[str, Any] | None = None,
        *,
        stop: Stop,
        accept: frozenset[int] = frozenset(),
    ) -> Answer:
        """Send a change with `payload` as JSON, as urgent; answers and errors as `get`, 2xx may come without a body.

        PUT and DELETE are tried again as a GET is. A POST is tried again only when it surely did not arrive, or was
        refused for too many requests. When its outcome is not known, `TransientError.unsure` is set; after `Stopped`
        it is not known either.
        """
        body = None if payload is None else json.dumps(payload, ensure_ascii=False).encode()
        return self._persist(_Question(method, self._base + "/" + path.lstrip("/"), body, True, accept), stop)

    def _persist(self, question: _Question, stop: Stop) -> Answer:
        patience, redirects, tries = _BACK_OFF, 0, 0
        once = question.method == "POST"
        while True:
            tries += 1
            try:
                return self._try(question, stop)
            except TransientError as error:
                error.unsure = once
                raise
            except _ElsewhereError as elsewhere:
                redirects += 1
                tries -= 1
                if redirects > _REDIRECTS:
                    raise self._redirected_in_circles() from None
                question = replace(question, url=str(elsewhere))
            except _AgainLaterError as again:
                if once and not again.ignored:
                    raise _unsure(again.error) from again
                wait = 0.0 if again.limit else again.wait or random.uniform(0.75, 1.25) * 2.0 ** (2 * tries - 2)
                if tries == _TRIES or wait > patience:
                    raise again.error from again
                patience -= wait
                _log.info("%s: %s; try %d follows", self._service.code, again, tries + 1)
                if self._clock.wait(stop, wait):
                    raise Stopped from None

    def _try(self, question: _Question, stop: Stop) -> Answer:
        slot = self._budget.take(stop, urgent=question.urgent, quiet=question.quiet)
        with self._lock:
            self._sent += 1
        call = Call(question.url, lambda outcome: self._ended(slot, outcome), question.method, question.body)
        outcome = self._carriers.carry(call, stop)
        said = outcome.status if isinstance(outcome, Received) else type(outcome).__name__
        _log.debug("%s: %s %s: %s", self._service.code, question.method, urlsplit(question.url).path, said)
        if isinstance(outcome, Received):
            return self._judged(question, outcome)
        error = translate(self._service, outcome, self._host)
        if error.problem.code.endswith(_AGAIN):
            raise _AgainLaterError(error, unsent=never_sent(outcome)) from outcome
        raise error from outcome

    def _ended(self, slot: Slot, outcome: Outcome) -> None:
        """Runs on the carrier, whether or not anyone still waits."""
        if isinstance(outcome, Received):
            signals = self._signals(outcome)
            self._compare_clocks(signals.server_time)
            self._budget.learn(signals.limit, signals.remaining, signals.reset, slot)
            if self._is_over(outcome, signals):
                # On the carrier, so that it stands even when whoever asked has left.
                self._budget.hold_for(signals.hold)
            self._budget.end(slot)
        else:
            self._budget.end(slot, sent=not never_sent(outcome))

    def _compare_clocks(self, theirs: datetime | None) -> None:
        if theirs is not None:
            ahead = theirs - self._clock.now()
            with self._lock:
                self._ahead = ahead if abs(ahead) >= _AGREEMENT else timedelta()

    def _signals(self, received: Received) -> Signals:
        return Signals(received.headers, self._clock.now())

    def _is_over(self, received: Received, signals: Signals) -> bool:
        return received.status == 429 or (received.status in self._rate_statuses and signals.remaining == 0)

    def _judged(self, question: _Question, received: Received) -> Answer:
        status, signals = received.status, self._signals(received)
        if self._is_over(received, signals):
            raise _AgainLaterError(self._limited(received, signals), limit=True)
        if 200 <= status < 300:
            empty = question.method != "GET" and not received.body.strip()
            data = None if empty else self._object(received)
            return Answer(status, data, received.headers, signals.server_time)
        if status in question.accept:
            data = _object_or_none(received.body)
            return Answer(status, data, received.headers, signals.server_time, self._words(received))
        if 300 <= status < 400:
            raise self._redirected(question, received)
        if status >= 500 or status in (408, 425):
            wait = signals.retry_after
            retry_at = None if wait is None else self._clock.now() + timedelta(seconds=wait)
            code, title = f"{self._service.code}-in-trouble", f"{self._service.name} is in trouble"
            raise _AgainLaterError(TransientError(code, title, self._said(received), BY_ITSELF, retry_at), wait)
        raise self._refused(received)

    def _words(self, received: Received) -> str:
        return words_of(received.body, self._redact)

    def _said(self, received: Received) -> str:
        words = self._words(received)
        return f"{self._service.name} answered {received.status}" + (f": {words}" if words else ".")

    def _limited(self, received: Received, signals: Signals) -> TransientError:
        return TransientError(
            f"{self._service.code}-limit",
            f"{self._service.name} asks for a pause",
            self._said(received),
            BY_ITSELF,
            retry_at=self._clock.now() + timedelta(seconds=signals.hold),
        )

    def _refused(self, received: Received) -> ConnectorError:
        service, status, message = self._service, received.status, self._said(received)
        if status == 401:
            return ConfigError(
                f"{service.code}-key-refused", f"{service.name} refuses the key", message, service.key_hint
            )
        if status in (402, 403):
            title = f"The key may not read this in {service.name}"
            return ConfigError(f"{service.code}-right-missing", title, message, service.right_hint)
        if status == 407:
            hint = "Check the proxy in the system's network settings."
            return ConfigError(f"{service.code}-proxy", "The proxy does not let us through", message, hint)
        if status in (404, 410) and _object_or_none(received.body) is None:
            hint = f"Check the address: it is {self._base}."
            return ConfigError(f"{service.code}-address", f"There is no {service.name} at this address", message, hint)
        hint = "Nothing is lost. If it stays so, send us the diagnostics."
        return InternalError(f"{service.code}-request", f"{service.name} does not accept a request", message, hint)

    def _object(self, received: Received) -> dict[str, Any]:
        try:
            data = json.loads(received.body)
        except (ValueError, RecursionError) as error:
            if received.body.lstrip()[:1] in (b"{", b"[", b""):
                raise _AgainLaterError(cut_off(self._service, self._host)) from error
            raise self._foreign(received) from error
        if not isinstance(data, dict):
            raise self._foreign(received)
        return data

    def _foreign(self, received: Received) -> TransientError:
        seen = self._words(received)
        kind = (received.headers.get("Content-Type") or "").partition(";")[0].strip()
        what = f"{kind or 'something'} instead of data" if kind != "application/json" else "data of another form"
        return TransientError(
            f"{self._service.code}-foreign-answer",
            f"Someone else answers for {self._service.name}",
            f"{self._host} sent {what}" + (f": {seen[:120]}" if seen else "."),
            "In a public network, sign in on its page first. " + BY_ITSELF,
        )

    def _redirected(self, question: _Question, received: Received) -> Exception:
        location = urljoin(question.url, received.headers.get("Location") or "")
        here, there = urlsplit(question.url), urlsplit(location)
        # A change is sent to one place only: what a redirect makes of its method is not agreed upon.
        if question.method == "GET" and received.headers.get("Location") and _origin(here) == _origin(there):
            return _ElsewhereError(location)
        kind = ConfigError if received.status in (301, 308) else TransientError
        return kind(
            f"{self._service.code}-elsewhere",
            f"{self._service.name} sends us elsewhere",
            f"{self._host} answered {received.status} and points to {there.hostname or 'nowhere'}. "
            "The key was not sent there.",
            "Check the address. In a public network, sign in on its page first.",
        )

    def _redirected_in_circles(self) -> TransientError:
        title = f"{self._service.name} sends us round in circles"
        return TransientError(f"{self._service.code}-elsewhere", title, f"{self._host} redirects again and again.")


def _unsure(error: ConnectorError) -> ConnectorError:
    if isinstance(error, TransientError):
        error.unsure = True
    return error


def _checked(service: Service, base_url: str) -> tuple[str, bool]:
    """The host of an acceptable base address, and whether it is this machine. Plain http is for loopback only."""
    problem = ""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    loopback = is_loopback(host)
    if not host or parts.scheme not in ("http", "https") or port == 0:
        problem = "It must look like https://example.com."
    elif parts.scheme == "http" and not loopback:
        problem = "It must begin with https://, so that nobody on the way can read the key."
    elif "@" in parts.netloc or parts.query or parts.fragment:
        problem = "It must hold no key, question mark or hash sign."
    if problem:
        title = f"The address of {service.name} is not valid"
        raise ConfigError(f"{service.code}-address", title, problem, "Enter it again.")
    return host, loopback


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    try:
        port = parts.port
    except ValueError:
        port = 0
    return parts.scheme, parts.hostname, port or {"https": 443, "http": 80}.get(parts.scheme)


def _object_or_none(body: bytes) -> dict[str, Any] | None:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None
