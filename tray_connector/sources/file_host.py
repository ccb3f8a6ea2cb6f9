"""Fetching a file from the address that a service signed: streamed, resumed after a cut, never with a key."""

from __future__ import annotations

import logging
import random
import re
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase

from tray_connector.config.carriers import Call, Carriers, Limits, Manner, Outcome, Received
from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.config.http_errors import BY_ITSELF, service_named, translate
from tray_connector.config.http_headers import Signals, number
from tray_connector.config.network import is_loopback
from tray_connector.model.errors import ConnectorError, RecordError, TransientError

_log = logging.getLogger(__name__)

PATIENT = Limits(connect=10.0, silence=30.0, total=3600.0, largest=1024 * 1024)
"""Half a minute of silence ends a download. After an hour it is cut, and goes on where it was. `largest` concerns
the pages of an error only.
"""
_TRIES = 3
_REDIRECTS = 3
_AGAIN = ("-silent", "-dropped", "-cut", "-in-trouble")
_SERVICE = service_named("files")
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)$")


@dataclass(frozen=True, slots=True)
class Held:
    """What was received of a file, and what tells that the rest belongs to it."""

    size: int = 0
    etag: str | None = None
    length: int | None = None
    """Of the whole file; None where the host did not say: then a download cannot be resumed."""


class Target(Protocol):
    """Where the bytes go. May raise OSError or a `ConnectorError`, which ends the download and reaches its caller."""

    def held(self) -> Held:
        """What is there already."""
        ...

    def begin(self, held: Held) -> None:
        """More follows behind the first `held.size` bytes; what lies beyond them is dropped."""
        ...

    def write(self, chunk: bytes) -> None:
        """The next bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Fetched:
    """The target holds the whole file."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The host gives nothing for this address: it expired, or the file is gone."""

    status: int


@dataclass(frozen=True, slots=True)
class Oversized:
    """The file is larger than it may be."""

    byte_size: int


Fetching = Fetched | Refused | Oversized


