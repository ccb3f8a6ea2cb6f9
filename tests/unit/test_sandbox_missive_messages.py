"""The sandbox's single conversations, their sub-lists, messages and directories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.clock import FakeClock
from tests.support.missive_site import ask, listed, read, refused
from tray_connector.sandbox.mailbox import Mailbox
from tray_connector.sandbox.missive_site import MissiveSite
from tray_connector.sandbox.missive_switches import MissiveSwitches

LISTED = {
    "id", "created_at", "subject", "latest_message_subject", "organization", "color", "assignees", "assignee_names",
    "assignee_emails", "users", "attachments_count", "messages_count", "authors", "external_authors", "drafts_count",
    "send_later_messages_count", "tasks_count", "completed_tasks_count", "web_url", "app_url", "shared_label_names",
    "shared_labels", "last_activity_at", "team",
}  # fmt: skip
MESSAGE = {
    "id", "subject", "preview", "type", "delivered_at", "updated_at", "created_at", "email_message_id", "in_reply_to",
    "references", "from_field", "to_fields", "cc_fields", "bcc_fields", "reply_to_fields", "attachments",
}  # fmt: skip


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


def one(site: MissiveSite, conversation_id: str) -> dict[str, Any]:
    (conversation,) = read(site, f"conversations/{conversation_id}")
    assert isinstance(conversation, dict)
    return conversation


def test_a_conversation_has_the_documented_keys(site: MissiveSite, mailbox: Mailbox) -> None:
    labels = ("2304 Rathaus Seeburg, Umbau", "KGR_440")
    made = mailbox.add_conversation("Frage", labels=labels, mails=2, files=["Plan.pdf"])
    (item,) = listed(site, all="true")
    assert set(item) == LISTED
    assert set(one(site, made.id)) == LISTED - {"created_at"}
    assert item["shared_label_names"] == "2304 Rathaus Seeburg, Umbau, KGR_440"
    assert [label["name"] for label in item["shared_labels"]] == list(labels)
    assert item["shared_labels"][1]["name_with_parent_names"] == "Kostengruppen/KGR_440"
    assert (item["messages_count"], item["attachments_count"]) == (2, 1)
    assert item["latest_message_subject"] == "Re: Frage"
    assert [author["name"] for author in item["authors"]] == ["Mara Silva", "Ida Brandt"]
    assert [author["name"] for author in item["external_authors"]] == ["Mara Silva"]
    assert set(item["users"][0]) == {
        "id", "name", "email",
        "unassigned", "closed", "archived", "trashed", "junked", "assigned", "flagged", "snoozed",
    }  # fmt: skip


def test_a_private_conversation_has_no_organisation(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = one(site, mailbox.add_conversation(private=True).id)
    assert conversation["organization"] is None
    assert conversation["team"] is None
    assert [user["name"] for user in conversation["users"]] == ["Ida Brandt"]


@pytest.mark.parametrize("into_new", [False, True])
def test_a_merged_id_leads_to_the_survivor(site: MissiveSite, mailbox: Mailbox, into_new: bool) -> None:
    first, second = (mailbox.add_conversation(mails=3) for _ in range(2))
    survivor = mailbox.merge(first.id, second.id, into_new=into_new)
    for conversation_id in (first.id, second.id, survivor.id):
        assert one(site, conversation_id)["id"] == survivor.id
    assert (survivor.id == second.id) is not into_new
    assert [item["id"] for item in listed(site, all="true")] == [survivor.id]
    assert one(site, first.id)["messages_count"] == 6
    message = read(site, f"messages/{first.message_ids[0]}")
    assert message["conversation"]["id"] == survivor.id


def test_what_is_gone_or_foreign_is_not_found(site: MissiveSite, mailbox: Mailbox) -> None:
    gone = mailbox.add_conversation()
    mailbox.delete_conversation(gone.id)
    foreign = mailbox.add_conversation(team=None, users=["Tom"])
    for conversation in (gone, foreign):
        paths = [f"conversations/{conversation.id}", f"conversations/{conversation.id}/messages"]
        paths.append(f"messages/{conversation.message_ids[0]}")
        for path in paths:
            assert refused(site, path) == (404, "Not found")
    site.service.switches = MissiveSwitches(unknown_id="empty")
    answer = ask(site, f"conversations/{gone.id}")
    assert (answer.status_code, answer.content) == (404, b"")


def test_comma_ids_work_for_messages_only(site: MissiveSite, mailbox: Mailbox) -> None:
    first, second = (mailbox.add_conversation() for _ in range(2))
    assert ask(site, f"conversations/{first.id},{second.id}").status_code == 404


def test_a_thread_of_47_mails_is_paged_by_ten_without_bodies_or_drafts(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = mailbox.add_conversation(mails=47)
    mailbox.add_draft(conversation.id)
    path, found = f"conversations/{conversation.id}/messages", list[str]()
    until: int | None = None
    while True:
        page = read(site, path, {} if until is None else {"until": until})
        assert all(set(message) == MESSAGE | {"draft"} and not message["draft"] for message in page)
        found += [message["id"] for message in page if message["id"] not in found]
        if len(page) < 10:
            break
        until = page[-1]["delivered_at"]
    assert found == list(reversed(conversation.message_ids))
    assert refused(site, path, {"limit": 20}) == (400, "max 'limit' value is 10")
    assert refused(site, path, {"limit": 1}) == (400, "min 'limit' value is 2")


def test_drafts_comments_and_posts_have_lists_of_their_own(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = mailbox.add_conversation().id
    draft = mailbox.edit_draft(mailbox.add_draft(conversation, "Erst so").id, "Dann so")
    mailbox.comment(conversation, "@Tom bitte ansehen")
    (shown,) = read(site, f"conversations/{conversation}/drafts")
    assert (shown["id"], shown["delivered_at"], shown["draft"]) == (draft.id, None, True)
    assert shown["author"]["name"] == "Ida Brandt"
    assert shown["preview"] == "Dann so"
    (comment,) = read(site, f"conversations/{conversation}/comments")
    assert (comment["body"], comment["author"]["me"]) == ("@Tom bitte ansehen", True)
    assert read(site, f"conversations/{conversation}/posts") == []
    assert (one(site, conversation)["drafts_count"], one(site, conversation)["messages_count"]) == (1, 1)
    mailbox.send_draft(draft.id)
    assert (one(site, conversation)["drafts_count"], one(site, conversation)["messages_count"]) == (0, 2)


def test_one_message_is_an_object_with_body_and_conversation(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = mailbox.add_conversation("Größe?", text="Grüße & **Küsse** <b>")
    mailbox.reply(conversation.id, text="Passt.")
    (latest, first) = read(site, f"conversations/{conversation.id}/messages")
    message = read(site, f"messages/{latest['id']}")
    assert set(message) == MESSAGE | {"body", "conversation"}
    assert set(message["conversation"]) == LISTED - {"created_at", "external_authors", "last_activity_at"}
    assert message["in_reply_to"] == [first["email_message_id"]]
    assert "Grüße &amp; <b>Küsse</b> &lt;b&gt;" in message["body"]
    assert "gmail_quote" in message["body"]


def test_several_messages_are_an_array_without_the_unknown(site: MissiveSite, mailbox: Mailbox) -> None:
    ids = [mailbox.add_conversation(at=mailbox.now() - age).message_ids[0] for age in (9, 3, 6)]
    batch = ",".join([*ids, "unknown", ids[0]])
    assert [message["id"] for message in read(site, f"messages/{batch}")] == [ids[1], ids[2], ids[0]]
    assert [message["id"] for message in read(site, f"messages/{ids[0]},unknown")] == [ids[0]]
    site.service.switches = MissiveSwitches(batch_missing_id="404", batch_max=4)
    assert refused(site, f"messages/{ids[0]},unknown")[0] == 404
    assert refused(site, f"messages/{batch}")[0] == 400


def test_messages_are_found_by_their_message_id(site: MissiveSite, mailbox: Mailbox) -> None:
    message = mailbox.message(mailbox.add_conversation().message_ids[0])
    (found,) = read(site, "messages", {"email_message_id": message.email_message_id or ""})
    assert (found["id"], found["body"]) == (message.id, message.body)
    assert read(site, "messages", {"email_message_id": "<unknown@x.example>"}) == []
    assert refused(site, "messages")[0] == 400


def test_redaction_drops_or_nulls_what_is_sensitive(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = mailbox.begin()
    message = mailbox.receive_mail(conversation.id, to=["lena"])
    assert read(site, f"messages/{message.id}")["body"]
    site.service.switches = MissiveSwitches(redact_unrelated="drop")
    dropped = read(site, f"messages/{message.id}")
    assert not {"body", "preview", "to_fields"} & set(dropped)
    site.service.switches = MissiveSwitches(redact_unrelated="null")
    assert read(site, f"messages/{message.id}")["body"] is None
    related = mailbox.receive_mail(conversation.id, to=["ida"])
    assert read(site, f"messages/{related.id}")["body"]
    site.service.switches = MissiveSwitches()
    mailbox.redact(related.id, "null")
    assert read(site, f"messages/{related.id}")["body"] is None


def test_a_deleted_message_leaves_the_thread_with_one_less(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = mailbox.add_conversation(mails=3)
    mailbox.delete_message(conversation.message_ids[1])
    assert one(site, conversation.id)["messages_count"] == 2
    shown = read(site, f"conversations/{conversation.id}/messages")
    assert [each["id"] for each in shown] == [conversation.message_ids[2], conversation.message_ids[0]]


def test_a_text_message_has_numbers_in_place_of_addresses(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = mailbox.begin()
    mailbox.receive_text_message(conversation.id)
    (message,) = read(site, f"conversations/{conversation.id}/messages")
    assert message["type"] == "sms"
    assert not {"subject", "email_message_id"} & set(message)
    assert set(message["from_field"]) == {"id", "name", "username"}
    assert set(one(site, conversation.id)["authors"][0]) == {"name", "phone_number"}


def test_the_directories_are_paged_by_offset(site: MissiveSite, mailbox: Mailbox) -> None:
    for number in range(60):
        mailbox.add_label(f"Extra {number}", parent="Büro")
    count = len(mailbox.labels)
    pages = [read(site, "shared_labels", {"offset": offset, "limit": 60}) for offset in (0, 60, count)]
    assert [len(page) for page in pages] == [60, count - 60, 0]
    assert len(read(site, "shared_labels")) == 50
    assert pages[1][-1]["name_with_parent_names"] == "Büro/Extra 59"
    assert refused(site, "shared_labels", {"limit": 201})[0] == 400
    assert [user["name"] for user in read(site, "users") if user["me"]] == ["Ida Brandt"]
    assert [team["name"] for team in read(site, "teams")] == ["Einkauf", "Planung"]
    organization = read(site, "organizations")[0]
    assert organization["name"] == "Nordlicht Planung"
    assert len(read(site, "users", {"organization": organization["id"], "limit": 4, "offset": 4})) == 2
    assert read(site, "teams", {"organization": "elsewhere"}) == []


def test_a_renamed_label_is_renamed_everywhere(site: MissiveSite, mailbox: Mailbox) -> None:
    conversation = mailbox.add_conversation(labels=["KGR_300"])
    mailbox.rename_label("KGR_300", "KGR_300 Baukonstruktion")
    assert one(site, conversation.id)["shared_label_names"] == "KGR_300 Baukonstruktion"
    mailbox.delete_label("KGR_300 Baukonstruktion")
    assert one(site, conversation.id)["shared_labels"] == []
