"""Missive's JSON as records: the documented shapes, and that odd ones harm nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tray_connector.model.codec import content_hash, from_json, to_json
from tray_connector.model.records import Attachment, Conversation
from tray_connector.sources.missive import parse

ME = "a4d1f7c2-1b0e-4a57-8a77-5d0f0f4f1c02"
TOM = "b7e2c9d4-6c2b-4e1d-9b0a-2a9f3c1d5e03"
TEAM = "e3c9a2ba-2f9b-4d5f-8b33-9a4d7cbe6f06"
PIXEL = "18fcd5ed-52ce-4082-9e66-cd70afe19209"
NOTE = "290de6fe-63df-4193-8f77-de81b0f2a30a"


def user(user_id: str, **flags: bool) -> dict[str, Any]:
    return {"id": user_id, "name": "x", "trashed": False, "junked": False, **flags}


def conversation_json(**fields: Any) -> dict[str, Any]:
    return {
        "id": "5b0c2a6e-7a41-4f0e-9d55-2f6a1f3f9a10",
        "subject": None,
        "latest_message_subject": "Re: Liefertermin",
        "organization": {"id": "0c9f6a54", "name": "Nordlicht"},
        "users": [user(ME), user(TOM)],
        "messages_count": 3,
        "authors": [],
        "web_url": "https://mail.missiveapp.com/#inbox/conversations/5b0c",
        "shared_label_names": "Haus A, Dach, KGR_300",
        "shared_labels": [{"id": "c1", "name": "Haus A, Dach"}, {"id": "c2", "name": "KGR_300"}],
        "last_activity_at": 1767261605,
        "team": {"id": TEAM, "name": "Einkauf", "organization": "0c9f6a54"},
        **fields,
    }


def message_json(**fields: Any) -> dict[str, Any]:
    return {
        "id": "07ebc4dc-41bd-4f71-8d55-bc6f9ed08108",
        "subject": "Re: Liefertermin",
        "type": "email",
        "delivered_at": 1767261600,
        "updated_at": 1767261604,
        "created_at": 1767261603,
        "in_reply_to": ["<0c11d2aa@nordlicht.example>", "<other@nordlicht.example>"],
        "body": f'<div>Hallo</div><img data-missive-attachment-id="{PIXEL}">',
        "from_field": {"name": "Mara SILVA", "address": "Mara@Lieferant.Example"},
        "to_fields": [{"name": "Ida Brandt", "address": "IDA@nordlicht.example"}],
        "cc_fields": [{"name": None, "address": "lager@nordlicht.example"}],
        "bcc_fields": [],
        "attachments": [
            {"id": PIXEL, "filename": "logo.png", "media_type": "image", "sub_type": "png", "size": 4120},
            {"id": NOTE, "filename": "Schein.pdf", "media_type": "application", "sub_type": "pdf", "size": 88213},
        ],
        "conversation": {"id": "5b0c2a6e-7a41-4f0e-9d55-2f6a1f3f9a10"},
        **fields,
    }


def conversation(**fields: Any) -> Conversation:
    found = parse.conversation(conversation_json(**fields), ME)
    assert found is not None
    return found


def message(**fields: Any) -> parse.Message:
    found = parse.message(message_json(**fields))
    assert found is not None
    return found


def test_a_conversation_as_listed() -> None:
    assert conversation() == Conversation(
        conversation_id="5b0c2a6e-7a41-4f0e-9d55-2f6a1f3f9a10",
        subject="Re: Liefertermin",
        last_activity_at=datetime(2026, 1, 1, 10, 0, 5, tzinfo=UTC),
        messages_count=3,
        label_ids=("c1", "c2"),
        labels=("Haus A, Dach", "KGR_300"),
        url="https://mail.missiveapp.com/#inbox/conversations/5b0c",
        team_id=TEAM,
    )


def test_labels_never_come_from_the_joined_names() -> None:
    assert conversation(shared_labels=[]).labels == ()


def test_only_an_id_and_a_time_means_guest() -> None:
    found = parse.conversation({"id": "f4dab3cb", "last_activity_at": 1767261000}, ME)
    assert found is not None
    assert found.guest


@pytest.mark.parametrize(
    ("users", "in_trash", "deleted"),
    [
        ([user(ME, trashed=True), user(TOM)], False, True),
        ([user(ME, junked=True), user(TOM)], False, True),
        ([user(ME), user(TOM, trashed=True)], True, False),
        ([user(TOM, trashed=True)], False, True),
        ([user(TOM, trashed=True), user("c", junked=True)], False, True),
        ([user(TOM, trashed=True), user("c")], False, False),
        ([], False, False),
        ([], True, True),
        (None, True, True),
    ],
)
def test_trash_and_spam_are_those_of_the_keys_owner_else_of_all(users: Any, in_trash: bool, deleted: bool) -> None:
    found = parse.conversation(conversation_json(users=users), ME, in_trash=in_trash)
    assert found is not None
    assert found.deleted is deleted


def test_private_is_neither_of_an_organisation_nor_of_a_team() -> None:
    assert conversation(organization=None, team=None).private
    assert not conversation(team=None).private
    assert not conversation(organization=None).private


def test_a_count_that_is_not_named_equals_no_count() -> None:
    assert conversation(messages_count=None).messages_count == parse.UNKNOWN_COUNT


def test_a_message_as_read_by_its_id() -> None:
    email = parse.with_state(message().email, conversation())
    assert email.from_address == "mara@lieferant.example"
    assert email.from_name == "Mara SILVA"
    assert (email.to_addresses, email.to_names) == (("ida@nordlicht.example",), ("Ida Brandt",))
    assert (email.cc_addresses, email.cc_names) == (("lager@nordlicht.example",), ("",))
    assert email.in_reply_to == "<0c11d2aa@nordlicht.example>"
    assert email.sent_at == email.received_at == datetime(2026, 1, 1, 10, 0, 0, tzinfo=UTC)
    assert email.changed_at == datetime(2026, 1, 1, 10, 0, 4, tzinfo=UTC)
    assert email.body_text == "Hallo"
    assert email.body_html == message_json()["body"]
    assert email.labels == ("Haus A, Dach", "KGR_300")
    assert email.url == "https://mail.missiveapp.com/#inbox/conversations/5b0c"
    assert not email.body_missing
    assert email.attachments == (
        Attachment(attachment_id=PIXEL, filename="logo.png", content_type="image/png", byte_size=4120, inline=True),
        Attachment(attachment_id=NOTE, filename="Schein.pdf", content_type="application/pdf", byte_size=88213),
    )


def test_an_empty_subject_and_an_empty_body_are_none() -> None:
    email = message(subject="", body="").email
    assert (email.subject, email.body_text, email.body_html, email.body_missing) == (None, None, None, False)


@pytest.mark.parametrize("body", [None, 7, ["x"]])
def test_a_withheld_body_is_missing_not_empty(body: Any) -> None:
    assert message(body=body).email.body_missing


def test_withheld_recipients_count_as_withheld_mail() -> None:
    found = message(to_fields=None, cc_fields=None, bcc_fields=None)
    assert found.email.body_missing
    assert found.recipients_missing


def test_what_the_list_showed_stands_in_for_what_is_withheld_later() -> None:
    raw = message_json(body=None, to_fields=None, cc_fields=None, bcc_fields=None)
    found = parse.message(raw, message_json())
    assert found is not None
    assert found.email.to_addresses == ("ida@nordlicht.example",)
    assert found.email.body_missing
    assert found.email.body_html is None


def test_a_lone_surrogate_becomes_a_character_that_databases_take() -> None:
    assert message(subject="Rest \ud83d").email.subject == "Rest \ufffd"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@given(fields=st.dictionaries(st.sampled_from([*conversation_json(), "id"]), json_values))
def test_an_odd_conversation_never_raises_and_can_be_stored(fields: dict[str, Any]) -> None:
    found = parse.conversation({**conversation_json(), **fields}, ME)
    if found is not None:
        assert from_json("conversation", to_json(found)) == found


@given(fields=st.dictionaries(st.sampled_from([*message_json(), "draft"]), json_values))
def test_an_odd_message_never_raises_and_can_be_stored(fields: dict[str, Any]) -> None:
    raw = {**message_json(), **fields}
    parse.head(raw)
    found = parse.message(raw, raw)
    if found is not None:
        email = parse.with_state(found.email, conversation())
        assert from_json("email", to_json(email)) == email
        assert len(email.to_addresses) == len(email.to_names)
        content_hash(email)


@given(value=json_values)
def test_anything_may_stand_where_an_object_should(value: Any) -> None:
    parse.conversation(value, ME, in_trash=True)
    parse.head(value)
    parse.message(value)
    parse.one(value)
