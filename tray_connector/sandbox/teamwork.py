"""Teamwork as the sandbox plays it: key, limits, routes. Follows what is known of the API v3, and v1 where needed."""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Callable

from tray_connector.config.clock import Clock
from tray_connector.sandbox.limits import TEAMWORK_WINDOWS, RateLimiter, Verdict
from tray_connector.sandbox.office import Office
from tray_connector.sandbox.server import Request, Response
from tray_connector.sandbox.teamwork_hooks import TeamworkHooks
from tray_connector.sandbox.teamwork_included import page_of, side_loads, sparse
from tray_connector.sandbox.teamwork_lookups import Lookups
from tray_connector.sandbox.teamwork_params import Params, Refused
from tray_connector.sandbox.teamwork_shapes import task_shape
from tray_connector.sandbox.teamwork_switches import TeamworkSwitches
from tray_connector.sandbox.teamwork_tasks import TaskLists
from tray_connector.sandbox.teamwork_writes import Writes

__all__ = ["SANDBOX_KEY", "TeamworkService", "TeamworkSwitches"]

SANDBOX_KEY = "twp_sandbox_nordlicht"
_V3 = "/projects/api/v3"
_LIMIT_PAGE = "<html><head><title>Too many requests</title></head><body><h1>Slow down</h1></body></html>"

_Handler = Callable[[Request, Params, list[int]], Response]


