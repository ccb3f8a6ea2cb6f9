"""Who the key belongs to, and which teams it sees: read once, then at most hourly."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from tray_connector.config.clock import Clock, Stop
from tray_connector.model.records import Text
from tray_connector.sources.missive.api import MissiveApi
from tray_connector.sources.missive.parse import identifier, text

MAX_AGE = 3600.0
"""Seconds after which the directories are read again."""
UNKNOWN_AFTER = 60.0
"""Seconds that lie at least between two readings because of a team that is not listed."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Users and teams as Missive listed them."""

    me: str | None = None
    """The id of the key's owner (``me: true``); None where no user is marked so."""
    owner: Text = None
    """The owner's name."""
    teams: Mapping[str, str] = field(default_factory=dict)
    """Names by id, in Missive's order."""


class Directories:
    """Thread-safe; two threads that find them missing at the same time both read."""

    def __init__(self, api: MissiveApi, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._lock = threading.Lock()
        self._directory: Directory | None = None
        self._read_at = 0.0
        self._unknown: set[str] = set()
        self._has_new_unknown = False

    def current(self, stop: Stop) -> Directory:
        """As last read, however long ago; read now only when never read."""
        with self._lock:
            directory = self._directory
        return self.refresh(stop) if directory is None else directory

    def is_due(self) -> bool:
        """Whether they are missing, an hour old, or lack a team that a conversation named."""
        with self._lock:
            if self._directory is None:
                return True
            age = self._clock.monotonic() - self._read_at
            return age >= MAX_AGE or (self._has_new_unknown and age >= UNKNOWN_AFTER)

    def refresh(self, stop: Stop) -> Directory:
        """Read both: two requests."""
        directory = read_directory(self._api, stop)
        with self._lock:
            self._directory = directory
            self._read_at = self._clock.monotonic()
            self._has_new_unknown = False
        return directory

    def note_team(self, team_id: str) -> None:
        """A conversation named this team. One that is not listed makes the directories due, once."""
        with self._lock:
            if self._directory is None or team_id in self._directory.teams or team_id in self._unknown:
                return
            self._unknown.add(team_id)
            self._has_new_unknown = True


def read_directory(api: MissiveApi, stop: Stop) -> Directory:
    """``GET /users`` and ``GET /teams``."""
    users = api.directory("users", stop)
    mine = next((user for user in users if user.get("me") is True), {})
    teams = api.directory("teams", stop)
    named = {key: text(team.get("name")) or key for team in teams if (key := identifier(team.get("id")))}
    return Directory(identifier(mine.get("id")), text(mine.get("name")) or text(mine.get("email")), named)
