"""Which deliveries are authentic. All comparisons take the same time whatever is compared, on the bytes as sent."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field

MISSIVE_PREFIX = "sha256="
_INSTALLATION_ID = re.compile(r"[0-9a-z]{8,64}\Z")


@dataclass(frozen=True, slots=True)
class Secrets:
    """What makes a delivery authentic. The secret values are never part of `repr`."""

    installation_id: str
    """Tells our hooks from those of others; part of both paths. No secret."""
    path_secret: str = field(repr=False)
    """Part of Missive's path: hooks made through its API carry no signature."""
    teamwork_token: str | None = field(default=None, repr=False)
    """Signs Teamwork's deliveries; None = none of them can be authentic."""
    missive_secret: str | None = field(default=None, repr=False)
    """Signs the deliveries of rules made by hand; None = they cannot use the bare path."""

    def __post_init__(self) -> None:
        if not _INSTALLATION_ID.match(self.installation_id):
            raise ValueError("an installation id has 8 to 64 digits or small letters")
        if not _INSTALLATION_ID.match(self.path_secret):
            raise ValueError("the secret of a path has 8 to 64 digits or small letters")

    @property
    def teamwork_path(self) -> str:
        """Where Teamwork delivers."""
        return f"/webhook/teamwork/{self.installation_id}"

    @property
    def missive_path(self) -> str:
        """Where Missive's unsigned hooks deliver. A secret."""
        return f"/webhook/missive/{self.installation_id}-{self.path_secret}"


def signature(key: str, body: bytes) -> str:
    """HMAC-SHA256 of the raw body as lower-case hex: what both services send."""
    return hmac.new(key.encode(), body, hashlib.sha256).hexdigest()


def is_signed_by(key: str | None, body: bytes, given: str) -> bool:
    """Whether the signature is that of the key; without a key none is right."""
    expected = signature(key or "", body)
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")) and bool(key)


def teamwork_is_authentic(secrets: Secrets, body: bytes, given: str | None) -> bool:
    """Teamwork documents ``X-Projects-Signature``, the hex HMAC of the body with the hook's token: it is required."""
    return given is not None and is_signed_by(secrets.teamwork_token, body, given)


def missive_is_authentic(secrets: Secrets, place: str, body: bytes, given: str | None) -> bool:
    """By the path's secret part, or by ``X-Hook-Signature: sha256=<hex>``, which Missive sends for rules with a secret.

    `place` is what follows ``/webhook/missive/``. A wrong signature is refused on every path. One that cannot be
    checked, because no secret is known here, proves nothing, and takes nothing away from the path.
    """
    knows_place = hmac.compare_digest(
        place.encode("utf-8", "replace"), f"{secrets.installation_id}-{secrets.path_secret}".encode()
    )
    if given is None or secrets.missive_secret is None:
        return knows_place
    is_prefixed = given.startswith(MISSIVE_PREFIX)
    return is_signed_by(secrets.missive_secret, body, given.removeprefix(MISSIVE_PREFIX)) and is_prefixed
