"""The few questions that Missive is asked, each as one call: paths, parameters, shapes and refusals.

Documented: lists are wrapped under the plural name, ``GET /conversations/:id`` answers an array of one,
``GET /messages/:id`` an object and ``/messages/:id,:id2`` an array; directories page by ``offset``.
Not documented is what a refusal of one record looks like: every 4xx but 401 and 429 concerns that record alone.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tray_connector.config.clock import Stop
from tray_connector.model.errors import InternalError, RecordError, TransientError
from tray_connector.sources.base import StreamRefusedError
from tray_connector.sources.http import Answer, HttpClient
from tray_connector.sources.missive.parse import Fields, Json, identifier, number, one, rows

CONVERSATIONS_LIMIT = 50
MESSAGES_LIMIT = 10
DIRECTORY_LIMIT = 200
_REFUSALS = frozenset({400, 403, 404, 410, 413, 414, 422})
_ABSENT = (404, 410)
_LIMIT = re.compile(r"limit\D*(\d+)|(\d+)\D*limit", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of a list."""

    rows: tuple[Json, ...]
    """As they came, objects or not: the size of a page decides whether it is the last."""
    limit: int
    """The limit that it was asked with."""
    server_time: datetime | None


class MailboxRefusedError(StreamRefusedError):
    """Missive does not show this mailbox to the key."""


class MissiveApi:
    """Thread-safe. Raises what `HttpClient.get` raises, and `RecordError` where Missive refuses one record."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._limits = {"conversations": CONVERSATIONS_LIMIT, "messages": MESSAGES_LIMIT}

    def service_time(self) -> datetime:
        """See `HttpClient.service_time`."""
        return self._client.service_time()

    @property
    def sent(self) -> int:
        """Requests sent so far."""
        return self._client.sent

    def conversations(
        self, mailbox: Mapping[str, str], until: int | None, stop: Stop, *, urgent: bool = False, quiet: bool = False
    ) -> Listing:
        """One page of a mailbox, newest activity first. `MailboxRefusedError` where the key may not see it."""
        answer, limit = self._page("conversations", "conversations", mailbox, until, stop, urgent=urgent, quiet=quiet)
        if answer.status in _REFUSALS:
            shown = ", ".join(f"{name}={value}" for name, value in mailbox.items())
            raise MailboxRefusedError(
                "missive-mailbox-refused",
                "Missive does not show a mailbox to this key",
                f"Missive answered {answer.status} for {shown}: {answer.words}".rstrip(": "),
                "Check in Missive whether the key's owner is a member of this team.",
            )
        return _listing(answer, "conversations", limit)

    def thread(self, conversation_id: str, until: int | None, stop: Stop) -> Listing | None:
        """One page of a conversation's messages, newest first, without bodies; None where there is no conversation."""
        path = f"conversations/{conversation_id}/messages"
        answer, limit = self._page("messages", path, {}, until, stop)
        if answer.status in _ABSENT:
            return None
        _check(answer, f"the messages of conversation {conversation_id}")
        if not isinstance(answer.data.get("messages"), list):
            raise odd_record("the list of messages is missing")
        return _listing(answer, "messages", limit)

    def conversation(self, conversation_id: str, stop: Stop, *, quiet: bool = False) -> Fields | None:
        """A conversation; after a merge the surviving one, under its own id. None where there is none."""
        answer = self._get(f"conversations/{conversation_id}", stop, quiet=quiet)
        if answer.status in _ABSENT:
            return None
        _check(answer, f"conversation {conversation_id}")
        return _single(answer, "conversations")

    def message(self, message_id: str, stop: Stop) -> Fields | None:
        """A message with its body; None where there is none."""
        answer = self._get(f"messages/{message_id}", stop)
        if answer.status in _ABSENT:
            return None
        _check(answer, f"message {message_id}")
        found = _single(answer, "messages")
        return found if found.get("id") == message_id else None

    def messages(self, ids: Collection[str], stop: Stop) -> Sequence[Fields] | None:
        """Several messages with their bodies, in any order, perhaps not all; None where Missive refuses the batch."""
        answer = self._get("messages/" + ",".join(ids), stop)
        if answer.status in _REFUSALS:
            return None
        found = answer.data.get("messages")
        return [found] if isinstance(found, Mapping) else rows(found)

    def directory(self, name: str, stop: Stop, *, urgent: bool = False) -> list[Fields]:
        """All of ``users``, ``teams`` or ``organizations``."""
        everything: dict[str, Fields] = {}
        offset = 0
        while True:
            params = {"limit": str(DIRECTORY_LIMIT), "offset": str(offset)}
            answer = self._client.get(name, params, stop=stop, urgent=urgent)
            listing = _listing(answer, name, DIRECTORY_LIMIT)
            new = {key: row for row in rows(list(listing.rows)) if (key := identifier(row.get("id")))}
            is_last = len(listing.rows) < DIRECTORY_LIMIT or new.keys() <= everything.keys()
            everything.update(new)
            if is_last:
                return list(everything.values())
            offset += len(listing.rows)

    def probe(self, stop: Stop) -> None:
        """Whether the service answers at all; raises what it raises when not."""
        self._client.get("users", {"limit": "2"}, stop=stop)

    def _get(
        self,
        path: str,
        stop: Stop,
        params: Mapping[str, str] | None = None,
        *,
        urgent: bool = False,
        quiet: bool = False,
    ) -> Answer:
        answer = self._client.get(path, params, stop=stop, urgent=urgent, quiet=quiet, accept=_REFUSALS)
        if answer.status in _REFUSALS and answer.data is None and answer.words:
            # Missive refuses in JSON or without a body. A proxy's or a captive portal's page says nothing of a record.
            raise TransientError(
                "missive-foreign-answer",
                "Someone else answers for Missive",
                f"It answered {answer.status}: {answer.words[:120]}",
                "In a public network, sign in on its page first. It is tried again by itself.",
            )
        return answer

    def _page(
        self,
        kind: str,
        path: str,
        params: Mapping[str, str],
        until: int | None,
        stop: Stop,
        *,
        urgent: bool = False,
        quiet: bool = False,
    ) -> tuple[Answer, int]:
        while True:
            limit = self._limits[kind]
            asked = {**params, "limit": str(limit)}
            if until is not None:
                asked["until"] = str(until)
            answer = self._get(path, stop, asked, urgent=urgent, quiet=quiet)
            named = _limit_named(answer)
            if named is None or not 2 <= named < limit:
                return answer, limit
            with self._lock:
                self._limits[kind] = min(named, self._limits[kind])


