"""What a service offers to choose from, and how much there is of it: what the setup asks before anything is synced."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """A project or a team."""

    id: str
    name: str
    detail: str = ""
    """What tells two of one name apart, such as the company."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A conversation as far as counting goes."""

    messages: int
    """Drafts and messages of other kinds among them."""
    private: bool = False
    """Belongs to no organisation and no team."""
    team_id: str | None = None


@dataclass(frozen=True, slots=True)
class MailVolume:
    """Conversations that a first run would take, counted in Missive's lists."""

    found: tuple[Counted, ...] = ()
    complete: bool = True
    """False: there is more, and counting ended because every page costs a request."""

    @property
    def conversations(self) -> int:
        """How many there are."""
        return len(self.found)

    @property
    def messages(self) -> int:
        """How many messages they hold."""
        return sum(each.messages for each in self.found)

    @property
    def private(self) -> int:
        """How many of the conversations are private."""
        return sum(each.private for each in self.found)

    def within(self, scope: str, teams: Collection[str]) -> MailVolume:
        """Those that `MISSIVE_SCOPE` and `MISSIVE_TEAMS` (empty = all) let in."""

        def takes(each: Counted) -> bool:
            if each.private and scope == "shared":
                return False
            return not teams or each.team_id is None or each.team_id in teams

        return MailVolume(tuple(filter(takes, self.found)), self.complete)
