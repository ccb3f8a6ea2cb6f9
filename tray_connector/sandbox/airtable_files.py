"""Attachments as Airtable treats them: fetched from their addresses after the answer, shown under addresses of its own.

The fetching is real HTTP, on a thread of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import requests

from tray_connector.config.clock import Clock, Stop
from tray_connector.sandbox.airtable_state import Attachment, Row, Table, Workspace
from tray_connector.sandbox.server import Request, Response

READABLE_SECONDS = 7200
"""How long an address of a stored attachment is good."""
_REDIRECTS = 3
_FETCH_SECONDS = 10.0
_REMEMBERED_SECONDS = 600.0
_LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class _Errand:
    """An attachment to fetch, and the cell it stands in."""

    attachment: Attachment
    table: Table
    record_id: str
    field_id: str
    due: float


class AttachmentStore:
    """Fetches, keeps and shows the files of a workspace. `base_url` is the host under which they are shown."""

    def __init__(self, workspace: Workspace) -> None:
        self.base_url = ""
        self._workspace = workspace
        self._clock: Clock = workspace.clock
        self._condition = threading.Condition()
        self._errands: deque[_Errand] = deque()
        self._under_way = 0
        self._held = False
        self._stored: dict[str, Attachment] = {}
        self._failures: dict[str, list[float]] = {}
        self._told: deque[str] = deque()
        self.fetches: list[str] = []
        """Every address that was fetched, in order."""

    def shape(self, attachment: Attachment) -> dict[str, Any]:
        """As it stands in an answer: `size` and `type` once it is fetched."""
        shape: dict[str, Any] = {
            "id": attachment.id,
            "url": self._address(attachment),
            "filename": attachment.filename,
        }
        if attachment.content is not None:
            shape |= {"size": len(attachment.content), "type": attachment.content_type}
        return shape

    def tell(self, reason: str, times: int = 1) -> None:
        """Let the next writes with new attachments answer with this reason in `details` and lose those attachments."""
        with self._condition:
            self._told.extend([reason] * times)

    def reason_against(self, addresses: list[str]) -> str | None:
        """Why new attachments of a write are dropped at once, if they are."""
        with self._condition:
            if addresses and self._told:
                return self._told.popleft()
            now = self._clock.monotonic()
            for address in addresses:
                recent = [at for at in self._failures.get(address, ()) if now - at < _REMEMBERED_SECONDS]
                if len(recent) >= self._workspace.switches.failures_until_told:
                    return "attachmentsFailedUploading"
        return None

    def fetch_later(self, attachment: Attachment, table: Table, row: Row, field_id: str) -> None:
        """Fetch it for that cell, on the store's thread."""
        due = self._clock.monotonic() + self._workspace.switches.fetch_seconds
        with self._condition:
            self._errands.append(_Errand(attachment, table, row.id, field_id, due))
            self._condition.notify_all()

    def keep(self, attachment: Attachment, content: bytes, content_type: str) -> bool:
        """Store a file's bytes; False when the plan has no space for them."""
        with self._workspace.lock:
            used = sum(len(each.content or b"") for each in self._stored.values())
            if used + len(content) > self._workspace.plan.attachment_bytes:
                return False
            attachment.content, attachment.content_type = content, content_type
            self._stored[attachment.id] = attachment
            return True

    def hold(self, held: bool) -> None:
        """Fetch nothing while held."""
        with self._condition:
            self._held = held
            self._condition.notify_all()

    def settle(self, timeout: float) -> bool:
        """Wait in real time until nothing is left to fetch; False when it took longer."""
        with self._condition:
            return self._condition.wait_for(lambda: not self._errands and not self._under_way, timeout)

    def run(self, stop: Stop) -> None:
        """Fetch until stopped."""
        with stop.calls(self._wake), requests.Session() as session:
            session.trust_env = False
            session.max_redirects = _REDIRECTS
            while (errand := self._next(stop)) is not None:
                try:
                    self._fetch(session, errand)
                finally:
                    with self._condition:
                        self._under_way -= 1
                        self._condition.notify_all()

    def answer(self, request: Request) -> Response:
        """The bytes under an address of the store's own; 403 when it expired, 404 when there is no such file."""
        parts = request.path.strip("/").split("/")
        if len(parts) != 5 or parts[0] != "v3" or not parts[2].isdecimal():
            return Response(404)
        _, attachment_id, expires, signature, _ = parts
        if not hmac.compare_digest(signature.encode(), _signature(attachment_id, expires).encode()):
            return Response(403)
        if self._clock.now().timestamp() > int(expires):
            return Response(403)
        with self._workspace.lock:
            attachment = self._stored.get(attachment_id)
        if attachment is None or attachment.content is None:
            return Response(404)
        return Response(200, attachment.content, {"Content-Type": attachment.content_type})

    def _address(self, attachment: Attachment) -> str:
        expires = str(int(self._clock.now().timestamp()) + READABLE_SECONDS)
        name = quote(attachment.filename.replace("/", "_"), safe="") or "file"
        return f"{self.base_url}/v3/{attachment.id}/{expires}/{_signature(attachment.id, expires)}/{name}"

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def _next(self, stop: Stop) -> _Errand | None:
        with self._condition:
            while not stop.is_set():
                ready = None if self._held else self._first_due()
                if ready is not None:
                    self._errands.remove(ready)
                    self._under_way += 1
                    return ready
                self._condition.wait(_LOOK_SECONDS if self._errands and not self._held else None)
            return None

    def _first_due(self) -> _Errand | None:
        now = self._clock.monotonic()
        return next((errand for errand in self._errands if errand.due <= now), None)

    def _fetch(self, session: requests.Session, errand: _Errand) -> None:
        address = errand.attachment.source
        self.fetches.append(address)
        try:
            answer = session.get(address, timeout=_FETCH_SECONDS)
        except (requests.RequestException, ValueError):
            self._failed(errand)
            return
        kind = answer.headers.get("Content-Type", "application/octet-stream").partition(";")[0]
        if answer.status_code != 200 or not self.keep(errand.attachment, answer.content, kind):
            self._failed(errand)

    def _failed(self, errand: _Errand) -> None:
        with self._condition:
            self._failures.setdefault(errand.attachment.source, []).append(self._clock.monotonic())
        if self._workspace.switches.failed_fetch == "dead":
            return
        with self._workspace.lock:
            row = errand.table.rows.get(errand.record_id)
            if row is None or errand.field_id not in row.cells:
                return
            rest = [each for each in row.cells[errand.field_id] if each is not errand.attachment]
            errand.table.change(row, {**row.cells, errand.field_id: rest})


def filename_of(address: str) -> str:
    """The name of a file whose writer gave none: the end of its address."""
    return unquote(urlsplit(address).path.rpartition("/")[2]) or "file"


def _signature(attachment_id: str, expires: str) -> str:
    return hmac.digest(b"sandbox airtable", f"{attachment_id}/{expires}".encode(), hashlib.sha256).hex()[:32]
