"""Missive's hooks for incoming mail: per organisation and, unless left out, for the key owner's private mail.

Documented: ``POST /hooks`` makes one (a rule, in fact) and tells its id, ``DELETE /hooks/:id`` removes it, nothing
lists them, and a rule is switched off after more than 50 failures in a row. So each is noted before it is made, and
made anew whenever registration begins afresh: nobody can tell whether an old one still works.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.codec import time_to_text
from tray_connector.model.errors import ConnectorError, Problem, TransientError
from tray_connector.model.events import is_id
from tray_connector.sources.http import HttpClient
from tray_connector.sources.missive.api import MissiveApi
from tray_connector.webhooks.hook_store import HookStore, StoredHook
from tray_connector.webhooks.registration_steps import PERSONAL, missive_mail_step, missive_rule_steps
from tray_connector.webhooks.registration_values import Hook, Registered, Scope, mark_of, problem_of
from tray_connector.webhooks.signatures import Secrets

EVENT = "incoming_email"
DOUBT_FOR = timedelta(days=7)
"""How long a hook is remembered of which nobody knows whether it was made."""
_GONE = frozenset({404, 410})
_NOT_OURS = 403

log = logging.getLogger(__name__)


class MissiveRegistration:
    """The hooks that were made with this key. Not thread-safe but for `noticed`: `Registration` takes turns."""

    def __init__(self, client: HttpClient, secrets: Secrets, scope: Scope, store: HookStore, clock: Clock) -> None:
        self._client = client
        self._secrets = secrets
        self._scope = scope
        self._store = store
        self._clock = clock
        self._making: StoredHook | None = None

    def bring_into_step(self, address: str, stop: Stop, *, afresh: bool) -> Registered:
        """One hook for each owner of conversations, none of ours besides. Never raises but `Stopped`.

        `afresh` makes those anew that are there already.
        """
        url = address + self._secrets.missive_path
        found = Registered()
        try:
            owners = self._owners(stop)
            self._cleared(owners, mark_of(url), stop)
        except ConnectorError as error:
            return Registered(problems=(self._told(error),))
        for organization, name in owners.items():
            try:
                found += Registered((self._hook(organization, url, address, stop, afresh=afresh),))
            except ConnectorError as error:
                by_hand = not isinstance(error, TransientError)
                problem = self._told(error)
                manual = (missive_mail_step(url, name, problem.message),) if by_hand else ()
                found += Registered(manual=manual, problems=(problem,) if problem not in found.problems else ())
        return found + Registered(manual=missive_rule_steps(url, owners.values()), problems=self._left(address))

    def remove(self, stop: Stop) -> None:
        """Remove all whose id is known. Raises `Stopped` and what the client raises."""
        for row in self._rows():
            if row.id:
                self._removed(row, stop)

    def noticed(self, rule_id: str, kind: str, organization: str) -> bool:
        """A delivery named this rule. Whether it is one of which we doubted: the next turn removes it.

        Rules that somebody made by hand are of other kinds, or of organisations where we could not make any.
        """
        rows = self._rows()
        doubts = [row for row in rows if not row.id and row.organization == organization and row != self._making]
        if not doubts or kind != EVENT or not is_id(rule_id) or rule_id in {row.id for row in rows}:
            return False
        mark = doubts[0].mark if doubts[0].made else ""
        self._store.replace(doubts[0], replace(doubts[0], id=rule_id, mark=mark, made=True))
        return True

    def _owners(self, stop: Stop) -> dict[str, str]:
        """Names by organisation id; the empty id is the key's owner."""
        rows = MissiveApi(self._client).directory("organizations", stop, urgent=True)
        named = {str(row["id"]): str(row.get("name") or row["id"]) for row in rows if is_id(str(row["id"]))}
        return named if self._scope == "shared" else {**named, "": PERSONAL}

    def _cleared(self, owners: Mapping[str, str], mark: str, stop: Stop) -> None:
        """Remove what is not wanted: of another address, of an organisation that is left, double."""
        seen: set[str] = set()
        for row in reversed(self._rows()):
            if row.id and (row.mark != mark or row.organization not in owners or row.organization in seen):
                self._removed(row, stop)
            elif row.id:
                seen.add(row.organization)
            elif self._is_forgotten(row) and not (row.made and row.mark == mark):
                self._store.drop(row)

    def _hook(self, organization: str, url: str, address: str, stop: Stop, *, afresh: bool) -> Hook:
        rows = [row for row in self._rows() if row.organization == organization and row.mark == mark_of(url)]
        for row in rows:
            if row.made and not (afresh and row.id):
                return Hook("missive", row.id, EVENT, url, organization=organization)
            if row.id:
                self._removed(row, stop)
        site, since = self._client.base_url, time_to_text(self._clock.now())
        intended = StoredHook("missive", site, EVENT, address, mark_of(url), organization=organization, since=since)
        return self._made(self._store.put(intended), url, stop)

    def _made(self, intended: StoredHook, url: str, stop: Stop) -> Hook:
        body: dict[str, Any] = {"type": EVENT, "url": url}
        if intended.organization:
            body["organization"] = intended.organization
        self._making = intended  # its first delivery may come before the answer
        try:
            made = self._asked_for(intended, body, stop)
        finally:
            self._making = None
        log.info("Missive: hook for incoming mail registered")
        return Hook("missive", made.id, EVENT, url, organization=made.organization)

    def _asked_for(self, intended: StoredHook, body: dict[str, Any], stop: Stop) -> StoredHook:
        try:
            data = self._client.change("POST", "hooks", {"hooks": body}, stop=stop).data
        except ConnectorError as error:
            if not (isinstance(error, TransientError) and error.unsure):
                self._store.drop(intended)
            raise
        told = data.get("hooks") if data else None
        found = str(told.get("id") or "") if isinstance(told, dict) else ""
        return self._store.replace(intended, replace(intended, id=found if is_id(found) else "", made=True))

    def _removed(self, row: StoredHook, stop: Stop) -> None:
        accept = _GONE | {_NOT_OURS}
        if self._client.change("DELETE", f"hooks/{row.id}", stop=stop, accept=accept).status == _NOT_OURS:
            # Made with another person's key: it must not keep this one from working.
            log.info("Missive: a hook of an earlier key may not be removed")
            self._store.replace(row, replace(row, id="", made=False, since=time_to_text(self._clock.now())))
        else:
            self._store.drop(row)

    def _rows(self) -> list[StoredHook]:
        return [row for row in self._store.rows("missive") if row.site == self._client.base_url]

    def _is_forgotten(self, row: StoredHook) -> bool:
        try:
            return datetime.fromisoformat(row.since) < self._clock.now() - DOUBT_FOR
        except (ValueError, TypeError):
            return True

    def _left(self, address: str) -> tuple[Problem, ...]:
        """One at this address shows itself by its first delivery; of one elsewhere we never hear again."""
        elsewhere = sorted({row.address for row in self._rows() if not row.id and row.address != address})
        return tuple(
            Problem(
                "missive-hook-left",
                "A webhook may be left in Missive",
                f"Its address begins with {place}.",
                "Look in Missive under Settings › Rules and delete a rule with this address.",
            )
            for place in elsewhere
        )

    def _told(self, error: ConnectorError) -> Problem:
        problem = problem_of("missive", error, self._secrets)
        log.info("Missive: webhooks are not complete: %s", problem.sentence())
        return problem
