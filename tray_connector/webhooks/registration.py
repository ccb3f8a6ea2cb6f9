"""Registering our webhooks with both services: at the start, when our address changes, and looked after in between."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.model.errors import ConnectorError
from tray_connector.sources.http import HttpClient
from tray_connector.webhooks.hook_store import HookStore
from tray_connector.webhooks.registration_missive import MissiveRegistration
from tray_connector.webhooks.registration_steps import manual_steps
from tray_connector.webhooks.registration_teamwork import TeamworkRegistration
from tray_connector.webhooks.registration_values import Hook, ManualStep, ManualValue, Registered, Scope
from tray_connector.webhooks.signatures import Secrets

__all__ = ["Hook", "HookStore", "ManualStep", "ManualValue", "Registered", "Registration", "manual_steps"]

REMOVE_WITHIN = 8.0
"""Seconds for taking the hooks away at the end; what is left then goes at the next start."""

log = logging.getLogger(__name__)


class Registration:
    """Our hooks at both services; a service without a client is left out. Thread-safe: one turn after the other.

    The clients are those of the sources, so that all requests count against the same limits. One service's failure
    does not touch the other; failures are told as `Registered.problems`, never raised. Repeating a turn that was
    broken off anywhere, even by a crash, leaves neither stale nor doubled hooks; hooks of others are never touched.
    """

    def __init__(
        self,
        *,
        teamwork: HttpClient | None,
        missive: HttpClient | None,
        secrets: Secrets,
        scope: Scope,
        store: HookStore,
        clock: Clock,
        remove_within: float = REMOVE_WITHIN,
    ) -> None:
        self._remove_within = remove_within
        self._turn = threading.Lock()
        self._address: str | None = None
        self._teamwork = None if teamwork is None else TeamworkRegistration(teamwork, secrets, store)
        self._missive = None if missive is None else MissiveRegistration(missive, secrets, scope, store, clock)

    def ensure(self, address: str, stop: Stop) -> Registered:
        """Have everything delivered to `address`, such as ``https://example.ngrok.app``, and nowhere else.

        At the start, when the address changes, and when it works again after it was dead: Missive's hooks are made
        anew, because it does not tell whether it switched them off. Raises `Stopped`.
        """
        with self._turns(stop):
            self._address = address.rstrip("/")
            return self._in_step(stop, afresh=True)

    def inspect(self, stop: Stop) -> Registered:
        """Make again what Teamwork switched off or somebody removed, and what failed before.

        Nothing before the first `ensure`. Costs two requests when all is well. Raises `Stopped`.
        """
        with self._turns(stop):
            return self._in_step(stop, afresh=False)

    def remove(self, stop: Stop) -> None:
        """Take our hooks away: at a clean exit with a temporary address. Ends within `remove_within` seconds.

        Never raises: what could not be removed is by the next `ensure`.
        """
        with _deadline(stop, self._remove_within) as limited:
            # Missive first: its hooks can be found in no list later.
            for part in (self._missive, self._teamwork):
                try:
                    with self._turns(limited):
                        self._address = None
                        if part is not None:
                            part.remove(limited)
                except ConnectorError as error:
                    log.info("Webhooks stay until the next start: %s", error.problem.sentence())
                except Stopped:
                    log.info("Webhooks stay until the next start: the time is up")
                    return

    def noticed(self, rule_id: str, kind: str, organization: str | None) -> None:
        """Tell that an authentic delivery of Missive named this rule: a crash may have kept us from noting its id.

        `kind` is the rule's type, `organization` the id in the delivered conversation. Cheap, unless it is such a rule;
        then the next `inspect` removes it. TransientError when that cannot be kept.
        """
        if self._missive is not None and self._missive.noticed(rule_id, kind, organization or ""):
            log.info("Missive: a hook of an earlier run has shown itself")

    def _in_step(self, stop: Stop, *, afresh: bool) -> Registered:
        found = Registered()
        if self._address is not None and self._teamwork is not None:
            found += self._teamwork.bring_into_step(self._address, stop)
        if self._address is not None and self._missive is not None:
            found += self._missive.bring_into_step(self._address, stop, afresh=afresh)
        return found

    @contextmanager
    def _turns(self, stop: Stop) -> Iterator[None]:
        while not self._turn.acquire(timeout=0.05):
            if stop.is_set():
                raise Stopped
        try:
            yield
        finally:
            self._turn.release()


@contextmanager
def _deadline(stop: Stop, seconds: float) -> Iterator[Stop]:
    """A stop that is set with the other one, or after so many seconds. Real ones, as with every socket."""
    limited = Stop()
    timer = threading.Timer(seconds, limited.set)
    timer.daemon = True
    timer.start()
    try:
        with stop.calls(limited.set):
            yield limited
    finally:
        timer.cancel()