class FileHost:
    """Fetches files. Thread-safe; several at the same time.

    Only ``https`` is followed, and, where `loopback` says that the service itself is on this machine, loopback.
    An address is as good as a key while it lives: it appears in no log and no error.
    """

    def __init__(self, *, clock: Clock, user_agent: str, loopback: bool = False, limits: Limits = PATIENT) -> None:
        headers = {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": "identity"}
        self._clock = clock
        self._loopback = loopback
        self._carriers = {
            direct: Carriers("http-files", Manner(_NoKey(), headers, limits, direct)) for direct in (False, True)
        }
        self._lock = threading.Lock()
        self._sent = 0
        for carriers in self._carriers.values():
            weakref.finalize(self, carriers.close).atexit = False

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        with self._lock:
            return self._sent

    def close(self) -> None:
        """Close all connections; what is under way is broken off."""
        for carriers in self._carriers.values():
            carriers.close()

    def download(self, url: str, target: Target, stop: Stop, *, largest: int) -> Fetching:
        """Fetch the file into the target, which keeps what came when this fails. `largest` is in bytes.

        What breaks off goes on where it was, at most 3 tries. Raises `TransientError` (host unreachable or in
        trouble), `RecordError` (an address that is not safe), what the target raises, and `Stopped` at once.
        """
        tries, wait = 0, 0.0
        while True:
            tries += 1
            try:
                return self._attempt(url, target, stop, largest)
            except TransientError as error:
                if tries == _TRIES or error.problem.retry_at is not None or not error.problem.code.endswith(_AGAIN):
                    raise
                _log.info("files: %s; try %d follows", error.problem.code, tries + 1)
                wait = random.uniform(0.75, 1.25) * 4.0 ** (tries - 1)
            if self._clock.wait(stop, wait):
                raise Stopped

    def _attempt(self, url: str, target: Target, stop: Stop, largest: int) -> Fetching:
        redirects = 0
        while True:
            held = target.held()
            if held.size and held.size == held.length:
                return Fetched()
            intake = _Intake(target, held, largest)
            try:
                outcome = self._send(url, intake, stop)
            finally:
                intake.close()
            if intake.trouble is not None:
                raise intake.trouble
            if intake.oversized is not None:
                return Oversized(intake.oversized)
            if intake.stale or (isinstance(outcome, Received) and outcome.status == 416 and held.size):
                # What is here belongs to another version of the file.
                target.begin(Held())
                continue
            if isinstance(outcome, Received) and 300 <= outcome.status < 400 and redirects < _REDIRECTS:
                redirects += 1
                url = _elsewhere(url, outcome.headers.get("Location") or "")
                continue
            return self._judged(url, outcome, begun=intake.begun)

    def _send(self, url: str, intake: _Intake, stop: Stop) -> Outcome:
        direct = self._checked(url)
        with self._lock:
            self._sent += 1
        call = Call(url, lambda _: None, headers=_range(intake.held), taker=intake)
        outcome = self._carriers[direct].carry(call, stop)
        said = outcome.status if isinstance(outcome, Received) else type(outcome).__name__
        _log.debug("files: GET from %s: %s", urlsplit(url).hostname, said)
        return outcome

    def _checked(self, url: str) -> bool:
        """Whether the address is on this machine; raises for one that is not to be followed."""
        try:
            parts = urlsplit(url)
            host, scheme = parts.hostname or "", parts.scheme
            own = "@" in parts.netloc or parts.port == 0
        except ValueError:
            host, scheme, own = "", "", True
        local = is_loopback(host)
        if not host or own or not (scheme == "https" or (scheme == "http" and local)) or (local and not self._loopback):
            raise RecordError(
                "files-address",
                "The address of a file is not safe",
                f"It leads to {host or 'nowhere'}, not over https." if scheme != "https" else f"It leads to {host}.",
                "The file is not fetched. It is tried again with a new address.",
            )
        return local

    def _judged(self, url: str, outcome: Outcome, *, begun: bool) -> Fetching:
        host = urlsplit(url).hostname or ""
        if not isinstance(outcome, Received):
            # Not "from": the libraries' errors hold the whole address.
            raise translate(_SERVICE, outcome, host) from None
        status = outcome.status
        if begun and status in (200, 206):
            return Fetched()
        if 400 <= status < 500 and status not in (408, 425, 429):
            return Refused(status)
        wait = Signals(outcome.headers, self._clock.now()).retry_after
        retry_at = None if wait is None else self._clock.now() + timedelta(seconds=wait)
        raise TransientError(
            "files-in-trouble", f"{_SERVICE.name} is in trouble", f"{host} answered {status}.", BY_ITSELF, retry_at
        )


class _NoKey(AuthBase):
    """Sends none, and keeps requests from looking for one in ``.netrc``."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r


class _Intake:
    """Passes one answer on to the target, until it is closed: whoever asked may have left before the answer ends."""

    def __init__(self, target: Target, held: Held, largest: int) -> None:
        self.held = held
        self.begun = False
        self.stale = False
        self.oversized: int | None = None
        self.trouble: ConnectorError | OSError | None = None
        self._target = target
        self._largest = largest
        self._size = 0
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """From here on the target is left alone."""
        with self._lock:
            self._closed = True

    def begin(self, status: int, headers: Mapping[str, str]) -> bool:
        """See `carriers.Taker`."""
        encoded = headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity")
        etag = None if encoded else headers.get("ETag")
        if status == 200:
            found = Held(0, etag, None if encoded else number(headers.get("Content-Length")))
        elif status == 206 and self.held.size:
            first, total = _part(headers.get("Content-Range", ""))
            found = Held(self.held.size, etag or self.held.etag, total)
            self.stale = encoded or first != found.size or (total, found.etag) != (self.held.length, self.held.etag)
            if self.stale:
                raise ValueError("another part than was asked for")
        else:
            return False
        self._size = found.size
        self._limit(found.length or 0)
        self._pass_on(lambda: self._target.begin(found))
        self.begun = True
        return True

    def take(self, chunk: bytes) -> None:
        """See `carriers.Taker`."""
        self._size += len(chunk)
        self._limit(self._size)
        self._pass_on(lambda: self._target.write(chunk))

    def _limit(self, size: int) -> None:
        if size > self._largest:
            self.oversized = size
            raise ValueError("larger than it may be")

    def _pass_on(self, action: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                raise OSError("nobody waits for this any more")
            try:
                action()
            except (ConnectorError, OSError) as error:
                self.trouble = error
                raise OSError("it cannot be kept") from None


def _elsewhere(url: str, location: str) -> str:
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def _range(held: Held) -> dict[str, str]:
    if not held.size or held.length is None:
        return {}
    strong = held.etag is not None and not held.etag.startswith("W/")
    condition = {"If-Range": held.etag} if strong and held.etag else {}
    return {"Range": f"bytes={held.size}-", **condition}


def _part(text: str) -> tuple[int | None, int | None]:
    """The first byte's place and the length of the whole, from a ``Content-Range``."""
    found = _RANGE.match(text.strip())
    return (int(found[1]), int(found[3])) if found else (None, None)