def _limit_named(answer: Answer) -> int | None:
    # "max 'limit' value is 10": the documented maximum of a list may be lowered without notice.
    if answer.status not in (400, 422):
        return None
    found = _LIMIT.search(answer.words)
    return number(int(found[1] or found[2])) if found else None


def _check(answer: Answer, what: str) -> None:
    if answer.status in _REFUSALS:
        raise RecordError(
            "missive-record-refused",
            "Missive does not show this record",
            f"Missive answered {answer.status} for {what}: {answer.words}".rstrip(": "),
            "The others are not concerned. It is tried again.",
        )


def _single(answer: Answer, name: str) -> Fields:
    found = one(answer.data.get(name))
    if found is None or identifier(found.get("id")) is None:
        raise odd_record(f"the answer holds no {name} with an id")
    return found


def _listing(answer: Answer, name: str, limit: int) -> Listing:
    found = answer.data.get(name)
    if not isinstance(found, list):
        raise InternalError(
            "missive-odd-answer",
            "Missive answers in an unknown form",
            f"The list of {name} is missing.",
            "Nothing is lost. If it stays so, send us the diagnostics.",
        )
    return Listing(tuple(found), limit, answer.server_time)


def odd_record(what: str) -> RecordError:
    """Missive's answer for one record is not of the documented form."""
    return RecordError(
        "missive-odd-record",
        "Missive answers in an unknown form",
        f"For this record, {what}.",
        "The others are not concerned. It is tried again.",
    )
