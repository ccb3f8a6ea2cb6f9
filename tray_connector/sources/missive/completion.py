"""Turning events into e-mails: lists of messages side by side, bodies in batches across conversations."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConnectorError, RecordError, TransientError
from tray_connector.model.events import Event
from tray_connector.model.records import Conversation, Email
from tray_connector.sources.base import Known, Reading, ReadNumber
from tray_connector.sources.missive import parse
from tray_connector.sources.missive.api import Listing, MissiveApi, odd_record
from tray_connector.sources.missive.bodies import Bodies, Found, Wanted, ensure_alive
from tray_connector.sources.missive.crew import Crew, Then
from tray_connector.sources.missive.paging import PagingError
from tray_connector.sources.missive.scope import Scope
from tray_connector.sources.missive.thread import Thread

IN_FLIGHT = 5
T = TypeVar("T")


class Completion:
    """One call of `MissiveSource.complete`. All state belongs to the caller's thread; only requests run elsewhere."""

    def __init__(
        self,
        *,
        api: MissiveApi,
        bodies: Bodies,
        scope: Scope,
        me: str | None,
        known: Known,
        read_number: ReadNumber,
        stop: Stop,
    ) -> None:
        self._api = api
        self._bodies = bodies
        self._scope = scope
        self._me = me
        self._known = known
        self._read_number = read_number
        self._stop = stop
        self._crew = Crew(IN_FLIGHT, stop)
        self._asking = 0
        self._wanted: deque[Wanted] = deque()
        self._waiting: dict[str, list[Thread]] = {}
        self._ready: deque[Reading] = deque()

    def readings(self, events: Sequence[Event]) -> Iterator[Reading]:
        """One reading per event, each as soon as it is complete."""
        with self._crew:
            for event in events:
                self._begin(event)
            while True:
                self._send_for_bodies()
                while self._ready:
                    yield self._ready.popleft()
                if not self._crew.busy:
                    return
                self._crew.step()

    def _begin(self, event: Event) -> None:
        match event.payload:
            case Email() as email:
                self._ready.append(Reading(event, records=(email,), read_number=event.read_number))
            case Conversation() as conversation:
                self._consider(Thread(event, event.read_number), conversation)
            case _:
                thread = Thread(event, self._read_number())
                self._ask(thread, partial(self._find, event), partial(self._found, thread))

    def _find(self, event: Event) -> tuple[parse.Fields | None, parse.Fields | None]:
        """The conversation that an id stands for, and the message if it is one's id. Runs on the crew."""
        if event.kind != "email":
            found = self._api.conversation(event.id, self._stop)
            if found is not None:
                return found, None
        message = self._api.message(event.id, self._stop)
        if message is None:
            return None, None
        conversation_id = parse.identifier(parse.fields(message.get("conversation")).get("id"))
        if conversation_id is None:
            raise odd_record("the message names no conversation")
        return self._api.conversation(conversation_id, self._stop), message

    def _found(self, thread: Thread, answer: tuple[parse.Fields | None, parse.Fields | None]) -> None:
        raw, raw_message = answer
        message, head = parse.message(raw_message), parse.head(raw_message)
        if (
            message is not None
            and head is not None
            and head.is_email
            and self._scope.takes_delivered(head.delivered_at)
        ):
            thread.found[message.email.email_id] = message
        self._resolved(thread, raw)

    def _resolved(self, thread: Thread, raw: parse.Fields | None) -> None:
        if raw is None:
            self._settle(thread, Reading(thread.event, gone=True, read_number=thread.number))
            return
        conversation = parse.conversation(raw, self._me)
        if conversation is None:
            raise odd_record("the conversation has no usable id")
        thread.looked_up += 1
        self._consider(thread, conversation)

    def _consider(self, thread: Thread, conversation: Conversation) -> None:
        """Decide whether messages must be read at all."""
        event = thread.event
        if not self._scope.takes(conversation):
            self._settle(thread, Reading(event, left_out=1, read_number=thread.number))
            return
        thread.start(conversation, self._known, self._scope.process_after)
        if thread.needs_messages(self._known.conversation(conversation.conversation_id)):
            self._list(thread)
        else:
            self._settle(thread, Reading(event, conversation=conversation, read_number=thread.number))

    def _list(self, thread: Thread) -> None:
        question = partial(self._api.thread, thread.conversation_id, thread.walk.until, self._stop)
        self._ask(thread, question, partial(self._listed, thread))

    def _listed(self, thread: Thread, listing: Listing | None) -> None:
        if listing is None:
            self._look_up(thread)
            return
        try:
            heads = thread.take(listing.rows, listing.limit, self._scope)
        except PagingError as error:
            raise odd_record(f"in the list of messages, {error}") from error
        self._want(thread, heads)
        if thread.is_listed:
            self._look_for_missing(thread)
            self._finish_if_complete(thread)
        else:
            self._list(thread)

    def _look_up(self, thread: Thread) -> None:
        """The conversation is not what it was when it was listed: deleted, or merged into another one."""
        if thread.looked_up:
            self._settle(thread, Reading(thread.event, gone=True, read_number=thread.number))
            return
        question = partial(self._find, thread.lookup_event())
        self._ask(thread, question, partial(self._found, thread))

    def _want(self, thread: Thread, heads: Sequence[parse.Head]) -> None:
        unknown = [head.message_id for head in heads if head.message_id not in thread.stored]
        elsewhere = self._known.emails(unknown) if unknown else {}
        for head in heads:
            message_id = head.message_id
            if not thread.needs_body(head, thread.stored.get(message_id) or elsewhere.get(message_id)):
                continue
            thread.waiting.add(message_id)
            if message_id in self._waiting:
                self._waiting[message_id].append(thread)
            else:
                self._waiting[message_id] = [thread]
                self._wanted.append(Wanted(message_id, head.fields))

    def _send_for_bodies(self) -> None:
        # An incomplete batch waits as long as a list may still add to it.
        size = self._bodies.size
        while len(self._wanted) >= size or (self._wanted and not self._asking):
            batch: list[Wanted] = []
            while self._wanted and len(batch) < size:
                wanted = self._wanted.popleft()
                if any(not thread.is_settled for thread in self._waiting[wanted.message_id]):
                    batch.append(wanted)
                else:
                    del self._waiting[wanted.message_id]
            if batch:
                self._crew.submit(partial(self._read_bodies, batch), first=True)

    def _read_bodies(self, batch: Sequence[Wanted]) -> Then:
        return partial(self._bodies_came, self._bodies.read(batch, self._stop))

    def _bodies_came(self, answers: dict[str, Found]) -> None:
        for message_id, found in answers.items():
            for thread in self._waiting.pop(message_id):
                thread.waiting.discard(message_id)
                match found:
                    case None:
                        thread.lost(message_id)
                    case ConnectorError():
                        self._fail(thread, found)
                    case _:
                        thread.found[message_id] = found
                self._finish_if_complete(thread)

    def _look_for_missing(self, thread: Thread) -> None:
        for message_id in thread.missing():
            thread.looking.add(message_id)
            question = partial(self._still_there, message_id)
            self._ask(thread, question, partial(self._looked, thread, message_id))

    def _still_there(self, message_id: str) -> bool:
        try:
            return self._api.message(message_id, self._stop) is not None
        except RecordError:
            # Refused is not gone: the stored row stays as it is.
            return True

    def _looked(self, thread: Thread, message_id: str, is_there: bool) -> None:
        thread.looking.discard(message_id)
        if not is_there:
            thread.vanished.add(message_id)
        self._finish_if_complete(thread)

    def _finish_if_complete(self, thread: Thread) -> None:
        if thread.is_settled or not thread.is_listed or thread.waiting or thread.looking:
            return
        if thread.has_strays() and not thread.rechecked:
            # Merged between the list and the bodies: its messages name another conversation.
            thread.rechecked = True
            question = partial(self._find, thread.lookup_event())
            self._ask(thread, question, partial(self._found, thread))
            return
        self._settle(thread, thread.reading())

    def _fail(self, thread: Thread, error: ConnectorError) -> None:
        self._settle(thread, Reading(thread.event, error=error, read_number=thread.number))

    def _settle(self, thread: Thread, reading: Reading) -> None:
        if not thread.is_settled:
            thread.is_settled = True
            self._ready.append(reading)

    def _ask(self, thread: Thread, question: Callable[[], T], then: Callable[[T], None]) -> None:
        """Have a question of one conversation asked. Its failure is that conversation's, if Missive is alive.

        Conversations that were begun go first, so that they are complete early.
        """
        self._asking += 1
        is_begun, thread.is_begun = thread.is_begun, True

        def job() -> Then:
            try:
                return partial(self._answered, thread, partial(then, question()))
            except RecordError as error:
                return partial(self._answered, thread, partial(self._fail, thread, error))
            except TransientError as error:
                ensure_alive(self._api, error, self._stop)
                return partial(self._answered, thread, partial(self._fail, thread, error))

        self._crew.submit(job, first=is_begun)

    def _answered(self, thread: Thread, then: Then) -> None:
        self._asking -= 1
        if thread.is_settled:
            return
        try:
            then()
        except RecordError as error:
            self._fail(thread, error)
