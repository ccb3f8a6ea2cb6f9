"""Missive's teams to choose from, and how much mail a first run would take."""

from __future__ import annotations

from datetime import datetime

from tray_connector.config.clock import Clock, Stop
from tray_connector.sources.http import HttpClient
from tray_connector.sources.missive.api import MissiveApi
from tray_connector.sources.missive.directory import read_directory
from tray_connector.sources.missive.mailboxes import ALL, Mailboxes
from tray_connector.sources.offer import Choice, Counted, MailVolume

PAGES = 20
"""Missive tells no totals: so many list requests are spent on counting, and no more."""


def teams(client: HttpClient, stop: Stop) -> tuple[Choice, ...]:
    """The teams that the key sees, in Missive's order. Two requests; raises as `HttpClient.get`."""
    directory = read_directory(MissiveApi(client), stop)
    return tuple(Choice(key, name) for key, name in directory.teams.items())


def volume(
    client: HttpClient, down_to: datetime | None, clock: Clock, stop: Stop, *, at_most: int = PAGES
) -> MailVolume:
    """Count the conversations active since `down_to`, in at most so many pages of 50. Raises as `HttpClient.get`."""
    api = MissiveApi(client)
    mailboxes = Mailboxes(api, clock, lambda: 0)
    me = read_directory(api, stop).me
    counted: list[Counted] = []
    for read, page in enumerate(mailboxes.pages(ALL, me, stop, down_to=down_to, urgent=True), 1):
        for found in page.conversations:
            old = down_to is not None and found.last_activity_at is not None and found.last_activity_at < down_to
            if not (old or found.guest):
                counted.append(Counted(found.messages_count, found.private, found.team_id))
        if read == at_most:
            # Whether this page was the last one, only another request would tell.
            return MailVolume(tuple(counted), complete=False)
    return MailVolume(tuple(counted))
