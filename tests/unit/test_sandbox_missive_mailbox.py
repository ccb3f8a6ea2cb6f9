"""The sandbox's mail office itself: what is in it, and that it may be changed from many threads."""

from __future__ import annotations

import re
import threading
from itertools import pairwise

import pytest

from tests.support.clock import FakeClock
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.mailbox_live import WorkingDay
from tray_connector.sandbox.mailbox_office import WRITERS
from tray_connector.sandbox.mailbox_scenes import read_scenes
from tray_connector.sandbox.mailbox_scenes_building import BUILDING
from tray_connector.sandbox.mailbox_scenes_office import OFFICE
from tray_connector.sandbox.mailbox_scenes_routine import ROUTINE
from tray_connector.sandbox.mailbox_state import NotInMailbox


def test_the_office_is_the_same_for_the_same_seed() -> None:
    first, second, other = (Mailbox.office(clock=FakeClock(), seed=seed) for seed in (1, 1, 2))
    assert first.conversations() == second.conversations()
    assert first.conversations() != other.conversations()


def test_the_office_has_something_of_everything() -> None:
    office = Mailbox.office(clock=FakeClock())
    conversations = office.conversations()
    lengths = [len(each.message_ids) for each in conversations]
    assert len(conversations) == 60
    assert (min(lengths), max(lengths)) == (1, 12)
    assert {"trashed", "junked", "closed", "snoozed", "flagged", "assigned"} <= {
        flag for each in conversations for flag in each.flags(office.me_id)
    }
    assert sum(office.me_id in each.guests for each in conversations) == 2
    assert sum(each.organization_id is None for each in conversations) == 3
    messages = [message for each in conversations for message in office.messages_of(each)]
    assert any(message.draft for message in messages)
    assert any(message.channel == "sms" for message in messages)
    assert sum(bool(re.search(r"<table|blockquote|<ul>", message.body)) for message in messages) > 40
    assert all(message.moment <= office.now() for message in messages)


def test_inline_images_are_named_in_the_body_by_their_attachment() -> None:
    office = Mailbox.office(clock=FakeClock())
    shown = 0
    for conversation in office.conversations():
        for message in office.messages_of(conversation):
            own = {file.id for file in message.files}
            named = set(re.findall(r'data-missive-attachment-id="([^"]*)"', message.body))
            shown += len(named & own)
            assert "" not in named
    assert shown >= 4


def test_every_writer_and_label_of_the_scenes_exists() -> None:
    office = Mailbox(clock=FakeClock())
    for scene in read_scenes(BUILDING) + read_scenes(OFFICE) + read_scenes(ROUTINE):
        assert scene.mails
        for label in scene.labels:
            assert "{" in label or office.label_named(label)
        for mail in scene.mails:
            assert {mail.who, *mail.to, *mail.cc} <= set(WRITERS)
            assert mail.text


@pytest.mark.parametrize(("conversations", "messages"), [(1, 1), (200, None), (50, 1200)])
def test_an_office_of_any_size_has_exactly_that_size(conversations: int, messages: int | None) -> None:
    clock = FakeClock()
    office = Mailbox.generate(clock=clock, conversations=conversations, messages=messages)
    assert office.conversation_count == conversations
    assert office.message_count == (conversations * 5 if messages is None else messages)
    assert all(office.me_id in each.states for each in office.conversations())
    assert office.conversations()[-1].last_activity_at > office.now() - 29 * 86_400


def test_a_full_conversation_is_continued_in_a_new_one() -> None:
    office = Mailbox(clock=FakeClock())
    full = office.add_conversation(mails=400)
    message = office.receive_mail(full.id)
    assert message.conversation_id != full.id
    assert office.conversation(message.conversation_id).message_ids == (message.id,)
    assert len(office.conversation(full.id).message_ids) == 400


def test_a_mail_that_was_long_on_its_way_takes_its_place_in_the_thread() -> None:
    clock = FakeClock()
    office = Mailbox(clock=clock)
    conversation = office.add_conversation(mails=3)
    clock.advance(600)
    late = office.receive_mail(conversation.id, delivered_at=conversation.last_activity_at - 30)
    now = office.conversation(conversation.id)
    assert now.message_ids.index(late.id) == 2
    assert now.last_activity_at == office.now()
    assert office.message(late.id).created_at == office.now()


def test_editing_a_mail_moves_its_time_only() -> None:
    clock = FakeClock()
    office = Mailbox(clock=clock)
    conversation = office.add_conversation()
    clock.advance(5)
    edited = office.edit_mail(conversation.message_ids[0], html="<p>neu</p>")
    assert (edited.body, edited.preview, edited.updated_at) == ("<p>neu</p>", "neu", office.now())
    assert office.conversation(conversation.id) == conversation


def test_changing_what_is_not_there_says_so() -> None:
    office = Mailbox(clock=FakeClock())
    conversation = office.add_conversation(private=True)
    for change in (
        lambda: office.trash("unknown"),
        lambda: office.trash(conversation.id, user="Tom"),
        lambda: office.label(conversation.id, "unknown"),
        lambda: office.edit_draft(conversation.message_ids[0], "x"),
    ):
        with pytest.raises(NotInMailbox):
            change()


def test_the_index_stays_sorted_while_many_threads_change_the_office() -> None:
    clock = FakeClock()
    office = Mailbox.generate(clock=clock, conversations=40)
    ids = [each.id for each in office.conversations()]

    def work(start: int) -> None:
        for number in range(40):
            clock.advance(1)
            office.receive_mail(ids[(start + number) % len(ids)])
            office.label(ids[(start * number) % len(ids)], "KGR_300")

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    conversations = office.conversations()
    assert {each.id for each in conversations} == set(ids)
    assert all(a.last_activity_at >= b.last_activity_at for a, b in pairwise(conversations))
    assert office.message_count == 200 + 160


def test_a_working_day_changes_the_office_step_by_step() -> None:
    clock = FakeClock()
    office = Mailbox.office(clock=clock)
    day, kinds = WorkingDay(office), set[str]()
    for _ in range(20):
        clock.advance(10)
        before = office.conversations()
        change = day.next()
        kinds.add(change.kind)
        assert change.what
        assert office.conversations() != before
        assert office.me_id in office.conversation(change.conversation_id).states
    assert kinds == {"new mail", "answer", "label", "trash", "untrash", "comment"}
