"""The sandbox's ``GET /conversations``: which mailbox shows what, and how it is cut into pages."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter

import pytest

from tests.support.clock import FakeClock
from tests.support.missive_site import listed, read, refused
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.missive_site import MissiveSite
from tray_connector.sandbox.missive_switches import MissiveSwitches


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def mailbox(clock: FakeClock) -> Mailbox:
    return Mailbox(clock=clock)


@pytest.fixture
def site(mailbox: Mailbox) -> Iterator[MissiveSite]:
    with MissiveSite(mailbox) as running:
        yield running


def ids(site: MissiveSite, **query: str | int) -> set[str]:
    return {item["id"] for item in listed(site, **{"limit": 50, **query})}


def walk(site: MissiveSite, **query: str | int) -> list[str]:
    """The careful client's way through all pages: one second back where nothing but ties came."""
    seen: dict[str, None] = {}
    until: int | None = None
    while True:
        page = listed(site, **query, **({} if until is None else {"until": until}))
        seen.update(dict.fromkeys(item["id"] for item in page))
        if len(page) < int(query["limit"]):
            return list(seen)
        times = {item["last_activity_at"] for item in page}
        oldest = min(times)
        until = oldest - 1 if len(times) == 1 or oldest == until else oldest


def test_a_list_without_a_mailbox_is_refused(site: MissiveSite) -> None:
    for query in ({}, {"limit": 10}, {"all": "false"}, {"email": "mara@x.example"}):
        assert refused(site, "conversations", query) == (400, "You need to paginate at least one mailbox")


def test_limits_out_of_range_are_refused_in_missives_words(site: MissiveSite) -> None:
    assert refused(site, "conversations", {"all": "true", "limit": 1}) == (400, "min 'limit' value is 2")
    assert refused(site, "conversations", {"all": "true", "limit": 51}) == (400, "max 'limit' value is 50")
    site.service.switches = MissiveSwitches(limit_cap=10)
    assert refused(site, "conversations", {"all": "true", "limit": 50}) == (400, "max 'limit' value is 10")
    assert refused(site, "conversations", {"all": "true", "limit": "x"})[0] == 400


def test_the_default_page_has_25_newest_first(site: MissiveSite, mailbox: Mailbox, clock: FakeClock) -> None:
    made = [mailbox.add_conversation(at=mailbox.now() - minute * 60).id for minute in range(30)]
    assert [item["id"] for item in listed(site, all="true")] == made[:25]
    clock.advance(60)
    mailbox.receive_mail(made[29])
    assert listed(site, all="true")[0]["id"] == made[29]


def test_each_mailbox_shows_the_owners_own_view(site: MissiveSite, mailbox: Mailbox) -> None:
    names = ("inbox", "assigned", "closed", "snoozed", "flagged", "trashed", "junked", "drafts", "toms")
    made = {name: mailbox.add_conversation(name, team=None).id for name in names}
    mailbox.assign(made["assigned"], "Ida")
    mailbox.close(made["closed"])
    mailbox.mark(made["snoozed"], "snoozed")
    mailbox.mark(made["flagged"], "flagged")
    mailbox.trash(made["trashed"])
    mailbox.junk(made["junked"])
    mailbox.add_draft(made["drafts"])
    mailbox.delete_conversation(made["toms"])
    made["toms"] = mailbox.add_conversation("toms", team=None, users=["Tom"]).id
    for name in ("assigned", "closed", "snoozed", "flagged", "trashed", "junked", "drafts"):
        assert ids(site, **{name: "true"}) == {made[name]}
    hidden = {made["trashed"], made["junked"], made["toms"]}
    assert ids(site, all="true") == set(made.values()) - hidden
    assert ids(site, inbox="true") == {made[name] for name in ("inbox", "assigned", "flagged", "drafts")}


