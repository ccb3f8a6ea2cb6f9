"""A small Teamwork site on loopback, and how tests ask it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

from tests.support.clock import FakeClock
from tray_connector.sandbox.faults import Faults
from tray_connector.sandbox.limits import RateLimiter
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.server import SandboxServer
from tray_connector.sandbox.teamwork import TeamworkService, TeamworkSwitches

V3 = "/projects/api/v3"
EVERYTHING = {
    "includeCompletedTasks": "true",
    "showCompletedLists": "true",
    "includeArchivedProjects": "true",
    "includeTentativeProjects": "true",
}


@dataclass(frozen=True)
class Site:
    """Office, service and server, with a client that holds the key."""

    office: Office
    service: TeamworkService
    server: SandboxServer
    session: requests.Session
    clock: FakeClock

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def send(self, method: str, path: str, *, json: Any = None, **params: str | int) -> requests.Response:
        return self.session.request(method, self.server.url + path, params=params, json=json, timeout=10)

    def get(self, path: str, **params: str | int) -> Any:
        """The JSON of a 200."""
        answer = self.send("GET", path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tasks(self, **params: str | int) -> list[dict[str, Any]]:
        """The rows of one page of 500."""
        rows: list[dict[str, Any]] = self.get(f"{V3}/tasks.json", **({"pageSize": 500} | params))["tasks"]
        return rows

    def ids(self, **params: str | int) -> list[int]:
        """The ids of one page of 500."""
        return [row["id"] for row in self.tasks(**params)]

    def walk(self, page_size: int, **params: str | int) -> list[int]:
        """The ids of all pages, in order."""
        ids: list[int] = []
        for page in range(1, 10_000):
            body = self.get(f"{V3}/tasks.json", page=page, pageSize=page_size, **params)
            ids += [row["id"] for row in body["tasks"]]
            if not body["meta"]["page"]["hasMore"]:
                return ids
        raise AssertionError("the list does not end")


@contextmanager
def teamwork_site(
    office: Office | None = None, *, switches: TeamworkSwitches | None = None, limiter: RateLimiter | None = None
) -> Iterator[Site]:
    """Start a site over an office made with a `FakeClock` (default: the small office)."""
    office = office or Office.generate(clock=FakeClock())
    clock = office.clock
    assert isinstance(clock, FakeClock)
    service = TeamworkService(office, switches=switches, limiter=limiter)
    with SandboxServer(service, clock=clock) as server, requests.Session() as session:
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {service.api_key}"
        yield Site(office, service, server, session, clock)
