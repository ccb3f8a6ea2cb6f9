"""The sandbox's Missive: the REST API's reading half and its hooks as the documentation has them, over a `Mailbox`."""

from __future__ import annotations

import hmac
import math
from collections.abc import Sequence
from typing import Any

from tray_connector.sandbox.limits import MISSIVE_IN_FLIGHT, MISSIVE_WINDOWS, RateLimiter, Verdict, Window
from tray_connector.sandbox.mailbox_filing import MailFiling
from tray_connector.sandbox.mailbox_records import Conversation, Message
from tray_connector.sandbox.mailbox_state import NotInMailbox
from tray_connector.sandbox.missive_answers import (
    Refusal,
    cut,
    limit_of,
    not_found,
    page_at_offset,
    page_until,
    whole_number,
)
from tray_connector.sandbox.missive_files import AttachmentHost
from tray_connector.sandbox.missive_hooks import MissiveHooks
from tray_connector.sandbox.missive_mailboxes import chosen, is_guest, sees
from tray_connector.sandbox.missive_shapes import Shape, Shapes
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.server import Request, Response

SANDBOX_TOKEN = "missive_pat-sandbox"  # noqa: S105 - opens nothing but the sandbox
_REFUSED = "Authentication token is invalid or has been revoked"
_MOST_BY_MAIL_ID = 10


class MissiveService:
    """Answers below ``/v1``: conversations with their sub-lists, messages, organizations, users, teams, shared_labels,
    hooks.

    `mailbox` is what it shows and may change at any time; its clock also counts the limits. `limiter.violations` is 0
    as long as the client keeps to the limits. `windows`, `max_in_flight` and `scale` are for tests that want others.
    """

    name = "missive"

    def __init__(
        self,
        mailbox: MailFiling,
        attachments: AttachmentHost,
        *,
        token: str = SANDBOX_TOKEN,
        switches: MissiveSwitches | None = None,
        windows: Sequence[Window] = MISSIVE_WINDOWS,
        max_in_flight: int = MISSIVE_IN_FLIGHT,
        scale: float = 1.0,
        webhook_pace: float = 1.0,
    ) -> None:
        self.mailbox = mailbox
        self.attachments = attachments
        self.token = token
        self.limiter = RateLimiter(windows, clock=mailbox.clock, max_in_flight=max_in_flight, scale=scale)
        self._switches = MissiveSwitches()
        self.switches = switches or self._switches
        self.hooks = MissiveHooks(mailbox, lambda: self._switches, attachments.address_of, pace=webhook_pace)

    @property
    def switches(self) -> MissiveSwitches:
        """How the undocumented is decided; may be replaced while the service runs."""
        return self._switches

    @switches.setter
    def switches(self, switches: MissiveSwitches) -> None:
        self._switches = switches
        self.mailbox.bump_on = switches.activity_bump_on

    def answer(self, request: Request) -> Response:
        """One request: 401, then the limits, then the resource."""
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.token}".encode()):
            return Response(401, Refusal(401, _REFUSED).envelope)
        with self.limiter.request() as verdict:
            if not verdict.allowed:
                headers = {"Retry-After": str(max(1, math.ceil(verdict.reset))), **self._rate_headers(verdict)}
                return Response(429, Refusal(429, "Rate limit exceeded").envelope, headers)
            response = self._refusable(request)
            if self._switches.rate_headers_on_200:
                return Response(response.status, response.data, self._rate_headers(verdict))
            return response

    def _rate_headers(self, verdict: Verdict) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(verdict.limit),
            "X-RateLimit-Remaining": str(verdict.remaining),
            "X-RateLimit-Reset": str(self.mailbox.now() + math.ceil(verdict.reset)),
        }

    def _refusable(self, request: Request) -> Response:
        try:
            if request.path.startswith("/v1/hooks"):
                return self.hooks.answer(request)
            with self.mailbox.lock:
                return Response(200, _Reading(self.mailbox, self._switches, self.attachments).answer(request))
        except (Refusal, NotInMailbox) as problem:
            refusal = problem if isinstance(problem, Refusal) else not_found()
            if refusal.status == 404 and self._switches.unknown_id == "empty":
                return Response(404)
            return Response(refusal.status, refusal.envelope)


