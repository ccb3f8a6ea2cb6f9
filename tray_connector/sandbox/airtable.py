"""The sandbox's Airtable: the part of the Web API that a connector needs, as its documentation and its users tell it.

Automations, comments, webhooks, views and enterprise calls are not played. Links and collaborators cannot be created
as fields by a call, and a link has no other end.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from threading import Lock
from typing import Any

from tray_connector.sandbox.airtable_calls import Call, call_of
from tray_connector.sandbox.airtable_errors import Refusal, Shape, hidden, invalid, unauthorized
from tray_connector.sandbox.airtable_files import AttachmentStore
from tray_connector.sandbox.airtable_limits import (
    CALLS_A_SECOND,
    CALLS_A_SECOND_OF_USER,
    CALLS_A_SECOND_OVER_QUOTA,
    LockingLimiter,
    MonthlyQuota,
)
from tray_connector.sandbox.airtable_records import Records
from tray_connector.sandbox.airtable_schema import Schema
from tray_connector.sandbox.airtable_state import Base, Workspace
from tray_connector.sandbox.airtable_tokens import Token
from tray_connector.sandbox.server import Request, Response

_LONGEST_ADDRESS = 16_000


class AirtableService:
    """Answers below ``/v0`` at any prefix. `tokens` may be changed while it runs, under the workspace's lock.

    `calls` counts what arrived, by kind; `refused` the 429s by their type. `scale` multiplies the limits of a second
    and divides the lock-out.
    """

    name = "airtable"

    def __init__(self, workspace: Workspace, *, scale: float = 1.0) -> None:
        self.workspace = workspace
        self.tokens: dict[str, Token] = {}
        self.files = AttachmentStore(workspace)
        self.records = Records(workspace, self.files)
        self.quota = MonthlyQuota(workspace.clock)
        self.calls: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._schema = Schema(workspace)
        self._scale = scale
        self._lock = Lock()
        self._of_user = LockingLimiter(workspace.clock, CALLS_A_SECOND_OF_USER, scale=scale)
        self._of_base: dict[str, LockingLimiter] = {}
        self._slowed = LockingLimiter(workspace.clock, CALLS_A_SECOND_OVER_QUOTA, scale=scale)

    def answer(self, request: Request) -> Response:
        """One call: token, limits of the second and of the month, rights, then what it asks for."""
        try:
            return Response(200, self._answered(request))
        except Refusal as refusal:
            return refusal.response()

    def _answered(self, request: Request) -> Any:
        if len(request.target) >= _LONGEST_ADDRESS:
            raise Refusal(414, "URI_TOO_LONG")
        longest = self.workspace.switches.longest_body
        if longest is not None and len(request.body) > longest:
            raise Refusal(413, "REQUEST_TOO_LARGE")
        value, token = self._token_of(request)
        call = call_of(request)
        with self._lock:
            self.calls[call.kind] += 1
        self._limit(call)
        with self.workspace.lock:
            if call.kind == "whoami":
                return _whoami(value, token)
            scope, role = call.needs
            token.demand(scope, role, call.base_id)
            if call.base_id is None:
                return self._bases(call, token)
            base = self.workspace.bases.get(call.base_id)
            if base is None:
                raise hidden()
            return self._of(base, call)

    def _of(self, base: Base, call: Call) -> Any:
        match call.kind:
            case "schema":
                return self._schema.tables(base, visible_field_ids=_wants_visible_fields(call))
            case "create_table":
                return self._schema.create_table(base, call.object)
            case "update_table":
                return self._schema.update_table(base, call.path[1], call.object)
            case "create_field":
                return self._schema.create_field(base, call.path[1], call.object)
            case "update_field":
                return self._schema.update_field(base, call.path[1], call.path[2], call.object)
            case "list":
                return self.records.list(base, call)
            case "get":
                return self.records.get(base, call)
            case "create":
                return self.records.create(base, call)
            case "update":
                return self.records.update(base, call)
            case "upsert":
                return self.records.upsert(base, call)
            case "delete":
                return self.records.delete(base, call)
            case _:
                return self.records.upload(base, call)

    def _token_of(self, request: Request) -> tuple[str, Token]:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        with self.workspace.lock:
            token = self.tokens.get(value.strip())
        if scheme.lower() != "bearer" or token is None:
            raise unauthorized()
        return value.strip(), token

    def _limit(self, call: Call) -> None:
        """Judge a call by the limits; raises the two kinds of 429."""
        switches = self.workspace.switches
        waits = [self._of_user.refused(extends=switches.lockout_extends)]
        if call.base_id is not None and (switches.schema_counts_for_rate or not call.is_schema):
            waits.append(self.limiter(call.base_id).refused(extends=switches.lockout_extends))
        longest = max((wait for wait in waits if wait is not None), default=None)
        counted = switches.schema_counts_for_quota or not call.is_schema
        counted = counted and (longest is None or switches.limited_count_for_quota)
        spent = self.quota.count(self.workspace.plan) if counted else False
        if longest is not None:
            raise self._too_many(longest)
        if spent and not call.is_schema:
            if self.workspace.plan.over_quota == "blocked":
                raise self._spent()
            wait = self._slowed.refused(extends=switches.lockout_extends)
            if wait is not None:
                raise self._too_many(wait)

    def limiter(self, base_id: str) -> LockingLimiter:
        """The limit of one base."""
        with self._lock:
            if base_id not in self._of_base:
                self._of_base[base_id] = LockingLimiter(self.workspace.clock, CALLS_A_SECOND, scale=self._scale)
            return self._of_base[base_id]

    def _too_many(self, wait: float) -> Refusal:
        kind = "RATE_LIMIT_REACHED"
        with self._lock:
            self.refused[kind] += 1
        headers = {"Retry-After": str(max(1, math.ceil(wait)))} if self.workspace.switches.retry_after else {}
        shape: Shape = "plural" if self.workspace.switches.limit_body == "plural" else "object"
        return Refusal(429, kind, "Rate limit exceeded. Please try again later", shape=shape, headers=headers)

    def _spent(self) -> Refusal:
        kind = "PUBLIC_API_BILLING_LIMIT_EXCEEDED"
        with self._lock:
            self.refused[kind] += 1
        shape: Shape = "plural" if self.workspace.switches.quota_body == "plural" else "object"
        message = (
            "API billing plan limit exceeded. You've reached the maximum number of requests allowed for this month."
        )
        return Refusal(429, kind, message, shape=shape)

    def _bases(self, call: Call, token: Token) -> dict[str, Any]:
        if {name for name, _ in call.pairs} - {"offset"}:
            raise invalid()
        seen = [base for base in self.workspace.bases.values() if token.sees(base.id)]
        return {"bases": [{"id": base.id, "name": base.name, "permissionLevel": token.role} for base in seen]}


def _whoami(value: str, token: Token) -> dict[str, Any]:
    """Never the scopes: Airtable tells them for OAuth tokens only."""
    user: dict[str, Any] = {"id": f"usr{hashlib.sha256(value.encode()).hexdigest()[:14]}"}
    if "user.email:read" in token.scopes and token.email is not None:
        user["email"] = token.email
    return user


def _wants_visible_fields(call: Call) -> bool:
    return any(name in ("include", "include[]") and value == "visibleFieldIds" for name, value in call.pairs)
