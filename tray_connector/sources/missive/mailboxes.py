"""Reading a mailbox page by page."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.errors import InternalError
from tray_connector.model.records import Conversation
from tray_connector.sources.base import ReadNumber
from tray_connector.sources.missive import parse
from tray_connector.sources.missive.api import Listing, MissiveApi
from tray_connector.sources.missive.paging import Item, PagingError, UntilWalk

_log = logging.getLogger(__name__)

ALL, TRASHED, JUNKED, TEAM = "all", "trashed", "junked", "team:"
REMOVED = (TRASHED, JUNKED)


@dataclass(frozen=True, slots=True)
class MailboxPage:
    """One page of a mailbox."""

    conversations: tuple[Conversation, ...]
    """Those not seen before in this walk, guests among them."""
    newest: datetime | None
    """The newest activity on the page, never later than the answer's ``Date``."""
    read_at: datetime
    """The server's time of the answer; ours where it names none."""
    read_number: int


class Mailboxes:
    """Thread-safe."""

    def __init__(self, api: MissiveApi, clock: Clock, read_number: ReadNumber) -> None:
        self._api = api
        self._clock = clock
        self._read_number = read_number
        self._told_odd = False

    def pages(
        self,
        stream: str,
        me: str | None,
        stop: Stop,
        *,
        down_to: datetime | None = None,
        urgent: bool = False,
        quiet: bool = False,
    ) -> Iterator[MailboxPage]:
        """The mailbox of a stream from its newest activity down to the page that reaches below `down_to`."""
        walk = UntilWalk(None if down_to is None else int(down_to.timestamp()))
        while not walk.done:
            number = self._read_number()
            listing = self._api.conversations(parameters(stream), walk.until, stop, urgent=urgent, quiet=quiet)
            yield self._page(stream, me, listing, walk, number)

    def _page(self, stream: str, me: str | None, listing: Listing, walk: UntilWalk, number: int) -> MailboxPage:
        read = [parse.conversation(row, me, in_trash=stream in REMOVED) for row in listing.rows]
        try:
            fresh = walk.take([_item(conversation) for conversation in read], listing.limit)
        except PagingError as error:
            raise InternalError(
                "missive-paging",
                "Missive's list cannot be paged through",
                f"In {stream}, {error}.",
                "Nothing is lost: it is read again. If it stays so, send us the diagnostics.",
            ) from error
        if None in read and not self._told_odd:
            # Once: it would come with every poll.
            self._told_odd = True
            _log.warning("%d entries in a list from Missive have no id and were left out", read.count(None))
        read_at = listing.server_time or self._clock.now()
        times = [found.last_activity_at for found in read if found is not None and found.last_activity_at is not None]
        return MailboxPage(
            conversations=tuple(found for position in fresh if (found := read[position]) is not None),
            newest=min(max(times), read_at) if times else None,
            read_at=read_at,
            read_number=number,
        )


def _item(conversation: Conversation | None) -> Item:
    if conversation is None:
        return Item("", None)
    active = conversation.last_activity_at
    return Item(conversation.conversation_id, None if active is None else int(active.timestamp()))


def parameters(stream: str) -> Mapping[str, str]:
    """The filter of ``GET /conversations`` for a stream: exactly one is sent."""
    if stream.startswith(TEAM):
        return {"team_all": stream.removeprefix(TEAM)}
    return {stream: "true"}
