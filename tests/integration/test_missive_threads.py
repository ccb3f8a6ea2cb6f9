"""From conversations to e-mails, over HTTP: what is read, what is not read again, and what it costs."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.clock import START, FakeClock
from tests.support.missive_source import office
from tray_connector.model.events import Event
from tray_connector.model.records import Email
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.missive_switches import MissiveSwitches
from tray_connector.sources.base import Reading


def emails(reading: Reading) -> list[Email]:
    return [record for record in reading.records if isinstance(record, Email)]


def test_a_thread_of_47_mails_is_read_whole() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation("Aufmaß", mails=47)
        (reading,) = place.ready().sync()
        assert [email.email_id for email in emails(reading)] == list(conversation.message_ids)
        assert reading.message_ids == frozenset(conversation.message_ids)
        assert len(place.asked(f"conversations/{conversation.id}/messages")) == 6
        assert len(place.asked("messages/")) == 5


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("extends", [True, False])
def test_a_thread_is_whole_however_the_server_pages(inclusive: bool, extends: bool) -> None:
    with office(switches=MissiveSwitches(until_inclusive=inclusive, extend_ties=extends)) as place:
        conversation = place.mailbox.add_conversation("Aufmaß", mails=25)
        last = place.mailbox.now()
        for _ in range(8):
            place.mailbox.receive_mail(conversation.id, at=last)
        (reading,) = place.ready().sync()
        assert len(emails(reading)) == 33


def test_ten_mails_of_ten_cost_one_list_request() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=10)
        (reading,) = place.ready().sync()
        assert len(reading.message_ids or ()) == 10
        assert place.asked(f"conversations/{conversation.id}") == [f"conversations/{conversation.id}/messages"]


def test_twenty_conversations_of_three_mails_cost_no_request_too_many() -> None:
    with office() as place:
        for number in range(20):
            place.mailbox.add_conversation(f"Bauvorhaben {number}", mails=3)
        assert len(place.sync()) == 20
        assert len(place.shelf.stored) == 60
        assert sorted(place.asked("users") + place.asked("teams")) == ["teams", "users"]
        assert len(place.asked("messages/")) == 6
        assert len(place.asked()) == 2 + 1 + 20 + 6
        assert place.source.requests_sent() == 29


def test_never_more_than_five_requests_are_in_flight() -> None:
    with office() as place:
        for number in range(40):
            place.mailbox.add_conversation(f"Bauvorhaben {number}", mails=3)
        place.sync()
        assert place.site.server.requests.peak_in_flight <= 5
        assert place.site.service.limiter.violations == 0


def test_an_email_as_it_is_stored() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation("Dach", sender="mara", labels=["KGR_300"], files=["plan.pdf"])
        (reading,) = place.ready().sync()
        (email,) = emails(reading)
        assert email.conversation_id == conversation.id
        assert email.subject == "Dach"
        assert email.labels == ("KGR_300",)
        assert email.from_address == "mara.silva@holzbau-lieferant.example"
        assert email.sent_at == email.received_at == place.clock.now()
        assert email.body_text
        assert email.body_html
        assert email.url == f"https://mail.missiveapp.com/#inbox/conversations/{conversation.id}"
        assert [file.filename for file in email.attachments] == ["plan.pdf"]
        assert not email.deleted


def test_a_known_conversation_costs_nothing() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=12)
        place.ready().sync()
        place.mailbox.label(conversation.id, "KGR_300")
        event = place.event(conversation.id)
        place.forget_requests()
        reading = place.sync_one(event)
        assert place.asked() == []
        assert reading.conversation is not None
        assert reading.conversation.labels == ("KGR_300",)
        assert (reading.records, reading.message_ids) == ((), None)
        assert reading.read_number == event.read_number


def test_one_new_mail_in_a_long_thread_costs_two_requests() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=35)
        place.ready().sync()
        place.clock.advance(60)
        new = place.mailbox.reply(conversation.id)
        event = place.event(conversation.id)
        place.forget_requests()
        reading = place.sync_one(event)
        assert [email.email_id for email in emails(reading)] == [new.id]
        assert reading.message_ids is None
        assert place.asked() == [f"conversations/{conversation.id}/messages", f"messages/{new.id}"]


def test_a_changed_mail_is_read_again_and_the_others_are_not() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=5)
        place.ready().sync()
        place.clock.advance(60)
        changed = place.mailbox.edit_mail(conversation.message_ids[2], html="<p>Neu</p>")
        place.mailbox.comment(conversation.id)
        reading = place.sync_one(place.event(conversation.id))
        assert [email.email_id for email in emails(reading)] == [changed.id]


def test_rewrite_reads_every_body_again() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=12)
        place.ready().sync()
        again = replace(place.event(conversation.id), rewrite=True)
        assert len(emails(place.sync_one(again))) == 12


def test_a_deleted_mail_vanishes_and_is_not_looked_for_again() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=25)
        place.ready().sync()
        place.clock.advance(60)
        gone = conversation.message_ids[3]
        place.mailbox.delete_message(gone)
        place.mailbox.comment(conversation.id)
        reading = place.sync_one(place.event(conversation.id))
        assert reading.vanished == {gone}
        assert reading.message_ids == frozenset(conversation.message_ids) - {gone}
        place.clock.advance(60)
        place.mailbox.comment(conversation.id)
        event = place.event(conversation.id)
        place.forget_requests()
        assert place.sync_one(event).vanished == frozenset()
        assert len(place.asked()) == 1


def test_one_mail_deleted_and_one_arrived_is_noticed_although_the_count_is_the_same() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=25)
        place.ready().sync()
        place.clock.advance(60)
        place.mailbox.delete_message(conversation.message_ids[0])
        new = place.mailbox.reply(conversation.id)
        reading = place.sync_one(place.event(conversation.id))
        assert [email.email_id for email in emails(reading)] == [new.id]
        assert reading.vanished == {conversation.message_ids[0]}


def test_texts_and_drafts_are_left_out_and_counted() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=2)
        place.mailbox.receive_text_message(conversation.id)
        place.mailbox.add_draft(conversation.id)
        (reading,) = place.ready().sync()
        assert [email.email_id for email in emails(reading)] == list(conversation.message_ids)
        assert reading.left_out == 1


def test_mail_before_the_first_day_is_left_out_and_not_paged_through() -> None:
    with office(process_after=START - timedelta(minutes=4)) as place:
        conversation = place.mailbox.add_conversation(mails=60)
        (reading,) = place.ready().sync()
        assert [email.email_id for email in emails(reading)] == list(conversation.message_ids[-5:])
        assert len(place.asked(f"conversations/{conversation.id}/messages")) == 1
        place.clock.advance(60)
        gone = conversation.message_ids[-2]
        place.mailbox.delete_message(gone)
        place.mailbox.comment(conversation.id)
        assert place.sync_one(place.event(conversation.id)).vanished == {gone}


@pytest.mark.parametrize("form", ["drop", "null"])
def test_a_withheld_body_is_marked_and_known_recipients_are_kept(form: str) -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=1)
        (first,) = place.ready().sync()
        place.clock.advance(60)
        message = place.mailbox.edit_mail(conversation.message_ids[0], subject="Neu")
        place.mailbox.redact(message.id, "drop" if form == "drop" else "null")
        place.mailbox.comment(conversation.id)
        (email,) = emails(place.sync_one(place.event(conversation.id)))
        assert email.body_missing
        assert email.body_html is None
        assert email.to_addresses == emails(first)[0].to_addresses != ()


def test_what_lies_in_the_trash_costs_nothing_and_comes_back_whole() -> None:
    with office() as place:
        conversation = place.mailbox.add_conversation(mails=3)
        place.mailbox.trash(conversation.id)
        (event,) = place.ready().events("trashed")
        place.forget_requests()
        reading = place.sync_one(event)
        assert place.asked() == []
        assert reading.conversation is not None
        assert reading.conversation.deleted
        place.mailbox.untrash(conversation.id)
        assert len(emails(place.sync_one(place.event(conversation.id)))) == 3


def test_a_conversation_without_messages_costs_nothing() -> None:
    with office() as place:
        empty = place.mailbox.begin()
        place.mailbox.comment(empty.id)
        (event,) = place.ready().events()
        place.forget_requests()
        assert place.sync_one(event).conversation is not None
        assert place.asked() == []


def test_a_mail_whose_write_failed_is_itself() -> None:
    with office() as place:
        email = Email(email_id="m1", conversation_id="c1")
        event = Event(source="missive", kind="email", id="m1", payload=email, read_number=7, since=place.clock.now())
        (reading,) = place.ready().complete([event])
        assert (reading.records, reading.read_number) == ((email,), 7)
        assert place.asked() == []


def test_readings_come_while_others_are_still_read() -> None:
    with office() as place:
        for number in range(30):
            place.mailbox.add_conversation(f"Bauvorhaben {number}", mails=10)
        events = place.ready().events()
        place.forget_requests()
        readings = place.source.complete(events, place.shelf, place.stop)
        next(readings)
        assert len(place.asked()) < 60
        assert len(list(readings)) == 29


def test_an_iterator_that_is_let_go_sends_nothing_more() -> None:
    with office() as place:
        for number in range(40):
            place.mailbox.add_conversation(f"Bauvorhaben {number}", mails=30)
        events = place.ready().events()
        place.forget_requests()
        readings = place.source.complete(events, place.shelf, place.stop)
        next(readings)
        assert isinstance(readings, Generator)
        readings.close()
        assert len(place.asked()) < 120


def test_an_office_of_any_shape_arrives_whole() -> None:
    mailbox = Mailbox.generate(clock=FakeClock(), conversations=120, messages=700)
    with office(mailbox=mailbox) as place:
        place.sync()
        assert len(place.shelf.stored) == 700
