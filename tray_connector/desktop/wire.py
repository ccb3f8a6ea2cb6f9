"""One connection between two processes of the same user: JSON messages, and the proof that both know the token."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from multiprocessing.connection import Connection
from typing import Any

Message = dict[str, Any]

HANDSHAKE_SECONDS = 5.0
LONGEST_GREETING = 1 << 20
"""Bytes taken from one who has not yet proved anything."""


class GoneError(Exception):
    """The other side is gone, does not answer, or is not who it should be."""


class CutOffError(GoneError):
    """The other side was there, and went away before it had done what it was asked for."""


class Wire:
    """Sends from any thread, receives in one."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Raises `GoneError`."""
        content = json.dumps(message).encode()
        try:
            with self._sending:
                self._connection.send_bytes(content)
        except (OSError, ValueError) as error:
            raise GoneError("the other side does not take it") from error

    def receive(self, seconds: float, longest: int | None = None) -> Message | None:
        """The next message, None when none came in time. Raises `GoneError`."""
        try:
            if not self._connection.poll(seconds):
                return None
            message = json.loads(self._connection.recv_bytes(longest))
        except (OSError, EOFError, ValueError, RecursionError) as error:
            raise GoneError("the other side has ended") from error
        if not isinstance(message, dict):
            raise GoneError("the other side speaks another language")
        return message

    def greet(self, token: str) -> Message:
        """The holder's part: the caller's request, once it has proved that it knows the token. Raises `GoneError`."""
        nonce = secrets.token_hex(16)
        self.send({"nonce": nonce})
        request = self._within_handshake()
        _check(request, token, f"caller {nonce}")
        self.send({"proof": _proof(token, f"holder {request.get('nonce')}")})
        return request

    def introduce(self, token: str, request: Message) -> None:
        """The caller's part: send the request, and make sure that it is the holder who has it. Raises `GoneError`."""
        nonce = secrets.token_hex(16)
        theirs = self._within_handshake().get("nonce")
        self.send({**request, "nonce": nonce, "proof": _proof(token, f"caller {theirs}")})
        _check(self._within_handshake(), token, f"holder {nonce}")

    def _within_handshake(self) -> Message:
        message = self.receive(HANDSHAKE_SECONDS, LONGEST_GREETING)
        if message is None:
            raise GoneError("the other side does not answer")
        return message


def _proof(token: str, text: str) -> str:
    return hmac.new(token.encode(), text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _check(message: Message, token: str, text: str) -> None:
    given = str(message.get("proof")).encode("utf-8", "surrogatepass")
    if not hmac.compare_digest(given, _proof(token, text).encode()):
        raise GoneError("the other side does not know the token")
