"""Installations that register webhooks with a sandbox office, and a place where its deliveries arrive."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.clock import FakeClock
from tray_connector.config.budget import missive_budget, teamwork_budget
from tray_connector.config.carriers import Limits
from tray_connector.config.clock import Clock, Stop
from tray_connector.sandbox.running import SandboxOffice
from tray_connector.sandbox.server import Request, Response, SandboxServer
from tray_connector.sources.http import HttpClient
from tray_connector.webhooks.hook_store import HookStore
from tray_connector.webhooks.registration import Registered, Registration
from tray_connector.webhooks.registration_teamwork import EVENTS
from tray_connector.webhooks.registration_values import Scope
from tray_connector.webhooks.signatures import Secrets

ADDRESS = "https://quiet-lake.ngrok.example"
OURS = Secrets("0123456789abcdef", "path5ecret0000000000", "token-of-today")
QUICK = Limits(connect=2.0, silence=1.0, total=2.0)


class Installation:
    """One home's registration; made again over the same folder, it is the next run."""

    def __init__(
        self,
        office: SandboxOffice,
        folder: Path,
        *,
        secrets: Secrets = OURS,
        scope: Scope = "all",
        clock: Clock | None = None,
        limits: Limits = QUICK,
        remove_within: float = 8.0,
    ) -> None:
        clock = clock or FakeClock()
        self.office = office
        self.secrets = secrets
        self.clients = (
            HttpClient(
                service="teamwork",
                base_url=office.teamwork_server.url,
                authorization=f"Bearer {office.teamwork.api_key}",
                budget=teamwork_budget(clock, scale=1000),
                clock=clock,
                user_agent="tests",
                limits=limits,
            ),
            HttpClient(
                service="missive",
                base_url=office.missive.url,
                authorization=f"Bearer {office.missive.token}",
                budget=missive_budget(clock, scale=1000),
                clock=clock,
                user_agent="tests",
                limits=limits,
            ),
        )
        self.store = HookStore(folder / "webhooks.json")
        self.registration = Registration(
            teamwork=self.clients[0],
            missive=self.clients[1],
            secrets=secrets,
            scope=scope,
            store=self.store,
            clock=clock,
            remove_within=remove_within,
        )

    def ensure(self, address: str = ADDRESS, stop: Stop | None = None) -> Registered:
        return self.registration.ensure(address, stop or Stop())

    def inspect(self) -> Registered:
        return self.registration.inspect(Stop())

    def close(self) -> None:
        for client in self.clients:
            client.close()

    def assert_complete(self, address: str = ADDRESS) -> None:
        """Exactly the hooks that there shall be, as the services have them."""
        url = address + self.secrets.teamwork_path
        found = [hook for hook in self.office.teamwork.hooks.hooks() if self.secrets.installation_id in hook.url]
        assert sorted(hook.event for hook in found) == sorted(EVENTS)
        assert {(hook.url, hook.token, hook.version, hook.content_type, hook.status) for hook in found} == {
            (url, self.secrets.teamwork_token, "2", "application/json", "ACTIVE")
        }
        self.assert_missive_complete(address)

    def assert_missive_complete(self, address: str = ADDRESS) -> None:
        rules = [rule for rule in self.office.missive.service.hooks.rules() if self.secrets.installation_id in rule.url]
        (organization,) = self.office.mailbox.organizations
        assert sorted(rule.organization or "" for rule in rules) == ["", organization]
        assert {(rule.url, rule.type) for rule in rules} == {(address + self.secrets.missive_path, "incoming_email")}


class Sink:
    """Takes deliveries; `answer` decides how."""

    name = "sink"

    def __init__(self) -> None:
        self.status = 200
        self.received: list[Request] = []
        self._condition = threading.Condition()

    def answer(self, request: Request) -> Response:
        with self._condition:
            self.received.append(request)
            self._condition.notify_all()
            return Response(self.status, "ok")

    def wait_for(self, count: int, seconds: float = 10.0) -> list[Request]:
        """The first `count` deliveries."""
        with self._condition:
            assert self._condition.wait_for(lambda: len(self.received) >= count, seconds), len(self.received)
            return self.received[:count]

    def bodies(self) -> list[Any]:
        with self._condition:
            return [json.loads(request.body) for request in self.received]


class Homes:
    """Makes installations below one folder, and closes them."""

    def __init__(self, office: SandboxOffice, folder: Path) -> None:
        self._office = office
        self._folder = folder
        self._made: list[Installation] = []

    def __call__(
        self,
        home: str = "home",
        *,
        secrets: Secrets = OURS,
        scope: Scope = "all",
        clock: Clock | None = None,
        remove_within: float = 8.0,
    ) -> Installation:
        """The next run of this home, or its first."""
        self._made.append(
            Installation(
                self._office,
                self._folder / home,
                secrets=secrets,
                scope=scope,
                clock=clock,
                remove_within=remove_within,
            )
        )
        return self._made[-1]

    def close(self) -> None:
        for each in self._made:
            each.close()


@contextmanager
def sink() -> Iterator[tuple[Sink, SandboxServer]]:
    place = Sink()
    with SandboxServer(place) as server:
        yield place, server


def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Until it is true; AssertionError after so many seconds."""
    waiting = threading.Event()
    for _ in range(int(seconds / 0.01)):
        if condition():
            return
        waiting.wait(0.01)
    raise AssertionError("it never became true")
