"""What the settings let in: scope, teams, first delivery date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tray_connector.model.records import Conversation, Email, Record


@dataclass(frozen=True, slots=True)
class Scope:
    """`MISSIVE_SCOPE`, `MISSIVE_TEAMS` and `MISSIVE_PROCESS_AFTER` as one rule. Pure.

    The two questions that the setup asks stay apart: `teams` says which teams' conversations are wanted (empty = all),
    and leaves conversations of other teams out. A conversation that belongs to no team is no other team's: it is in,
    unless it is private and `scope` is ``shared``. Private is what belongs to no organisation and no team.
    """

    scope: Literal["all", "shared"] = "all"
    teams: frozenset[str] = frozenset()
    process_after: datetime | None = None

    def takes(self, record: Record) -> bool:
        """Whether this record is brought into the destination. Guests' conversations never are."""
        match record:
            case Conversation():
                if record.guest or (record.private and self.scope == "shared"):
                    return False
                return not self.teams or record.team_id is None or record.team_id in self.teams
            case Email():
                return self.takes_delivered(record.received_at)
            case _:
                return False

    def takes_delivered(self, delivered_at: datetime | None) -> bool:
        """Whether a message delivered then is wanted; one without a time is."""
        return self.process_after is None or delivered_at is None or delivered_at >= self.process_after

    def wants_team(self, team_id: str) -> bool:
        """Whether this team's mailbox is read."""
        return not self.teams or team_id in self.teams
