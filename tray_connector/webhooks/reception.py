"""What is answered to a request: a WSGI application."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from tray_connector.config.commit_points import passing
from tray_connector.model.errors import ConnectorError
from tray_connector.model.events import SourceName
from tray_connector.webhooks.bodies import Reported, UnreadableBodyError, missive_report, teamwork_report
from tray_connector.webhooks.deliveries import Counter, Mark, Recent, Refusals
from tray_connector.webhooks.deposit import Deposit, Wanted
from tray_connector.webhooks.health import Health
from tray_connector.webhooks.signatures import Secrets, missive_is_authentic, teamwork_is_authentic

logger = logging.getLogger(__name__)

ANSWER_WITHIN = 4.0
"""Seconds for the spool: Teamwork waits 5 for its answer, Missive 15."""
TEAMWORK_REPEATS = 4 * 3600.0
"""Seconds: Teamwork documents three further attempts, by one of its pages an hour apart."""
MISSIVE_REPEATS = 15 * 60.0
"""Seconds: Missive documents five further attempts within 8 minutes."""
COME_AGAIN = 30
"""Seconds named to a service that should repeat its delivery."""
_ORIGIN = re.compile(r"https?://[^/?]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Request:
    """What an answer depends on."""

    method: str
    path: str
    headers: Mapping[str, str]
    """WSGI's environment, of which only ``HTTP_...`` and ``CONTENT_TYPE`` are looked at."""
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of a header that was sent."""
        return self.headers.get(name)


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and further headers."""

    status: HTTPStatus
    text: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Reception:
    """Checks that a delivery is authentic, has its event stored, and only then says so. Thread-safe."""

    secrets: Secrets
    deposit: Deposit
    counter: Counter
    recent: Recent
    refusals: Refusals
    on_delivery: Callable[[SourceName, Reported], None]
    health: Health
    answer_within: float = ANSWER_WITHIN

    def application(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI entry. No exception leaves it."""
        try:
            answer = self.answer(_request(environ))
        except Exception:
            logger.exception("A request could not be answered")
            answer = Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal error")
        content = answer.text.encode()
        passing("delivery.answer")
        status = f"{answer.status.value} {answer.status.phrase}"
        start_response(
            status, [("Content-Type", answer.content_type), ("Content-Length", str(len(content))), *answer.headers]
        )
        return [content]

    def answer(self, request: Request) -> Answer:
        """The answer to any request."""
        match request.path.strip("/").split("/"):
            case ["health"]:
                return self._health() if request.method == "GET" else self._not_allowed("GET")
            case ["webhook", "teamwork", place]:
                return self._teamwork(place, request) if request.method == "POST" else self._not_allowed("POST")
            case ["webhook", "missive"]:
                return self._missive("", request) if request.method == "POST" else self._not_allowed("POST")
            case ["webhook", "missive", place]:
                return self._missive(place, request) if request.method == "POST" else self._not_allowed("POST")
            case _:
                return self._refuse(HTTPStatus.NOT_FOUND)

    # Deliveries.

    def _teamwork(self, place: str, request: Request) -> Answer:
        if not hmac.compare_digest(place.encode(), self.secrets.installation_id.encode()):
            return self._refuse_delivery("teamwork", HTTPStatus.NOT_FOUND, "it is addressed to another installation")
        if not teamwork_is_authentic(self.secrets, request.body, request.header("HTTP_X_PROJECTS_SIGNATURE")):
            return self._refuse_delivery("teamwork", HTTPStatus.UNAUTHORIZED, "its signature is missing or wrong")
        event = request.header("HTTP_X_PROJECTS_EVENT")
        number = request.header("HTTP_X_PROJECTS_DELIVERY")
        read = partial(teamwork_report, event, request.header("CONTENT_TYPE") or "", request.body)
        content = sha256((event or "").encode() + b"\n" + request.body).digest()
        mark = Mark(f"teamwork {number[:100]}", content, TEAMWORK_REPEATS) if number else None
        return self._take("teamwork", read, lambda _: mark)

    def _missive(self, place: str, request: Request) -> Answer:
        given = request.header("HTTP_X_HOOK_SIGNATURE")
        if not missive_is_authentic(self.secrets, place, request.body, given):
            why = "its signature is missing or wrong" if not place or given else "it is addressed to another place"
            return self._refuse_delivery("missive", HTTPStatus.UNAUTHORIZED, why)
        read = partial(missive_report, request.header("CONTENT_TYPE") or "", request.body)
        content = sha256(request.body).digest()
        return self._take("missive", read, lambda reported: Mark(f"missive {reported.id}", content, MISSIVE_REPEATS))

    def _take(
        self, source: SourceName, read: Callable[[], Reported], mark_of: Callable[[Reported], Mark | None]
    ) -> Answer:
        """An authentic delivery: never limited, and answered with 200 only when its event is durable."""
        try:
            reported = read()
        except UnreadableBodyError as error:
            logger.info("A delivery of %s cannot be read: %s", source, error)
            self.counter.add("unknown", source)
            return Answer(HTTPStatus.BAD_REQUEST, "unreadable body")
        if reported.kind is None:
            logger.info("A delivery of %s is about nothing that is synced: %s", source, reported.name)
            self.counter.add("unknown", source)
            self.on_delivery(source, reported)
            return Answer(HTTPStatus.OK, "nothing to do")
        put = partial(self.deposit.put, Wanted(source, reported.kind, reported.id))
        mark = mark_of(reported)
        stored, again = (put(), False) if mark is None else self.recent.store(mark, put)
        if not self._is_stored(stored):
            self.counter.add("unstored", source)
            headers = (("Retry-After", str(COME_AGAIN)),)
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "not stored, send it again", headers)
        self.counter.add("duplicates" if again else "accepted", source)
        logger.debug("%s: %s %s %s", source, reported.name, reported.id, "again" if again else "queued")
        self.on_delivery(source, reported)
        return Answer(HTTPStatus.OK, "stored")

    def _health(self) -> Answer:
        headers = (("Cache-Control", "no-store"),)
        return Answer(HTTPStatus.OK, self.health.as_json(), headers, "application/json; charset=utf-8")

    def _is_stored(self, stored: Future[None]) -> bool:
        # Who must be answered sooner is asked to come again, though it may still be stored.
        try:
            stored.result(self.answer_within)
        except (ConnectorError, TimeoutError):
            return False
        return True

    # Refusals.

    def _refuse_delivery(self, source: SourceName, status: HTTPStatus, why: str) -> Answer:
        self.counter.add("refused")
        answer = self._refuse(status)
        if answer.status is status:
            logger.info("A delivery for %s was refused: %s", source, why)
        return answer

    def _refuse(self, status: HTTPStatus, *headers: tuple[str, str]) -> Answer:
        if self.refusals.too_many():
            return Answer(HTTPStatus.TOO_MANY_REQUESTS, "too many requests", (("Retry-After", "60"),))
        return Answer(status, status.phrase.lower(), headers)

    def _not_allowed(self, allowed: str) -> Answer:
        return self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", allowed))

    def refused_unread(self) -> None:
        """The server refused something before it came here: too large, or no HTTP."""
        self.counter.add("refused")
        if not self.refusals.too_many():
            logger.info("A request was refused: too large, or not HTTP")


def _request(environ: dict[str, Any]) -> Request:
    # Not PATH_INFO: `server` keeps the path to itself.
    path = _ORIGIN.sub("", environ["REQUEST_URI"]).partition("?")[0]
    return Request(environ["REQUEST_METHOD"], path, environ, environ["wsgi.input"].read())