class TeamworkService:
    """The site. `switches` may be replaced and `api_key` changed while it runs; `limiter.violations` counts refusals.

    Without a limiter of its own it allows 150 requests in a fixed window of 60 seconds. `hooks` are the webhooks;
    `webhook_pace` 60 lets a minute of their retries last a second.
    """

    name = "teamwork"

    def __init__(
        self,
        office: Office,
        *,
        api_key: str = SANDBOX_KEY,
        switches: TeamworkSwitches | None = None,
        limiter: RateLimiter | None = None,
        clock: Clock | None = None,
        webhook_pace: float = 1.0,
    ) -> None:
        self.office = office
        self.api_key = api_key
        self.switches = switches or TeamworkSwitches()
        self._clock = clock or office.clock
        self.limiter = limiter or RateLimiter(TEAMWORK_WINDOWS, clock=self._clock, style="fixed")
        self._lists = TaskLists(office)
        self._lookups = Lookups(office)
        self._writes = Writes(office)
        self.hooks = TeamworkHooks(office, lambda: self.switches, pace=webhook_pace)
        self._routes = [(method, re.compile(pattern + r"\Z"), handler) for method, pattern, handler in self._table()]

    def answer(self, request: Request) -> Response:
        """Limits first, then the key, then the route. The rate headers are on every answer."""
        with self.limiter.request() as verdict:
            if not verdict.allowed:
                return self._refused(verdict)
            response = self._checked(request)
            return Response(response.status, response.data, {**response.headers, **self._rate_headers(verdict)})

    def _checked(self, request: Request) -> Response:
        longest = self.switches.longest_url
        if longest is not None and len(request.target) > longest:
            return Response(414)
        if not self._is_authorised(request.headers.get("Authorization", "")):
            return _error(401, "Unauthorized", "The API key or token is not valid")
        try:
            for method, pattern, handler in self._routes:
                match = pattern.match(request.path)
                if match and method == request.method:
                    return handler(request, Params(request.query), [int(each) for each in match.groups()])
        except Refused as refused:
            return _error(refused.status, "Bad Request" if refused.status == 400 else "Error", refused.detail)
        return Response(404)

    def _table(self) -> list[tuple[str, str, _Handler]]:
        lookups, writes = self._lookups, self._writes
        return [
            ("GET", rf"{_V3}/tasks\.json", lambda r, p, _: self._tasks(r, p)),
            ("GET", rf"{_V3}/projects/(\d+)/tasks\.json", lambda r, p, i: self._tasks(r, p, project_id=i[0])),
            ("GET", rf"{_V3}/tasklists/(\d+)/tasks\.json", lambda r, p, i: self._tasks(r, p, tasklist_id=i[0])),
            ("GET", rf"{_V3}/tasks/(\d+)\.json", lambda _, p, i: self._task(p, i[0])),
            ("GET", rf"{_V3}/people\.json", lambda _, p, __: lookups.people(p, self.switches)),
            ("GET", rf"{_V3}/tags\.json", lambda _, p, __: lookups.tags(p, self.switches)),
            ("GET", rf"{_V3}/tasklists\.json", lambda _, p, __: lookups.tasklists(p, self.switches)),
            (
                "GET",
                rf"{_V3}/projects/(\d+)/tasklists\.json",
                lambda _, p, i: lookups.tasklists(p, self.switches, i[0]),
            ),
            ("GET", rf"{_V3}/projects\.json", lambda _, p, __: lookups.projects(p, self.switches)),
            ("GET", rf"{_V3}/companies\.json", lambda _, p, __: lookups.companies(p, self.switches)),
            ("GET", rf"{_V3}/me\.json", lambda _, __, ___: lookups.me()),
            *(
                ("GET", rf"{_V3}/{kind}/(\d+)\.json", _single(lookups, kind))
                for kind in ("people", "tags", "tasklists", "projects", "companies")
            ),
            ("GET", r"(?:/projects/api/v1)?/teams\.json", lambda _, p, __: lookups.teams(p)),
            ("GET", r"(?:/projects/api/v1)?/people/deleted\.json", lambda _, __, ___: lookups.deleted_people()),
            ("GET", r"(?:/projects/api/v1)?/trashcan/projects/(\d+)\.json", lambda _, __, i: lookups.trashcan(i[0])),
            ("PUT", r"(?:/projects/api/v1)?/trashcan/tasks/(\d+)/restore\.json", lambda _, __, i: writes.restore(i[0])),
            (
                "PUT",
                r"(?:/projects/api/v1)?/tasks/(\d+)/complete\.json",
                lambda _, __, i: writes.complete(i[0], done=True),
            ),
            (
                "PUT",
                r"(?:/projects/api/v1)?/tasks/(\d+)/uncomplete\.json",
                lambda _, __, i: writes.complete(i[0], done=False),
            ),
            ("POST", rf"{_V3}/tasklists/(\d+)/tasks\.json", lambda r, _, i: writes.create(r, self.switches, i[0])),
            ("PUT", rf"{_V3}/tasks/(\d+)\.json", lambda r, _, i: writes.update(r, self.switches, i[0])),
            ("PATCH", rf"{_V3}/tasks/(\d+)\.json", lambda r, _, i: writes.update(r, self.switches, i[0])),
            ("DELETE", rf"{_V3}/tasks/(\d+)\.json", lambda _, __, i: writes.delete(self.switches, i[0])),
            *self.hooks.routes(),
        ]

    def _tasks(
        self, request: Request, params: Params, *, project_id: int | None = None, tasklist_id: int | None = None
    ) -> Response:
        office, switches = self.office, self.switches
        if project_id is not None and project_id not in office.projects:
            return Response(404)
        if tasklist_id is not None and tasklist_id not in office.lists:
            return Response(404)
        with office.lock:
            found = self._lists.find(request.query, switches, project_id=project_id, tasklist_id=tasklist_id)
            shown, meta = page_of(found, params, switches, ceiling=switches.row_ceiling)
            included = side_loads(shown, office, params, switches)
        shapes = sparse((task_shape(task, office, switches) for task in shown), params, "tasks")
        return Response(200, {"tasks": shapes, "meta": meta, "included": included})

    def _task(self, params: Params, task_id: int) -> Response:
        office, switches = self.office, self.switches
        with office.lock:
            found = office.tasks_of_ids([task_id])
            if not found or (office.is_deleted(found[0]) and switches.deleted_get == 404):
                return Response(404)
            shape = task_shape(found[0], office, switches)
            included = side_loads(found, office, params, switches)
        return Response(200, {"task": sparse([shape], params, "tasks")[0], "included": included})

    def _is_authorised(self, authorization: str) -> bool:
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return value.strip() == self.api_key
        if scheme.lower() != "basic":
            return False
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[0] == self.api_key
        except (binascii.Error, UnicodeDecodeError):
            return False

    def _refused(self, verdict: Verdict) -> Response:
        headers = self._rate_headers(verdict)
        if self.switches.retry_after:
            headers["Retry-After"] = str(max(1, -int(-verdict.reset // 1)))
        if self.switches.limit_body == "html":
            return Response(self.switches.limit_status, _LIMIT_PAGE, headers)
        refusal = _error(self.switches.limit_status, "Too Many Requests", "Rate limit exceeded")
        return Response(refusal.status, refusal.data, headers)

    def _rate_headers(self, verdict: Verdict) -> dict[str, str]:
        reset = -int(-verdict.reset // 1)
        if self.switches.rate_reset == "epoch":
            reset += int(self._clock.now().timestamp())
        return {
            "X-RateLimit-Limit": str(verdict.limit),
            "X-RateLimit-Remaining": str(max(0, verdict.remaining)),
            "X-RateLimit-Reset": str(reset),
        }


def _single(lookups: Lookups, kind: str) -> _Handler:
    return lambda _, __, ids: lookups.single(kind, ids[0])


def _error(status: int, title: str, detail: str) -> Response:
    error = {"id": str(uuid.uuid4()), "code": str(status), "title": title, "detail": detail}
    return Response(status, {"errors": [error]})