def test_trash_is_per_user(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = mailbox.add_conversation().id
    mailbox.trash(conversation, user="Lena")
    assert ids(site, all="true") == {conversation}
    users = {user["name"]: user for user in read(site, f"conversations/{conversation}")[0]["users"]}
    assert users["Lena Vogt"]["trashed"]
    assert not users["Ida Brandt"]["trashed"]
    mailbox.trash(conversation)
    assert ids(site, all="true") == set()
    mailbox.untrash(conversation)
    assert ids(site, all="true") == {conversation}


def test_team_mailboxes(site: MissiveSite, mailbox: Mailbox) -> None:
    buying, planning = mailbox.team_named("Einkauf").id, mailbox.team_named("Planung").id
    new, done, other = (mailbox.add_conversation(team=team).id for team in ("Einkauf", "Einkauf", "Planung"))
    mailbox.close(done)
    assert ids(site, team_all=buying) == {new, done}
    assert ids(site, team_inbox=buying) == {new}
    assert ids(site, team_closed=buying) == {done}
    assert ids(site, team_all=planning) == {other}
    mailbox.assign(new, "Tom")
    assert ids(site, team_inbox=buying) == set()
    mailbox.assign_team(other, "Einkauf")
    assert ids(site, team_all=buying) == {new, done, other}
    assert refused(site, "conversations", {"team_all": "nowhere"})[0] == 404


def test_labels_organisations_and_contacts_narrow_a_list(site: MissiveSite, mailbox: Mailbox) -> None:
    label = mailbox.label_named("Hansen, Petersen & Partner").id
    private = mailbox.add_conversation(private=True, sender="hans").id
    labelled = mailbox.add_conversation(labels=["Hansen, Petersen & Partner"], sender="kanzlei").id
    organization = next(iter(mailbox.organizations))
    assert ids(site, shared_label=label) == {labelled}
    assert ids(site, all="true", organization=organization) == {labelled}
    assert ids(site, all="true", email="HPGruenwald@web.example") == {private}
    assert ids(site, all="true", domain="hansen-petersen.example") == {labelled}
    assert refused(site, "conversations", {"shared_label": label, "organization": organization})[0] == 400
    assert refused(site, "conversations", {"all": "true", "email": "a@b.example", "domain": "b.example"})[0] == 400


def test_switches_widen_or_narrow_the_all_mailbox(site: MissiveSite, mailbox: Mailbox) -> None:
    trashed, junked, team, own = (mailbox.add_conversation(team=team).id for team in (None, None, "Planung", None))
    mailbox.trash(trashed)
    mailbox.junk(junked)
    assert ids(site, all="true") == {team, own}
    site.service.switches = MissiveSwitches(all_includes_trash=True, all_includes_spam=True)
    assert ids(site, all="true") == {team, own, trashed, junked}
    site.service.switches = MissiveSwitches(all_covers_teams=False)
    assert ids(site, all="true") == {own}
    assert ids(site, team_all=mailbox.team_named("Planung").id) == {team}


def test_a_guest_conversation_shows_id_and_activity_only(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = mailbox.make_guest(mailbox.add_conversation().id)
    expected = {"id": conversation.id, "last_activity_at": conversation.last_activity_at}
    assert listed(site, all="true") == [expected]
    assert read(site, f"conversations/{conversation.id}") == [expected]
    assert refused(site, f"conversations/{conversation.id}/messages")[0] == 404
    assert refused(site, f"messages/{conversation.message_ids[0]}")[0] == 404


def test_a_page_grows_by_what_ties_with_its_last_item(site: MissiveSite, mailbox: Mailbox) -> None:
    now = mailbox.now()
    mailbox.add_conversations(1, at=now)
    tied = mailbox.add_conversations(180, at=now - 60)
    older = mailbox.add_conversations(3, at=now - 120)
    first = listed(site, all="true", limit=50)
    assert len(first) == 181
    assert len(listed(site, all="true", limit=50, until=now - 60)) == 180
    assert len(walk(site, all="true", limit=50)) == 1 + len(tied) + len(older)


def test_ties_wider_than_an_unextended_page_hide_the_rest(site: MissiveSite, mailbox: Mailbox) -> None:
    site.service.switches = MissiveSwitches(extend_ties=False)
    mailbox.add_conversations(180, at=mailbox.now())
    older = mailbox.add_conversations(3, at=mailbox.now() - 60)
    assert len(listed(site, all="true", limit=50)) == 50
    assert set(walk(site, all="true", limit=50)) >= {each.id for each in older}


def test_until_is_inclusive_or_not(site: MissiveSite, mailbox: Mailbox) -> None:
    now = mailbox.now()
    new, old = (mailbox.add_conversation(at=now - age).id for age in (0, 60))
    assert ids(site, all="true", until=now) == {new, old}
    site.service.switches = MissiveSwitches(until_inclusive=False)
    assert ids(site, all="true", until=now) == {old}
    assert ids(site, all="true", until=now - 60) == set()


def test_only_messages_and_comments_move_the_activity_by_default(
    site: MissiveSite, mailbox: Mailbox, clock: FakeClock
) -> None:
    conversation = mailbox.add_conversation()
    began = conversation.last_activity_at

    def activity() -> int:
        return mailbox.conversation(conversation.id).last_activity_at

    clock.advance(60)
    mailbox.label(conversation.id, "KGR_300")
    mailbox.trash(conversation.id)
    assert activity() == began
    mailbox.comment(conversation.id)
    assert activity() == began + 60
    site.service.switches = MissiveSwitches(activity_bump_on=frozenset({"label"}))
    clock.advance(60)
    mailbox.comment(conversation.id)
    mailbox.receive_mail(conversation.id)
    assert activity() == began + 60
    mailbox.unlabel(conversation.id, "KGR_300")
    assert activity() == began + 120


def test_a_page_of_5000_conversations_is_quick(clock: FakeClock) -> None:
    mailbox = Mailbox.generate(clock=clock, conversations=5000, messages=10_000)
    for conversation in mailbox.conversations()[::2500]:
        mailbox.trash(conversation.id)
    oldest = mailbox.conversations()[-60].last_activity_at
    with MissiveSite(mailbox) as site:
        queries: list[dict[str, str | int]] = [{"all": "true"}, {"all": "true", "until": oldest}, {"trashed": "true"}]
        for query in queries:
            fastest = min(_seconds(site, query) for _ in range(5))
            assert fastest < 0.1, query


def _seconds(site: MissiveSite, query: dict[str, str | int]) -> float:
    began = perf_counter()
    listed(site, **query, limit=50)
    return perf_counter() - began