class _Reading:
    """One request's look at the mailbox, as of one moment."""

    def __init__(self, mailbox: MailFiling, switches: MissiveSwitches, attachments: AttachmentHost) -> None:
        self._mailbox = mailbox
        self._switches = switches
        self._shapes = Shapes(mailbox, switches, attachments.address_of)

    def answer(self, request: Request) -> dict[str, Any]:
        """The body of a 200. Raises `Refusal` and `NotInMailbox`."""
        if request.method != "GET":
            raise not_found()
        match request.path.strip("/").split("/"):
            case ["v1", "conversations"]:
                return {"conversations": self._conversations(request)}
            case ["v1", "conversations", conversation_id]:
                return {"conversations": [self._conversation(conversation_id)]}
            case ["v1", "conversations", conversation_id, ("messages" | "comments" | "drafts" | "posts") as part]:
                return {part: self._part(conversation_id, part, request)}
            case ["v1", "messages"]:
                return {"messages": self._messages_of_mail_id(request)}
            case ["v1", "messages", ids]:
                return {"messages": self._messages([each for each in ids.split(",") if each])}
            case ["v1", ("organizations" | "users" | "teams" | "shared_labels") as directory]:
                return {directory: self._directory(directory, request)}
            case _:
                raise not_found()

    def _conversations(self, request: Request) -> list[Shape]:
        shown = chosen(self._mailbox, self._switches, request.query)
        limit = limit_of(request.query, default=25, least=2, most=self._switches.limit_cap)
        until = whole_number(request.query, "until", None)
        newest_first = self._mailbox.by_activity(until, inclusive=self._switches.until_inclusive)
        page = cut(
            filter(shown, newest_first),
            limit,
            lambda conversation: conversation.last_activity_at,
            extend_ties=self._switches.extend_ties,
        )
        return [self._shapes.listed_conversation(conversation) for conversation in page]

    def _conversation(self, conversation_id: str) -> Shape:
        conversation = self._mailbox.conversation(conversation_id)
        if not (sees(self._mailbox, conversation) or is_guest(self._mailbox, conversation)):
            raise not_found()
        return self._shapes.single_conversation(conversation)

    def _part(self, conversation_id: str, part: str, request: Request) -> list[Shape]:
        conversation = self._readable(conversation_id)
        rules = {"until_inclusive": self._switches.until_inclusive, "extend_ties": self._switches.extend_ties}
        if part == "comments":
            comments = self._mailbox.comments_of(conversation)
            page = page_until(comments, request.query, lambda comment: comment.created_at, **rules)
            return [self._shapes.comment(comment) for comment in page]
        drafts = part == "drafts"
        messages = [each for each in self._mailbox.messages_of(conversation) if each.draft == drafts]
        if part == "posts":
            messages = []
        found = page_until(messages, request.query, lambda message: message.moment, **rules)
        return [self._shapes.draft(each) if drafts else self._shapes.listed_message(each) for each in found]

    def _messages(self, ids: list[str]) -> Shape | list[Shape]:
        if not ids:
            raise not_found()
        if len(ids) == 1:
            return self._shapes.whole_message(self._message(ids[0]))
        most = self._switches.batch_max
        if most is not None and len(ids) > most:
            raise Refusal(400, f"max number of ids is {most}")
        found = []
        for message_id in dict.fromkeys(ids):
            try:
                found.append(self._message(message_id))
            except NotInMailbox:
                if self._switches.batch_missing_id == "404":
                    raise
        found.sort(key=lambda message: message.moment, reverse=True)
        return [self._shapes.whole_message(message) for message in found]

    def _messages_of_mail_id(self, request: Request) -> list[Shape]:
        if not request.query.get("email_message_id"):
            raise Refusal(400, "'email_message_id' is required")
        found = self._mailbox.messages_of_mail_id(request.query["email_message_id"])
        visible = [message for message in found if self._may_read(message)]
        return [self._shapes.whole_message(message) for message in visible[:_MOST_BY_MAIL_ID]]

    def _directory(self, directory: str, request: Request) -> list[Shape]:
        mailbox, shapes = self._mailbox, self._shapes
        asked = request.query.get("organization")
        organizations = [{"id": each.id, "name": each.name} for each in mailbox.organizations.values()]
        if directory == "organizations":
            return list(page_at_offset(organizations, request.query))
        if asked is not None and asked not in mailbox.organizations:
            return []
        items: list[Shape]
        match directory:
            case "users":
                items = [shapes.user(user) for user in mailbox.users.values()]
            case "teams":
                items = [shapes.team(team) for team in mailbox.teams.values()]
            case _:
                items = [shapes.label(label) for label in mailbox.labels.values()]
        return list(page_at_offset(items, request.query))

    def _readable(self, conversation_id: str) -> Conversation:
        conversation = self._mailbox.conversation(conversation_id)
        if not sees(self._mailbox, conversation):
            raise not_found()
        return conversation

    def _message(self, message_id: str) -> Message:
        message = self._mailbox.message(message_id)
        if not self._may_read(message):
            raise NotInMailbox(message_id)
        return message

    def _may_read(self, message: Message) -> bool:
        return sees(self._mailbox, self._mailbox.conversation(message.conversation_id))
