"""Missive's webhooks: rules with a webhook action, made through the API or by hand, and what they deliver."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, get_args
from urllib.parse import urlsplit

from tray_connector.sandbox.deliveries import Attempt, Deliveries, Parcel, Policy
from tray_connector.sandbox.mailbox_filing import MailFiling
from tray_connector.sandbox.mailbox_records import Conversation, MailChange, MailEvent, MailFile
from tray_connector.sandbox.missive_answers import Refusal, not_found
from tray_connector.sandbox.missive_shapes import Shape, Shapes
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.server import Request, Response

API_TYPES = (
    "incoming_email", "incoming_sms_message", "incoming_facebook_message", "incoming_whatsapp_message",
    "incoming_twilio_chat_message", "new_comment",
)  # fmt: skip
_FILTERS = ("content_contains", "content_starts_with", "content_ends_with", "from_eq", "subject_contains")
_TIMEOUT = 15.0
_RETRIES = (15.0, 30.0, 60.0, 120.0, 255.0)
"""Five over eight minutes; how they are spaced is not documented."""
_MOST_FAILURES = 50


@dataclass(frozen=True, slots=True)
class MissiveRule:
    """One rule: one kind of event, of one organisation or of the owner's private conversations."""

    id: str
    type: str
    url: str
    organization: str | None = None
    secret: str = field(default="", repr=False)
    """Only rules made by hand may have one."""
    description: str = ""
    filters: tuple[tuple[str, str], ...] = ()
    active: bool = True
    failures: int = 0
    """In a row."""


