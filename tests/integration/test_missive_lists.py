"""Mailboxes, page by page, over HTTP: streams, polls, scope, Trash, the walk and the second look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.clock import FakeClock
from tests.support.missive_source import EVERYTHING, Office, office
from tray_connector.model.errors import ConfigError, TransientError
from tray_connector.model.records import Conversation
from tray_connector.sandbox.faults import ALWAYS, When
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sources.base import Fate, Page, Since


def ids(pages: list[Page]) -> list[str]:
    return [event.id for page in pages for event in page.events]


def team(place: Office, name: str) -> str:
    return place.mailbox.team_named(name).id


def poll(place: Office, seconds: float = 120) -> Since:
    return Since(place.clock.now() - timedelta(seconds=seconds))


def test_180_conversations_of_one_second_are_all_found_and_so_is_what_lies_below() -> None:
    with office() as place:
        older = place.mailbox.add_conversation(at=place.mailbox.now() - 3600)
        many = place.mailbox.add_conversations(180)
        found = ids(place.ready().pages())
        assert len(found) == len(set(found)) == 181
        assert set(found) == {older.id, *(conversation.id for conversation in many)}


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("extends", [True, False])
def test_every_conversation_is_found_however_the_server_pages(inclusive: bool, extends: bool) -> None:
    with office(switches=MissiveSwitches(until_inclusive=inclusive, extend_ties=extends)) as place:
        now = place.mailbox.now()
        for number in range(130):
            place.mailbox.add_conversation(at=now - number // 7)
        found = ids(place.ready().pages())
        assert len(found) == len(set(found)) == 130


def test_a_lower_limit_that_missive_names_is_taken_and_kept() -> None:
    with office(switches=MissiveSwitches(limit_cap=10)) as place:
        for number in range(30):
            place.mailbox.add_conversation(at=place.mailbox.now() - number)
        assert len(ids(place.ready().pages())) == 30
        limits = [request.query["limit"] for request in place.site.server.requests.all("/v1/conversations")]
        assert limits[0] == "50"
        assert set(limits[1:]) == {"10"}


def test_the_first_run_goes_back_as_far_as_set_and_all_goes_back_to_the_beginning() -> None:
    with office(backfill_days=30) as place:
        old = place.mailbox.add_conversation(at=place.mailbox.now() - 40 * 86400)
        new = place.mailbox.add_conversation(at=place.mailbox.now() - 20 * 86400)
        assert ids(place.pages()) == [new.id]
        assert ids(place.pages(since=EVERYTHING)) == [new.id, old.id]
        assert place.source.first_run_from() == place.clock.now() - timedelta(days=30)


def test_a_quiet_poll_costs_one_request_and_gives_nothing_older() -> None:
    with office() as place:
        for number in range(120):
            place.mailbox.add_conversation(at=place.mailbox.now() - 60 - number)
        place.ready()
        pages = place.pages(since=poll(place, 60))
        assert len(ids(pages)) == 1
        assert pages[0].newest == place.clock.now() - timedelta(seconds=60)
        assert len(place.asked()) == 1


def test_the_newest_is_never_later_than_the_servers_clock() -> None:
    with office() as place:
        place.mailbox.add_conversation(at=place.mailbox.now() + 900)
        (page,) = place.ready().pages()
        assert page.newest == place.clock.now()


def test_events_carry_what_was_read() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation("Dach", labels=["KGR_300"])
        (event,) = place.ready().events()
        assert (event.id, event.title, event.kind) == (conversation.id, "Dach", "conversation")
        assert isinstance(event.payload, Conversation)
        assert event.payload.labels == ("KGR_300",)
        assert event.read_number == 1


def test_guests_conversations_are_counted_and_left_out() -> None:
    with office() as place:
        place.mailbox.make_guest(place.mailbox.add_conversation().id)
        mine = place.mailbox.add_conversation()
        (page,) = place.ready().pages()
        assert ids([page]) == [mine.id]
        assert len(page.left_out) == 1


def test_shared_leaves_private_conversations_out() -> None:
    with office(scope="shared") as place:
        place.mailbox.add_conversation(private=True)
        shared = place.mailbox.add_conversation()
        (page,) = place.ready().pages()
        assert (ids([page]), len(page.left_out)) == ([shared.id], 1)


def test_only_chosen_teams_are_read_and_let_in() -> None:
    with office() as place:
        names = [team.name for team in place.mailbox.teams.values()]
        chosen = next(iter(place.mailbox.teams))
    assert len(names) > 1
    with office(teams=frozenset({chosen})) as place:
        other = next(key for key in place.mailbox.teams if key != chosen)
        kept = place.mailbox.add_conversation(team=chosen)
        place.mailbox.assign(place.mailbox.add_conversation(team=other).id, "Ida Brandt")
        private = place.mailbox.add_conversation(private=True)
        streams = place.source.streams(place.stop)
        assert [stream.name for stream in streams] == ["all", f"team:{chosen}", "trashed", "junked"]
        assert set(ids(place.pages())) == {kept.id, private.id}


def test_a_team_that_all_does_not_cover_is_read_with_every_poll_from_then_on() -> None:
    with office(switches=MissiveSwitches(all_covers_teams=False)) as place:
        planning = f"team:{team(place, 'Planung')}"
        place.mailbox.add_conversation(team="Planung", at=place.mailbox.now() - 60)
        every = {stream.name: stream.every for stream in place.source.streams(place.stop)}
        assert (every["all"], every[planning], every["trashed"], every["junked"]) == (0, 300, 300, 300)
        place.pages()
        place.pages(planning)
        every = {stream.name: stream.every for stream in place.source.streams(place.stop)}
        assert every[planning] == 0
        assert set(every.values()) == {0, 300}


def test_directories_are_read_once_an_hour() -> None:
    with office() as place:
        place.source.streams(place.stop)
        place.clock.advance(3500)
        place.source.streams(place.stop)
        assert len(place.asked("teams")) == 1
        place.clock.advance(200)
        place.source.streams(place.stop)
        assert len(place.asked("teams")) == 2
        assert len(place.asked("users")) == 2


def test_trash_and_spam_are_streams_of_their_own() -> None:
    with office() as place:
        trashed, junked = place.mailbox.add_conversation(), place.mailbox.add_conversation()
        place.mailbox.trash(trashed.id)
        place.mailbox.junk(junked.id)
        for stream, conversation in (("trashed", trashed), ("junked", junked)):
            (event,) = place.events(stream)
            assert event.id == conversation.id
            assert isinstance(event.payload, Conversation)
            assert event.payload.deleted


def test_trash_of_somebody_else_is_not_ours() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(team=None, users=("Ida Brandt", "Tom Okafor"))
        place.mailbox.trash(conversation.id, user="Tom Okafor")
        (event,) = place.events()
        assert isinstance(event.payload, Conversation)
        assert not event.payload.deleted


def test_the_walk_shows_everything_once() -> None:
    with office() as place:
        old = place.mailbox.add_conversation(at=place.mailbox.now() - 400 * 86400)
        gone, spam, mine = (place.mailbox.add_conversation() for _ in range(3))
        place.mailbox.trash(gone.id)
        place.mailbox.junk(spam.id)
        place.mailbox.make_guest(place.mailbox.add_conversation().id)
        pages = list(place.source.walk(place.stop))
        found = ids(pages)
        assert len(found) == len(set(found))
        assert set(found) == {old.id, gone.id, spam.id, mine.id}
        assert sum(len(page.left_out) for page in pages) == 1


def test_a_walk_of_1000_conversations_costs_about_twenty_requests_for_all() -> None:
    mailbox = Mailbox.generate(clock=FakeClock(), conversations=1000)
    with office(mailbox=mailbox) as place:
        place.ready()
        assert len(ids(list(place.source.changes("all", EVERYTHING, place.stop)))) >= 900
        assert len(place.asked()) <= 22


def test_the_second_look_tells_there_trashed_gone_and_merged_apart() -> None:
    with office() as place:
        there, gone, trashed, absorbed, survivor = (place.mailbox.add_conversation() for _ in range(5))
        place.mailbox.trash(trashed.id)
        place.mailbox.delete_conversation(gone.id)
        place.mailbox.merge(absorbed.id, survivor.id)
        verdicts = place.source.look_again([there.id, gone.id, trashed.id, absorbed.id], place.stop)
        assert verdicts[there.id].fate is Fate.THERE
        assert verdicts[there.id].merged_into is None
        assert verdicts[trashed.id].fate is Fate.DELETED
        assert verdicts[gone.id].fate is Fate.GONE
        assert verdicts[gone.id].event is None
        assert verdicts[absorbed.id].merged_into == survivor.id
        event = verdicts[absorbed.id].event
        assert event is not None
        assert event.id == survivor.id


def test_check_says_what_is_right() -> None:
    with office() as place:
        lines = place.source.check(place.stop)
        assert [line.message for line in lines[:2]] == ["Address answers", "Key is accepted: Ida Brandt"]
        assert all(line.ok for line in lines)
        assert f"{len(place.mailbox.teams)} teams in 1 organisation" in lines[2].message


def test_check_says_what_is_wrong_with_the_key_and_with_the_teams() -> None:
    with office(teams=frozenset({"nowhere"})) as place:
        assert [line.ok for line in place.source.check(place.stop)] == [True, True, True, False]
        place.site.service.token = "another"
        lines = place.source.check(place.stop)
        assert [line.ok for line in lines] == [True, False]
        assert lines[1].hint


def test_a_team_that_is_listed_but_refused_is_left_alone() -> None:
    with office() as place:
        planning = team(place, "Planung")
        place.ready().site.server.faults.status(
            403, replace(ALWAYS, match=lambda request: request.query.get("team_all") == planning)
        )
        assert place.pages(f"team:{planning}") == []
        assert f"team:{planning}" not in [stream.name for stream in place.source.streams(place.stop)]


def test_a_team_that_was_asked_for_by_name_and_is_refused_is_an_error() -> None:
    with office() as place:
        planning = team(place, "Planung")
    with office(teams=frozenset({planning})) as place:
        place.ready().site.server.faults.status(403, When("/v1/conversations"))
        with pytest.raises(ConfigError):
            place.pages(f"team:{planning}")


def test_a_captive_portal_in_the_middle_of_a_walk_is_no_end_of_the_list() -> None:
    with office() as place:
        for number in range(80):
            place.mailbox.add_conversation(at=place.mailbox.now() - number)
        place.ready().site.server.faults.html(When("/v1/conversations", at=2, times=None))
        with pytest.raises(TransientError):
            place.pages()
