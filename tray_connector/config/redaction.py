"""Secrets leave no trace in texts that people read or send on: logs, diagnostics, error texts."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable
from urllib.parse import quote, unquote, urlsplit

MASK = "(secret)"
SHORTEST = 4
"""Shorter values are no secrets worth the name, and masking them would garble every line."""

# Each keeps group 1 and masks what follows it.
_PATTERNS = (
    re.compile(r"(\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)[^\s\"',;}]+", re.IGNORECASE),
    re.compile(r"(\b(?:bearer|basic)\s+)[A-Za-z0-9+/._~-]{8,}=*", re.IGNORECASE),
    re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)", re.IGNORECASE),
    re.compile(
        r"(\b(?:password|passwd|pwd|sslpassword|api_?key|auth_?token|access_token|secret|signature)[\"']?\s*[=:]\s*)"
        r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s&\"',;}]+)",
        re.IGNORECASE,
    ),
)
_DSN_PASSWORD = re.compile(r"\bpassword\s*=\s*(?:'((?:[^'\\]|\\.)*)'|(\S+))", re.IGNORECASE)


class Redactor:
    """Masks the secrets it was told, in the forms in which they travel, and what looks like one. Thread-safe."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._secrets: frozenset[str] = frozenset()
        self._values: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these too from now on."""
        with self._lock:
            self._secrets |= {form for secret in secrets for form in _forms(secret) if len(form) >= SHORTEST}
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._values = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._values is not None:
            text = self._values.sub(MASK, text)
        for pattern in _PATTERNS:
            text = pattern.sub(rf"\1{MASK}", text)
        return text


def _forms(secret: str) -> set[str]:
    """The value itself; in a URL; in JSON; as the user of Basic authentication; a DSN's password."""
    plain = {secret, *_dsn_passwords(secret)}
    forms = set(plain)
    for value in plain:
        forms |= {quote(value, safe=""), json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    for user in (f"{secret}:", f"{secret}:x", f"{secret}:xxx"):
        forms.add(base64.b64encode(user.encode()).decode())
    return forms


def _dsn_passwords(secret: str) -> set[str]:
    found = {quoted or bare for quoted, bare in _DSN_PASSWORD.findall(secret)}
    if "://" in secret:
        try:
            password = urlsplit(secret).password
        except ValueError:
            password = None
        if password:
            found |= {password, unquote(password)}
    return found
