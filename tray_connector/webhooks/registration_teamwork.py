"""Teamwork's webhooks: one per event, told from those of others by the installation id in their path.

Documented (version 1 of the API): ``GET /webhooks.json`` lists them with their status but not their token,
``POST /webhooks.json`` makes one, ``PUT`` and ``DELETE /webhooks/{id}.json`` change and remove it, and a webhook is
switched off, without a word, after three discarded deliveries.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tray_connector.config.clock import Stop
from tray_connector.model.errors import ConnectorError, InternalError, TransientError
from tray_connector.model.events import is_id
from tray_connector.sources.http import HttpClient
from tray_connector.webhooks.hook_store import HookStore, StoredHook
from tray_connector.webhooks.registration_steps import teamwork_steps
from tray_connector.webhooks.registration_values import Hook, Registered, mark_of, problem_of
from tray_connector.webhooks.signatures import Secrets

EVENTS = tuple(
    f"TASK.{action}"
    for action in ("CREATED", "UPDATED", "DELETED", "COMPLETED", "REOPENED", "MOVED", "TAGGED", "UNTAGGED")
)
_LIST = "webhooks.json"
_GONE = frozenset({404, 410})
_REFUSALS = frozenset({400, 403, 405, 409, 422}) | _GONE

log = logging.getLogger(__name__)


class TeamworkRegistration:
    """The site's webhooks that are ours. Not thread-safe: `Registration` takes turns."""

    def __init__(self, client: HttpClient, secrets: Secrets, store: HookStore) -> None:
        self._client = client
        self._secrets = secrets
        self._store = store

    def bring_into_step(self, address: str, stop: Stop) -> Registered:
        """One switched-on hook per event at `address`, none of ours besides. Never raises but `Stopped`."""
        url = address + self._secrets.teamwork_path
        kept: list[Hook] = []
        foreign: list[Hook] = []
        try:
            listed = self._listed(stop)
            ours = [hook for hook in listed if self._is_ours(hook)]
            foreign = [hook for hook in listed if hook not in ours]
            kept += self._sorted_out(ours, url, address, stop)
            if not kept and not foreign:
                # Nobody uses webhooks here yet: the site's switch for them may be off, and turning it on alters
                # nothing for anybody else.
                self._client.change("PUT", "webhooks/enable.json", stop=stop, accept=_REFUSALS | {402})
            for event in EVENTS:
                if event not in {hook.event for hook in kept}:
                    kept.append(self._made(event, url, address, stop))
        except ConnectorError as error:
            return self._failed(error, kept, foreign, url)
        return Registered(tuple(kept), _dead(foreign))

    def remove(self, stop: Stop) -> None:
        """Remove all of ours, wherever they point. Raises `Stopped` and what the client raises."""
        for hook in self._listed(stop):
            if self._is_ours(hook):
                self._removed(hook, stop)
        for row in self._rows():
            self._store.drop(row)

    def _sorted_out(self, ours: Sequence[Hook], url: str, address: str, stop: Stop) -> list[Hook]:
        """Those of ours that may stay; the others are removed."""
        rows = {row.id: row for row in self._rows()}
        for row in rows.values():
            if row.id not in {hook.id for hook in ours}:
                self._store.drop(row)
        kept: dict[str, Hook] = {}
        for hook in ours:
            is_wanted = hook.active and hook.url.rstrip("/") == url and hook.event in EVENTS and hook.event not in kept
            if is_wanted and self._is_good(hook, rows.get(hook.id), url, address, stop):
                kept[hook.event] = hook
            else:
                self._removed(hook, stop)
        return list(kept.values())

    def _is_good(self, hook: Hook, row: StoredHook | None, url: str, address: str, stop: Stop) -> bool:
        """Whether its token is today's. One that we do not know was made by hand, or just before a crash: it gets it.

        Where that is not allowed, the token is what a person pasted.
        """
        if row is not None:
            return row.mark == mark_of(url, self._secrets.teamwork_token or "")
        body = self._body(hook.event, url)
        answer = self._client.change("PUT", f"webhooks/{hook.id}.json", body, stop=stop, accept=_REFUSALS)
        if answer.status in _GONE:
            return False
        self._store.put(self._row(hook, url, address))
        return True

    def _made(self, event: str, url: str, address: str, stop: Stop) -> Hook:
        answer = self._client.change("POST", _LIST, self._body(event, url), stop=stop)
        made = Hook("teamwork", _identifier((answer.data or {}).get("id")), event, url)
        if made.id:
            # Without its id, or after a crash here, the next listing finds it by its path.
            self._store.put(self._row(made, url, address))
        log.info("Teamwork: webhook for %s registered", event)
        return made

    def _removed(self, hook: Hook, stop: Stop) -> None:
        self._client.change("DELETE", f"webhooks/{hook.id}.json", stop=stop, accept=_GONE)
        for row in self._rows():
            if row.id == hook.id:
                self._store.drop(row)

    def _listed(self, stop: Stop) -> list[Hook]:
        data = self._client.get(_LIST, stop=stop, urgent=True).data
        found = data.get("webhooks", ())
        if not isinstance(found, list | None):
            raise InternalError("teamwork-webhooks-list", "Teamwork's list of webhooks cannot be read")
        hooks = [_hook(each) for each in found or () if isinstance(each, dict)]
        return [hook for hook in hooks if hook.id]

    def _failed(self, error: ConnectorError, kept: list[Hook], foreign: list[Hook], url: str) -> Registered:
        problem = problem_of("teamwork", error, self._secrets)
        log.info("Teamwork: webhooks are not complete: %s", problem.sentence())
        missing = [event for event in EVENTS if event not in {hook.event for hook in kept}]
        by_hand = not isinstance(error, TransientError) and bool(missing)
        token = self._secrets.teamwork_token or ""
        manual = (teamwork_steps(url, token, missing, problem.message),) if by_hand else ()
        return Registered(tuple(kept), _dead(foreign), manual, (problem,))

    def _is_ours(self, hook: Hook) -> bool:
        try:
            path = urlsplit(hook.url).path
        except ValueError:
            return False
        return path.rstrip("/").endswith(self._secrets.teamwork_path)

    def _rows(self) -> list[StoredHook]:
        """Those of another site, from before the address was changed, stay for when it is changed back."""
        return [row for row in self._store.rows("teamwork") if row.site == self._client.base_url]

    def _row(self, hook: Hook, url: str, address: str) -> StoredHook:
        mark = mark_of(url, self._secrets.teamwork_token or "")
        return StoredHook("teamwork", self._client.base_url, hook.event, address, mark, hook.id, made=True)

    def _body(self, event: str, url: str) -> dict[str, Any]:
        token = self._secrets.teamwork_token
        hook = {"event": event, "url": url, "version": "2", "contentType": "application/json", "token": token}
        return {"webhook": hook}


def _hook(data: dict[str, Any]) -> Hook:
    return Hook(
        "teamwork",
        _identifier(data.get("id")),
        str(data.get("event") or "").upper(),
        str(data.get("url") or ""),
        str(data.get("status") or "").upper() == "ACTIVE",
    )


def _identifier(value: object) -> str:
    """A number or a text, as Teamwork has both; empty when it is no id."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if is_id(text) else ""


def _dead(foreign: Sequence[Hook]) -> tuple[Hook, ...]:
    return tuple(hook for hook in foreign if not hook.active)
