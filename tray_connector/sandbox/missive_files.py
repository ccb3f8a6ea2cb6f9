"""The host that Missive's attachments are fetched from: signed addresses that expire, no token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import re
from urllib.parse import quote

from tray_connector.sandbox.mailbox_files import file_bytes
from tray_connector.sandbox.mailbox_records import MailFile
from tray_connector.sandbox.mailbox_state import MailState, NotInMailbox
from tray_connector.sandbox.server import Request, Response

_DENIED = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>'
)
_FOUR_HOURS = 4 * 3600
_RANGE = re.compile(r"bytes=(\d+)-(\d*)$")


class AttachmentHost:
    """Serves the bytes of a mailbox's files.

    An address is good for `lifetime` seconds of the mailbox's clock: 200 up to and at `Expires`, 403 after it.
    `base_url` is where this service is reached; set it once its server is started. `authorized` counts requests that
    carried an `Authorization` header: a client that leaks its token. With `ranges` a part of a file may be asked for
    (``Range``, ``If-Range`` with the ``ETag``), which Missive's host is not documented to grant.
    """

    name = "missive-attachments"

    def __init__(self, mailbox: MailState, *, lifetime: int = _FOUR_HOURS, base_url: str = "") -> None:
        self.lifetime = lifetime
        self.base_url = base_url
        self.authorized = 0
        self.ranges = True
        self._mailbox = mailbox
        self._counter = itertools.count(1)
        self._secret = b"sandbox attachments"

    def address_of(self, file: MailFile) -> str:
        """A new address, another one at each call."""
        expires = self._mailbox.now() + self.lifetime
        nonce = f"{next(self._counter):08x}"
        signature = self._sign(file.id, file.filename, str(expires), nonce)
        return (
            f"{self.base_url}/{file.id}/{quote(file.filename, safe='')}"
            f"?Expires={expires}&Signature={signature}&Key-Pair-Id=KSANDBOX1"
        )

    def answer(self, request: Request) -> Response:
        """The file; 403 for an address that expired or was never given, 404 when the file is gone."""
        if "Authorization" in request.headers:
            self.authorized += 1
        _, _, rest = request.path.partition("/")
        file_id, _, filename = rest.partition("/")
        expires, signature = request.query.get("Expires", ""), request.query.get("Signature", "")
        expected = self._sign(file_id, filename, expires, signature[:8])
        if request.method != "GET" or not hmac.compare_digest(expected.encode(), signature.encode()):
            return _denied()
        if self._mailbox.now() > int(expires):
            return _denied()
        try:
            file = self._mailbox.file(file_id)
        except NotInMailbox:
            return Response(404)
        return self._whole_or_part(file, request)

    def _whole_or_part(self, file: MailFile, request: Request) -> Response:
        body = file_bytes(file)
        headers = {"Content-Type": file.content_type}
        if not self.ranges:
            return Response(200, body, headers)
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers |= {"ETag": etag, "Accept-Ranges": "bytes"}
        asked = _RANGE.match(request.headers.get("Range", ""))
        if asked is None or request.headers.get("If-Range", etag) != etag:
            return Response(200, body, headers)
        first, last = int(asked[1]), min(int(asked[2] or len(body)), len(body) - 1)
        if first > last:
            return Response(416, None, {"Content-Range": f"bytes */{len(body)}"})
        part = body[first : last + 1]
        return Response(206, part, headers | {"Content-Range": f"bytes {first}-{last}/{len(body)}"})

    def _sign(self, file_id: str, filename: str, expires: str, nonce: str) -> str:
        text = "\n".join((file_id, filename, expires, nonce))
        digest = hmac.digest(self._secret, text.encode(), hashlib.sha256)
        return nonce + base64.b64encode(digest, b"-~").decode().replace("=", "_")


def _denied() -> Response:
    return Response(403, _DENIED, {"Content-Type": "application/xml"})
