"""Secrets leave no trace in texts that people read or send on: logs, diagnostics, error texts."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote, urlsplit

MASK = "(secret)"
SHORTEST = 4
"""Shorter values are no secrets worth the name, and masking them would garble every line."""
SHORTEST_CORE = 8
"""Characters of base64 that may be masked within more of it."""

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
_ESCAPE = re.compile("%[0-9A-F]{2}")
_URL_SAFE = str.maketrans("+/", "-_")
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
    """The value itself; in a URL; in JSON; in base64, also as a part of more; a DSN's password in all of these."""
    plain = {secret, *_dsn_passwords(secret)}
    forms = set(plain)
    for value in plain:
        forms |= {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
        for quoted in (quote(value, safe=""), quote_plus(value)):
            forms |= {quoted, _ESCAPE.sub(lambda found: found[0].lower(), quoted)}
        if len(value) >= SHORTEST:
            forms |= _in_base64(value.encode("utf-8", "surrogatepass"))
    for user in (f"{secret}:", f"{secret}:x", f"{secret}:xxx"):
        forms.add(base64.b64encode(user.encode()).decode())
    return forms


def _in_base64(value: bytes) -> set[str]:
    """The value alone, and what is the same of it whatever stands before and after, in both alphabets."""
    alone = base64.b64encode(value).decode()
    forms = {alone, alone.rstrip("=")}
    for before in range(3):
        text = base64.b64encode(bytes(before) + value).decode()
        core = text[(0, 2, 3)[before] : len(text) - (0, 3, 2)[(before + len(value)) % 3]]
        if len(core) >= SHORTEST_CORE:
            forms.add(core)
    return forms | {form.translate(_URL_SAFE) for form in forms}


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
