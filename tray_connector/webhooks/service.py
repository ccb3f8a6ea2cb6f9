"""`Webhooks`: listener, tunnel, registration and their health, beside a running engine."""

from __future__ import annotations

import logging
import secrets as randomness
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from tray_connector.config.clock import Clock, Stop, Stopped
from tray_connector.model.backoff import delay
from tray_connector.model.codec import Json
from tray_connector.model.errors import ConnectorError, Problem
from tray_connector.model.events import Event, SourceName
from tray_connector.model.status import WebhookState
from tray_connector.sync.engine import Engine, Loop
from tray_connector.webhooks.assessment import Announcements, WebhookFacts, WebhookHealth, assess
from tray_connector.webhooks.bodies import Reported
from tray_connector.webhooks.listener import Listener
from tray_connector.webhooks.ping import INSTANCE, PingResult, PingSchedule, ping
from tray_connector.webhooks.registration import Registration
from tray_connector.webhooks.registration_values import Registered
from tray_connector.webhooks.signatures import Secrets
from tray_connector.webhooks.tunnel import Tunnel

logger = logging.getLogger(__name__)

LOOK = 2.0
"""Seconds between two looks at the tunnel."""
INSPECT_EVERY = 600.0
"""Seconds between two looks whether the services still have our hooks: two requests."""
RECONNECTS = 60.0
"""Seconds that a tunnel which lost its session has to find it again by itself."""
LONGEST_RETRY = 600.0


@dataclass(frozen=True)
class Parts:
    """What `Webhooks` is made of once the secrets are known."""

    listener: Listener
    registration: Registration
    """Told which hooks we want where."""


MakeParts = Callable[[Secrets, Callable[[SourceName, Reported], None], Callable[[], dict[str, Json]]], Parts]