class MissiveHooks:
    """The rules and their deliveries. Thread-safe; `deliveries` is for tests, as Teamwork's."""

    def __init__(
        self,
        mailbox: MailFiling,
        switches: Callable[[], MissiveSwitches],
        address_of: Callable[[MailFile], str],
        *,
        pace: float = 1.0,
    ) -> None:
        self._mailbox = mailbox
        self._switches = switches
        self._address_of = address_of
        self._rules: dict[str, MissiveRule] = {}
        self.deliveries = Deliveries(Policy(_TIMEOUT, _RETRIES, lambda status: 200 <= status < 300), self, pace=pace)
        mailbox.watchers.append(self._changed)

    def rules(self) -> list[MissiveRule]:
        """All of them, oldest first."""
        with self._mailbox.lock:
            return list(self._rules.values())

    def add(self, kind: str, url: str, **details: Any) -> MissiveRule:
        """Make a rule by hand, of any kind; saving it sends a validation at once, from the calling thread."""
        if kind not in (*get_args(MailEvent), *API_TYPES):
            raise ValueError(f"there is no rule about {kind}")
        rule = self._store(MissiveRule(self._mailbox.new_id(), kind, url, **details))
        self._validate(rule)
        return rule

    def change(self, rule_id: str, **changes: Any) -> None:
        """Alter a rule by hand, for instance ``active=True`` for one that was switched off."""
        with self._mailbox.lock:
            self._store(replace(self._rules[rule_id], **changes))

    def answer(self, request: Request) -> Response:
        """``POST /hooks`` and ``DELETE /hooks/:id``; nothing lists them. Raises `Refusal`."""
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["v1", "hooks"]:
                rule = self._asked_for(request)
                if self._switches().validate_on_api_hook and not self._validate(rule):
                    raise Refusal(400, "The webhook URL could not be validated")
                self._store(rule)
                return Response(201, None if self._switches().hooks_without_id else {"hooks": {"id": rule.id}})
            case "DELETE", ["v1", "hooks", rule_id]:
                with self._mailbox.lock:
                    if self._rules.pop(rule_id, None) is None:
                        raise not_found()
                return Response(200, {})
            case _:
                raise not_found()

    def wants(self, parcel: Parcel) -> bool:
        """See `Addressee`."""
        with self._mailbox.lock:
            rule = self._rules.get(parcel.hook_id)
            return rule is not None and rule.active

    def ended(self, attempt: Attempt, *, given_up: bool) -> None:
        """More than 50 failures in a row switch a rule off; somebody must switch it on again by hand."""
        del given_up
        with self._mailbox.lock:
            rule = self._rules.get(attempt.parcel.hook_id)
            if rule is not None:
                failures = 0 if attempt.good else rule.failures + 1
                self._store(replace(rule, failures=failures, active=rule.active and failures <= _MOST_FAILURES))

    def _changed(self, change: MailChange) -> None:
        for rule in list(self._rules.values()):
            if rule.active and rule.type == change.kind and self._reaches(rule, change) and _passes(rule, change):
                self.deliveries.post(self._parcel(rule, self._body(rule, change)))

    def _reaches(self, rule: MissiveRule, change: MailChange) -> bool:
        conversation = change.conversation
        if rule.organization is not None:
            return conversation.organization_id == rule.organization
        return conversation.organization_id is None and self._mailbox.me_id in conversation.states

    def _body(self, rule: MissiveRule, change: MailChange) -> bytes:
        shapes = Shapes(self._mailbox, self._switches(), self._address_of)
        conversation = shapes.listed_conversation(change.conversation)
        conversation.pop("last_activity_at", None)
        body: Shape = {"rule": {"id": rule.id, "description": rule.description, "type": rule.type}}
        body["conversation"] = conversation
        if change.message is not None:
            message = _slim(shapes.listed_message(change.message))
            key = self._switches().message_key
            body |= {name: message for name in ("message", "latest_message") if key in (name, "both")}
        else:
            if change.comment is not None:
                body["comment"] = shapes.comment(change.comment)
            latest = self._latest(change.conversation, shapes)
            if latest is not None and rule.type in ("new_comment", "label_change"):
                body["latest_message"] = latest
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

    def _latest(self, conversation: Conversation, shapes: Shapes) -> Shape | None:
        mails = [message for message in self._mailbox.messages_of(conversation) if not message.draft]
        return _slim(shapes.listed_message(mails[-1])) if mails else None

    def _parcel(self, rule: MissiveRule, body: bytes) -> Parcel:
        headers = {"Content-Type": "application/json"}
        if rule.secret:
            digest = hmac.new(rule.secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Hook-Signature"] = f"sha256={digest}"
        return Parcel(rule.id, rule.type, rule.url, headers, body)

    def _validate(self, rule: MissiveRule) -> bool:
        """What it holds is not documented: nothing that could be used."""
        parcel = self._parcel(rule, b"{}")
        return 200 <= self.deliveries.send(parcel.url, parcel.headers, parcel.body) < 300

    def _asked_for(self, request: Request) -> MissiveRule:
        if self._switches().hook_rights == "none":
            raise Refusal(403, "You don't have permission to create rules")
        try:
            sent = json.loads(request.body or b"{}").get("hooks")
        except (ValueError, AttributeError):
            sent = None
        if not isinstance(sent, dict):
            raise Refusal(400, "'hooks' is required")
        organization = sent.get("organization")
        if sent.get("type") not in API_TYPES:
            raise Refusal(400, "'type' is not included in the list")
        if urlsplit(str(sent.get("url") or "")).scheme not in ("http", "https"):
            raise Refusal(400, "'url' is invalid")
        if organization is not None and organization not in self._mailbox.organizations:
            raise Refusal(404, "Organization not found")
        if organization is not None and self._switches().hook_rights == "personal":
            raise Refusal(403, "You must be an admin or owner of the organization")
        filters = tuple((name, str(sent[name])) for name in _FILTERS if sent.get(name))
        return MissiveRule(self._mailbox.new_id(), sent["type"], sent["url"], organization, filters=filters)

    def _store(self, rule: MissiveRule) -> MissiveRule:
        with self._mailbox.lock:
            self._rules[rule.id] = rule
            return rule


def _slim(message: Shape) -> Shape:
    return {name: value for name, value in message.items() if name not in ("draft", "attachments")}


def _passes(rule: MissiveRule, change: MailChange) -> bool:
    message = change.message
    if message is None:
        return True
    sender = (message.sender.address or "") if message.sender else ""
    subject, text = (message.subject or "").lower(), message.preview.lower()
    tests: dict[str, Callable[[str], bool]] = {
        "from_eq": lambda wanted: sender.lower() == wanted,
        "subject_contains": lambda wanted: wanted in subject,
        "content_contains": lambda wanted: wanted in text,
        "content_starts_with": text.startswith,
        "content_ends_with": text.endswith,
    }
    return all(tests[name](wanted.lower()) for name, wanted in rule.filters)
