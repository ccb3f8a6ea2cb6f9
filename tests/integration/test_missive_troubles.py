"""What goes wrong between a conversation and its e-mails: refused batches, merges, vanishing, one bad record, stop."""

from __future__ import annotations

import json
import threading
import time

import pytest

from tests.support.missive_source import Office, office
from tray_connector.config.clock import Stopped
from tray_connector.model.errors import ConfigError, RecordError, TransientError
from tray_connector.model.events import Event
from tray_connector.model.records import Email
from tray_connector.sandbox.faults import ALWAYS, When
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sources.base import Reading


def mail_ids(reading: Reading) -> list[str]:
    return [record.email_id for record in reading.records if isinstance(record, Email)]


def batches(place: Office) -> list[int]:
    """How many messages each request for bodies asked for."""
    return [len(path.split("/")[1].split(",")) for path in place.asked("messages/")]


@pytest.mark.parametrize("most", [1, 3, 5, 9])
def test_a_batch_that_is_too_large_is_halved_and_the_size_is_remembered(most: int) -> None:
    with office(switches=MissiveSwitches(batch_max=most)) as place:
        for number in range(10):
            place.mailbox.add_conversation(f"Bauvorhaben {number}", mails=10)
        place.ready().sync()
        assert len(place.shelf.stored) == 100
        assert sum(size > most for size in batches(place)) <= 20


@pytest.mark.parametrize("behaviour", ["omit", "404"])
@pytest.mark.parametrize("body", ["envelope", "empty"])
def test_a_mail_that_vanishes_between_list_and_body_is_skipped_alone(behaviour: str, body: str) -> None:
    switches = MissiveSwitches(
        batch_missing_id="omit" if behaviour == "omit" else "404", unknown_id="empty" if body == "empty" else "envelope"
    )
    with office(switches=switches) as place:
        conversation = place.mailbox.add_conversation(mails=10)
        gone = conversation.message_ids[4]
        place.ready().site.server.faults.call(
            lambda: place.mailbox.delete_message(gone), When("/v1/messages/"), moment="before"
        )
        (reading,) = place.sync()
        rest = [key for key in conversation.message_ids if key != gone]
        assert mail_ids(reading) == rest
        assert reading.message_ids == frozenset(rest)


def test_an_id_that_was_merged_away_leads_to_the_survivor() -> None:
    with office() as place:
        absorbed, survivor = place.mailbox.add_conversation(mails=3), place.mailbox.add_conversation(mails=2)
        place.ready().sync()
        place.mailbox.merge(absorbed.id, survivor.id)
        reading = place.sync_one(place.fresh(absorbed.id))
        assert reading.conversation is not None
        assert reading.conversation.conversation_id == survivor.id
        assert reading.message_ids == frozenset((*absorbed.message_ids, *survivor.message_ids))
        assert {email.conversation_id for email in place.shelf.stored.values()} == {survivor.id}


@pytest.mark.parametrize("into_new", [False, True])
def test_a_merge_between_the_list_and_the_bodies_is_noticed(into_new: bool) -> None:
    with office() as place:
        absorbed, other = place.mailbox.add_conversation(mails=3), place.mailbox.add_conversation(mails=2)
        event = place.event(absorbed.id)
        place.ready().site.server.faults.call(
            lambda: place.mailbox.merge(absorbed.id, other.id, into_new=into_new),
            When("/v1/messages/"),
            moment="before",
        )
        reading = place.sync_one(event)
        assert reading.conversation is not None
        assert reading.conversation.conversation_id == place.mailbox.conversation(absorbed.id).id
        assert reading.conversation.conversation_id != absorbed.id
        assert sorted(mail_ids(reading)) == sorted((*absorbed.message_ids, *other.message_ids))
        assert {email.conversation_id for email in place.shelf.stored.values()} == {
            reading.conversation.conversation_id
        }


def test_a_message_that_moved_here_is_read_again_under_its_new_conversation() -> None:
    with office() as place:
        absorbed, survivor = place.mailbox.add_conversation(mails=3), place.mailbox.add_conversation(mails=2)
        place.ready().sync()
        place.clock.advance(60)
        place.mailbox.merge(absorbed.id, survivor.id)
        place.mailbox.comment(survivor.id)
        reading = place.sync_one(place.event(survivor.id))
        assert sorted(mail_ids(reading)) == sorted(absorbed.message_ids)
        assert {email.conversation_id for email in place.shelf.stored.values()} == {survivor.id}


def test_a_message_id_is_taken_for_its_conversation() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=3)
        for kind in ("conversation", "email"):
            event = Event(
                source="missive",
                kind="email" if kind == "email" else "conversation",
                id=conversation.message_ids[1],
                since=place.clock.now(),
            )
            place.shelf.stored.clear()
            place.shelf.conversations.clear()
            reading = place.sync_one(event)
            assert reading.conversation is not None
            assert reading.conversation.conversation_id == conversation.id
            assert mail_ids(reading) == list(conversation.message_ids)


