"""The sandbox's Airtable on loopback: a workspace with one base to begin with, the API's server and the files'.

Settings of a client: `url` is the endpoint (without ``/v0``), `token` the personal access token, `base_id` the base.

What tests use: `table`, `columns`, `column_types`, `table_names` look; `add_table`, `add_column`, `change_column`,
`remove_column`, `rename_column`, `remove_table`, `add_records`, `change_record`, `remove_records` change by hand,
without calls; `grant`, `revoke`, `add_token` set rights; `calls`, `refused`, `violations`, `calls_this_month`,
`requests` tell what arrived; `faults` and `fail_next` script trouble; `settle`, `hold_fetches`, `tell_attachments`
steer attachments; `expire_offsets` makes lists begin anew.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Self

from tray_connector.config.clock import Clock, Stop
from tray_connector.sandbox.airtable import AirtableService
from tray_connector.sandbox.airtable_by_hand import AirtableRow, BaseByHand
from tray_connector.sandbox.airtable_calls import call_of
from tray_connector.sandbox.airtable_errors import Refusal, Shape
from tray_connector.sandbox.airtable_files import AttachmentStore
from tray_connector.sandbox.airtable_state import Workspace
from tray_connector.sandbox.airtable_switches import PLANS, AirtableSwitches
from tray_connector.sandbox.airtable_tokens import Role, Token
from tray_connector.sandbox.faults import Faults, Rule, When
from tray_connector.sandbox.server import Request, RequestLog, Response, SandboxServer

__all__ = ["SANDBOX_PAT", "AirtableRow", "AirtableSite", "AirtableSwitches"]

SANDBOX_PAT = "patSandboxNordlicht.0123456789abcdef"
"""Opens nothing but the sandbox."""
_STOP_SECONDS = 5.0


class AirtableSite(BaseByHand):
    """May be stopped and started again on the same port; also a context manager.

    A new site has one base with one table, ``Table 1``, as Airtable makes it. `plan` is ``free``, ``team`` or
    ``business``. With `rate_scale` s a base takes 5*s calls a second and a lock-out lasts 30/s seconds. `latency` is
    the seconds that a call takes on its way there and back together, `jitter` a random addition to it; both are real
    time and may be set while it runs, on `server`.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        plan: str = "free",
        switches: AirtableSwitches | None = None,
        rate_scale: float = 1.0,
        latency: float = 0.0,
        jitter: float = 0.0,
        port: int = 0,
        token: str = SANDBOX_PAT,
        seed: int = 1,
    ) -> None:
        self.token = token
        workspace = Workspace(clock, PLANS[plan], switches or AirtableSwitches(), seed)
        self.service = AirtableService(workspace, scale=rate_scale)
        super().__init__(workspace, workspace.add_base("Nordlicht"), self.service.files)
        self.server = SandboxServer(self.service, port=port, clock=clock, latency=latency, jitter=jitter)
        self.file_server = SandboxServer(_Files(self.service.files), clock=clock)
        self._stop = Stop()
        self._fetcher: threading.Thread | None = None
        self.add_token(token)
        self.add_table(
            "Table 1",
            [
                {"name": "Name", "type": "singleLineText"},
                {"name": "Notes", "type": "multilineText"},
                {"name": "Attachments", "type": "multipleAttachments", "options": {"isReversed": False}},
            ],
        )

    @property
    def url(self) -> str:
        """What `AIRTABLE_ENDPOINT_URL` is set to: without ``/v0``, no slash at the end. Known once started."""
        return self.server.url

    @property
    def switches(self) -> AirtableSwitches:
        """How the undocumented is decided; may be replaced while the site runs."""
        return self.workspace.switches

    @switches.setter
    def switches(self, switches: AirtableSwitches) -> None:
        self.workspace.switches = switches

    @property
    def plan(self) -> str:
        """The plan's name; another one may be taken while the site runs."""
        return self.workspace.plan.name

    @plan.setter
    def plan(self, name: str) -> None:
        self.workspace.plan = PLANS[name]

    @property
    def faults(self) -> Faults:
        """The script of the API's server. Requests that a rule answers reach no limit and no count but `requests`."""
        return self.server.faults

    @property
    def requests(self) -> RequestLog:
        """Every request that arrived at the API's server."""
        return self.server.requests

    @property
    def calls(self) -> Counter[str]:
        """Calls that arrived with a valid token, by kind, refused ones too.

        The kinds: whoami, bases, schema, create_table, create_field, update_table, update_field, list, get, create,
        update, upsert, delete, upload.
        """
        return Counter(self.service.calls)

    @property
    def refused(self) -> Counter[str]:
        """The 429s by their type."""
        return Counter(self.service.refused)

    @property
    def violations(self) -> int:
        """Calls that the base's limit of a second refused: 0 for a well-behaved client."""
        return self.service.limiter(self.base_id).violations

    @property
    def calls_this_month(self) -> int:
        """Against the plan's quota; may be set."""
        return self.service.quota.spent

    @calls_this_month.setter
    def calls_this_month(self, calls: int) -> None:
        self.service.quota.spent = calls

    def add_token(self, token: str, rights: Token | None = None) -> None:
        """Let another token in, by default with every right; or give one other rights."""
        with self.workspace.lock:
            self.service.tokens[token] = rights or Token()

    def grant(
        self,
        *,
        scopes: Collection[str] | None = None,
        role: Role | None = None,
        bases: Collection[str] | None = None,
    ) -> None:
        """Change the rights of the site's own token: what is named; the rest stays as it is."""
        with self.workspace.lock:
            rights = self.service.tokens.get(self.token, Token())
            if scopes is not None:
                rights = replace(rights, scopes=frozenset(scopes))
            if role is not None:
                rights = replace(rights, role=role)
            if bases is not None:
                rights = replace(rights, bases=frozenset(bases))
            self.service.tokens[self.token] = rights

    def revoke(self, token: str | None = None) -> None:
        """Take a token out, by default the site's own: 401 from now on."""
        with self.workspace.lock:
            self.service.tokens.pop(token or self.token, None)

    def add_base(self, name: str) -> BaseByHand:
        """Another base, without tables."""
        with self.workspace.lock:
            return BaseByHand(self.workspace, self.workspace.add_base(name), self.service.files)

    def fail_next(
        self,
        status: int,
        error: str,
        message: str | None = None,
        *,
        on: str | None = None,
        shape: Shape = "object",
        headers: Mapping[str, str] | None = None,
        at: int = 1,
        times: int | None = 1,
    ) -> Rule:
        """Answer the next call with an error of Airtable's form; `on` is a kind of `calls`, None = any.

        `at` and `times` as in `When`: the first of the matching calls that is struck, and how many in a row.
        """
        body = json.dumps(Refusal(status, error, message, shape=shape).body).encode()
        fields = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
        return self.faults.status(status, self.when(on, at=at, times=times), headers=fields, body=body)

    def when(self, on: str | None = None, *, at: int = 1, times: int | None = 1) -> When:
        """Which calls a rule of `faults` concerns, chosen by a kind of `calls`."""
        return When(match=None if on is None else lambda request: _kind(request) == on, at=at, times=times)

    def expire_offsets(self) -> None:
        """Let every offset given so far be stale."""
        with self.workspace.lock:
            self.service.records.listing.expire()

    def hold_fetches(self, held: bool = True) -> None:
        """Let attachments wait to be fetched, or go on."""
        self.service.files.hold(held)

    def settle(self, timeout: float = 10.0) -> bool:
        """Wait, in real time, until every attachment is fetched or has failed; False when it took longer."""
        return self.service.files.settle(timeout)

    @property
    def fetched(self) -> list[str]:
        """Every address that attachments were fetched from, in order, failed ones too."""
        return list(self.service.files.fetches)

    def tell_attachments(self, reason: str = "attachmentsFailedUploading", times: int = 1) -> None:
        """Let the next writes with new attachments lose them and say so in `details`."""
        self.service.files.tell(reason, times)

    def environment(self) -> dict[str, str]:
        """The settings a connector needs to write into this base, by name. Known once started."""
        return {
            "DB_BACKEND": "airtable",
            "AIRTABLE_API_KEY": self.token,
            "AIRTABLE_BASE_ID": self.base_id,
            "AIRTABLE_ENDPOINT_URL": self.url,
            "AIRTABLE_PLAN": self.plan,
        }

    def start(self) -> None:
        """Listen on both ports and fetch attachments. OSError when a port is not free; then none is taken."""
        if self._fetcher is not None:
            return
        self.file_server.start()
        self.service.files.base_url = self.file_server.url
        try:
            self.server.start()
        except OSError:
            self.file_server.stop()
            raise
        self._stop = Stop()
        self._fetcher = threading.Thread(
            target=self.service.files.run, args=(self._stop,), name="sandbox-airtable-fetcher", daemon=True
        )
        self._fetcher.start()

    def stop(self) -> None:
        """End both servers and the fetching."""
        fetcher, self._fetcher = self._fetcher, None
        self._stop.set()
        self.server.stop()
        self.file_server.stop()
        if fetcher is not None:
            fetcher.join(_STOP_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Files:
    """The host of stored attachments."""

    name = "airtable-files"

    def __init__(self, files: AttachmentStore) -> None:
        self._files = files

    def answer(self, request: Request) -> Response:
        """The bytes of a file."""
        return self._files.answer(request)


def _kind(request: Request) -> str | None:
    try:
        return call_of(request).kind
    except Refusal:
        return None
