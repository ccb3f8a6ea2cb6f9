"""The fewest requests that a first backfill can take, from what the sandbox holds; the connector is not asked."""

from __future__ import annotations

from dataclasses import dataclass

from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_records import Conversation
from tray_connector.sandbox.missive_mailboxes import chosen
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sandbox.office import Office

ROWS = 500
"""Tasks, people or tags that Teamwork gives in one answer."""
CONVERSATIONS, MESSAGES, BODIES = 50, 10, 10
"""What Missive gives in one answer: conversations of a mailbox, messages of a conversation, messages with bodies."""
TEAMWORK_BESIDE = 2
"""The teams, and the question about deletions."""
MISSIVE_BESIDE = 2
"""The users and the teams."""


@dataclass(frozen=True, slots=True)
class Floor:
    """Requests."""

    teamwork: int
    missive: int


def pages(items: int, size: int) -> int:
    """Answers of this size that so many items need; an empty list takes one to see."""
    return max(1, -(-items // size))


def teamwork_floor(office: Office) -> int:
    """T/500 + people/500 + tags/500 + 2."""
    people = sum(not person.deleted for person in office.people.values())
    lists = (len(office.live_tasks()), people, len(office.tags))
    return sum(pages(items, ROWS) for items in lists) + TEAMWORK_BESIDE


def missive_floor(mailbox: Mailbox) -> int:
    """Pages of each mailbox + Σ⌈n/10⌉ over the conversations + M/10 + 2."""
    asked = [{"all": "true"}, {"trashed": "true"}, {"junked": "true"}]
    asked += [{"team_all": team} for team in mailbox.teams]
    total = MISSIVE_BESIDE
    found: dict[str, Conversation] = {}
    for query in asked:
        shown = [each for each in mailbox.conversations() if chosen(mailbox, MissiveSwitches(), query)(each)]
        total += pages(len(shown), CONVERSATIONS)
        found.update((each.id, each) for each in shown)
    lengths = [len(mailbox.messages_of(each)) for each in found.values()]
    total += sum(pages(length, MESSAGES) for length in lengths)
    mails = [mail for each in found.values() for mail in mailbox.messages_of(each)]
    return total + pages(sum(mail.channel == "email" and not mail.draft for mail in mails), BODIES)