def test_an_old_message_that_is_asked_for_is_read_afresh_although_its_thread_is_known() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=35)
        place.ready().sync()
        old = conversation.message_ids[0]
        assert mail_ids(place.sync_one(place.fresh(old, "email"))) == [old]


def test_an_id_that_nobody_knows_is_gone() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=2)
        event = place.ready().event(conversation.id)
        place.mailbox.delete_conversation(conversation.id)
        for asked in (place.fresh("nobody"), event):
            reading = place.sync_one(asked)
            assert reading.gone
            assert reading.records == ()


def test_a_guests_conversation_is_left_out_when_asked_for() -> None:
    with office() as place:
        conversation = place.mailbox.make_guest(place.mailbox.add_conversation().id)
        reading = place.sync_one(place.fresh(conversation.id))
        assert (reading.left_out, reading.conversation, reading.gone) == (1, None, False)


def test_a_fresh_read_takes_its_number_before_it_asks() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation()
        event = place.event(conversation.id)
        reading = place.sync_one(place.fresh(conversation.id))
        assert reading.read_number > event.read_number


@pytest.mark.parametrize("status", [400, 403, 422, 500])
def test_one_conversation_that_missive_cannot_serve_harms_no_other(status: int) -> None:
    with office() as place:
        conversations = [place.mailbox.add_conversation(f"Bauvorhaben {number}", mails=2) for number in range(5)]
        bad = conversations[2].id
        words = {"error": {"message": "That did not work"}}
        place.ready().site.server.faults.status(
            status, When(f"/v1/conversations/{bad}", times=None), body=as_json(words)
        )
        readings = {reading.event.id: reading for reading in place.sync()}
        assert readings.pop(bad).error is not None
        assert all(len(reading.records) == 2 for reading in readings.values())


@pytest.mark.parametrize("status", [403, 500])
def test_one_body_that_missive_cannot_serve_harms_no_other_conversation(status: int) -> None:
    with office() as place:
        conversations = [place.mailbox.add_conversation(f"Bauvorhaben {number}", mails=2) for number in range(5)]
        bad = conversations[2].message_ids[0]
        place.ready().site.server.faults.status(
            status, When("/v1/messages/", match=lambda request: bad in request.path, times=None)
        )
        readings = {reading.event.id: reading for reading in place.sync()}
        assert readings.pop(conversations[2].id).error is not None
        assert all(len(reading.records) == 2 for reading in readings.values())


NO_MESSAGES = (
    {"messages": "none"},
    {"messages": [None]},
    {"messages": [{"type": "email"}]},
    {"messages": [{"id": "x"}]},
)


@pytest.mark.parametrize("answer", NO_MESSAGES)
def test_odd_json_for_one_conversation_is_that_conversations_error(answer: dict[str, object]) -> None:
    with office() as place:
        good, bad = place.mailbox.add_conversation(mails=2), place.mailbox.add_conversation(mails=2)
        rule = When(f"/v1/conversations/{bad.id}/messages", times=None)
        place.ready().site.server.faults.status(200, rule, body=as_json(answer))
        readings = {reading.event.id: reading for reading in place.sync()}
        assert isinstance(readings[bad.id].error, RecordError)
        assert len(readings[good.id].records) == 2


def test_a_service_that_is_down_raises_and_what_came_before_stands() -> None:
    with office() as place:
        for number in range(5):
            place.mailbox.add_conversation(f"Bauvorhaben {number}", mails=2)
        events = place.ready().events()
        place.site.server.faults.status(503, ALWAYS)
        with pytest.raises(TransientError):
            place.complete(events)


def test_a_refused_key_raises() -> None:
    with office() as place:
        place.mailbox.add_conversation(mails=2)
        events = place.ready().events()
        place.site.service.token = "another"
        with pytest.raises(ConfigError):
            place.complete(events)


def test_a_proxys_page_with_status_404_does_not_make_anything_gone() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=2)
        place.ready().site.server.faults.status(404, ALWAYS, body="<html><body>Not here</body></html>")
        with pytest.raises((TransientError, ConfigError)):
            place.complete([place.fresh(conversation.id)])


def test_stop_ends_a_silent_read_at_once() -> None:
    with office() as place:
        for number in range(8):
            place.mailbox.add_conversation(f"Bauvorhaben {number}", mails=2)
        events = place.ready().events()
        place.site.server.faults.silence(When("/v1/conversations/", times=None))
        timer = threading.Timer(0.2, place.stop.set)
        timer.start()
        began = time.monotonic()
        with pytest.raises(Stopped):
            place.complete(events)
        assert time.monotonic() - began < 2
        timer.join()


def as_json(data: object) -> str:
    return json.dumps(data)
