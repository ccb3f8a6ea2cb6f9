"""Which conversations a mailbox of ``GET /conversations`` shows to the token's owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tray_connector.sandbox.mailbox_records import Conversation, Flag
from tray_connector.sandbox.mailbox_state import MailState
from tray_connector.sandbox.missive_answers import Refusal, not_found
from tray_connector.sandbox.missive_switches import MissiveSwitches

Test = Callable[[Conversation], bool]

OWN = ("inbox", "all", "assigned", "closed", "snoozed", "flagged", "trashed", "junked", "drafts")
TEAMS = ("team_inbox", "team_closed", "team_all")
CONTACTS = ("email", "domain", "contact_organization")
_GONE: frozenset[Flag] = frozenset({"trashed", "junked"})
_NOT_IN_INBOX: frozenset[Flag] = _GONE | {"closed", "archived", "snoozed", "unassigned"}


def sees(state: MailState, conversation: Conversation) -> bool:
    """Whether the token's owner may read it."""
    return state.me_id in conversation.states


def is_guest(state: MailState, conversation: Conversation) -> bool:
    """Whether the token's owner sees nothing but the id."""
    return state.me_id in conversation.guests


def chosen(state: MailState, switches: MissiveSwitches, query: Mapping[str, str]) -> Test:
    """The test for everything the query asks for; several filters narrow each other down.

    400 without a mailbox, label or team; 404 for a label or team that is not there.
    """
    mailboxes = _Mailboxes(state, switches)
    tests = [mailboxes.own(name) for name in OWN if query.get(name) == "true"]
    if "shared_label" in query:
        tests.append(mailboxes.shared_label(query["shared_label"]))
    tests += [mailboxes.team(name, query[name]) for name in TEAMS if name in query]
    if not tests:
        raise Refusal(400, "You need to paginate at least one mailbox")
    if "organization" in query:
        if "shared_label" in query or any(name in query for name in TEAMS):
            raise Refusal(400, "'organization' can't be used with 'shared_label' or a team mailbox")
        tests.append(lambda conversation: conversation.organization_id == query["organization"])
    contacts = [name for name in CONTACTS if name in query]
    if len(contacts) > 1:
        raise Refusal(400, "'email', 'domain' and 'contact_organization' are mutually exclusive")
    tests += [mailboxes.contact(name, query[name].lower()) for name in contacts]
    return tests[0] if len(tests) == 1 else lambda conversation: all(test(conversation) for test in tests)


class _Mailboxes:
    def __init__(self, state: MailState, switches: MissiveSwitches) -> None:
        self._state = state
        self._me = state.me_id
        self._covers_teams = switches.all_covers_teams
        hidden: set[Flag] = set()
        if not switches.all_includes_trash:
            hidden.add("trashed")
        if not switches.all_includes_spam:
            hidden.add("junked")
        self._hidden = frozenset(hidden)

    def own(self, name: str) -> Test:
        """One of the user's own mailboxes."""
        tests: Mapping[str, Test] = {
            "inbox": lambda each: self._me in each.states and not each.flags(self._me) & _NOT_IN_INBOX,
            "all": self._all,
            "assigned": lambda each: each.flags(self._me) & {"assigned", "closed", *_GONE} == {"assigned"},
            "closed": self._flagged("closed"),
            "snoozed": self._flagged("snoozed"),
            "flagged": self._flagged("flagged"),
            "trashed": lambda each: "trashed" in each.flags(self._me),
            "junked": lambda each: each.flags(self._me) & _GONE == {"junked"},
            "drafts": self._drafts,
        }
        return tests[name]

    def shared_label(self, label_id: str) -> Test:
        """What carries the label."""
        if label_id not in self._state.labels:
            raise not_found()
        return lambda each: label_id in each.label_ids and self._listed(each)

    def team(self, name: str, team_id: str) -> Test:
        """One of the team's mailboxes, as far as the user sees it."""
        if team_id not in self._state.teams:
            raise not_found()
        if name == "team_all":
            return lambda each: each.team_id == team_id and self._listed(each)
        closed = name == "team_closed"
        return lambda each: (
            each.team_id == team_id
            and self._me in each.states
            and not each.flags(self._me) & _GONE
            and ("closed" in each.flags(self._me)) == closed
            and (closed or "unassigned" in each.flags(self._me))
        )

    def contact(self, name: str, wanted: str) -> Test:
        """What was written by or to an address or a domain; contact organisations are not kept here."""

        def matches(conversation: Conversation) -> bool:
            for message in self._state.messages_of(conversation):
                for end in (message.sender, *message.to, *message.cc):
                    address = (end.address or "").lower() if end else ""
                    if address and wanted == (address if name == "email" else address.partition("@")[2]):
                        return True
            return False

        return matches if name != "contact_organization" else lambda _: False

    def _listed(self, conversation: Conversation) -> bool:
        if self._me in conversation.guests:
            return True
        return self._me in conversation.states and not conversation.flags(self._me) & self._hidden

    def _all(self, conversation: Conversation) -> bool:
        if not self._covers_teams and conversation.team_id and "assigned" not in conversation.flags(self._me):
            return False
        return self._listed(conversation)

    def _flagged(self, flag: Flag) -> Test:
        return lambda each: flag in each.flags(self._me) and not each.flags(self._me) & _GONE

    def _drafts(self, conversation: Conversation) -> bool:
        return self._me in conversation.states and any(
            message.draft for message in self._state.messages_of(conversation)
        )
