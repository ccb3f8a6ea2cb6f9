"""`AirtableClient`: pyairtable over our own road, each failure as a typed error."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import requests
from pyairtable import Api

from tray_connector.config.budget import Budget, RequestLog, Window
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.destinations.airtable.errors import Refusal, RefusedError, endless, explained
from tray_connector.destinations.airtable.transport import LIMITS, Road, RoadAdapter
from tray_connector.model.errors import TransientError

_log = logging.getLogger(__name__)

ENDPOINT = "https://api.airtable.com"
CALLS = Window(5, 1.0)
"""Airtable documents 5 requests a second and base."""
IN_FLIGHT = 3
MARGIN = 0.02
"""Seconds added to each second: coarse timers."""
CALLED = "destination"
"""The name under which calls are counted."""
PAGE = 100
_TRIES = 3
_BACK_OFF = 20.0
_RESTARTS = 3
_AGAIN = frozenset({500, 502, 503, 504})
_UNDERSTOOD = frozenset({402, 403, 404, 413, 422})
_BROKEN_OFF = frozenset({"airtable-dropped", "airtable-cut"})


class CallLog(RequestLog, Protocol):
    """Keeps send times over restarts, and counts calls per month. The ledger is one."""


class AirtableClient:
    """One base. Thread-safe; everything sent to it, schema calls too, shares one budget."""

    def __init__(
        self,
        *,
        token: str,
        base_id: str,
        endpoint_url: str | None,
        clock: Clock,
        log: CallLog | None,
        scale: float = 1.0,
        user_agent: str = "tray-connector",
        limits: Limits = LIMITS,
    ) -> None:
        self.base_id = base_id
        self.address = (endpoint_url or ENDPOINT).strip().rstrip("/")
        self._token = token
        self._clock = clock
        budget = Budget(CALLED, (CALLS,), max_in_flight=IN_FLIGHT, clock=clock, log=log, scale=scale, margin=MARGIN)
        self.road = Road(
            address=self.address, token=token, budget=budget, clock=clock, user_agent=user_agent, limits=limits
        )
        self._local = threading.local()
        self._paths = self._new_api()[0]

    def _new_api(self) -> tuple[Api, RoadAdapter]:
        # No retries by pyairtable: they would replay creations and fall into the lock-out again and again.
        api = Api(self._token, endpoint_url=self.address, retry_strategy=None)
        adapter = RoadAdapter(self.road)
        api.session.trust_env = False
        for prefix in ("https://", "http://"):
            api.session.mount(prefix, adapter)
        return api, adapter

    def _of_this_thread(self) -> tuple[Api, RoadAdapter]:
        # requests does not promise that a session may be shared by threads.
        pair: tuple[Api, RoadAdapter] | None = getattr(self._local, "pair", None)
        if pair is None:
            pair = self._local.pair = self._new_api()
        return pair

    # Addresses.

    def records_url(self, table_id: str) -> str:
        """The records of a table."""
        return self._paths.table(self.base_id, table_id).urls.records

    def schema_url(self) -> str:
        """The tables of the base."""
        return self._paths.base(self.base_id).urls.tables

    def columns_url(self, table_id: str) -> str:
        """The columns of a table."""
        return self._paths.table(self.base_id, table_id).urls.fields

    def bases_url(self) -> str:
        """The bases that the token may see."""
        return self._paths.urls.bases

    def whoami_url(self) -> str:
        """Whose the token is."""
        return self._paths.urls.whoami

    # Calls.

    def read(self, url: str, *, stop: Stop, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """GET. With pyairtable's `options`, moved into a POST where the address would be too long."""
        fallback = ("POST", f"{url}/listRecords") if options else None
        return self._persist("GET", url, stop, replay=True, options=dict(options or {}), fallback=fallback)

    def write(self, method: str, url: str, payload: Mapping[str, Any], *, stop: Stop, replay: bool) -> dict[str, Any]:
        """Send a change. Only with `replay`, meaning that twice is the same as once, an error is tried again.

        An outcome that is not known is never tried again here: the first try might still be under way.
        """
        return self._persist(method, url, stop, replay=replay, json=dict(payload))

    def pages(
        self, table_id: str, fields: Sequence[str], *, stop: Stop, formula: str | None = None, size: int = PAGE
    ) -> Iterator[list[dict[str, Any]]]:
        """The records of a table, 100 a call. Begun anew where Airtable lost its place; no record comes twice."""
        options: dict[str, Any] = {"fields": list(fields), "page_size": size}
        if formula is not None:
            options["formula"] = formula
        seen: set[str] = set()
        places: set[str] = set()
        restarts = 0
        offset: str | None = None
        while True:
            asked = {**options, "offset": offset} if offset else options
            try:
                answer = self.read(self.records_url(table_id), stop=stop, options=asked)
            except RefusedError as error:
                lost = error.refusal.kind in ("LIST_RECORDS_ITERATOR_NOT_AVAILABLE", "INVALID_OFFSET_VALUE")
                if not (lost and offset) or restarts == _RESTARTS:
                    raise
                restarts, offset = restarts + 1, None
                places.clear()
                continue
            records = [each for each in records_in(answer) if each["id"] not in seen]
            seen.update(each["id"] for each in records)
            yield records
            offset = answer.get("offset")
            if not offset:
                return
            if offset in places:
                raise endless()
            places.add(offset)

    def _persist(self, method: str, url: str, stop: Stop, *, replay: bool, **words: Any) -> dict[str, Any]:
        patience, tries = _BACK_OFF, 0
        while True:
            tries += 1
            try:
                return self._once(method, url, stop, words)
            except RefusedError as error:
                refusal = error.refusal
                wait = refusal.retry_after or 2.0 ** (2 * tries - 2)
                if refusal.status not in _AGAIN or not replay or tries == _TRIES or wait > patience:
                    raise self._judged(refusal) from error
                _log.info("airtable: %s; try %d follows", refusal.said, tries + 1)
            except TransientError as error:
                wait = 2.0 ** (2 * tries - 2)
                # Reading may be repeated at once; of a change the first try may still be under way.
                if method != "GET" or error.problem.code not in _BROKEN_OFF or tries == _TRIES:
                    raise
            patience -= wait
            if self._clock.wait(stop, wait):
                raise Stopped

    def _judged(self, refusal: Refusal) -> Exception:
        if refusal.status in _UNDERSTOOD:
            return RefusedError(refusal)
        return explained(refusal, self._clock.now())

    def _once(self, method: str, url: str, stop: Stop, words: Mapping[str, Any]) -> dict[str, Any]:
        api, adapter = self._of_this_thread()
        adapter.stop = stop
        try:
            answer = api.request(method, url, **words)
        except requests.HTTPError as error:
            response = error.response
            refusal = self.road.refusal(response.status_code, response.headers, response.content)
            raise RefusedError(refusal) from error
        except (requests.JSONDecodeError, RecursionError) as error:
            raise foreign(self.road.host) from error
        if not isinstance(answer, dict):
            raise foreign(self.road.host)
        return answer


def records_in(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The records of an answer, each with `id` and `fields`."""
    records = answer.get("records")
    if not isinstance(records, list) or not all(
        isinstance(each, dict) and isinstance(each.get("id"), str) and isinstance(each.get("fields"), dict)
        for each in records
    ):
        raise foreign("Airtable")
    return records


def foreign(host: str) -> TransientError:
    """An answer that is not Airtable's."""
    return TransientError(
        "airtable-foreign-answer",
        "Someone else answers for Airtable",
        f"{host} sent data of another form.",
        "In a public network, sign in on its page first. It is tried again by itself.",
    )