class Webhooks:
    """Two loops beside those of the engine: one listens, one keeps tunnel and hooks alive and judges them.

    While webhooks do not work, for whatever reason, polling is quick and nothing is lost; the reason stands in the
    status. `secrets` may ask the keyring: it is called in a loop, never while the object is made.
    """

    def __init__(
        self,
        engine: Engine,
        tunnel: Tunnel | None,
        secrets: Callable[[], Secrets],
        make: MakeParts,
        clock: Clock,
        *,
        set_interval: float | None,
    ) -> None:
        self._engine = engine
        self._tunnel = tunnel
        self._secrets = secrets
        self._make = make
        self._clock = clock
        self._set_interval = set_interval
        self._instance = randomness.token_hex(8)
        self._pings = PingSchedule(clock)
        self._announcements = Announcements()
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._parts: Parts | None = None
        self._tunnel_problem: Problem | None = None
        self._failures = 0
        self._try_at = 0.0
        self._alive, self._alive_at = False, 0.0
        self._registered: Registered | None = None
        self._address: str | None = None
        self._inspect_at = 0.0
        self._delivered: dict[SourceName, datetime] = {}
        self._told: str | None = None
        self._paused = False
        self._health = self._assess()
        engine.webhook_state = self.state
        for lane in engine.lanes:
            if lane.name == "teamwork":
                # Missive announces only mail that comes in; what else a poll finds there says nothing.
                lane.poller.on_found = self._found

    # What others see.

    @property
    def health(self) -> WebhookHealth:
        """The last judgement."""
        with self._lock:
            return self._health

    @property
    def registered(self) -> Registered:
        """How the hooks at the services stand, and what a person may still do there by hand."""
        with self._lock:
            return self._registered or Registered()

    @property
    def address(self) -> str | None:
        """The public address at which hooks are registered; None while there is none."""
        return self._address

    def state(self) -> WebhookState:
        """For the status."""
        with self._lock:
            health, last = self._health, max(self._delivered.values(), default=None)
        return WebhookState(health.mode, health.healthy, last, health.reason)

    def loops(self) -> Sequence[Loop]:
        """To be run with those of the engine."""
        return (Loop("webhook-listener", self._listen), Loop("webhooks", self._keep))

    # The listener's loop.

    def _listen(self, stop: Stop) -> None:
        failures = 0
        while not stop.is_set():
            try:
                parts = self._prepare()
                self._ready.set()
                parts.listener.run(stop)
                return
            except Stopped:
                return
            except ConnectorError as error:
                failures += 1
                self._tell(error.problem)
                with self._lock:
                    self._tunnel_problem = error.problem
                self._judge()
                self._clock.wait(stop, min(delay(failures, 0.5), LONGEST_RETRY))

    def _prepare(self) -> Parts:
        parts = self._make(self._secrets(), self._delivery, self._answer)
        parts.listener.open()
        with self._lock:
            self._parts = parts
            self._tunnel_problem = None
        return parts

    def _answer(self) -> dict[str, Json]:
        return {INSTANCE: self._instance}

    def _delivery(self, source: SourceName, reported: Reported) -> None:
        now = self._clock.now()
        with self._lock:
            self._delivered[source] = now
            parts = self._parts
        if reported.id:
            self._announcements.delivered(source, reported.id, now)
        if reported.rule_id and parts is not None:
            parts.registration.noticed(reported.rule_id, reported.name, reported.organization)

    def _found(self, events: Sequence[Event]) -> None:
        now = self._clock.now()
        for event in events:
            self._announcements.found(event.source, event.id, now)

    # The loop that keeps the rest.

    def _keep(self, stop: Stop) -> None:
        try:
            while not stop.is_set():
                if self._ready.is_set():
                    self._step(stop)
                self._judge()
                if self._clock.wait(stop, LOOK if self._ready.is_set() else 0.05):
                    break
        except Stopped:
            pass
        finally:
            self._end()

    def _step(self, stop: Stop) -> None:
        if self._tunnel is None or self._rests():
            return
        try:
            address = self._opened(self._tunnel, stop)
            if address is not None:
                self._register(address, stop)
                self._ping(address, stop)
        except ConnectorError as error:
            self._failed(error)

    def _rests(self) -> bool:
        paused = self._engine.pause_state().holds(self._clock.now())
        if self._paused and not paused:
            self._pings.hurry()
        self._paused = paused
        return paused

    def _opened(self, tunnel: Tunnel, stop: Stop) -> str | None:
        """The address in use; None while another try makes no sense yet."""
        if tunnel.address() is not None:
            self._alive = tunnel.healthy()
            now = self._clock.monotonic()
            if self._alive:
                self._alive_at = now
                return tunnel.address()
            if now - self._alive_at < RECONNECTS:
                return None
        if self._clock.monotonic() < self._try_at or self._parts is None:
            return None
        address = tunnel.open(self._parts.listener.port, stop)
        self._failures, self._alive, self._alive_at = 0, True, self._clock.monotonic()
        with self._lock:
            self._tunnel_problem = None
        self._pings.hurry()
        logger.info("Deliveries come in through the public address now")
        return address

    def _failed(self, error: ConnectorError) -> None:
        self._failures += 1
        wait = min(delay(self._failures, 0.5), LONGEST_RETRY)
        if error.problem.retry_at is not None:
            wait = max(wait, (error.problem.retry_at - self._clock.now()).total_seconds())
        self._try_at = self._clock.monotonic() + wait
        with self._lock:
            self._tunnel_problem = error.problem

    def _register(self, address: str, stop: Stop) -> None:
        now = self._clock.monotonic()
        if self._parts is None:
            return
        if address != self._address:
            registered = self._parts.registration.ensure(address, stop)
            self._announcements.forget()
            self._address = address
        elif now >= self._inspect_at:
            registered = self._parts.registration.inspect(stop)
        else:
            return
        self._inspect_at = now + (60.0 if registered.problems else INSPECT_EVERY)
        with self._lock:
            self._registered = registered

    def _ping(self, address: str, stop: Stop) -> None:
        if self._pings.wait() > 0:
            return
        before = self._pings.last
        result = ping(address, self._instance, self._clock, stop)
        self._pings.note(result)
        if result.ok and before is not None and not before.ok and self._parts is not None:
            # The services may have given up on the address while it was dead.
            with self._lock:
                self._registered = None
            registered = self._parts.registration.ensure(address, stop)
            self._announcements.forget()
            with self._lock:
                self._registered = registered

    def _end(self) -> None:
        parts, tunnel = self._parts, self._tunnel
        if parts is not None and tunnel is not None and tunnel.temporary and self._address is not None:
            parts.registration.remove(Stop())
        if tunnel is not None:
            tunnel.close()

    # The judgement.

    def _assess(self) -> WebhookHealth:
        now = self._clock.now()
        names = frozenset(lane.name for lane in self._engine.lanes)
        registered = self._registered
        return assess(
            WebhookFacts(
                now=now,
                wanted=self._tunnel is not None,
                tunnel_healthy=self._alive,
                tunnel_problem=self._tunnel_problem,
                ping=self._last_ping(),
                hooks={} if registered is None else hooks_of(registered, names),
                needed=names,
                last_delivery=dict(self._delivered),
                missed=self._announcements.missed(now),
                set_interval=self._set_interval,
            )
        )

    def _last_ping(self) -> PingResult | None:
        return self._pings.last if self._address is not None else None

    def _judge(self) -> None:
        with self._lock:
            health = self._health = self._assess()
        self._engine.poll_every(health.poll_interval)
        if health.reason is not None:
            self._tell(health.reason)
        elif health.healthy and self._told is not None:
            self._told = None
            logger.info("Webhooks work again")

    def _tell(self, problem: Problem) -> None:
        if problem.code != self._told:
            self._told = problem.code
            logger.warning("Webhooks do not work: %s", problem.sentence())


def hooks_of(registered: Registered, sources: frozenset[SourceName]) -> dict[SourceName, Problem | None]:
    """Per source, why its hooks do not stand; None when they do."""
    found: dict[SourceName, Problem | None] = dict.fromkeys(sources)
    for problem in registered.problems:
        for source in sources:
            if problem.code.startswith(source):
                found[source] = problem
    return found
