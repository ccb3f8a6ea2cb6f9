"""What a personal access token may do: its scopes, its bases, and the role of its user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tray_connector.sandbox.airtable_errors import hidden, not_permitted

Role = Literal["none", "read", "comment", "edit", "create"]
ROLES: tuple[Role, ...] = ("none", "read", "comment", "edit", "create")
SCOPES = frozenset({"data.records:read", "data.records:write", "schema.bases:read", "schema.bases:write"})
"""What a token needs to set up a base and to keep it filled."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token's rights. `bases` None = all; `role` is the user's in every base."""

    scopes: frozenset[str] = SCOPES
    bases: frozenset[str] | None = None
    role: Role = "create"
    email: str | None = None

    def sees(self, base_id: str) -> bool:
        """Whether the base is on the token's list and the user has a role in it."""
        return self.role != "none" and (self.bases is None or base_id in self.bases)

    def demand(self, scope: str, role: Role, base_id: str | None = None) -> None:
        """Raise the 403 of a missing scope or base, which hides what is missing, or of a role that is too low."""
        if scope not in self.scopes or (base_id is not None and not self.sees(base_id)):
            raise hidden()
        if base_id is not None and ROLES.index(self.role) < ROLES.index(role):
            raise not_permitted()
